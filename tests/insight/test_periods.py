"""Periods in addresses; shares against each other."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qinqing.insight import periods
from qinqing.insight.difference import against, difference
from qinqing.insight.measuring import Share
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import CHINA

DAYS = st.dates(date(2010, 1, 1), date(2040, 12, 31))
MOMENTS = st.integers(0, 5_000_000).map(lambda n: datetime(2020, 1, 1, tzinfo=CHINA) + timedelta(minutes=n))


@given(st.sampled_from(sorted(periods.KINDS)), DAYS)
def test_a_code_names_its_period_and_periods_join(kind: str, day: date) -> None:
    period = periods.period_of(kind, day)
    assert period.start.date() <= day <= period.last_day
    assert periods.parse(period.code) == period
    assert period.previous.end == period.start
    assert period.previous.kind == kind


@given(MOMENTS, st.integers(1, 500_000))
def test_a_span_reads_back_as_itself(start: datetime, minutes: int) -> None:
    span = periods.span(start, start + timedelta(minutes=minutes))
    assert periods.parse(span.code) == span


@pytest.mark.parametrize(
    "code",
    ["", "2026-13", "2026-W54", "2026-Q5", "26", "2026-02-30", "2026-09-07..2026-09-01", "0000", "9999-12-31",
     "2026-W00", "x", "2026-09-01T10:00..2026-09-01T10:00"],
)  # fmt: skip
def test_what_is_no_period_is_said_to_be_none(code: str) -> None:
    with pytest.raises(ValueError, match="时段"):
        periods.parse(code)


def test_labels() -> None:
    today = date(2026, 9, 29)
    now = datetime(2026, 9, 29, 10, tzinfo=CHINA)
    month = periods.period_of("month", today)
    assert month.label(today) == Label("9月1日—9月30日", "1 Sep – 30 Sep")
    assert month.so_far(now).label(today).zh == "9月1日—9月29日"
    assert periods.parse("2026-09-28").label(today).zh == "9月28日"
    assert periods.parse("2026-09-28T17:00..2026-09-29T08:00").label(today).zh == "9月28日 17:00—9月29日 08:00"
    assert [week.code for week in periods.weeks_until(now, 3)] == ["2026-W38", "2026-W39", "2026-W40"]


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
