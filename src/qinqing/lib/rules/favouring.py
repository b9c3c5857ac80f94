"""补齐事实: which missing facts, if they turn out well, make a yes. Conditions count as independent of each other."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Any, TypeAlias, TypeVar

from qinqing.lib.rules.checking import names, walk
from qinqing.lib.rules.evaluating import base_of, step_at
from qinqing.lib.rules.rule import Benefit, Decided, Fixed, Higher, Rate, Schedule, Tiers
from qinqing.lib.rules.terms import Binary, Choice, Term, Unary
from qinqing.lib.rules.values import UNKNOWN, Company, Unknown, value_of

T = TypeVar("T")
MOST_WAYS = 32  # of so many smallest sets the search goes on

# Sets of missing facts, each of which suffices, none within another; [empty set]: nothing is missing; []: no way.
Ways: TypeAlias = list[frozenset[str]]
NONE_NEEDED: Ways = [frozenset()]


def fewest(ways: Ways) -> frozenset[str] | None:
    """The smallest; of equals the first by name. None where there is no way."""
    return min(ways, key=_size_and_names, default=None)


def ways_of_term(term: Term, wanted: bool, company: Company) -> Ways:
    """How missing facts could make this condition come out as wanted."""
    value = value_of(term, company)
    if not isinstance(value, Unknown):
        return NONE_NEEDED if value is wanted else []
    match term:
        case Unary("!", inner):
            return ways_of_term(inner, not wanted, company)
        case Binary("&&" | "||" as op, left, right):
            each = [ways_of_term(side, wanted, company) for side in (left, right)]
            return both(each) if (op == "&&") == wanted else either(each)
        case Choice(test, then, other):
            taken = both([ways_of_term(test, True, company), ways_of_term(then, wanted, company)])
            refused = both([ways_of_term(test, False, company), ways_of_term(other, wanted, company)])
            return either([taken, refused])
    return _needed(term, company)


def ways_to_pay(benefit: Benefit, company: Company) -> Ways:
    """Which missing facts the amount waits for."""
    match benefit:
        case Fixed() | Decided():
            return NONE_NEEDED
        case Rate():
            return _needed(benefit.of, company)
        case Schedule():
            return ways_to_pay(benefit.whole, company)
        case Higher():
            return both([ways_to_pay(one, company) for one in benefit.of])
        case Tiers():
            base = base_of(benefit.of, company)
            step = None if isinstance(base, Unknown) else step_at(benefit, base)
            if step is None or step.rate is None or benefit.pays_of is None:
                return _needed(benefit.of, company)
            return _needed(benefit.pays_of, company)


def both(each: Iterable[list[frozenset[T]]]) -> list[frozenset[T]]:
    """All of them together."""
    found: list[frozenset[T]] = [frozenset()]
    for ways in each:
        if len(found) == len(ways) == 1:
            found = [found[0] | ways[0]]
        else:
            found = _smallest(one | other for one, other in product(found, ways))
    return found


def either(each: Iterable[list[frozenset[T]]]) -> list[frozenset[T]]:
    """Any of them."""
    found = [way for ways in each for way in ways]
    return found if len(found) < 2 else _smallest(found)


def _smallest(ways: Iterable[frozenset[T]]) -> list[frozenset[T]]:
    kept: list[frozenset[T]] = []
    for way in sorted(set(ways), key=_size_and_names):
        if len(kept) < MOST_WAYS and not any(smaller <= way for smaller in kept):
            kept.append(way)
    return kept


def _size_and_names(way: frozenset[Any]) -> tuple[int, list[Any]]:
    return len(way), sorted(way)


def _needed(term: Term, company: Company) -> Ways:
    """All facts of the term that are missing; no way where it divides by a zero that is known."""
    if not isinstance(value_of(term, company), Unknown):
        return NONE_NEEDED
    missing = frozenset(id for id in names(term) if company.fact(id) is UNKNOWN)
    return [missing] if missing and not divides_by_zero(term, company) else []


def divides_by_zero(term: Term, company: Company) -> bool:
    """Whether a divisor in the term is known and zero (营业收入为零的研发费用占比)."""
    divisors = [each.right for each in walk(term) if isinstance(each, Binary) and each.op in ("/", "%")]
    return any(value_of(divisor, company) == 0 for divisor in divisors)
