"""What happens to one message on its way (分发与投递): planning its deliveries, trying them, trying again, giving up.

Every function here is one or a few short transactions and safe with several workers at once: on PostgreSQL rows are
taken with SKIP LOCKED, on SQLite a transaction is alone from its begin (IMMEDIATE), and a claim is one UPDATE.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import F, QuerySet

from qinqing.messaging import delivery, reactions
from qinqing.messaging.inbox import first_time
from qinqing.messaging.models import Delivery, Endpoint, Outbox
from qinqing.messaging.outbox import Message, concerns

if TYPE_CHECKING:
    import httpx

MAX_ATTEMPTS = 12  # about seven hours; then a person looks
CLAIM = timedelta(seconds=60)  # longer than a try at an endpoint may take
_TOGETHER = {"sqlite": 5, "": 25}  # messages in one transaction of a reaction: on SQLite nobody else writes meanwhile
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


def posts_due(now: datetime, limit: int) -> list[int]:
    """Ids of waiting deliveries to endpoints, the longest waiting first."""
    return list(_due(delivery.PREFIX, now).values_list("pk", flat=True)[:limit])


def reactions_due(now: datetime, limit: int) -> list[list[int]]:
    """Ids of waiting deliveries to reactions, some of one reaction at a time: as many as one transaction may take. The
    reaction that waits longest comes first."""
    waiting = _due(reactions.PREFIX, now).values_list("receiver", "pk")[:limit]
    of_each: dict[str, list[int]] = defaultdict(list)
    for receiver, pk in waiting:
        of_each[receiver].append(pk)
    size = _TOGETHER.get(connection.vendor, _TOGETHER[""])
    return [ids[first : first + size] for ids in of_each.values() for first in range(0, len(ids), size)]


def react(delivery_ids: Sequence[int], now: datetime) -> None:
    """Run these deliveries of one reaction in one transaction.

    The reaction, its inbox rows and its deliveries' ends are undone together by a crash; an error undoes those of the
    message that caused it."""
    with transaction.atomic():
        rows = list(
            Delivery.objects.select_for_update(skip_locked=True, of=("self",))  # what another worker has is not ours
            .select_related("message")
            .filter(pk__in=delivery_ids, state=Delivery.State.WAITING, next_at__lte=now)
            .order_by("message_id")
        )
        Delivery.objects.filter(pk__in=_react(rows, now)).update(
            state=Delivery.State.DONE, done_at=now, attempts=F("attempts") + 1, last_error=""
        )


def _react(rows: Sequence[Delivery], now: datetime) -> list[int]:
    """Ids of those for which the reaction ran, now or before."""
    reaction = reactions.find(rows[0].receiver) if rows else None
    if reaction is None:
        for row in rows:
            _failed(row, "没有这个响应函数 / this program has no such reaction", now, final=True)
        return []
    messages = [Message.of(row.message) for row in rows]
    try:
        with transaction.atomic():
            new = first_time(rows[0].receiver, [(message.source, message.key) for message in messages], now)
            if new:
                reaction.fn([message for message in messages if (message.source, message.key) in new], now)
    except Exception as error:
        if len(rows) > 1:
            return [pk for row in rows for pk in _react([row], now)]
        _log.exception("reaction %s failed on message %s", reaction.name, rows[0].message_id)
        _failed(rows[0], f"{type(error).__name__}: {error}", now)
        return []
    return [row.pk for row in rows]


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


def _due(prefix: str, now: datetime) -> QuerySet[Delivery]:
    waiting = Delivery.objects.filter(state=Delivery.State.WAITING, next_at__lte=now, receiver__startswith=prefix)
    return waiting.order_by("next_at", "id")


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
