"""金额: what benefits pay to many companies at once, in whole fen, as `evaluating.payable` for one. Pure; numpy."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import gcd

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


def pay(benefit: Benefit, matching: Matching, rows: Rows, fen: Fen) -> Flags | None:
    """Writes into `fen` what these rows are paid (nothing that matters where a body decides); of them all that is
    `needed` is known. Returns for which rows the amount is known after all; None: for all.

    Raises OverflowError for an amount beyond 64 bits (92 quadrillion yuan).
    """
    match benefit:
        case Fixed():
            fen[:] = benefit.fen
        case Rate():
            base = matching.exact(benefit.of)
            if base is None:
                return _one_by_one(benefit, matching, rows, fen)
            _share(benefit.rate, base, rows, benefit.cap_fen, benefit.floor_fen, fen)
        case Tiers():
            return _tiers(benefit, matching, rows, fen)
        case Schedule():
            return pay(benefit.whole, matching, rows, fen)
        case Higher():
            return _highest(benefit, matching, rows, fen)
        case Decided():
            fen[:] = 0
    return None


def _highest(higher: Higher, matching: Matching, rows: Rows, fen: Fen) -> Flags | None:
    known = pay(higher.of[0], matching, rows, fen)
    other = np.empty_like(fen)
    for one in higher.of[1:]:
        also = pay(one, matching, rows, other)
        known = also if known is None else known if also is None else known & also
        np.maximum(fen, other, out=fen)
    return known


def _tiers(tiers: Tiers, matching: Matching, rows: Rows, fen: Fen) -> Flags | None:
    base = matching.exact(tiers.of)
    pays = base if tiers.pays_of is None else matching.exact(tiers.pays_of)
    if base is None or pays is None:
        return _one_by_one(tiers, matching, rows, fen)
    steps = sorted(((_first(step, base.scale), step) for step in tiers.steps), key=_order)
    values = base.at(rows)
    reached = np.zeros(len(rows), dtype=np.intp)
    for first, _ in steps:
        reached += values >= first
    cap = LIMIT - 1 if tiers.cap_fen is None else tiers.cap_fen
    fen[:] = np.array([0, *(min(step.fen or 0, cap) for _, step in steps)], dtype=np.int64).take(reached)
    known = None
    for number, (_, step) in enumerate(steps, 1):
        if step.rate is not None:
            mine = np.flatnonzero(reached == number)
            part = np.empty(len(mine), dtype=np.int64)
            _share(step.rate, pays, rows[mine], tiers.cap_fen, None, part)
            fen[mine] = part
            if pays.known is not None and pays is not base:
                known = np.ones(len(rows), dtype=np.bool_) if known is None else known
                known[mine] = bitmaps.flags_at(pays.known, rows[mine])
    return known


def _first(step: Step, scale: int) -> int:
    """The first whole number of units 1/scale that has reached the step."""
    whole, rest = divmod(step.start.numerator * scale, step.start.denominator)
    return whole + 1 if step.above or rest else whole


def _order(reached: tuple[int, Step]) -> tuple[int, Fraction, bool]:
    first, step = reached
    return first, step.start, step.above


def _share(rate: Fraction, base: Exact, rows: Rows, cap_fen: int | None, floor_fen: int | None, fen: Fen) -> None:
    """`rate` of the base in fen, rounded down, within floor and cap; nothing of a base of zero or below, nor at a rate
    of zero: the floor raises a positive amount only."""
    numerator, denominator = rate.numerator * 100, rate.denominator * base.scale
    common = gcd(numerator, denominator)
    numerator //= common
    denominator //= common
    values = base.at(rows)
    if base.bound * abs(numerator) >= LIMIT or denominator >= LIMIT:
        fen[:] = _share_of_large(values, numerator, denominator, cap_fen, floor_fen)
        return
    np.multiply(values, numerator, out=fen)
    if denominator != 1:
        fen //= denominator
    if floor_fen is not None:
        np.maximum(fen, floor_fen, out=fen)
    if cap_fen is not None:
        np.minimum(fen, cap_fen, out=fen)
    fen[values <= 0] = 0
    if numerator == 0:
        fen[:] = 0


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


def _one_by_one(benefit: Rate | Tiers, matching: Matching, rows: Rows, fen: Fen) -> Flags:
    """By the exact reference, once for each distinct combination of facts."""
    facts = sorted(frozenset[str]().union(*(names(term) for term in terms_of(benefit))))
    companies, which = matching.combinations(facts, rows)
    found = [payable(benefit, company) for company in companies]
    fen[:] = np.array([one if isinstance(one, int) else 0 for one in found], dtype=np.int64).take(which)
    return np.array([not isinstance(one, Unknown) for one in found], dtype=np.bool_).take(which)
