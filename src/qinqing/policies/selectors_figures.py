"""兑付计数 (what figures read of claims): what the bank paid and what of it is still there, and since when the company
was known to be eligible. Reads only.

Paid: the claim's payment that stands as paid (one the bank has sent back does not stand any more). Still there: what
the ledger holds as paid under the claim's reference; recovery in full or in part lowers it. Both stand in chains that
`qinqing audit verify` holds against their histories.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time

from qinqing.ledger.models import Position
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import CHINA
from qinqing.policies.models import PolicyVersion
from qinqing.policies.models_matching import Eligibility
from qinqing.policies.models_money import Claim, Payment
from qinqing.policies.selectors import policy_of

Stretch = tuple[datetime, datetime | None]  # eligible since, until (None: still)


@dataclass(frozen=True, slots=True)
class ClaimMoney:
    """One claim. `paid_at`, `paid_fen`, `kept_fen` (paid less recovered) None: not paid, or not known; `eligible_at`
    None: matching had not found the company eligible when it claimed."""

    policy: str
    party_id: int
    part: int
    paid_at: datetime | None
    paid_fen: int | None
    kept_fen: int | None
    eligible_at: datetime | None


def money_of(case_ids: Collection[int]) -> dict[int, ClaimMoney]:
    """Case -> what its claim came to; four statements, however many cases."""
    claims = list(Claim.objects.filter(case__in=case_ids).select_related("policy").order_by("pk"))
    payments = {
        payment.claim_id: payment
        for payment in Payment.objects.filter(claim__in=[claim.pk for claim in claims], state=Payment.State.PAID)
    }
    refs = [claim.ref for claim in claims if claim.pk in payments]
    kept = dict(Position.objects.filter(ref__in=refs).values_list("ref", "paid"))
    since = _eligible(claims)
    found = {}
    for claim in claims:
        payment = payments.get(claim.pk)
        found[claim.case_id] = ClaimMoney(
            claim.policy.code, claim.party_id, claim.part, payment.settled_at if payment else None,
            payment.fen if payment else None,
            kept.get(claim.ref) if payment else None, since[claim.pk],
        )  # fmt: skip
    return found


def titles(codes: Collection[str]) -> dict[str, Label]:
    """Code -> title of the newest version that went live, whatever became of it; else of the newest."""
    rows = PolicyVersion.objects.filter(policy__code__in=codes).order_by("approved_at", "number")
    newest = dict(rows.filter(approved_at=None).values_list("policy__code", "pk"))
    newest |= dict(rows.exclude(approved_at=None).values_list("policy__code", "pk"))
    return {code: policy_of(pk).title for code, pk in newest.items()}


# ── private ──


def _eligible(claims: Collection[Claim]) -> dict[int, datetime | None]:
    """Claim -> since when the company was known to be eligible.

    The stretch in which it was willed; where the company had claimed the policy for an earlier year, this year's turn
    began no earlier than the year. A later instalment: since its condition was confirmed, which opened it. All of this
    is past when the claim is opened, so the answer never changes."""
    parties, policies = {claim.party_id for claim in claims}, {claim.policy_id for claim in claims}
    stretches: dict[tuple[int, int], list[Stretch]] = defaultdict(list)
    rows = Eligibility.objects.filter(party__in=parties, policy__in=policies)
    for policy, party, since, gone in rows.values_list("policy_id", "party_id", "since", "gone_at"):
        stretches[policy, party].append((since, gone))
    years: dict[tuple[int, int], set[int]] = defaultdict(set)
    earlier = Claim.objects.filter(party__in=parties, policy__in=policies)
    for policy, party, year in earlier.values_list("policy_id", "party_id", "year"):
        years[policy, party].add(year)
    return {
        claim.pk: since_when(claim, stretches[claim.policy_id, claim.party_id], years[claim.policy_id, claim.party_id])
        for claim in claims
    }


def since_when(claim: Claim, stretches: Collection[Stretch], years: Collection[int]) -> datetime | None:
    """The beginning of the claim's waiting. `years`: those for which the company claimed the policy."""
    if claim.part:
        return claim.willed_at
    covering = [a for a, b in stretches if a <= claim.willed_at and (b is None or b >= claim.willed_at)]
    if not covering:
        return None
    began = max(covering)
    new_year = datetime.combine(date(claim.year, 1, 1), time(), CHINA)
    return max(began, new_year) if any(year < claim.year for year in years) else began
