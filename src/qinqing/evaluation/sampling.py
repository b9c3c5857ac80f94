"""分层抽样 (Y5): which closed cases of a month are called back. Pure, and the same for the same seed for ever.

All badly rated cases are taken, then as many unrated complex ones as there is room for; the rest is drawn in strata,
each in proportion to its size and none left out. Within a stratum the order is that of SHA-256(seed, case number), so
that nobody can choose and anybody can repeat the draw.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

Z = 1.959963984540054  # of the 95 % interval
BAD, COMPLEX = "bad", "complex"  # strata of their own: badly rated, complex and unrated


@dataclass(frozen=True, slots=True)
class Candidate:
    """A closed case that can be called back. `kind`: its class, or how it ended where its procedure has no classes."""

    case_id: int
    number: str
    unit: int
    channel: str
    kind: str
    first: str = ""  # BAD, COMPLEX or nothing


Key = Callable[[Candidate], str]
# from the finest to the coarsest; the first that leaves a call for every stratum is used
GRAINS: Mapping[str, Key] = {
    "unit_channel_kind": lambda one: f"{one.unit}|{one.channel}|{one.kind}",
    "unit_kind": lambda one: f"{one.unit}||{one.kind}",
    "unit": lambda one: f"{one.unit}||",
}


@dataclass(frozen=True, slots=True)
class Stratum:
    """`drawn` of `total` cases."""

    key: str
    total: int
    drawn: int


@dataclass(frozen=True, slots=True)
class Plan:
    """How it was drawn."""

    grain: str
    strata: tuple[Stratum, ...]

    @property
    def total(self) -> int:
        return sum(stratum.total for stratum in self.strata)

    @property
    def drawn(self) -> int:
        return sum(stratum.drawn for stratum in self.strata)

    def as_json(self) -> dict[str, Any]:
        return {"grain": self.grain, "strata": [[one.key, one.total, one.drawn] for one in self.strata]}

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> Plan:
        return cls(stored["grain"], tuple(Stratum(*row) for row in stored["strata"]))


def least(candidates: Sequence[Candidate]) -> int:
    """The smallest sample in which nothing is left out: every bad one, and one of every other unit's and kind's."""
    firsts = Counter(one.first for one in candidates)
    units = {one.unit for one in candidates if not one.first}
    return firsts[BAD] + (firsts[COMPLEX] > 0) + len(units)


def draw(candidates: Sequence[Candidate], size: int, seed: str) -> tuple[Plan, list[tuple[Candidate, str]]]:
    """The plan, and the cases drawn with their stratum in the order of calling: bad ones first, then complex ones.

    Raises ValueError unless `least(candidates) <= size`; a size beyond all cases means all of them."""
    size = min(size, len(candidates))
    if size < least(candidates):
        raise ValueError(f"{size} is less than the {least(candidates)} that are needed")
    grain, drawn = _allocated(candidates, size)
    keys = _strata(candidates, grain)
    ranked = sorted(candidates, key=lambda one: (_ORDER[one.first], _rank(seed, one.number)))
    totals, room, chosen = Counter(keys.values()), Counter(drawn), []
    for one in ranked:
        key = keys[one.case_id]
        if room[key]:
            room[key] -= 1
            chosen.append((one, key))
    strata = tuple(Stratum(key, totals[key], drawn[key]) for key in sorted(totals))
    return Plan(grain, strata), chosen


def allocate(totals: Mapping[str, int], size: int) -> dict[str, int]:
    """How many of each stratum: in proportion, at least one of each and never more than there are; they add up to
    `size`. Raises ValueError where that cannot be."""
    whole = sum(totals.values())
    if not len(totals) <= size <= whole or min(totals.values(), default=1) < 1:
        raise ValueError(f"{size} calls cannot be shared among {len(totals)} strata of {whole} cases")
    share = {key: size * total / whole for key, total in totals.items()}
    found = {key: min(total, max(1, int(share[key]))) for key, total in totals.items()}
    while (missing := size - sum(found.values())) != 0:
        step = 1 if missing > 0 else -1
        movable = [key for key in found if (found[key] < totals[key] if step > 0 else found[key] > 1)]
        best = max(movable, key=lambda key: (step * (share[key] - found[key]), key))
        found[best] += step
    return found


def margin(size: int, total: int) -> float:
    """Half the width of the 95 % interval of a share near one half, 0..0.5, when `size` of `total` answer."""
    if size >= total:
        return 0.0
    return min(0.5, Z * sqrt(0.25 / size * (total - size) / (total - 1))) if size else 0.5


_ORDER = {BAD: 0, COMPLEX: 1, "": 2}


def _allocated(candidates: Sequence[Candidate], size: int) -> tuple[str, dict[str, int]]:
    firsts = Counter(one.first for one in candidates)
    rest = [one for one in candidates if not one.first]
    units = len({one.unit for one in rest})
    of_complex = min(firsts[COMPLEX], size - firsts[BAD] - units)
    left = size - firsts[BAD] - of_complex
    grain = next((name for name, key in GRAINS.items() if len({key(one) for one in rest}) <= left), "unit")
    found = {BAD: firsts[BAD], COMPLEX: of_complex}
    if rest:
        found |= allocate(Counter(GRAINS[grain](one) for one in rest), left)
    return grain, found


def _strata(candidates: Iterable[Candidate], grain: str) -> dict[int, str]:
    return {one.case_id: one.first or GRAINS[grain](one) for one in candidates}


def _rank(seed: str, number: str) -> str:
    return hashlib.sha256(f"{seed}\n{number}".encode()).hexdigest()
