"""值: what the facts and terms of one company are worth, exactly.

Numbers are exact throughout: a CEL double is here the decimal that was written or recorded (a Fraction), so a limit of
3% is reached by exactly 3%. A missing fact makes what needs it UNKNOWN; so do division by zero and a whole number out
of CEL's 64 bits (errors in CEL). `&&` and `||` decide where the known side suffices (Kleene).
Terms must have passed `checking.check`; one that has not may raise TermError here.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from enum import Enum
from fractions import Fraction
from functools import lru_cache
from math import isfinite
from typing import Any, Final, TypeAlias

from qinqing.lib.labels import Label
from qinqing.lib.rules.terms import (
    Binary,
    Call,
    Choice,
    FactSpec,
    FactType,
    ListOf,
    Literal,
    Name,
    Term,
    TermError,
    Unary,
)


class Unknown(Enum):
    """The third value; compare with `is UNKNOWN`."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN

SURE = 2.0**49  # below this, a double times a power of ten is nearer to its whole number than to any other
# What a fact comes in as: money int (fen), number int | Decimal | float, boolean bool, category str, date date.
Given: TypeAlias = bool | int | float | Decimal | str | date | None
# What a term is worth: CEL int is int, double is Fraction (money in yuan), string str, timestamp date, list tuple.
Value: TypeAlias = bool | int | Fraction | str | date | tuple[Any, ...] | None
Known: TypeAlias = Value | Unknown


class Company:
    """The facts of one company on the day of matching, each made exact when first asked for."""

    __slots__ = ("_exact", "specs", "today", "values")

    def __init__(self, values: Mapping[str, Given], specs: Mapping[str, FactSpec], today: date) -> None:
        self.values = values
        self.specs = specs
        self.today = today
        self._exact: dict[str, Known] = {}

    def fact(self, id: str) -> Known:
        if id not in self._exact:
            self._exact[id] = exact(self.values.get(id), self.specs[id])
        return self._exact[id]


def exact(value: Given, spec: FactSpec) -> Known:
    """A fact as terms see it: UNKNOWN where missing, money in yuan, a number in its `places` (a float that is not
    finite counts as missing). Raises ValueError where the value is not of the fact's type."""
    scaled = whole(value, spec)
    if scaled is None:
        return UNKNOWN
    if spec.type in (FactType.MONEY, FactType.NUMBER):
        return Fraction(scaled, 10 ** decimals(spec))  # type: ignore[arg-type]
    return value if spec.type is not FactType.BOOLEAN else bool(value)  # type: ignore[return-value]


def decimals(spec: FactSpec) -> int:
    """Decimals that a money or number fact is kept with; money always two (fen)."""
    return 2 if spec.type is FactType.MONEY else spec.places


def whole(value: Given, spec: FactSpec) -> int | str | date | None:
    """A fact as it is compared without arithmetic: money in fen, a number in units of its last decimal, a boolean as
    0 or 1; None where missing. Raises ValueError where the value is not of the fact's type."""
    if value is None or (isinstance(value, float | Decimal) and not isfinite(value)):
        return None
    kind = type(value)
    match spec.type:
        case FactType.MONEY if kind is int:
            return value  # type: ignore[return-value]
        case FactType.NUMBER if kind in (int, float, Decimal):
            return _scaled(value, spec.places)  # type: ignore[arg-type]
        case FactType.BOOLEAN if kind is bool:
            return int(value)  # type: ignore[arg-type]
        case FactType.CATEGORY if kind is str:
            return value  # type: ignore[return-value]
        case FactType.DATE if kind is date:
            return value  # type: ignore[return-value]
    raise ValueError(f"{spec.id}: {value!r} ({kind.__name__}) is not a value of a fact of type {spec.type.value}")


def _scaled(number: int | float | Decimal, places: int) -> int:
    """In units of the last place, half to even, as columns keep it."""
    if isinstance(number, int):
        return int(number * 10**places)
    scaled = float(number) * 10.0**places
    if abs(scaled) < SURE:
        return round(scaled)
    decimal = number if isinstance(number, Decimal) else Decimal(str(number))
    with localcontext(prec=400):
        return int(decimal.scaleb(places).to_integral_value(ROUND_HALF_EVEN))


