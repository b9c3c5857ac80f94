"""各项政策的家数 (counts): eligible, claimed and paid companies of each policy, what changed in the last days, and how
far the match of a new policy has come.
Money is not summed here: it stands in the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from qinqing.directory.models import Party
from qinqing.directory.services import REGISTERED, day_of
from qinqing.policies.models_matching import Eligibility, Matched
from qinqing.policies.models_money import Claim

SINCE_DAYS = 7


@dataclass(frozen=True, slots=True)
class Numbers:
    """Companies. `claimed` and `paid`: of this year; `new`, `gone` and `changed` in the last `SINCE_DAYS`."""

    eligible: int = 0
    new: int = 0
    gone: int = 0
    changed: int = 0
    claimed: int = 0
    paid: int = 0


def counts(now: datetime) -> dict[str, Numbers]:
    """By the policy's code."""
    since = now - timedelta(days=SINCE_DAYS)
    stretches = Eligibility.objects.values("policy__code").annotate(
        eligible=Count("pk", filter=Q(gone_at=None)),
        new=Count("pk", filter=_new(since)),
        gone=Count("pk", filter=Q(gone_at__gt=since)),
        changed=Count("pk", filter=_changed(since)),
    )
    claims = Claim.objects.filter(year=day_of(now).year).values("policy__code").annotate(
        claimed=Count("party", distinct=True, filter=~Q(state=Claim.State.ENDED)),
        paid=Count("party", distinct=True, filter=Q(state=Claim.State.PAID)),
    )  # fmt: skip
    found: dict[str, dict[str, int]] = {}
    for row in [*stretches.order_by(), *claims.order_by()]:
        numbers: dict[str, Any] = dict(row)
        found.setdefault(numbers.pop("policy__code"), {}).update(numbers)
    return {code: Numbers(**numbers) for code, numbers in found.items()}


def under_way(codes: Iterable[str]) -> dict[str, int]:
    """Of these policies in force, those whose match with all companies is not whole yet: how many of a hundred
    companies have been looked at, by the policy's code."""
    begun = {code: (mark, through) for code, mark, through in
             Matched.objects.values_list("policy__code", "mark", "through")}  # fmt: skip
    whole = {code for code, (mark, through) in begun.items() if mark >= 0 and through is None}
    found = {code: begun.get(code, (-1, 0))[1] or 0 for code in codes if code not in whole}
    if not found:
        return {}
    companies = Party.objects.filter(kind__in=REGISTERED)
    total = companies.count() or 1
    return {code: 100 * companies.filter(pk__lte=through).count() // total for code, through in found.items()}


def eligible_rows(code: str, which: str, since: datetime) -> QuerySet[Eligibility]:
    """The companies behind a count."""
    rows = Eligibility.objects.filter(policy__code=code).select_related("party")
    match which:
        case "new":
            return rows.filter(_new(since)).order_by("-since", "pk")
        case "gone":
            return rows.filter(gone_at__gt=since).order_by("-gone_at", "pk")
        case "changed":
            return rows.filter(_changed(since)).order_by("-changed_at", "pk")
        case _:
            return rows.filter(gone_at=None).order_by(F("amount_fen").desc(nulls_first=True), "pk")


def _new(since: datetime) -> Q:
    return Q(gone_at=None, since__gt=since)


def _changed(since: datetime) -> Q:
    return Q(gone_at=None, changed_at__gt=since)
