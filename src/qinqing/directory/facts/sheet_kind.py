"""企业数据表: a few figures of companies as a sheet that an office fills in, beside the import of large files."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from qinqing.accounts.actor import Actor
from qinqing.directory import sheet_cells
from qinqing.directory.facts import periods, recording, values
from qinqing.directory.facts.dictionary import BadDictionary, FactDef, book, dictionary
from qinqing.directory.facts.recording import Said
from qinqing.directory.models import Party
from qinqing.directory.services import REGISTERED, day_of
from qinqing.directory.sheet_imports import InColumn, Seen, Values, register
from qinqing.directory.tables import Cell
from qinqing.lib.identifiers import Invalid
from qinqing.lib.labels import Label
from qinqing.ui.sheets import Cell as OutCell

KIND = "company_facts"
TITLE = Label("企业数据", "Facts of companies")
_log = logging.getLogger(__name__)
_NOT_KNOWN = "不详"  # in a cell: the source says that it is not known


def add_kind() -> None:
    """Offer the sheet on the page “Import a sheet”; with a faulty dictionary it is left out, so that the rest of the
    site starts and `qinqing facts check` can say what is wrong."""
    try:
        book()
    except BadDictionary as error:
        _log.error("facts of companies cannot be used:\n%s", error)
        return
    register(
        KIND,
        TITLE,
        _columns(),
        apply,
        roles="directory:import",
        key=lambda row: (row["credit_code"], row.get("period") or "", row["source"]),
        look=look,
        hint=Label(
            "每行一家企业、一个报告期、一个来源部门；不用的列可以删去。数据多时由系统管理员用命令导入",
            "One company, period and source a row; columns not needed may go. Large files have a command",
        ),
    )


def look(actor: Actor, rows: Sequence[Values], now: datetime) -> list[Seen]:
    """What each source said before of the same facts and period, and what does not fit."""
    companies = _companies(rows)
    found: list[Seen] = []
    for row in rows:
        said, faults = _said(row, companies, now)
        if faults or not said:
            found.append(Seen(faults=faults or {"credit_code": Label("这一行没有数据", "This row says nothing")}))
            continue
        compared = recording.compare(list(said.values()), source=row["source"], now=now)
        before = {
            name: values.from_kept(dictionary()[each.said.fact], each.before)
            for name, each in zip(said, compared, strict=True)
        }
        new = all(each.status == recording.NEW for each in compared)
        found.append(Seen(before=None if new else before, values={name: _value(row[name]) for name in said}))
    return found


def apply(actor: Actor, rows: Sequence[Values], now: datetime) -> None:
    """Record them, each row as the word of its source."""
    companies = _companies(rows)
    for source in sorted({row["source"] for row in rows}):
        said = [one for row in rows if row["source"] == source for one in _said(row, companies, now)[0].values()]
        recording.record(said, source=source, now=now, user_id=actor.user_id)


# ── private ──


def _columns() -> list[InColumn]:
    sources = {code: source.label for code, source in book().sources.items()}
    about = [
        InColumn(
            "credit_code",
            Label("统一社会信用代码", "Credit code"),
            Label("按此识别企业", "Says which company it is"),
            sheet_cells.code,
            required=True,
            width=24,
        ),
        InColumn(
            "source",
            Label("来源部门", "Source"),
            Label("由哪个部门提供", "The department that states it"),
            sheet_cells.choice(sources),
            required=True,
            show=lambda code: sources.get(code, code),
        ),
        InColumn(
            "period",
            Label("报告期", "Period"),
            Label("如2025、2025Q3、2025-07，按各项的周期填写", "As 2025, 2025Q3, 2025-07, as the fact has it"),
            _period_text,
            clears=False,
        ),
    ]
    return [*about, *(_column(fact) for fact in dictionary().values() if fact.sources)]


def _column(fact: FactDef) -> InColumn:
    unit = fact.unit or Label("", "")
    label = Label(
        f"{fact.label.zh}（{unit.zh}）" if unit.zh else fact.label.zh,
        f"{fact.label.en} ({unit.en})" if unit.en else fact.label.en,
    )
    codes = Label(*("、".join(names) for names in zip(*fact.codes.values(), strict=True))) if fact.codes else None
    meaning = fact.meaning or codes or Label("不知道时留空，不要填0", "Leave it empty if unknown; do not write 0")
    return InColumn(fact.id, label, meaning, partial(_read, fact), clears=False, show=partial(_shown, fact))


def _read(fact: FactDef, cell: Cell) -> Any:
    if cell is None:
        return None
    found = values.read(fact, cell)
    return _NOT_KNOWN if found is None else found


def _value(cell: Any) -> Any:
    return None if isinstance(cell, str) and cell == _NOT_KNOWN else cell


def _shown(fact: FactDef, value: Any) -> OutCell:
    return value if value == _NOT_KNOWN else values.words(fact, value)


def _period_text(cell: Cell) -> str:
    return f"{cell:%Y-%m}" if hasattr(cell, "year") else sheet_cells.plain(cell).strip()


def _companies(rows: Sequence[Values]) -> dict[str, int]:
    codes = [row["credit_code"] for row in rows]
    found = Party.objects.filter(credit_code__in=codes, kind__in=REGISTERED).values_list("credit_code", "pk")
    return {code: pk for code, pk in found if code}


def _said(row: Values, companies: dict[str, int], now: datetime) -> tuple[dict[str, Said], dict[str, Label]]:
    """What a row says by fact id, and what is wrong with it by column."""
    if row["credit_code"] not in companies:
        return {}, {
            "credit_code": Label("名录中没有这家企业，请先导入企业", "Not in the directory; import companies first")
        }
    said: dict[str, Said] = {}
    faults: dict[str, Label] = {}
    for name, fact in dictionary().items():
        if row.get(name) is None:
            continue
        try:
            if row["source"] not in fact.sources:
                raise Invalid("这一项不由该部门提供", "This fact is not stated by that department")
            period = periods.parse(row.get("period") or "", fact.period, day_of(now))
            said[name] = recording.said(fact, companies[row["credit_code"]], period, _value(row[name]))
        except Invalid as error:
            faults[name] = error.label
    return said, faults
