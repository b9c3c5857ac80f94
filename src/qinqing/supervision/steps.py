"""下一级: for each case exactly the next rung (催办 -> 发督办函 -> 上提) as a button, or the time when it was pressed.

What the clock did counts once a case is overdue: urged by it, the case gets a letter next; before that a person urges
first, since a letter about what is not late would be out of proportion. One that the clock has handed up still gets its
letter; after that nothing is left to press.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from qinqing.cases import shelf
from qinqing.cases.actform import new_key
from qinqing.cases.models import Case, Event
from qinqing.lib.labels import Label
from qinqing.supervision.papers import LETTER, of_kind, paper_number
from qinqing.supervision.pressing import just
from qinqing.ui.dates import stamp, when

URGE, SEND, HAND_UP = Label("催办", "Urge"), Label("发督办函", "Send a letter"), Label("上提", "Hand up")
PRESSED = ("urge", "hand_up")  # done by one press on the desk; a letter is written on the case page


_NOTHING = Label("", "")


@dataclass(frozen=True, slots=True)
class Step:
    """`action` names the act to press; else `href` leads to the letter's form; else `told` says what was done when."""

    label: Label = _NOTHING
    action: str = ""
    text: Label = _NOTHING  # the standard words, which may be changed before pressing
    href: str = ""
    told: Label = _NOTHING
    told_href: str = ""  # of the letter that runs
    letter: str = ""
    key: str = ""


@dataclass(slots=True)
class _Past:
    """What has been done about a case so far."""

    urged: datetime | None = None
    handed_up: datetime | None = None
    letter: Case | None = None  # the latest


def steps_of(cases: Sequence[Case], now: datetime, *, may_press: bool) -> dict[int, Step]:
    """The next step of each case, by id. Two queries for all; `may_press` False: times only."""
    past = _past(cases)
    steps = {}
    for case in cases:
        step = _told(case, past[case.pk], now) or (_next(case, past[case.pk], now) if may_press else None)
        steps[case.pk] = step or Step()
    return steps


def _past(cases: Sequence[Case]) -> dict[int, _Past]:
    past = {case.pk: _Past() for case in cases}
    acts = Event.objects.filter(case__in=past, action__in=["urge", "hand_up", "instruct", "rung"]).order_by(
        "case", "seq"
    )
    for case_id, action, at, head in acts.values_list("case_id", "action", "occurred_at", "head"):
        if action == "urge":
            past[case_id].urged = at
        elif json.loads(head)["moves"].get("level") == 4:
            past[case_id].handed_up = at
    for letter in of_kind(LETTER).filter(predecessor__in=past).order_by("pk"):
        past[letter.predecessor_id or 0].letter = letter
    return past


def _told(case: Case, past: _Past, now: datetime) -> Step | None:
    """A button just pressed is a time, until the next rung is to be climbed."""
    letter = past.letter
    if letter and not letter.closed_at and not _overdue(letter, now):
        at, number = stamp(letter.opened_at, now), paper_number(letter.number)
        told = Label(f"{at.zh}已发", f"sent {at.en}")
        return Step(told=told, told_href=reverse("cases:case", args=[letter.number]), letter=number)
    if case.level == 4 and letter:
        at = stamp(past.handed_up, now) if past.handed_up else Label("", "")
        return Step(told=Label(f"{at.zh}已上提", f"Handed up {at.en}"))
    if past.urged and just(past.urged, now):
        at = stamp(past.urged, now)
        return Step(told=Label(f"{at.zh}已催办", f"Urged {at.en}"))
    return None


def _next(case: Case, past: _Past, now: datetime) -> Step | None:
    offered = {} if case.closed_at or case.held else shelf.by_id(case.procedure_id).anytime
    urge_first = past.urged is None and (case.level < 2 or not _overdue(case, now))
    if "urge" in offered and (urge_first or "send_letter" not in offered):  # of what knows no letters: again and again
        return _press("urge", URGE, urging(case, now))
    if past.letter is None:
        page = reverse("cases:case", args=[case.number])
        return Step(SEND, href=f"{page}#send_letter") if "send_letter" in offered else None
    if case.level < 4 and "hand_up" in offered:
        return _press("hand_up", HAND_UP, handing_up(past.letter, now))
    return None


def _press(action: str, label: Label, text: Label) -> Step:
    return Step(label, action, text, key=new_key())


def _overdue(case: Case, now: datetime) -> bool:
    return case.due_at is not None and case.due_at < now


def urging(case: Case, now: datetime) -> Label:
    """The standard words of an urging."""
    if case.due_at is None or case.due_at < now:
        return Label(
            "本件已逾期，请今日内办结并反馈；办不结的，书面说明原因和办结时间。",
            "This is overdue. Settle and answer it today, or say in writing why not and when it will be.",
        )
    due = when(case.due_at, now)
    return Label(f"请抓紧办理，务必于{due.zh}前反馈。", f"Please see to it that this is answered by {due.en}.")


def handing_up(letter: Case, now: datetime) -> Label:
    """The standard words of handing up."""
    number = paper_number(letter.number)
    so = ("已办结" if letter.closed_at else "逾期未回函"), ("closed" if letter.closed_at else "not answered in time")
    return Label(
        f"已催办并发{number}（{so[0]}），本件仍未办结，提请县领导协调。",
        f"Urged, and {number} sent ({so[1]}); the matter is still open. The county's leader is asked to step in.",
    )
