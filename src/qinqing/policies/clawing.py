"""追回: paid claims whose facts no longer give a yes, as a list for the department; nothing happens by itself.

A fact may have moved on since (this year's figures), or have been false then. So the list says what of the facts the
claim rested on was *corrected*: the figure of the same source that it was based on counts no more (facts.recording).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from qinqing.directory.facts import values as fact_values
from qinqing.directory.facts.dictionary import dictionary
from qinqing.directory.facts.reading import Known, values_of
from qinqing.directory.models import Observation
from qinqing.lib.labels import Label
from qinqing.lib.rules.rule import Verdict
from qinqing.policies import selectors
from qinqing.policies.claims import explained, why_not
from qinqing.policies.models_money import Claim


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A paid claim whose facts give no yes now. `corrected`: facts that were put right since it was willed."""

    claim: Claim
    why: Label
    corrected: tuple[Label, ...]


def doubtful(now: datetime, departments: frozenset[str] | None = None) -> Iterator[Doubtful]:
    """Paid claims, the newest first; `departments`: only of policies that these units lead."""
    paid = Claim.objects.filter(state=Claim.State.PAID, part=0).select_related("case", "party", "version")
    for claim in paid.order_by("-willed_at", "-pk").iterator(chunk_size=200):
        policy = selectors.policy_of(claim.version_id)
        if departments is not None and policy.departments[0] not in departments:
            continue
        known = values_of(claim.party_id)
        found = explained([policy], known, now)[0]
        if found.verdict is not Verdict.YES:
            yield Doubtful(claim, why_not(found), tuple(_corrected(claim, known)))


def _corrected(claim: Claim, known: dict[str, Known]) -> Iterator[Label]:
    """Facts of the basis whose very observation was replaced: same source, same period, another value."""
    for name, was in claim.basis.items():
        fact, present = dictionary().get(name), known.get(name)
        if fact is None or was["observation"] is None:
            continue
        then = Observation.objects.filter(pk=was["observation"]).first()
        same_period = present is not None and then is not None and present.period == then.period
        if present is None or (same_period and fact_values.kept(fact, present.value) != was["value"]):
            yield fact.label
