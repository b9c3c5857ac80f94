"""判定一户企业: the verdict of a rule and its amount for one company. The slow, exact reference for `batch.py`.

What a term is worth stands in `values.py`; here it becomes yes, no or unknown, and money.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import floor

from qinqing.lib.rules.rule import (
    Benefit,
    Condition,
    Decided,
    Fixed,
    Higher,
    Node,
    Rate,
    Rule,
    Schedule,
    Step,
    Tiers,
    Verdict,
)
from qinqing.lib.rules.terms import FactSpec, Term
from qinqing.lib.rules.values import UNKNOWN, Company, Given, Known, Unknown, as_bool, as_number, value_of


@dataclass(frozen=True, slots=True)
class Decision:
    """`amount_fen` only where the verdict is YES, and then None only where a body decides it.
    `by_condition` in the order of `rule.all_conditions()`."""

    verdict: Verdict
    amount_fen: int | None
    by_condition: tuple[Verdict, ...]


def evaluate(term: Term, values: Mapping[str, Given], specs: Mapping[str, FactSpec], today: date) -> Known:
    """The value of a checked term, or UNKNOWN. Raises ValueError where a fact's value is not of its type."""
    return value_of(term, Company(values, specs, today))


def decide(rule: Rule, values: Mapping[str, Given], specs: Mapping[str, FactSpec], today: date) -> Decision:
    """Whether the company qualifies and for how much. A rule whose conditions hold but whose base is missing is
    UNKNOWN: it never pays, least of all its cap."""
    company = Company(values, specs, today)
    verdicts: list[Verdict] = []
    verdict = _decide_node(rule.conditions, company, verdicts)
    fen: int | None = None
    if verdict is Verdict.YES:
        found = payable(rule.benefit, company)
        if isinstance(found, Unknown):
            verdict = Verdict.UNKNOWN
        else:
            fen = found
    return Decision(verdict, fen, tuple(verdicts))


def amount(benefit: Benefit, values: Mapping[str, Given], specs: Mapping[str, FactSpec], today: date) -> int | None:
    """What the benefit pays in whole fen, rounded down; None where a fact is missing or a body decides."""
    found = payable(benefit, Company(values, specs, today))
    return None if isinstance(found, Unknown) else found


def instalments(fen: int, parts: Sequence[Fraction]) -> tuple[int, ...]:
    """`fen` divided by `parts` (which sum to 1) into whole fen that sum to it: the largest remainders get the fen
    left over, the earlier of equals first. Raises ValueError where the parts do not make a whole."""
    if fen < 0 or sum(parts) != 1 or min(parts) < 0:
        raise ValueError(f"instalments of {fen} fen: the parts {', '.join(map(str, parts))} must sum to 1")
    shares = [fen * part for part in parts]
    paid = [floor(share) for share in shares]
    by_remainder = sorted(range(len(parts)), key=lambda i: paid[i] - shares[i])
    for i in by_remainder[: fen - sum(paid)]:
        paid[i] += 1
    return tuple(paid)


def combined(kind: str, verdicts: Sequence[Verdict]) -> Verdict:
    """What a group's members make of it: `all` is as good as its worst, `any` as its best, `not` the reverse."""
    if kind == "all":
        return min(verdicts, default=Verdict.YES)
    if kind == "any":
        return max(verdicts, default=Verdict.NO)
    if kind == "not" and len(verdicts) == 1:
        return Verdict(Verdict.YES - verdicts[0])
    raise ValueError(f"a group is all, any, or not of one member; not {kind!r} of {len(verdicts)}")


def verdict_of(term: Term, company: Company) -> Verdict:
    """The verdict of one condition's term."""
    value = value_of(term, company)
    if isinstance(value, Unknown):
        return Verdict.UNKNOWN
    return Verdict.YES if as_bool(value, term) else Verdict.NO


def _decide_node(node: Node, company: Company, verdicts: list[Verdict]) -> Verdict:
    if isinstance(node, Condition):
        verdicts.append(verdict_of(node.term, company))
        return verdicts[-1]
    return combined(node.kind, [_decide_node(member, company, verdicts) for member in node.members])


# Amounts


def payable(benefit: Benefit, company: Company) -> int | Unknown | None:
    """Whole fen; UNKNOWN where a fact is missing; None where a body decides."""
    match benefit:
        case Fixed(fen):
            return fen
        case Rate():
            base = base_of(benefit.of, company)
            if isinstance(base, Unknown):
                return UNKNOWN
            return _limited(benefit.rate, base, benefit.cap_fen, benefit.floor_fen)
        case Tiers():
            return _tiers(benefit, company)
        case Schedule():
            return payable(benefit.whole, company)
        case Decided():
            return None
        case Higher():
            each = [payable(one, company) for one in benefit.of]
            if UNKNOWN in each:
                return UNKNOWN
            return None if None in each else max(fen for fen in each if isinstance(fen, int))


def base_of(term: Term, company: Company) -> Fraction | Unknown:
    """The value of a benefit's base. Raises TermError where it is not a number."""
    value = value_of(term, company)
    if isinstance(value, Unknown):
        return UNKNOWN
    return Fraction(as_number(value, term))


def step_at(tiers: Tiers, base: Fraction) -> Step | None:
    """The highest step that the base has reached, or None below the first."""
    reached = [step for step in tiers.steps if (base > step.start if step.above else base >= step.start)]
    return max(reached, key=lambda step: (step.start, step.above), default=None)


def _tiers(tiers: Tiers, company: Company) -> int | Unknown:
    base = base_of(tiers.of, company)
    if isinstance(base, Unknown):
        return UNKNOWN
    step = step_at(tiers, base)
    if step is None:
        return 0
    if step.rate is None:
        return min(step.fen or 0, tiers.cap_fen) if tiers.cap_fen is not None else step.fen or 0
    pays_of = base if tiers.pays_of is None else base_of(tiers.pays_of, company)
    return UNKNOWN if isinstance(pays_of, Unknown) else _limited(step.rate, pays_of, tiers.cap_fen, None)


def _limited(rate: Fraction, base: Fraction, cap_fen: int | None, floor_fen: int | None) -> int:
    if base <= 0 or rate == 0:  # nothing is due, so there is nothing that the floor could raise
        return 0
    fen = floor(rate * base * 100)
    if floor_fen is not None:
        fen = max(fen, floor_fen)
    return fen if cap_fen is None else min(fen, cap_fen)
