"""Sharing out: sums exact, nobody above the claim, nobody's place in the list of any weight."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qinqing.ledger.sharing import Weight, first_come, pro_rata, ranked, share

FEN = st.integers(0, 10**13)
REFS = st.text("abcdefgh", min_size=1, max_size=4)
CLAIMS = st.dictionaries(REFS, st.integers(0, 10**9) | st.integers(0, 5), max_size=12)
WEIGHTS = st.lists(
    st.integers(0, 1000) | st.fractions(0, 50, max_denominator=999) | st.just(7), min_size=1, max_size=15
)
SCORES = st.integers(0, 3) | st.fractions(0, 2, max_denominator=3)


def in_another_order(claims: dict[str, int], seed: int) -> dict[str, int]:
    return dict(sorted(claims.items(), key=lambda item: hash((seed, item))))


@given(FEN | st.integers(0, 20), WEIGHTS)
def test_shares_sum_exactly_and_stay_within_a_fen_of_their_due(fen: int, weights: list[Weight]) -> None:
    if not sum(weights):
        weights = [*weights, 1]
    amounts = share(fen, weights)
    assert sum(amounts) == fen
    for amount, weight in zip(amounts, weights, strict=True):
        due = Fraction(fen * weight) / Fraction(sum(weights))
        assert due - 1 < amount < due + 1
        assert weight or not amount


@given(FEN | st.integers(0, 20), WEIGHTS, st.randoms(use_true_random=False))
def test_who_stands_first_makes_no_difference(fen: int, weights: list[Weight], chance: object) -> None:
    weights = [*weights, 1]
    mixed = list(weights)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    pairs = sorted(zip(weights, share(fen, weights), strict=True))
    assert pairs == sorted(zip(mixed, share(fen, mixed), strict=True))


@given(FEN | st.integers(0, 20), WEIGHTS)
def test_the_heavier_never_gets_less(fen: int, weights: list[Weight]) -> None:
    amounts = share(fen, [*weights, 1])
    by_weight = sorted(zip([*weights, 1], amounts, strict=True))
    assert all(light[1] <= heavy[1] for light, heavy in pairwise(by_weight) if light[0] < heavy[0])


def test_known_shares() -> None:
    assert share(100, [1, 1, 1]) == [34, 33, 33]
    assert share(7, [3, 5, 1]) == [2, 4, 1]  # dues 2.33, 3.89, 0.78
    assert share(1, [1, 3, 3]) == [0, 1, 0]  # equal fractions cut off: the heavier, then the earlier
    assert share(10_000, [Fraction(3, 10), Fraction(3, 10), Fraction(4, 10)]) == [3000, 3000, 4000]
    assert share(0, [0, 0]) == [0, 0]
    assert share(0, []) == []


def test_what_cannot_be_shared_is_said() -> None:
    for fen, weights in ((5, []), (5, [0, 0]), (-1, [1]), (5, [1, -1])):
        with pytest.raises(ValueError, match=r"weight"):
            share(fen, weights)
    for wrong in (pro_rata, first_come):
        with pytest.raises(ValueError, match="limit"):
            wrong(-1, {"a": 1})
        with pytest.raises(ValueError, match="claim of a"):
            wrong(1, {"a": -1})


@given(FEN | st.integers(0, 20), CLAIMS, st.data())
def test_no_way_of_sharing_loses_or_invents_a_fen(limit: int, claims: dict[str, int], data: st.DataObject) -> None:
    scores = {ref: data.draw(SCORES) for ref in claims}
    for amounts in (pro_rata(limit, claims), first_come(limit, claims), ranked(limit, claims, scores)):
        assert list(amounts) == list(claims)
        assert sum(amounts.values()) == min(limit, sum(claims.values()))
        assert all(0 <= amounts[ref] <= claims[ref] for ref in claims)


@given(FEN | st.integers(0, 20), CLAIMS, st.integers(), st.data())
def test_only_first_come_asks_for_the_order(limit: int, claims: dict[str, int], seed: int, data: st.DataObject) -> None:
    scores = {ref: data.draw(SCORES) for ref in claims}
    mixed = in_another_order(claims, seed)
    assert pro_rata(limit, claims) == pro_rata(limit, mixed)
    assert ranked(limit, claims, scores) == ranked(limit, mixed, scores)


@given(FEN | st.integers(0, 20), CLAIMS, st.data())
def test_a_lower_rank_gets_nothing_while_a_higher_one_is_short(
    limit: int, claims: dict[str, int], data: st.DataObject
) -> None:
    scores = {ref: data.draw(SCORES) for ref in claims}
    amounts = ranked(limit, claims, scores)
    for ref, claim in claims.items():
        if amounts[ref] < claim:
            assert not any(amounts[other] for other in claims if scores[other] < scores[ref])


def test_known_cases() -> None:
    claims = {"甲": 600, "乙": 600, "丙": 300}
    assert first_come(1000, claims) == {"甲": 600, "乙": 400, "丙": 0}
    assert pro_rata(1000, claims) == {"甲": 400, "乙": 400, "丙": 200}
    assert pro_rata(1, {"b": 5, "a": 5}) == {"b": 0, "a": 1}
    assert ranked(1000, claims, {"甲": 70, "乙": 90, "丙": 90}) == {"甲": 100, "乙": 600, "丙": 300}
    assert ranked(600, claims, {"甲": 70, "乙": 90, "丙": 90}) == {"甲": 0, "乙": 400, "丙": 200}
    with pytest.raises(KeyError):
        ranked(1, claims, {})
