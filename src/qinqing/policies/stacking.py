"""同享与就高 (stacking): of all a company could be paid, what it is paid where policies exclude each other. Pure.

Two policies clash where one excludes the other or both are in one group of which the highest is paid (就高不重复),
unless one says outright that it stacks with the other. Of what clashes the company gets the combination worth most;
of equals the one whose codes come first. Where a body has yet to decide a sum, nothing it clashes with is settled.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from qinqing.policies.policy import Policy


@dataclass(frozen=True, slots=True)
class Settled:
    """`paid`: codes; `instead`: code -> those paid in its place; `waiting`: not settled before a body has decided."""

    paid: tuple[str, ...]
    instead: Mapping[str, tuple[str, ...]]
    waiting: tuple[str, ...]


def clash(one: Policy, other: Policy) -> bool:
    """Whether a company is not paid by both."""
    if other.code in one.stacks_with or one.code in other.stacks_with:
        return False
    grouped = bool(one.highest_of) and one.highest_of == other.highest_of
    return grouped or other.code in one.excludes or one.code in other.excludes


def settle(amounts: Mapping[str, int | None], policies: Mapping[str, Policy]) -> Settled:
    """`amounts`: fen by the code of every policy whose verdict is yes; None: a body has not decided yet."""
    codes = sorted(amounts)
    clashes = {
        code: frozenset(other for other in codes if other != code and clash(policies[code], policies[other]))
        for code in codes
    }
    paid: list[str] = []
    waiting: list[str] = []
    for together in _components(codes, clashes):
        known = {code: fen for code in together if (fen := amounts[code]) is not None}
        if len(known) < len(together) and len(together) > 1:
            waiting += together
        else:
            paid += _best(tuple(together), clashes, known)[1] if len(together) > 1 else together
    chosen = frozenset(paid)
    left_out = [code for code in codes if code not in chosen and code not in waiting]
    return Settled(
        tuple(sorted(paid)),
        {code: tuple(sorted(clashes[code] & chosen)) for code in left_out},
        tuple(sorted(waiting)),
    )


def _components(codes: list[str], clashes: Mapping[str, Collection[str]]) -> Iterator[list[str]]:
    seen: set[str] = set()
    for code in codes:
        if code not in seen:
            together, ahead = {code}, [code]
            while ahead:
                fresh = set(clashes[ahead.pop()]) - together
                together |= fresh
                ahead += fresh
            seen |= together
            yield sorted(together)


def _best(
    codes: tuple[str, ...], clashes: Mapping[str, frozenset[str]], amounts: Mapping[str, int]
) -> tuple[int, list[str]]:
    """(fen, codes) of the combination worth most: with the most contested policy, or without it."""
    if not codes:
        return 0, []
    pivot = max(codes, key=lambda code: (len(clashes[code].intersection(codes)), -codes.index(code)))
    if clashes[pivot].isdisjoint(codes):
        return sum(amounts[code] for code in codes), list(codes)
    others = tuple(code for code in codes if code != pivot)
    fen, chosen = _best(tuple(code for code in others if code not in clashes[pivot]), clashes, amounts)
    with_it = (fen + amounts[pivot], sorted([pivot, *chosen]))
    without = _best(others, clashes, amounts)
    return min(with_it, without, key=lambda found: (-found[0], found[1]))
