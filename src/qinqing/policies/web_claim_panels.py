"""申领在办件页上: amounts, documents, account and receipt beside the case; for officers also what the facts say now.
Panels of the kernel's pages; the number of the account is masked.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.template.loader import render_to_string

from qinqing.accounts.actor import Actor
from qinqing.accounts.middleware import actor_of
from qinqing.cases.models import Case
from qinqing.directory.facts.reading import read_values
from qinqing.lib.labels import Label
from qinqing.lib.rules.rule import Verdict
from qinqing.lib.wallclock import now as present
from qinqing.policies import recovering, selectors
from qinqing.policies.claims import claim_of, documents_missing, explained, why_not
from qinqing.policies.models_money import Claim, Payment
from qinqing.policies.parts_money import decided_by, parts_of
from qinqing.policies.payees import masked
from qinqing.policies.policy import Policy
from qinqing.ui.figures import money
from qinqing.ui.menu import may_open

_CLAWED = frozenset({"recovered", "waived"})
REVIEW = "review"  # the stage in which the facts of now are shown, which is noted in the read log


@dataclass(frozen=True, slots=True)
class Paper:
    """A document the policy asks for, and whether it was filed."""

    label: Label
    filed: bool


def for_officers(request: HttpRequest, case: object) -> str | None:
    """On the case page: everything about the claim's money."""
    return _show(request, case, officer=actor_of(request).kind == "officer")


def for_the_party(request: HttpRequest, case: object) -> str | None:
    """On the page behind the receipt: amounts and the payment, nothing about accounts."""
    return _show(request, case, officer=False)


def round_link(request: HttpRequest, case: object) -> str | None:
    """On the case page of a round: the way to its list."""
    assert isinstance(case, Case)
    if not hasattr(case, "funding_round") or not may_open(actor_of(request), "policies:round"):
        return None
    return render_to_string("policies/round_panel.html", {"case": case}, request=request)


# ── private ──


def _show(request: HttpRequest, case: object, *, officer: bool) -> str | None:
    assert isinstance(case, Case)
    claim = claim_of(case)
    if claim is None:
        return None
    policy = selectors.policy_of(claim.version_id)
    missing = {one.id for one in documents_missing(claim)}
    last = claim.payments.select_related("batch").order_by("-pk").first()
    paid = last if last and last.state == Payment.State.PAID else None
    reviewing = officer and case.stage == REVIEW and not case.outcome and claim.part == 0
    decided = decided_by(policy.rule.benefit)
    context = {
        "claim": claim, "case": case, "policy": policy, "officer": officer,
        "part": parts_of(policy)[claim.part][1] if len(parts_of(policy)) > 1 else None,
        "papers": [Paper(one.label, one.id not in missing) for one in policy.documents],
        "account": masked(claim.account.number) if claim.account else "", "paid": paid,
        "paid_to": masked(paid.account) if paid else "",
        "void": last if last and last.state == Payment.State.RETURNED else None,
        "owed": recovering.owed(claim) if case.stage == "recovering" or case.outcome in _CLAWED else None,
        "body": decided.body if decided else None,
        "now_says": _now_says(claim, policy, actor_of(request)) if reviewing else None,
        "may_see_round": may_open(actor_of(request), "policies:round") and officer,
    }  # fmt: skip
    return render_to_string("policies/claim_panel.html", context, request=request)


def _now_says(claim: Claim, policy: Policy, actor: Actor) -> tuple[bool, Label]:
    """(whether it is still a yes for the same sum, in words)."""
    now = present()
    known = read_values(claim.party_id, actor, f"审核申领{claim.case.number}", now)
    found = explained([policy], known, now)[0]
    if found.verdict is not Verdict.YES:
        return False, why_not(found)
    if found.amount_fen is None:
        return True, Label("符合条件", "Eligible")
    said = money(found.amount_fen)
    return found.amount_fen == claim.whole_fen, Label(f"符合条件，{said.zh}", f"Eligible: {said.en}")
