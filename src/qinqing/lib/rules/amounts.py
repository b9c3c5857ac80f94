"""金额: what benefits pay to many companies at once, in whole fen, as `evaluating.payable` for one. Pure; numpy."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from fractions import Fraction
from math import gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qinqing.lib.rules import bitmaps
from qinqing.lib.rules.bitmaps import Flags, Rows
from qinqing.lib.rules.checking import names
from qinqing.lib.rules.evaluating import payable
from qinqing.lib.rules.matching import Matching
from qinqing.lib.rules.quantities import LIMIT, Exact
from qinqing.lib.rules.rule import Benefit, Decided, Fixed, Higher, Rate, Schedule, Step, Tiers
from qinqing.lib.rules.terms import Term
from qinqing.lib.rules.values import Unknown

Fen = NDArray[np.int64]


def terms_of(benefit: Benefit) -> Iterator[Term]:
    """Every term that the amount may depend on."""
    match benefit:
        case Rate():
            yield benefit.of
        case Tiers():
            yield benefit.of
            if benefit.pays_of is not None:
                yield benefit.pays_of
        case Schedule():
            yield from terms_of(benefit.whole)
        case Higher():
            for one in benefit.of:
                yield from terms_of(one)


def needed(benefit: Benefit) -> Iterator[Term]:
    """The terms without which no amount is known."""
    match benefit:
        case Rate() | Tiers():
            yield benefit.of
        case Schedule():
            yield from needed(benefit.whole)
        case Higher():
            for one in benefit.of:
                yield from needed(one)


def is_decided(benefit: Benefit) -> bool:
    """Whether a body decides the amount."""
    match benefit:
        case Decided():
            return True
        case Schedule():
            return is_decided(benefit.whole)
        case Higher():
            return any(is_decided(one) for one in benefit.of)
    return False


def alike(benefit: Benefit) -> Hashable:
    """Benefits with one key can be paid in one stroke."""
    match benefit:
        case Fixed():
            return Fixed
        case Rate():
            return Rate, benefit.of
        case Tiers() if all(step.rate is None for step in benefit.steps):
            return Tiers, benefit.of, benefit.pays_of, len(benefit.steps)
        case Schedule():
            return Schedule, alike(benefit.whole)
    return benefit


def pay(benefits: Sequence[Benefit], counts: Sequence[int], matching: Matching, rows: Rows, fen: Fen) -> Flags | None:
    """Writes into `fen` what these rows are paid (nothing that matters where a body decides): so many of them by the
    first benefit, so many by the next, all of which are `alike`; of all rows that is known which is `needed`. Returns
    for which rows the amount is known after all; None: for all.

    Raises OverflowError for an amount beyond 64 bits (92 quadrillion yuan).
    """
    some: Sequence[Any] = benefits  # alike, so all of the first one's type
    match benefits[0]:
        case Fixed():
            fen[:] = _by_row([one.fen for one in some], counts)
        case Rate(of=of):
            base = matching.exact(of)
            if base is None:
                return _one_by_one(some, counts, matching, rows, fen)
            _share(some, counts, base, rows, fen)
        case Tiers():
            return _tiers(some, counts, matching, rows, fen)
        case Schedule():
            return pay([one.whole for one in some], counts, matching, rows, fen)
        case Higher() as higher:
            return _highest(higher, matching, rows, fen)
        case Decided():
            fen[:] = 0
    return None


def _highest(higher: Higher, matching: Matching, rows: Rows, fen: Fen) -> Flags | None:
    known = pay(higher.of[:1], [len(rows)], matching, rows, fen)
    other = np.empty_like(fen)
    for one in higher.of[1:]:
        also = pay([one], [len(rows)], matching, rows, other)
        known = also if known is None else known if also is None else known & also
        np.maximum(fen, other, out=fen)
    return known


def _tiers(some: Sequence[Tiers], counts: Sequence[int], matching: Matching, rows: Rows, fen: Fen) -> Flags | None:
    """Steps that pay a rate are the same in all of them."""
    base = matching.exact(some[0].of)
    pays = base if some[0].pays_of is None else matching.exact(some[0].pays_of)
    if base is None or pays is None:
        return _one_by_one(some, counts, matching, rows, fen)
    values = base.at(rows)
    steps = [sorted(((_last_below(step, base.scale), step) for step in tiers.steps), key=_order) for tiers in some]
    reached = np.zeros(len(rows), dtype=np.intp)
    for each in zip(*steps, strict=True):
        reached += values > _by_row([last for last, _ in each], counts)
    sums = [
        [0, *(min(step.fen or 0, LIMIT - 1 if tiers.cap_fen is None else tiers.cap_fen) for _, step in mine)]
        for tiers, mine in zip(some, steps, strict=True)
    ]
    places = reached + _by_row(range(0, len(sums) * len(sums[0]), len(sums[0])), counts)
    fen[:] = np.array(sums, dtype=np.int64).take(places)
    known = None
    for number, (_, step) in enumerate(steps[0], 1):
        if step.rate is not None:
            mine = np.flatnonzero(reached == number)
            part = np.empty(len(mine), dtype=np.int64)
            _share([Rate(step.rate, some[0].of, "", some[0].cap_fen)], [len(mine)], pays, rows[mine], part)
            fen[mine] = part
            if pays.known is not None and pays is not base:
                known = np.ones(len(rows), dtype=np.bool_) if known is None else known
                known[mine] = bitmaps.flags_at(pays.known, rows[mine])
    return known


def _last_below(step: Step, scale: int) -> int:
    """The last whole number of units 1/scale that has not reached the step (within 64 bits, where all values are)."""
    last = (step.start.numerator * scale - (not step.above)) // step.start.denominator
    return min(max(last, -LIMIT), LIMIT - 1)


def _order(reached: tuple[int, Step]) -> tuple[int, Fraction, bool]:
    last, step = reached
    return last, step.start, step.above


def _share(rates: Sequence[Rate], counts: Sequence[int], base: Exact, rows: Rows, fen: Fen) -> None:
    """Rates of the base (their own `of` is not read) in fen, rounded down, within floor and cap; nothing of a base of
    zero or below, nor at a rate of zero: the floor raises a positive amount only."""
    values = base.at(rows)
    factors = [_fen_of_unit(one.rate, base.scale) for one in rates]
    if any(base.bound * abs(numerator) >= LIMIT or denominator >= LIMIT for numerator, denominator in factors):
        for one, (numerator, denominator), part in zip(rates, factors, _parts(counts), strict=True):
            fen[part] = _share_of_large(values[part], numerator, denominator, one.cap_fen, one.floor_fen)
        return
    np.multiply(values, _by_row([numerator for numerator, _ in factors], counts), out=fen)
    if any(denominator != 1 for _, denominator in factors):
        fen //= _by_row([denominator for _, denominator in factors], counts)
    if any(one.floor_fen is not None for one in rates):
        floors = [one.floor_fen if one.floor_fen is not None and one.rate else -LIMIT for one in rates]
        np.maximum(fen, _by_row(floors, counts), out=fen)
    if any(one.cap_fen is not None for one in rates):
        caps = [LIMIT - 1 if one.cap_fen is None else min(one.cap_fen, LIMIT - 1) for one in rates]
        np.minimum(fen, _by_row(caps, counts), out=fen)
    fen[values <= 0] = 0


def _fen_of_unit(rate: Fraction, scale: int) -> tuple[int, int]:
    """What the rate makes of 1/scale, in fen: numerator and denominator, without a common divisor."""
    numerator, denominator = rate.numerator * 100, rate.denominator * scale
    common = gcd(numerator, denominator)
    return numerator // common, denominator // common


def _share_of_large(
    values: Fen, numerator: int, denominator: int, cap_fen: int | None, floor_fen: int | None
) -> list[int]:
    """The same in Python's whole numbers, which have no end."""
    found = []
    for value in values.tolist():
        positive = value > 0 and numerator > 0
        fen = value * numerator // denominator if positive else 0
        if floor_fen is not None and positive:
            fen = max(fen, floor_fen)
        if fen >= LIMIT and cap_fen is None:
            raise OverflowError(f"{fen} fen are more than an amount can be; give the benefit a cap")
        found.append(fen if cap_fen is None else min(fen, cap_fen))
    return found


def _one_by_one(some: Sequence[Rate | Tiers], counts: Sequence[int], matching: Matching, rows: Rows, fen: Fen) -> Flags:
    """By the exact reference, once for each distinct combination of facts."""
    known = np.empty(len(rows), dtype=np.bool_)
    for benefit, part in zip(some, _parts(counts), strict=True):
        facts = sorted(frozenset[str]().union(*(names(term) for term in terms_of(benefit))))
        companies, which = matching.combinations(facts, rows[part])
        found = [payable(benefit, company) for company in companies]
        fen[part] = np.array([one if isinstance(one, int) else 0 for one in found], dtype=np.int64).take(which)
        known[part] = np.array([not isinstance(one, Unknown) for one in found], dtype=np.bool_).take(which)
    return known


def _by_row(numbers: Sequence[int], counts: Sequence[int]) -> Fen:
    """Each number so many times; one alone stands for all rows."""
    made = np.array(numbers, dtype=np.int64)
    return made if len(made) == 1 else made.repeat(counts)


def _parts(counts: Sequence[int]) -> Iterator[slice]:
    """Where the rows of each benefit stand."""
    end = 0
    for count in counts:
        begin, end = end, end + count
        yield slice(begin, end)
