"""Reads of the messaging room, for the operator and for the reader of notices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, QuerySet

from qinqing.lib.labels import Label
from qinqing.messaging import delivery, reactions
from qinqing.messaging.models import Delivery, Endpoint, JobLease, Notice, Outbox
from qinqing.messaging.notices import unread_count


@dataclass(frozen=True, slots=True)
class Standing:
    """How the hand-over stands: `unplanned` messages, their oldest, deliveries waiting for another try, stuck ones."""

    unplanned: int
    oldest: datetime | None
    retrying: int
    stuck: int


@dataclass(frozen=True, slots=True)
class Receiver:
    """A receiver with stuck deliveries."""

    code: str
    label: Label
    stuck: int


def standing() -> Standing:
    waiting = Outbox.objects.filter(handled_at=None).aggregate(count=Count("id"), oldest=Min("created_at"))
    retrying = Delivery.objects.filter(state=Delivery.State.WAITING, attempts__gt=0).count()
    return Standing(waiting["count"], waiting["oldest"], retrying, _stuck().count())


def stuck_count(actor: Any = None) -> int | None:
    """For the menu; None when nothing is stuck."""
    return _stuck().count() or None


def unread_of(actor: Any) -> int | None:
    """For the menu: unread notices of the reader; None when there are none."""
    return unread_count(getattr(actor, "user_id", None)) or None


def deliveries_in_trouble() -> QuerySet[Delivery]:
    """Stuck ones and those waiting for another try, the oldest message first."""
    troubled = Delivery.objects.filter(state__in=[Delivery.State.STUCK, Delivery.State.WAITING], attempts__gt=0)
    return troubled.select_related("message").order_by("state", "message_id", "id")


def stuck_receivers() -> list[Receiver]:
    rows = _stuck().values("receiver").annotate(stuck=Count("id")).order_by("receiver")
    labels = receiver_labels()
    return [Receiver(row["receiver"], label_of(row["receiver"], labels), row["stuck"]) for row in rows]


def receiver_labels() -> dict[str, Label]:
    """Names of endpoints by receiver code."""
    return {f"{delivery.PREFIX}{pk}": Label(name, name) for pk, name in Endpoint.objects.values_list("pk", "name")}


def label_of(receiver: str, labels: dict[str, Label]) -> Label:
    name = receiver.removeprefix(reactions.PREFIX)
    return labels.get(receiver) or Label(f"内部响应：{name}", f"reaction: {name}")


def failing_jobs() -> QuerySet[JobLease]:
    return JobLease.objects.exclude(last_error="").order_by("name")


def endpoints() -> QuerySet[Endpoint]:
    return Endpoint.objects.order_by("-active", "name")


def notices_of(user_id: int) -> QuerySet[Notice]:
    """The newest first."""
    return Notice.objects.filter(user_id=user_id).order_by("-id")


def _stuck() -> QuerySet[Delivery]:
    return Delivery.objects.filter(state=Delivery.State.STUCK)