def value_of(term: Term, company: Company) -> Known:
    """The value of a term for this company."""
    match term:
        case Literal():
            return literal(term)
        case Name(id):
            return company.fact(id)
        case Binary("&&" | "||"):
            return _both(term, company)
        case Binary():
            return _binary(term, value_of(term.left, company), value_of(term.right, company))
        case Unary():
            return _unary(term, value_of(term.term, company))
        case Choice():
            test = value_of(term.test, company)
            if isinstance(test, Unknown):
                return UNKNOWN
            return value_of(term.then if as_bool(test, term.test) else term.other, company)
        case ListOf():
            items = tuple(value_of(item, company) for item in term.items)
            return UNKNOWN if UNKNOWN in items else items
        case Call():
            args = [value_of(arg, company) for arg in term.args]
            return UNKNOWN if UNKNOWN in args else _call(term, args, company.today)


def literal(term: Literal) -> Value:
    """The exact value of a literal: a decimal as it was written."""
    if isinstance(term.value, float):
        return _decimal(term.text or repr(term.value))
    return term.value


@lru_cache(maxsize=10_000)
def _decimal(text: str) -> Fraction:
    return Fraction(text)


def years_between(start: date, end: date) -> int:
    """Completed years: of someone born on 29 February, complete on 1 March where there is no 29th."""
    return end.year - start.year - ((end.month, end.day) < (start.month, start.day))


def _both(term: Binary, company: Company) -> Known:
    decisive = term.op == "||"  # the value of one side that decides alone
    known = True
    for side in (term.left, term.right):
        value = value_of(side, company)
        if isinstance(value, Unknown):
            known = False
        elif as_bool(value, side) is decisive:
            return decisive
    return not decisive if known else UNKNOWN


def _unary(term: Unary, value: Known) -> Known:
    if isinstance(value, Unknown):
        return UNKNOWN
    if term.op == "!":
        return not as_bool(value, term.term)
    return _in_range(-as_number(value, term.term))


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {  # of two values, or of two columns
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {**OPERATORS, "in": lambda item, items: item in items}
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}


def _binary(term: Binary, left: Known, right: Known) -> Known:
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return UNKNOWN
    if compare := _COMPARE.get(term.op):
        try:
            return compare(left, right)
        except TypeError:
            raise _unchecked(term.at) from None
    if term.op == "+" and isinstance(left, str) and isinstance(right, str):
        return left + right
    a, b = as_number(left, term.left), as_number(right, term.right)
    if operation := _ARITHMETIC.get(term.op):
        if type(a) is not type(b):
            raise _unchecked(term.at)
        return _in_range(operation(a, b))
    return _divided(term, a, b)


def _divided(term: Binary, a: int | Fraction, b: int | Fraction) -> Known:
    if b == 0:
        return UNKNOWN
    if isinstance(a, Fraction) and isinstance(b, Fraction) and term.op == "/":
        return a / b
    if not (isinstance(a, int) and isinstance(b, int)):
        raise _unchecked(term.at)
    quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)  # CEL truncates towards zero, Python floors
    return _in_range(quotient) if term.op == "/" else a - b * quotient


def _in_range(value: int | Fraction) -> Known:
    return value if isinstance(value, Fraction) or -(2**63) <= value < 2**63 else UNKNOWN


def _call(term: Call, args: Sequence[Any], today: date) -> Value:
    try:
        match term.name:
            case "years_since":
                return Fraction(years_between(args[0], today))
            case "size":
                return len(args[0])
            case "contains":
                return bool(args[1] in args[0])
            case "startsWith":
                return bool(args[0].startswith(args[1]))
            case "endsWith":
                return bool(args[0].endswith(args[1]))
    except (TypeError, AttributeError):
        pass
    raise _unchecked(term.at)


def as_bool(value: Value, term: Term) -> bool:
    if not isinstance(value, bool):
        raise _unchecked(term.at)
    return value


def as_number(value: Value, term: Term) -> int | Fraction:
    if isinstance(value, bool) or not isinstance(value, int | Fraction):
        raise _unchecked(term.at)
    return value


def _unchecked(at: int) -> TermError:
    return TermError(at, Label("类型不符；请先检查表达式", "the types do not fit; check the expression first"))
