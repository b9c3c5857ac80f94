"""数量: numbers and dates of terms over whole columns, in two ways. Pure; numpy.

`Exact`: whole numbers of a common unit, for dates, `+ - *`, division by a number, and choices. `Doubles`: division by
facts too, each value with a bound on its error; what falls within it is for `values.value_of` to decide, row by row.
Either raises Beyond for what it cannot hold.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import lru_cache
from math import lcm
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from qinqing.lib.rules import bitmaps
from qinqing.lib.rules.bitmaps import Bits, Flags
from qinqing.lib.rules.checking import kind_of
from qinqing.lib.rules.columns import Column, days_of
from qinqing.lib.rules.terms import Binary, Call, Choice, FactType, Literal, Name, Term, Unary
from qinqing.lib.rules.values import literal

if TYPE_CHECKING:
    from qinqing.lib.rules.matching import Matching

LIMIT = 2**63
ROUNDING = 2.0**-51  # relative error of one operation on doubles, generously
SAFETY = 1.125  # for the rounding of the bounds themselves
MAGNITUDES = (Fraction(10) ** -30, Fraction(10) ** 30)  # of literals: products then stay within doubles' exponents


class Beyond(Exception):
    """This way of computing does not hold the term."""


@dataclass(frozen=True, slots=True, eq=False)
class Exact:
    """`values / scale`. `values` is one int for all rows, or an int64 or int32 by row; none is beyond `bound` (at least
    1). `known` None: everywhere."""

    values: NDArray[Any] | int
    scale: int
    bound: int
    known: Bits | None = None

    @classmethod
    def of_number(cls, number: Fraction) -> Exact:
        return cls(number.numerator, number.denominator, _within(max(abs(number.numerator), 1)))

    @classmethod
    def of_column(cls, column: Column, known: Bits | None) -> Exact:
        values = column.values
        bound = max(-int(values.min()), int(values.max()), 1) if len(values) else 1
        return cls(values, 10**column.places, bound, known)

    @classmethod
    def of_whole(cls, exact: Exact) -> Exact:
        return exact

    def to(self, scale: int) -> Exact:
        """The same in units of 1/scale, a multiple of this one's."""
        factor = scale // self.scale
        return self if factor == 1 else Exact(self.values * factor, scale, _within(self.bound * factor), self.known)

    def at(self, rows: bitmaps.Rows) -> NDArray[np.int64]:
        """The values of these rows."""
        if isinstance(self.values, int):
            return np.full(len(rows), self.values, dtype=np.int64)
        return self.values.take(rows)

    def __neg__(self) -> Exact:
        return Exact(-self.values, self.scale, self.bound, self.known)

    def __add__(self, other: Exact) -> Exact:
        a, b = aligned(self, other)
        return Exact(a.values + b.values, a.scale, _within(a.bound + b.bound), both_known(a.known, b.known))

    def __sub__(self, other: Exact) -> Exact:
        return self + -other

    def __mul__(self, other: Exact) -> Exact:
        bound, known = _within(self.bound * other.bound), both_known(self.known, other.known)
        return Exact(self.values * other.values, self.scale * other.scale, bound, known)

    def __truediv__(self, other: Exact) -> Exact:
        if not isinstance(other.values, int) or other.values == 0:
            raise Beyond
        return self * Exact.of_number(Fraction(other.scale, other.values))

    def where(self, test: Flags, other: Exact, known: Bits | None) -> Exact:
        a, b = aligned(self, other)
        return Exact(np.where(test, a.values, b.values), a.scale, max(a.bound, b.bound), known)


