"""批示件: a leader's instruction on a case becomes a tracked task of its own, with a clock, a report and a reader.

The instruction's words are copied into the new case's own payload: it is the leader's paper, kept by its own retention
class from its own end. Erasing the first case's content leaves it whole, and it holds nothing of what the citizen said.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet

from qinqing.accounts.actor import SYSTEM
from qinqing.accounts.models import User
from qinqing.cases.acting import Done, open_case
from qinqing.cases.casefile import state_of
from qinqing.cases.models import Case, Event
from qinqing.cases.state import split
from qinqing.cases.story import payload_of
from qinqing.lib.labels import Label
from qinqing.supervision.filters import FIRST
from qinqing.supervision.papers import CHANNEL, INSTRUCTION, internal_party, of_kind

ACT = "instruct"
URGENCY = "three"  # working days, when the leader chose none
STATES = {
    "open": Label("落实中", "Being done"),
    "overdue": Label("已逾期", "Overdue"),
    "to_read": Label("待审阅", "Reported back, to be read"),
    "done": Label("已办结", "Done"),
}


def open_for(case_id: int, seq: int, now: datetime) -> Done | None:
    """Open the instruction that event `seq` of the case gave; None when that event gives none, or its words are erased.

    The clock runs from the moment of the instruction, not from when a worker came to it. The same event opens one."""
    event = Event.objects.select_related("payload", "case").get(case=case_id, seq=seq)
    text = payload_of(event).get("texts", {}).get("instruction") if event.action == ACT else None
    unit = holder_of(event.case) if text else None
    if not text or unit is None:
        return None
    values = {
        "lead": unit,
        "instruction": text,
        "given_by": _name(event),
        "urgency": json.loads(event.head)["form"].get("urgency", URGENCY),
    }
    return open_case(
        INSTRUCTION, internal_party(now), SYSTEM, now, values, title=f"关于{event.case.number}的批示", channel=CHANNEL,
        occurred_at=event.occurred_at, predecessor_id=case_id, idempotency_key=f"instruct:{case_id}:{seq}",
    )  # fmt: skip


def holder_of(case: Case) -> int | None:
    """Who carries it out: the lead unit; before there is one, the unit that has the case on its desk."""
    if case.lead_id:
        return case.lead_id
    return next((split(tok)[1] for tok in state_of(case).main), None)


def instructions() -> QuerySet[Case]:
    """All, with what lists show."""
    return of_kind(INSTRUCTION).select_related("party", "lead", "predecessor", "procedure")


def of_state(state: str, now: datetime) -> QuerySet[Case]:
    """The instructions of one of STATES, the most urgent first, the done ones by their end."""
    if state == "done":
        return instructions().exclude(closed_at=None).order_by("-closed_at", "-pk")
    found = open_instructions()
    if state == "overdue":
        return found.filter(due_at__lt=now)
    return found.filter(stage="reporting") if state == "to_read" else found.exclude(stage="reporting")


def open_instructions() -> QuerySet[Case]:
    """All that are not closed, the most urgent first."""
    return instructions().filter(closed_at=None).order_by(FIRST, "pk")


def counts(now: datetime) -> dict[str, int]:
    """How many instructions are in each of STATES; an overdue one is counted twice, as what it is and as overdue."""
    return {state: of_state(state, now).count() for state in STATES}


def texts_of(case_ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """What was instructed and by whom, by case id; nothing where it is erased."""
    opened = Event.objects.filter(case__in=case_ids, seq=1).select_related("payload")
    return {event.case_id: payload_of(event).get("texts", {}) for event in opened}


def _name(event: Event) -> str:
    known = User.objects.filter(pk=event.actor_id or 0).values_list("name", flat=True).first()
    return known or str(payload_of(event).get("actor") or "县领导")
