"""办件历史: how the audit room reads the cases' chains, holds the rows against the fold of their events, and erases
payloads by retention class."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice

from django.db import transaction
from django.db.models import Prefetch, QuerySet

from qinqing.audit.histories import ChainView, EventView, Head
from qinqing.cases.models import Case, Event, Payload, Task
from qinqing.cases.state import State, apply, split

ERASED_TITLE = "（内容已按期清除）"
BATCH = 200  # cases read at once


class CaseHistory:
    """The chains of all cases: one per case, named by its number."""

    append_only_tables: tuple[str, ...] = ("cases_event", "cases_payload")

    def chains(self, ref: str | None = None) -> Iterator[ChainView]:
        cases = Case.objects.order_by("pk")
        if ref is not None:
            cases = cases.filter(number=ref)
        events = Event.objects.order_by("seq").select_related("payload")
        tasks = Task.objects.filter(state=Task.State.OPEN)
        whole = cases.prefetch_related(Prefetch("events", events), Prefetch("tasks", tasks, to_attr="open_tasks"))
        for case in whole.iterator(chunk_size=BATCH):
            views = [_view(event) for event in case.events.all()]
            yield ChainView(case.number, case.head_hash, case.seq, views, _fold_check(case, views))

    def heads(self) -> Iterator[Head]:
        rows = Case.objects.order_by("pk").values_list("number", "seq", "head_hash")
        for number, seq, head_hash in rows.iterator(chunk_size=5000):
            yield Head(number, seq, head_hash)

    def erasable(self, retention: str, before: datetime) -> int:
        return self._erasable(retention, before).count()

    def erase(self, retention: str, before: datetime, now: datetime, limit: int) -> int:
        with transaction.atomic():
            chosen = list(islice(self._erasable(retention, before).values_list("pk", "event__case_id"), limit))
            erased = Payload.objects.filter(pk__in=[pk for pk, _ in chosen]).update(body=None, salt="", erased_at=now)
            Case.objects.filter(pk__in={case for _, case in chosen}).update(title=ERASED_TITLE)
        return erased

    def _erasable(self, retention: str, before: datetime) -> QuerySet[Payload]:
        return Payload.objects.filter(retention=retention, erased_at=None, event__case__closed_at__lt=before).order_by(
            "pk"
        )


def _view(event: Event) -> EventView:
    payload = getattr(event, "payload", None)
    if payload is None:
        return EventView(event.seq, event.head, event.hash)
    return EventView(event.seq, event.head, event.hash, payload.body, payload.salt, payload.erased_at is not None)


def fold(views: list[EventView]) -> State:
    """The state that the recorded moves lead to."""
    state = State("")
    for view in views:
        state = apply(state, json.loads(view.head)["moves"])
    return state


def _fold_check(case: Case, views: list[EventView]) -> Callable[[], list[str]]:
    def check() -> list[str]:
        state = fold(views)
        due = datetime.fromisoformat(state.due) if state.due and state.is_open else None
        pairs = {
            "stage": (case.stage, state.stage),
            "outcome": (case.outcome, state.outcome),
            "round": (case.round, state.round),
            "version": (case.version, state.version),
            "level": (case.level, state.level),
            "marking": (tuple(case.marking.split()), state.marking),
            "state": (json.loads(case.state), json.loads(state.to_json())),
            "due_at": (case.due_at, due),
            "held": (case.held, state.held),
            "lead": (case.lead_id, state.fields.get("lead")),
            "tasks": (
                sorted((task.node, task.unit_id) for task in case.open_tasks),  # type: ignore[attr-defined]
                sorted(split(tok) for tok in state.marking),
            ),
        }
        return [f"{name}: {row!r} ≠ {folded!r}" for name, (row, folded) in pairs.items() if row != folded]

    return check
