"""兑付: what a policy claim counts for besides what every case does: when and how much was paid, how much of it was
recovered, how long the company waited, whether one tap was all it had to do.

How it came about stands in the claim's events; what was paid in its payment and in the ledger, whose transfers are a
verified chain of their own (`policies.selectors_figures`). Both stay, so this recounts like everything else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from qinqing.insight.folding import Head
from qinqing.policies.selectors_figures import ClaimMoney, money_of
from qinqing.ui.dates import local

_PAPERS = frozenset({"ask_party", "supplement", "supplement_at_window"})  # acts by which documents are asked or brought


@dataclass(frozen=True, slots=True)
class Payout:
    """Columns of `CaseFigure`, as in `columns.py`; of anything but a claim all are empty."""

    policy: str = ""
    party_id: int | None = None
    paid_at: datetime | None = None
    paid_fen: int | None = None
    recovered_fen: int | None = None
    eligible_at: datetime | None = None
    days_to_paid: int | None = None
    one_tap: bool | None = None


PAYOUT = tuple(item.name for item in fields(Payout))
NONE = Payout()


def payouts(claims: Collection[int], heads: Mapping[int, Sequence[Head]]) -> dict[int, Payout]:
    """Case -> payout, of those of these cases that a claim stands behind. `heads`: of their events, in order."""
    found = money_of(claims) if claims else {}
    return {pk: payout(claim, heads[pk]) for pk, claim in found.items()}


def payout(claim: ClaimMoney, heads: Sequence[Head]) -> Payout:
    """One claim's. Pure."""
    paid, kept = claim.paid_fen, claim.kept_fen
    days = None
    if claim.paid_at is not None and claim.eligible_at is not None:
        days = (local(claim.paid_at).date() - local(claim.eligible_at).date()).days
    return Payout(
        policy=claim.policy,
        party_id=claim.party_id,
        paid_at=claim.paid_at,
        paid_fen=paid,
        recovered_fen=None if paid is None or kept is None else paid - kept,
        eligible_at=claim.eligible_at,
        days_to_paid=days,
        one_tap=None if claim.part else one_tap(heads),
    )


def one_tap(heads: Sequence[Head]) -> bool:
    """免申即享: the company itself willed it online, and until it was paid nobody asked it for a document, brought one,
    or ticked that one had been seen. Its bank account may be given: that is no document of the application."""
    opening = heads[0]
    if opening["channel"] != "online" or opening["files"]:
        return False
    for head in heads:
        if head["action"] in _PAPERS or head["moves"].get("set", {}).get("documents_seen"):
            return False
        if head["action"] == "paid":
            return True
    return True
