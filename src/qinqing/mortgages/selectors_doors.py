"""Reads of the doors: a bank's own events, keys, refusals, what its clerks entered."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from qinqing.accounts.actor import Actor
from qinqing.directory.models import Unit
from qinqing.mortgages.models import BankEvent
from qinqing.mortgages.models_doors import BankKey, Refusal, Submission

CLERK, CHECKER = "bank_clerk", "bank_checker"


def event_of(bank: Unit, event_id: str) -> BankEvent | None:
    """A bank's event with its release and case; None when the bank never sent it."""
    if not event_id or "\x00" in event_id:
        return None
    return BankEvent.objects.select_related("release__case").filter(bank=bank, event_id=event_id).first()


def bank_ids(actor: Actor, *roles: str) -> set[int]:
    """Units in which the actor holds one of the roles (default: clerk or checker)."""
    wanted = set(roles or (CLERK, CHECKER))
    return {post.unit_id for post in actor.posts if post.role in wanted}


def submissions(actor: Actor) -> QuerySet[Submission]:
    """Of the actor's banks, the newest first."""
    found = Submission.objects.filter(bank__in=bank_ids(actor)).select_related("bank", "entered_by", "decided_by")
    return found.order_by("-pk")


def to_check(actor: Actor) -> int | None:
    """How many wait for this checker (menu); None for who is none."""
    mine = bank_ids(actor, CHECKER)
    if not mine:
        return None
    waiting = Submission.objects.filter(bank__in=mine, state=Submission.State.WAITING)
    return waiting.exclude(entered_by=actor.user_id).count()


def bank_keys() -> QuerySet[BankKey]:
    """All keys, by bank, the newest first."""
    return BankKey.objects.select_related("bank").order_by("bank__code", "-pk")


def refusals() -> QuerySet[Refusal]:
    """The newest first."""
    return Refusal.objects.order_by("-pk")


def settled_lately(actor: Actor, since: datetime) -> list[BankEvent]:
    """Settlements of the clerk's banks that nobody has reversed yet."""
    reversals = BankEvent.objects.filter(bank=OuterRef("bank"), reverses=OuterRef("event_id"))
    mine = BankEvent.objects.filter(bank__in=bank_ids(actor, CLERK), kind=BankEvent.Kind.SETTLED)
    return list(mine.filter(~Exists(reversals), received_at__gte=since).order_by("-pk")[:20])