@dataclass(frozen=True, slots=True, eq=False)
class Doubles:
    """`values` by row or one for all, each wrong by at most `error` (infinite or NaN: not to be trusted)."""

    values: NDArray[np.float64]
    error: NDArray[np.float64]
    known: Bits | None = None

    @classmethod
    def of_number(cls, number: Fraction) -> Doubles:
        if number and not MAGNITUDES[0] < abs(number) < MAGNITUDES[1]:
            raise Beyond
        value = float(number)
        return cls(np.array(value), np.array(0.0 if Fraction(value) == number else abs(value) * ROUNDING))

    @classmethod
    def of_column(cls, column: Column, known: Bits | None) -> Doubles:
        if column.type is FactType.DATE:
            raise Beyond
        values = column.values / float(10**column.places)
        return cls(values, np.abs(values) * ROUNDING, known)

    @classmethod
    def of_whole(cls, exact: Exact) -> Doubles:
        """Of small whole numbers, which doubles hold exactly."""
        values = np.asarray(exact.values, dtype=np.float64)
        return cls(values, np.zeros_like(values), exact.known)

    def __neg__(self) -> Doubles:
        return replace(self, values=-self.values)

    def __add__(self, other: Doubles) -> Doubles:
        return self._rounded(other, self.values + other.values, self.error + other.error)

    def __sub__(self, other: Doubles) -> Doubles:
        return self + -other

    def __mul__(self, other: Doubles) -> Doubles:
        error = np.abs(self.values) * other.error + (np.abs(other.values) + other.error) * self.error
        return self._rounded(other, self.values * other.values, error)

    def __truediv__(self, other: Doubles) -> Doubles:
        """Unknown where the divisor is certainly zero; not to be trusted where it may be."""
        quotient = self.values / other.values
        least = np.abs(other.values) - other.error
        error = np.where(least > 0, (self.error + np.abs(quotient) * other.error) / least, np.inf)
        made = self._rounded(other, quotient, error)
        zero = (other.values == 0) & (other.error == 0)
        if zero.ndim == 0:
            if zero:
                raise Beyond
            return made
        return replace(made, known=both_known(made.known, ~bitmaps.pack(zero)))

    def where(self, test: Flags, other: Doubles, known: Bits | None) -> Doubles:
        return Doubles(np.where(test, self.values, other.values), np.where(test, self.error, other.error), known)

    def _rounded(self, other: Doubles, values: NDArray[np.float64], error: NDArray[np.float64]) -> Doubles:
        return Doubles(values, SAFETY * error + np.abs(values) * ROUNDING, both_known(self.known, other.known))


Way = TypeVar("Way", Exact, Doubles)


def quantity(way: type[Way], term: Term, matching: Matching) -> Way:
    """The term's value in every row. Raises Beyond where it is no number or date, or this way does not hold it."""
    match term:
        case Literal():
            return _literal(way, term)
        case Name(id):
            return matching.fact(way, id)
        case Call("years_since", (of,)):
            return matching.years(way, of)
        case Choice():
            return _choice(way, term, matching)
        case Unary("-") | Binary("+" | "-" | "*" | "/") if kind_of(term, matching.specs) == "double":
            return _arithmetic(way, term, matching)
    raise Beyond  # texts, lists, and whole numbers, which divide and overflow in their own way


def _literal(way: type[Way], term: Literal) -> Way:
    if isinstance(term.value, bool | str | None):
        raise Beyond
    return way.of_number(_number(term))


@lru_cache(4096)
def _number(term: Literal) -> Fraction:
    value: Any = literal(term)
    return Fraction(days_of(value) if isinstance(value, date) else value)


def _choice(way: type[Way], term: Choice, matching: Matching) -> Way:
    surely, possibly = matching.verdicts(term.test)
    then, other = quantity(way, term.then, matching), quantity(way, term.other, matching)
    everywhere = np.full_like(surely, 2**64 - 1)
    known = (surely & (everywhere if then.known is None else then.known)) | (
        ~possibly & (everywhere if other.known is None else other.known)
    )
    return then.where(bitmaps.flags_of(surely, matching.rows), other, known)


def _arithmetic(way: type[Way], term: Unary | Binary, matching: Matching) -> Way:
    if isinstance(term, Unary):
        return -quantity(way, term.term, matching)
    left, right = quantity(way, term.left, matching), quantity(way, term.right, matching)
    match term.op:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case _:
            return left / right


def years_since(days: Exact, today: date) -> Exact:
    """Completed years from each of these days to today, as `values.years_between`."""
    if isinstance(days.values, int):
        raise Beyond
    day = days.values.astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    months = month.astype(np.int64)  # since January 1970
    in_year = months % 12 * 32 + (day - month).astype(np.int64)
    later = in_year > (today.month - 1) * 32 + today.day - 1
    years = today.year - 1970 - months // 12 - later
    return Exact(years, 1, 10_000, days.known)


def aligned(a: Exact, b: Exact) -> tuple[Exact, Exact]:
    """Both in one unit."""
    scale = lcm(a.scale, b.scale)
    return a.to(scale), b.to(scale)


def both_known(a: Bits | None, b: Bits | None) -> Bits | None:
    """Where both are known; None is everywhere."""
    if a is None or b is None:
        return b if a is None else a
    return a & b


def _within(bound: int) -> int:
    if bound >= LIMIT:
        raise Beyond
    return bound
