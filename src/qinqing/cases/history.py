"""办件历史: how the audit room reads the cases' chains and erases payloads by retention class. What rows and files are
held against is in `comparing.py`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from itertools import islice

from django.db import transaction
from django.db.models import Prefetch, QuerySet

from qinqing.audit.histories import ChainView, EventView, Head
from qinqing.audit.verify import check_chain
from qinqing.cases import fulltext, indexing
from qinqing.cases.comparing import ERASED_TITLE, file_differences, row_differences
from qinqing.cases.models import Attachment, Case, Event, Payload, Task
from qinqing.ui.parts import Seal

BATCH = 200  # cases read at once


class CaseHistory:
    """The chains of all cases: one per case, named by its number."""

    append_only_tables: tuple[str, ...] = ("cases_event", "cases_payload")

    def chains(self, ref: str | None = None) -> Iterator[ChainView]:
        cases = _whole().order_by("pk")
        if ref is not None:
            cases = cases.filter(number=ref)
        return map(_chain, cases.iterator(chunk_size=BATCH))

    def chains_after(self, ref: str, limit: int) -> list[ChainView]:
        return [_chain(case) for case in _whole().order_by("number").filter(number__gt=ref)[:limit]]

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
            cases = {case for _, case in chosen}
            Case.objects.filter(pk__in=cases).update(title=ERASED_TITLE)
            indexing.index(cases)  # what was erased is found no more
            if len(chosen) < limit:  # the last of several calls
                fulltext.compact()
        return erased

    def _erasable(self, retention: str, before: datetime) -> QuerySet[Payload]:
        return Payload.objects.filter(retention=retention, erased_at=None, event__case__closed_at__lt=before).order_by(
            "pk"
        )


def _whole() -> QuerySet[Case]:
    return Case.objects.prefetch_related(
        Prefetch("events", Event.objects.order_by("seq").select_related("payload")),
        Prefetch("tasks", Task.objects.filter(state=Task.State.OPEN), to_attr="open_tasks"),
        Prefetch("attachments", Attachment.objects.order_by("pk")),
    )


def _chain(case: Case) -> ChainView:
    events, files = list(case.events.all()), list(case.attachments.all())
    rows = partial(row_differences, case, events, case.open_tasks, files)  # type: ignore[attr-defined]
    return ChainView(
        case.number,
        case.head_hash,
        case.seq,
        [_view(event) for event in events],
        rows,
        partial(file_differences, files),
    )


def _view(event: Event) -> EventView:
    payload = getattr(event, "payload", None)
    if payload is None:
        return EventView(event.seq, event.head, event.hash)
    return EventView(event.seq, event.head, event.hash, payload.body, payload.salt, payload.erased_at is not None)


def seal_of(number: str) -> Seal:
    """历史完整: the chain of one case, verified now."""
    chain = next(CaseHistory().chains(number))
    findings, count, _ = check_chain("cases", chain)
    return Seal(count=count) if not findings else Seal(broken_at=findings[0].seq or 0)
