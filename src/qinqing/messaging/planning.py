"""What happens to one message on its way (分发与投递): planning its deliveries, trying them, trying again, giving up.

Every function here is one or a few short transactions and safe with several workers at once: on PostgreSQL rows are
taken with SKIP LOCKED, on SQLite a transaction is alone from its begin (IMMEDIATE), and a claim is one UPDATE.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F, QuerySet

from qinqing.messaging import delivery, reactions
from qinqing.messaging.inbox import first_time
from qinqing.messaging.models import Delivery, Endpoint, Outbox
from qinqing.messaging.outbox import Message, concerns

if TYPE_CHECKING:
    import httpx

MAX_ATTEMPTS = 12  # about seven hours; then a person looks
CLAIM = timedelta(seconds=60)  # longer than a try at an endpoint may take
SLICE = 0.02  # seconds: how long reactions may keep others from writing on SQLite
_TOGETHER = 20  # reactions in one transaction at most
_log = logging.getLogger(__name__)


def backoff(attempts: int) -> timedelta:
    """Wait after this many failed tries: 1, 2, 4, ... minutes, at most an hour."""
    return timedelta(minutes=min(60, 2 ** min(attempts - 1, 6)))


def plan(now: datetime, batch: int = 100) -> int:
    """Give the oldest unplanned messages their deliveries; returns how many messages."""
    if not Outbox.objects.filter(handled_at=None).exists():  # takes no lock where nothing waits
        return 0
    endpoints = list(Endpoint.objects.filter(active=True))
    with transaction.atomic():
        rows = list(Outbox.objects.select_for_update(skip_locked=True).filter(handled_at=None).order_by("id")[:batch])
        deliveries = [
            Delivery(message=row, receiver=receiver, next_at=first_try)
            for row in rows
            for receiver, first_try in [
                *((receiver, now) for receiver in reactions.receivers(row.topic)),
                *_endpoints(endpoints, row.topic, now),
            ]
        ]
        Delivery.objects.bulk_create(deliveries, ignore_conflicts=True)
        Outbox.objects.filter(pk__in=[row.pk for row in rows]).update(handled_at=now)
    return len(rows)


def due(prefix: str, now: datetime, limit: int) -> Sequence[int]:
    """Ids of waiting deliveries to receivers of this kind, the longest waiting first."""
    waiting = Delivery.objects.filter(state=Delivery.State.WAITING, next_at__lte=now, receiver__startswith=prefix)
    return list(waiting.order_by("next_at", "id").values_list("pk", flat=True)[:limit])


def react(delivery_ids: Sequence[int], now: datetime, seconds: float = SLICE) -> int:
    """Run some of these reactions in one transaction of about `seconds`; returns how many ids were looked at.

    Each reaction, its inbox row and its delivery's end are undone alone by an error, and together by a crash.
    """
    end = time.perf_counter() + seconds
    looked_at, done = 0, list[int]()
    with transaction.atomic():
        rows = (
            Delivery.objects.select_for_update(skip_locked=True, of=("self",))  # what another worker has is not ours
            .select_related("message")
            .filter(pk__in=delivery_ids[:_TOGETHER], state=Delivery.State.WAITING, next_at__lte=now)
            .in_bulk()
        )
        for pk in delivery_ids[:_TOGETHER]:
            looked_at += 1
            if pk in rows and _react(rows[pk], now):
                done.append(pk)
            if time.perf_counter() >= end:
                break
        Delivery.objects.filter(pk__in=done).update(
            state=Delivery.State.DONE, done_at=now, attempts=F("attempts") + 1, last_error=""
        )
    return looked_at


def _react(row: Delivery, now: datetime) -> bool:
    """True when the reaction ran, now or before."""
    reaction = reactions.find(row.receiver)
    if reaction is None:
        _failed(row, "没有这个响应函数 / this program has no such reaction", now, final=True)
        return False
    message = Message.of(row.message)
    try:
        with transaction.atomic():
            if first_time(row.receiver, message.source, message.key, now):
                reaction.fn(message, now)
    except Exception as error:
        _log.exception("reaction %s failed on message %s", reaction.name, row.message_id)
        _failed(row, f"{type(error).__name__}: {error}", now)
        return False
    return True


def send(delivery_id: int, client: httpx.Client, now: datetime) -> None:
    """One try at an endpoint, in no transaction. Claimed first: a worker killed on the way delays, never loses."""
    waiting = Delivery.objects.filter(pk=delivery_id, state=Delivery.State.WAITING)
    if not waiting.filter(next_at__lte=now).update(next_at=now + CLAIM):
        return
    row = waiting.select_related("message").first()
    if row is None:  # an operator dropped it in this moment
        return
    endpoints = Endpoint.objects.filter(pk=row.receiver.removeprefix(delivery.PREFIX))
    try:
        endpoint = endpoints.filter(active=True).first()
        if endpoint is None:
            raise delivery.NotDelivered("对端已停用 / the endpoint is switched off", final=True)
        delivery.post(client, endpoint.url, endpoint.secret, Message.of(row.message), now)
    except delivery.NotDelivered as problem:
        _failed(row, str(problem), now, final=problem.final)
        if problem.silent:  # do not wait for the same silent endpoint again with each of its messages
            others = Delivery.objects.filter(receiver=row.receiver, state=Delivery.State.WAITING)
            others.filter(next_at__lt=row.next_at).update(next_at=row.next_at)
            endpoints.update(silent_until=row.next_at)
    else:
        endpoints.exclude(silent_until=None).update(silent_until=None)
        _still_waiting(row).update(state=Delivery.State.DONE, done_at=now, attempts=row.attempts + 1, last_error="")


def _failed(row: Delivery, error: str, now: datetime, *, final: bool = False) -> None:
    row.attempts += 1
    row.next_at = now + backoff(row.attempts)
    gives_up = final or row.attempts >= MAX_ATTEMPTS
    _still_waiting(row).update(
        state=Delivery.State.STUCK if gives_up else Delivery.State.WAITING,
        attempts=row.attempts,
        next_at=row.next_at,
        last_error=error[:2000].replace("\x00", ""),
    )


def _still_waiting(row: Delivery) -> QuerySet[Delivery]:
    """An operator may have dropped it meanwhile; that stands."""
    return Delivery.objects.filter(pk=row.pk, state=Delivery.State.WAITING)


def _endpoints(endpoints: Sequence[Endpoint], topic: str, now: datetime) -> Iterator[tuple[str, datetime]]:
    """Receivers of a topic, and when to try first: at one that is silent, behind the messages already waiting."""
    for endpoint in endpoints:
        if any(concerns(str(prefix), topic) for prefix in endpoint.topics):
            yield f"{delivery.PREFIX}{endpoint.pk}", max(now, endpoint.silent_until or now)
