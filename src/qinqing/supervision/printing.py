"""督办函打印: the letter as an official paper (letter.typ). Always in Chinese: it is a paper of the office."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from qinqing.cases.calendars import current
from qinqing.cases.casefile import CaseFile
from qinqing.cases.story import payload_of
from qinqing.directory.models import Unit
from qinqing.lib.labels import Label
from qinqing.lib.workdays import due_at
from qinqing.supervision.papers import paper_number
from qinqing.ui import papers
from qinqing.ui.dates import local, when
from qinqing.ui.errors import Problem

_TEMPLATE = Path(__file__).parent / "letter.typ"


class Erased(Problem):
    status = 410
    code = "letter-erased"
    title = Label("督办函内容已清除", "The letter's content is erased")


def letter(file: CaseFile) -> bytes:
    """The PDF of a letter as it was sent. Raises Erased when its words went with their retention class."""
    case, texts = file.case, payload_of(file.events[0]).get("texts", {})
    if not texts:
        raise Erased(
            Label("保管期限届满，正文已按规定清除，不能打印", "Its retention period is over; it cannot be printed")
        )
    about = case.predecessor
    return papers.paper(
        _TEMPLATE,
        {
            "lang": "zh",
            "number": paper_number(case.number),
            "title": f"关于{about.number}办理情况的督办函" if about else "督办函",
            "addressee": unit_name(file, "lead"),
            "facts": texts["facts"],
            "demand": texts["demand"],
            "sender": unit_name(file, "issuer"),
            "date": _on_paper(case.opened_at),
            "about": about.number if about else "—",
            "due": _due(file),
        },
    )


def unit_name(file: CaseFile, field: str) -> str:
    """The name of a unit on paper: the authority before its section; for a desk the authority itself, which signs."""
    unit = file.units.get(int(file.state.fields.get(field) or 0))
    if unit is None:
        return "—"
    above = file.units.get(unit.parent_id or 0)
    if above is None:
        return unit.name
    return above.name if unit.kind == Unit.Kind.DESK else f"{above.name}{unit.name}"


def _due(file: CaseFile) -> str:
    """When the reply was first due: by the limit of the stage, from the day of the letter."""
    clock = file.spec.first.clock
    due = due_at(file.case.opened_at, clock.budget(file.state.fields), current())[0] if clock else None
    return when(due, file.case.opened_at).zh if due else "—"


def _on_paper(moment: datetime) -> str:
    day = local(moment)
    return f"{day.year}年{day.month}月{day.day}日"
