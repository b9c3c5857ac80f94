"""比较: what a condition compares with what, and a fast test of it for one company.

Most conditions compare one fact with a constant. Those are decided on whole numbers (fen, units of the last decimal),
which is exact and ten times as fast as `values.value_of`; all others are left to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil, floor
from typing import Any, TypeAlias

from qinqing.lib.rules.evaluating import verdict_of
from qinqing.lib.rules.rule import Verdict
from qinqing.lib.rules.terms import Binary, Call, FactSpec, FactType, ListOf, Literal, Name, Term, Unary
from qinqing.lib.rules.values import OPERATORS, Company, Given, decimals, literal, whole

NO, UNKNOWN, YES = Verdict

_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
NEGATED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "==", "in": "not in", "not in": "in"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """`measured` (what is the company's) against `bound`; `op` is one of CEL's or `not in`."""

    measured: Term
    op: str
    bound: Term


def comparison_in(term: Term) -> Comparison | None:
    """What the term compares, with the constant to the right; None where it is made of several tests."""
    match term:
        case Unary("!", Name() as inner):
            return Comparison(inner, "==", Literal(False))
        case Unary("!", inner):
            found = comparison_in(inner)
            if found is None or found.op not in NEGATED:
                return None
            return Comparison(found.measured, NEGATED[found.op], found.bound)
        case Name():
            return Comparison(term, "==", Literal(True))
        case Binary(op, left, right) if op in _TURNED:
            if constant(left) and not constant(right):
                return Comparison(right, _TURNED[op], left)
            return Comparison(left, op, right)
        case Binary("in", left, right):
            return Comparison(left, "in", right)
        case Call(name, (receiver, arg)):
            return Comparison(receiver, name, arg)
        case _:
            return None


def constant(term: Term) -> bool:
    """Whether the term is a literal or a list of them."""
    return isinstance(term, Literal) or (isinstance(term, ListOf) and all(map(constant, term.items)))


class Subject(Company):
    """One company for many tests: `whole` holds each fact as it is compared without arithmetic (None: missing)."""

    __slots__ = ("whole",)

    def __init__(
        self, values: Mapping[str, Given], specs: Mapping[str, FactSpec], today: date, tested: Iterable[str]
    ) -> None:
        super().__init__(values, specs, today)
        self.whole = {id: whole(values.get(id), specs[id]) for id in tested}


Test: TypeAlias = Callable[[Subject], Verdict]


def test_of(term: Term, specs: Mapping[str, FactSpec]) -> Test:
    """Decides the term as `evaluating.verdict_of` does, only faster."""
    match term:
        case Unary("!", inner):
            test = test_of(inner, specs)
            return lambda subject: (YES, UNKNOWN, NO)[test(subject)]
        case Binary("&&" | "||" as op, left, right):
            one, other = test_of(left, specs), test_of(right, specs)
            choose = min if op == "&&" else max
            return lambda subject: choose(one(subject), other(subject))
    found = comparison_in(term)
    simple = _simple(specs, found) if found else None
    return simple or (lambda subject: verdict_of(term, subject))


def _simple(specs: Mapping[str, FactSpec], found: Comparison) -> Test | None:
    """A test of one fact against constants; None where it is not one."""
    if not (isinstance(found.measured, Name) and constant(found.bound)):
        return None
    spec = specs[found.measured.id]
    if spec.type in (FactType.MONEY, FactType.NUMBER) and isinstance(found.bound, Literal):
        return _numeric(spec, found.op, Fraction(literal(found.bound)))  # type: ignore[arg-type]
    if found.op == "in" and isinstance(found.bound, ListOf) and spec.type is FactType.CATEGORY:
        codes = frozenset(item.value for item in found.bound.items if isinstance(item, Literal))
        return _compared(spec.id, lambda value, bound: value in bound, codes)
    if found.op in _TURNED and isinstance(found.bound, Literal):
        return _compared(spec.id, OPERATORS[found.op], found.bound.value)
    return None


def _numeric(spec: FactSpec, op: str, bound: Fraction) -> Test:
    """In units of the fact's last decimal. A bound between two of them becomes the whole number that divides alike."""
    scaled = bound * 10 ** decimals(spec)
    if op in ("==", "!="):
        return _compared(spec.id, OPERATORS[op], int(scaled) if scaled.denominator == 1 else None)
    return _compared(spec.id, OPERATORS[op], ceil(scaled) if op in (">=", "<") else floor(scaled))


def _compared(id: str, compare: Callable[[Any, Any], bool], bound: object) -> Test:
    def test(subject: Subject) -> Verdict:
        value = subject.whole[id]
        if value is None:
            return UNKNOWN
        return YES if compare(value, bound) else NO

    return test
