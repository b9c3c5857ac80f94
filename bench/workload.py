"""The work of `./run bench policies`: made-up companies and policies, the same for every engine. numpy only.

60 facts, each missing for 0, 2, 5, 8, 12 or 25 % of the companies. Policies are three to five of 300 distinct tests,
some under a not or an or, and pay a fixed sum, a rate of a number up to a cap, or by tiers. A company is paid where the
verdict is yes; where what the amount is reckoned from is missing, the verdict is unknown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

NUMBERS = tuple(f"n{i:02d}" for i in range(30))  # four decimals, never negative
FLAGS = tuple(f"b{i:02d}" for i in range(20))
CATEGORIES = {"industry": 97, "region": 12, "credit": 5, "size_class": 4, "ownership": 8, "listing": 4}
DATES = tuple(f"d{i}" for i in range(4))  # days since 1970-01-01
MISSING = (0, 0.02, 0.05, 0.08, 0.12, 0.25)
PLACES = 4
TESTS, POLICIES = 300, 1000
# What 130,000 companies and 1,000 policies must give, before amounts are asked for.
COMPANIES, QUALIFYING, UNDECIDED = 130_000, 5_779_436, 5_280_044

Values: TypeAlias = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Test:
    """`kind`: number, flag, category (`value`: positions in the list of codes) or date."""

    kind: str
    fact: str
    op: str
    value: Any


@dataclass(frozen=True, slots=True)
class Fixed:
    yuan: int


@dataclass(frozen=True, slots=True)
class Rate:
    fact: str
    per_mille: int
    cap_fen: int


@dataclass(frozen=True, slots=True)
class Tiers:
    """`yuan[0]` below the first start, `yuan[i]` from `starts[i - 1]` on."""

    fact: str
    starts: tuple[float, ...]
    yuan: tuple[int, ...]


Benefit: TypeAlias = Fixed | Rate | Tiers
Tree: TypeAlias = "int | tuple[str, tuple[Tree, ...]]"  # the number of a test, or and / or / not


@dataclass(frozen=True, slots=True)
class Policy:
    number: int
    tree: Tree
    benefit: Benefit


def code(fact: str, number: int) -> str:
    """A category's code as engines other than OpenFisca see it."""
    return f"{fact[:2]}{number:02d}"


def companies(count: int, seed: int = 1) -> tuple[Values, Values]:
    """Values and where they are known, by fact."""
    chance = np.random.default_rng(seed)
    values: dict[str, NDArray[Any]] = {}
    for i, fact in enumerate(NUMBERS):
        drawn = (
            (lambda: chance.lognormal(6, 1.5, count)),
            (lambda: chance.beta(2, 20, count)),
            (lambda: chance.poisson(12, count).astype(float)),
        )[i % 3]()
        values[fact] = np.round(drawn, PLACES)
    for i, fact in enumerate(FLAGS):
        values[fact] = chance.random(count) < 0.2 + 0.03 * i
    for fact, size in CATEGORIES.items():
        weights = 1 / np.arange(1, size + 1) ** 0.7
        values[fact] = chance.choice(size, count, p=weights / weights.sum()).astype(np.int16)
    for fact in DATES:
        values[fact] = chance.integers(10_000, 20_400, count).astype(np.int32)
    known = {fact: chance.random(count) >= MISSING[i % 6] for i, fact in enumerate(values)}
    return values, known


def policies() -> tuple[list[Test], list[Policy]]:
    """The 300 tests and the 1,000 policies made of them. Limits come from a sample of their own."""
    chance = np.random.default_rng(3)
    sample, _ = companies(20_000, seed=7)
    tests: dict[str, Test] = {}
    while len(tests) < TESTS:
        test = _test(chance, sample)
        tests.setdefault(json.dumps([test.kind, test.fact, test.op, test.value]), test)
    weights = 1 / np.arange(1, TESTS + 1) ** 0.5
    weights /= weights.sum()
    return list(tests.values()), [_policy(number, chance, sample, weights) for number in range(POLICIES)]


def _test(chance: np.random.Generator, sample: Values) -> Test:
    kind = chance.random()
    if kind < 0.60:
        fact, least = NUMBERS[chance.integers(30)], bool(chance.random() < 0.7)
        share = chance.choice([0.4, 0.5, 0.6, 0.7, 0.8])
        limit = float(np.round(np.quantile(sample[fact], share if least else 1 - share), PLACES))
        return Test("number", fact, ">=" if least else "<", limit)
    if kind < 0.74:
        return Test("flag", FLAGS[chance.integers(20)], "is", bool(chance.random() < 0.6))
    if kind < 0.93:
        fact = list(CATEGORIES)[chance.integers(6)]
        size = CATEGORIES[fact]
        wanted = max(1, int(size * chance.choice([0.1, 0.2, 0.3])))
        return Test("category", fact, "in", sorted(int(n) for n in chance.choice(size, wanted, replace=False)))
    fact, op = DATES[chance.integers(4)], ">=" if chance.random() < 0.5 else "<"
    return Test("date", fact, op, int(chance.integers(12_000, 19_000) // 30 * 30))


def _policy(number: int, chance: np.random.Generator, sample: Values, weights: NDArray[np.float64]) -> Policy:
    size = int(chance.choice([3, 4, 5], p=[0.25, 0.5, 0.25]))
    tree: list[Tree] = [int(n) for n in chance.choice(TESTS, size, replace=False, p=weights)]
    if chance.random() < 0.1:
        tree[-1] = ("not", (tree[-1],))
    if len(tree) >= 3 and chance.random() < 0.25:
        tree[-2:] = [("or", tuple(tree[-2:]))]
    return Policy(number, ("and", tuple(tree)), _benefit(chance, sample))


def _benefit(chance: np.random.Generator, sample: Values) -> Benefit:
    kind, fact = chance.random(), NUMBERS[int(chance.integers(10)) * 3]
    if kind < 0.4:
        return Fixed(int(chance.integers(1, 50)) * 1000)
    if kind < 0.8:
        per_mille = round(chance.uniform(0.01, 0.2) * 1000)
        return Rate(fact, per_mille, round(np.quantile(sample[fact], 0.8) * 10))
    starts = tuple(float(np.round(np.quantile(sample[fact], share), 2)) for share in (0.3, 0.6, 0.9))
    return Tiers(fact, starts, (1000, 3000, 8000, 20_000))


def scaled(number: float) -> int:
    """A limit in units of the last place."""
    return round(number * 10**PLACES)


def leaves(tree: Tree) -> Iterator[int]:
    """The tests of a tree, as they come."""
    if isinstance(tree, int):
        yield tree
    else:
        for member in tree[1]:
            yield from leaves(member)
