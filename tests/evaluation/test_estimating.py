"""The estimate: weighted by strata, with an interval that holds what it says."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qinqing.evaluation.estimating import Answers, estimate, wilson
from qinqing.ui import figures

STRATA = st.lists(
    st.integers(1, 200).flatmap(
        lambda total: st.integers(0, total).flatmap(
            lambda reached: st.integers(0, reached).map(lambda satisfied: Answers(total, reached, satisfied))
        )
    ),
    max_size=8,
)


@given(STRATA)
def test_a_share_lies_in_its_interval(strata: list[Answers]) -> None:
    found = estimate(strata)
    if not sum(one.reached for one in strata):
        assert found is None
        return
    assert found
    assert 0 <= found.low <= found.share <= found.high <= 1
    assert found.covered == sum(one.total for one in strata if one.reached) <= found.total
    assert found.effective <= found.reached + 1e-9, "weights never make answers worth more"
    if found.reached == found.covered:
        assert found.low == found.high, "when all have answered there is no error of sampling"


@given(st.integers(1, 500), st.floats(0, 1))
def test_wilson_is_the_houses(number: int, at: float) -> None:
    hits = round(at * number)
    assert wilson(hits / number, number) == pytest.approx(figures.wilson(hits, number))


def test_equal_weights_are_a_plain_share() -> None:
    found = estimate([Answers(10_000, 50, 40), Answers(10_000, 50, 45)])
    assert found
    assert found.share == pytest.approx(0.85)
    assert not found.weighted
    assert (found.low, found.high) == pytest.approx(figures.wilson(85, 100), abs=0.001)


def test_answers_stand_for_their_stratum() -> None:
    """All ten bad ones were called and none is content; of 990 others 10 were called, and all are."""
    found = estimate([Answers(10, 10, 0), Answers(990, 10, 10)])
    assert found
    assert found.share == pytest.approx(0.99), "not the 50 % of those called"
    assert found.weighted
    assert found.low < 0.8, "ten answers for 990 cases say little"


def test_strata_where_nobody_was_reached_are_said_not_guessed() -> None:
    found = estimate([Answers(100, 20, 20), Answers(50, 0, 0)])
    assert found
    assert (found.covered, found.total, found.share) == (100, 150, 1.0)


def test_the_interval_holds_what_it_promises() -> None:
    """1,500 surveys of a county with a known share: the interval contains it at least 94 times in a hundred."""
    dice = random.Random(5)
    truth = [(400, 0.9), (150, 0.6), (50, 0.3)]
    people = [[dice.random() < share for _ in range(total)] for total, share in truth]
    real = sum(map(sum, people)) / 600
    held = 0
    for _ in range(1500):
        samples = [dice.sample(stratum, 20) for stratum in people]
        found = estimate(Answers(len(s), 20, sum(sample)) for s, sample in zip(people, samples, strict=True))
        assert found
        held += found.low <= real <= found.high
    assert held >= 0.94 * 1500
