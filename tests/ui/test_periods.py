"""Periods as they stand in addresses."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qinqing.lib.labels import Label
from qinqing.lib.wallclock import CHINA
from qinqing.ui import periods

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


def test_an_address_asks_for_a_kind_or_names_a_period() -> None:
    now = datetime(2026, 9, 29, 10, tzinfo=CHINA)
    kinds = ("day", "month")
    assert periods.asked("day", kinds, "month", now) == periods.parse("2026-09-29")
    assert periods.asked("2026-08", kinds, "month", now).label(now.date()).zh == "8月1日—8月31日"
    for nothing in (None, "", "week", "x", "2026-13"):
        assert periods.asked(nothing, kinds, "month", now) == periods.parse("2026-09")
    assert periods.parse("2026-09").present_kind(now) == "month" and periods.parse("2026-08").present_kind(now) == ""


def test_labels() -> None:
    today = date(2026, 9, 29)
    now = datetime(2026, 9, 29, 10, tzinfo=CHINA)
    month = periods.period_of("month", today)
    assert month.label(today) == Label("9月1日—9月30日", "1 Sep – 30 Sep")
    assert month.so_far(now).label(today).zh == "9月1日—9月29日"
    assert periods.parse("2026-09-28").label(today).zh == "9月28日"
    assert periods.parse("2026-09-28T17:00..2026-09-29T08:00").label(today).zh == "9月28日 17:00—9月29日 08:00"
    assert [week.code for week in periods.weeks_until(now, 3)] == ["2026-W38", "2026-W39", "2026-W40"]
