"""为一家企业找到的政策: what is its now, nearly, not yet known; what it has claimed. Worked out from the facts of this
moment, so that the page says what opening a claim would say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from django.db.models import QuerySet

from qinqing.directory.facts.dictionary import dictionary
from qinqing.directory.facts.reading import Known, values_of
from qinqing.directory.models import Party
from qinqing.directory.services import day_of
from qinqing.lib.labels import Label
from qinqing.lib.rules.explaining import Explanation
from qinqing.lib.rules.rule import Verdict
from qinqing.policies import claims, selectors, stacking
from qinqing.policies.amount_steps import at_most
from qinqing.policies.models_money import Claim
from qinqing.policies.parts_money import decided_by, part_fen, parts_of
from qinqing.policies.policy import Policy
from qinqing.policies.windows import Opening, opening
from qinqing.ui.errors import NotFound
from qinqing.ui.figures import money

MOST_CHANGES = 2
NEAREST = Fraction(1, 2)  # a figure short by more than half of what is asked is not near


@dataclass(frozen=True, slots=True)
class Offer:
    """One policy for one company. `instead`: what is paid in its place; `claim`: of this year, open or paid."""

    version_id: int
    policy: Policy
    found: Explanation
    opening: Opening
    instead: tuple[Policy, ...] = ()
    claim: Claim | None = None

    @property
    def claimable(self) -> bool:
        yes = self.found.verdict is Verdict.YES and self.found.amount_fen != 0
        return yes and self.opening is Opening.OPEN and not self.instead and self.claim is None

    @property
    def free(self) -> bool:
        """免申即享."""
        return self.policy.window is not None and self.policy.window.without_application

    @property
    def amount(self) -> Label:
        """What it comes to: the sum, who decides it, or the most that it may be."""
        if self.found.verdict is Verdict.YES and self.found.amount_fen is not None:
            return money(self.found.amount_fen)
        return at_most(self.policy.rule.benefit)

    @property
    def first_part(self) -> Label | None:
        """What is paid first, where it is paid in instalments."""
        if len(parts_of(self.policy)) == 1 or self.found.amount_fen is None:
            return None
        return money(part_fen(self.policy, self.found.amount_fen, 0))

    @property
    def decided_by(self) -> Label | None:
        decided = decided_by(self.policy.rule.benefit)
        return decided.body if decided and self.found.amount_fen is None else None

    @property
    def missing(self) -> Label:
        """What would have to be known."""
        labels = [dictionary()[name].label for name in sorted(self.found.missing)]
        return Label("、".join(label.zh for label in labels), ", ".join(label.en for label in labels))

    @property
    def needs(self) -> list[Label]:
        """What would have to change."""
        return [change.needs for change in self.found.changes]


@dataclass(frozen=True, slots=True)
class Offers:
    """All policies in force for one company. `yours`: can be claimed now; `later`: a YES that cannot (yet)."""

    yours: tuple[Offer, ...]
    later: tuple[Offer, ...]
    near: tuple[Offer, ...]
    unknown: tuple[Offer, ...]
    no: tuple[Offer, ...]
    claims: tuple[Claim, ...]

    @property
    def total_fen(self) -> int:
        return sum(offer.found.amount_fen or 0 for offer in self.yours)

    @property
    def undecided(self) -> int:
        """How many of `yours` a body has yet to put a sum to."""
        return sum(offer.found.amount_fen is None for offer in self.yours)

    @property
    def running(self) -> list[Claim]:
        return [claim for claim in self.claims if claim.state == Claim.State.OPEN]

    @property
    def paid(self) -> list[Claim]:
        once_paid = {Claim.State.PAID, Claim.State.RECOVERED, Claim.State.WAIVED}
        return [claim for claim in self.claims if claim.state in once_paid]

    @property
    def ended(self) -> list[Claim]:
        return [claim for claim in self.claims if claim.state == Claim.State.ENDED]


def offers_of(party: Party, now: datetime, known: Mapping[str, Known] | None = None) -> Offers:
    """`known`: the company's facts, where they were read already (an officer's reading is logged)."""
    found = _offers(party, now, values_of(party.pk) if known is None else known)
    yes = [offer for offer in found if offer.found.verdict is Verdict.YES and offer.claim is None]
    no = [offer for offer in found if offer.found.verdict is Verdict.NO]
    near = sorted((offer for offer in no if _gap(offer.found) is not None), key=_nearness)
    return Offers(
        yours=tuple(sorted((offer for offer in yes if offer.claimable), key=_worth)),
        later=tuple(sorted((offer for offer in yes if not offer.claimable), key=_worth)),
        near=tuple(near),
        unknown=tuple(sorted((o for o in found if o.found.verdict is Verdict.UNKNOWN), key=_lacking)),
        no=tuple(offer for offer in no if offer not in near),
        claims=tuple(claims.claims_of(party)),
    )


def offer_of(party: Party, code: str, now: datetime, known: Mapping[str, Known] | None = None) -> Offer:
    """One policy for one company, excluded or not by the others. Raises NotFound where it is not in force."""
    found = _offers(party, now, values_of(party.pk) if known is None else known)
    offer = next((one for one in found if one.policy.code == code), None)
    if offer is None:
        raise NotFound(Label("没有这项政策，或现在不在执行期内", "There is no such policy in force now"))
    return offer


# ── private ──


def _offers(party: Party, now: datetime, known: Mapping[str, Known]) -> list[Offer]:
    today = day_of(now)
    versions = list(selectors.in_force(today).values_list("pk", flat=True))
    policies = [selectors.policy_of(pk) for pk in versions]
    explanations = claims.explained(policies, known, now)
    instead = _instead(policies, explanations)
    live = {claim.policy_id: claim for claim in _live_claims(party, today)}
    ids = dict(selectors.in_force(today).values_list("pk", "policy_id"))
    return [
        Offer(pk, policy, found, opening(policy.window, today), instead.get(policy.code, ()), live.get(ids[pk]))
        for pk, policy, found in zip(versions, policies, explanations, strict=True)
    ]


def _live_claims(party: Party, today: date) -> QuerySet[Claim]:
    """Of the year, the latest instalment of each policy."""
    return claims.claims_of(party).filter(year=today.year).exclude(state=Claim.State.ENDED).order_by("part")


def _instead(policies: Sequence[Policy], explanations: Sequence[Explanation]) -> dict[str, tuple[Policy, ...]]:
    by_code = {policy.code: policy for policy in policies}
    yes = [one for one in explanations if one.verdict is Verdict.YES and one.amount_fen != 0]
    amounts = {one.rule.code: one.amount_fen for one in yes}
    settled = stacking.settle(amounts, by_code)
    return {code: tuple(by_code[one] for one in others) for code, others in settled.instead.items()}


def _gap(found: Explanation) -> Fraction | None:
    """How far a NO is from a yes, as the sum of shares; None where it is not near."""
    changes = found.changes
    if not 0 < len(changes) <= MOST_CHANGES:
        return None
    total = Fraction(0)
    for change in changes:
        value, bound = change.value, change.threshold
        if change.distance is None or isinstance(value, date) or not isinstance(value, Fraction | int):
            return None
        largest = max(abs(Fraction(value)), abs(Fraction(bound)))  # type: ignore[arg-type]
        gap = abs(change.distance) / largest if largest else Fraction(1)
        if gap > NEAREST:
            return None
        total += gap
    return total


def _nearness(offer: Offer) -> tuple[int, Fraction]:
    return len(offer.found.changes), _gap(offer.found) or Fraction(0)


def _worth(offer: Offer) -> tuple[int, str]:
    """The largest sums first; what a body has yet to decide last."""
    return -(offer.found.amount_fen or 0), offer.policy.code


def _lacking(offer: Offer) -> tuple[int, str]:
    return len(offer.found.missing) or 99, offer.policy.code
