"""数据导出: the cases behind a figure as a workbook, with every column that counting looks at, so that anybody can
count again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from qinqing.cases import calendars, shelf
from qinqing.cases.rows import LEVELS
from qinqing.cases.sheets import CHANNELS
from qinqing.insight.caselists import choice_label
from qinqing.insight.columns import COLUMNS, OF_CLAIMS
from qinqing.insight.indicators import Indicator
from qinqing.insight.models import CaseFigure
from qinqing.lib.labels import Label
from qinqing.ui.sheets import Column, Sheet

_LEFT_OUT = frozenset({
    "procedure", "authority", "party", "stage", "working_minutes", "suspended_minutes", "level", "held",
})  # fmt: skip
_KINDS = {"moment": "moment", "number": "number", "money": "yuan"}


def sheet(indicator: Indicator, rows: Iterable[CaseFigure], note: Label) -> Sheet:
    """Give the whole query, with `case`, `case__party` and `lead` at hand. `note`: the definition and the filter."""
    minutes = calendars.current().minutes_per_day
    columns = [_fact(name) for name in COLUMNS if name not in _LEFT_OUT and name not in OF_CLAIMS]
    paid = [_fact(name) for name in OF_CLAIMS if name not in _LEFT_OUT] if indicator.of_claims else []
    return Sheet(indicator.label, [*_BEFORE, *paid, *columns, *_after(minutes)], rows, note)


def _plain(zh: str, en: str, means: tuple[str, str], value: Callable[[Any], Any], width: int = 14) -> Column:
    return Column(Label(zh, en), Label(*means), value, width)


_BEFORE = [
    _plain("编号", "Number", ("办件编号，全县唯一", "Unique in the county"), lambda row: row.case.number, 16),
    _plain("事项", "Matter", ("诉求内容的首句", "First clause of what was asked"), lambda row: row.case.title, 40),
    _plain("办事主体", "Party", ("提出诉求的一方", "Who asked"), lambda row: row.case.party.name, 28),
    _plain("流程", "Procedure", ("办件所走的流程", "It runs by"), lambda row: shelf.by_id(row.case.procedure_id).title),
]


def _fact(name: str) -> Column:
    told = COLUMNS[name]
    kind = _KINDS.get(told.kind, "text")
    return Column(told.label, told.definition, lambda row: _value(row, name), 17 if kind == "moment" else 12, kind)


def _value(row: CaseFigure, name: str) -> Any:
    if name == "lead":
        return row.lead.label if row.lead else None
    value = getattr(row, name)
    if name == "channel":
        return CHANNELS.get(value, value)
    if name in {"outcome", "result", "rating", "kind"} and value:
        return choice_label(row, name, value)
    return value


def _after(minutes: int) -> list[Column]:
    def days(value: int | None) -> Decimal | None:
        return None if value is None else round(Decimal(value) / minutes, 2)

    return [
        Column(
            Label("办理用时（工作日）", "Time to answer (WD)"), COLUMNS["working_minutes"].definition,
            lambda row: days(row.working_minutes), 12, "number",
        ),
        Column(
            Label("暂停用时（工作日）", "Time paused (WD)"), COLUMNS["suspended_minutes"].definition,
            lambda row: days(row.suspended_minutes), 12, "number",
        ),
        Column(
            COLUMNS["level"].label, Label("未提醒、已提醒、已催办、已督办、已上提", "Not reminded to handed up"),
            lambda row: LEVELS[row.level] or Label("未提醒", "Not reminded"), 10,
        ),
    ]  # fmt: skip
