"""Shares against each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qinqing.insight.difference import against, difference
from qinqing.insight.measuring import Share
from qinqing.lib.labels import Label


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [  # Newcombe 1998, table II, method 10
        (Share(56, 70), Share(48, 80), 0.0524, 0.3339),
        (Share(9, 10), Share(3, 10), 0.1705, 0.8090),
        (Share(6, 7), Share(2, 7), 0.0582, 0.8062),
        (Share(5, 56), Share(0, 29), -0.0381, 0.1926),
        (Share(10, 10), Share(0, 20), 0.6791, 1.0),
    ],
)
def test_the_interval_of_a_difference_is_newcombes(one: Share, other: Share, low: float, high: float) -> None:
    found = difference(one, other)
    assert found == pytest.approx((low, high), abs=5e-5)


MONTH = Label("上月", "last month")


def test_a_difference_within_error_gets_no_arrow() -> None:
    assert against(Share(45, 50), Share(44, 50), MONTH, "up").zh == "上月88.0%，差别在误差以内"
    assert against(Share(95, 100), Share(70, 100), MONTH, "up").zh == "上月70.0%，▲高25.0个百分点，好转"
    assert against(Share(70, 100), Share(95, 100), MONTH, "up").zh == "上月95.0%，▼低25.0个百分点，变差"
    assert against(Share(70, 100), Share(95, 100), MONTH, "down").en.endswith("▼ 25.0 points, better")
    assert against(Share(70, 100), Share(3, 19), MONTH, "up").zh == "上月19件，不足20件不作比较"
    assert against(Share(70, 100), Share(0, 0), MONTH, "up").zh == "上月没有可比的办件"


@given(st.integers(0, 60), st.integers(0, 60), st.integers(1, 60), st.integers(1, 60))
def test_the_interval_holds_the_difference_and_turns_with_it(a: int, b: int, more: int, other: int) -> None:
    one, two = Share(a, a + more), Share(b, b + other)
    low, high = difference(one, two)
    assert low <= one.hits / one.total - two.hits / two.total <= high
    assert difference(two, one) == pytest.approx((-high, -low))
