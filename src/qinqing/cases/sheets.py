"""办件清单导出: the columns that every exported list of cases has, in one place. Reads only.

Any wing's list of cases is `sheet(title, cases, note, now)`: all cases of its filter, read in pieces.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice

from django.db.models import QuerySet

from qinqing.cases import shelf
from qinqing.cases.calendars import current
from qinqing.cases.models import Case
from qinqing.cases.rows import LEVELS, Row, rows_of
from qinqing.lib.labels import Label
from qinqing.lib.workdays import Budget, Calendar, left
from qinqing.ui.sheets import Column, Sheet

AT_ONCE = 1_000  # cases in memory
# `Case.channel` is a code of the wing that opened the case; one that is not known here is shown as it is
CHANNELS = {
    "window": Label("窗口", "Window"),
    "phone": Label("电话", "Phone"),
    "visit": Label("走访带回", "Visit"),
    "online": Label("网上", "Online"),
    "card": Label("扫码", "Card"),
    "hotline": Label("热线转办", "Hotline"),
    "api": Label("接口", "API"),
    "supervision": Label("督办、批示", "Supervision"),
    "follow_up": Label("评价回访", "Follow-up"),
}
_NOT_REMINDED = Label("未提醒", "Not reminded")


@dataclass(frozen=True, slots=True)
class Line:
    """A case's row of the sheet. `days`: working days left, negative when overdue; None where no clock runs."""

    row: Row
    days: Decimal | None
    overdue: bool
    returned: int

    @property
    def case(self) -> Case:
        return self.row.case


def _column(zh: str, en: str, meaning: tuple[str, str], value: Callable[[Line], object], *look: object) -> Column:
    return Column(Label(zh, en), Label(*meaning), value, *look)  # type: ignore[arg-type]  # width, kind


NUMBER = _column("编号", "Number", ("办件编号，全县唯一", "The matter's number, unique in the county"),
                 lambda line: line.case.number, 16)  # fmt: skip
COLUMNS: Sequence[Column] = (
    NUMBER,
    _column("事项", "Matter", ("诉求内容的首句", "The first clause of what was asked"), lambda x: x.case.title, 40),
    _column("办事主体", "Party", ("提出诉求的企业、个体工商户或个人", "The company, trader or person who asked"),
            lambda x: x.case.party.name, 28),
    _column("流程", "Procedure", ("办件所走的流程", "The procedure the matter runs by"),
            lambda x: shelf.by_id(x.case.procedure_id).title, 14),
    _column("类别", "Class", ("受理时定的类别，决定办理时限", "Given at intake; it decides the time limit"),
            lambda x: x.row.kind, 8),
    _column("环节", "Stage", ("现在的环节；已办结的为结果", "Where it is now; how it ended once closed"),
            lambda x: x.row.stage, 12),
    _column("主办", "Lead", ("主办科室或单位；未交办的为空", "The lead section or unit; empty before dispatch"),
            lambda x: x.case.lead.label if x.case.lead else None, 18),
    _column("来源", "Channel", ("诉求的来源", "The way it came in"),
            lambda x: CHANNELS.get(x.case.channel, x.case.channel), 10),
    _column("提出时间", "Opened", ("受理的时间（北京时间）", "When it was taken in (China time)"),
            lambda x: x.case.opened_at, 17, "moment"),
    _column("应办时间", "Due", ("在走的时限中最早到期的；暂停计时的为空", "The earliest end of the running limits; "
            "empty while paused"), lambda x: None if x.case.held else x.case.due_at, 17, "moment"),
    _column("剩余工作日", "Working days left", ("到应办时间还剩的工作日，一位小数，向少取；按工作日历和办公时间计算",
            "Working days until due, one decimal, rounded down, by the working-day calendar and office hours"),
            lambda x: None if x.overdue else x.days, 11, "number"),
    _column("逾期工作日", "Working days overdue", ("超过应办时间的工作日，一位小数，向多取；未逾期的为空",
            "Working days past due, one decimal, rounded up; empty when not overdue"),
            lambda x: abs(x.days) if x.overdue and x.days is not None else None, 11, "number"),
    _column("督办级次", "Level", ("未提醒、已提醒、已催办、已督办、已上提", "Not reminded, reminded, urged, supervised "
            "or handed up"), lambda x: LEVELS[x.case.level] or _NOT_REMINDED, 10),
    _column("退回次数", "Times returned", ("主办科室退回窗口重新交办的次数", "How often the lead section returned it"),
            lambda x: x.returned, 9, "number"),
    _column("最近经过", "Last event", ("最近一次办理动作", "The latest act"), lambda x: x.row.last, 14),
    _column("最近经过时间", "Last event at", ("最近一次办理动作的时间（北京时间）", "When that was (China time)"),
            lambda x: x.row.last_at, 17, "moment"),
    _column("办结时间", "Closed", ("办结的时间（北京时间）；在办的为空", "When it was closed (China time); empty while "
            "open"), lambda x: x.case.closed_at, 17, "moment"),
    _column("结果", "Outcome", ("怎样办结；在办的为空", "How it ended; empty while open"),
            lambda x: x.row.stage if x.case.outcome else None, 12),
    _column("外部编号", "Outside number", ("从其他系统转来的，为“来源:编号”", "For what came from another system: "
            "source:number"), lambda x: x.case.imported, 24),
)  # fmt: skip
# what the party is told; supervision and what happened inside the offices is not theirs
_FOR_PARTY = {
    "编号",
    "事项",
    "办事主体",
    "类别",
    "环节",
    "主办",
    "提出时间",
    "应办时间",
    "剩余工作日",
    "办结时间",
    "结果",
}
PARTY_COLUMNS: Sequence[Column] = tuple(column for column in COLUMNS if column.label.zh in _FOR_PARTY)


def sheet(
    title: Label, cases: Iterable[Case], note: Label, now: datetime, columns: Sequence[Column] = COLUMNS
) -> Sheet:
    """The workbook of a list of cases: give the query of the whole filter, with no page cut from it."""
    return Sheet(title, columns, lines(cases, now), note)


def lines(cases: Iterable[Case], now: datetime) -> Iterator[Line]:
    """The cases in their order, read in pieces."""
    if isinstance(cases, QuerySet):
        cases = cases.select_related("party", "lead").iterator(chunk_size=AT_ONCE)
    source = iter(cases)
    while piece := list(islice(source, AT_ONCE)):
        calendar = current()
        for row in rows_of(piece, now):
            yield _line(row, now, calendar)


def _line(row: Row, now: datetime, calendar: Calendar) -> Line:
    state = json.loads(row.case.state)
    returned = state["counts"].get("return", 0)
    if row.case.closed_at or row.case.due_at is None or row.case.held:
        return Line(row, None, False, returned)
    running = min((clock for clock in state["clocks"].values() if clock["due"]), key=lambda clock: str(clock["due"]))
    rest = left(now, row.case.due_at, calendar, Budget(**running["budget"]).kind)
    return Line(row, rest.working_days, rest.overdue, returned)
