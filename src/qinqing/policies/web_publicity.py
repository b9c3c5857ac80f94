"""公示, without signing in: what is about to be paid, to whom, how much, until when anybody may object, and where.

Only what the publicity is for: company, policy, amount. A claim that somebody has objected to stays on the list and
says so; what was stopped is no longer there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from qinqing.lib.labels import Label
from qinqing.policies import selectors
from qinqing.policies.models_money import Claim, Round

STAGE = "publicity"
DISPUTED = frozenset({"objection", "ruling"})


@dataclass(frozen=True, slots=True)
class Line:
    """One claim. `disputed`: an objection is being looked into."""

    company: str
    fen: int
    disputed: bool


@dataclass(frozen=True, slots=True)
class Published:
    """One round: its policy, the department that answers for it, when the publicity ends, its claims."""

    number: str
    policy: Label
    reference: str
    department: Label
    phone: str
    until: datetime | None
    lines: list[Line]
    fen: int


@require_GET
def publicity(request: HttpRequest) -> HttpResponse:
    """What is published now, the first to end first."""
    return render(request, "policies/publicity.html", {"rounds": list(_published())})


# ── private ──


def _published() -> Iterator[Published]:
    rounds = Round.objects.filter(case__stage=STAGE, case__outcome="").select_related("case__lead", "version")
    for one in rounds.order_by("case__due_at", "pk"):
        policy = selectors.policy_of(one.version_id)
        claims = Claim.objects.filter(round=one).exclude(state=Claim.State.ENDED).select_related("party", "case")
        lines = [
            Line(claim.party.name, claim.fixed_fen or 0, claim.case.stage in DISPUTED)
            for claim in claims.order_by("party__name")
        ]
        lead = one.case.lead
        phone = lead.liaison.phone if lead and lead.liaison else ""
        yield Published(
            one.case.number, policy.title, policy.reference, lead.label if lead else Label("", ""), phone,
            one.case.due_at, lines, sum(line.fen for line in lines),
        )  # fmt: skip
