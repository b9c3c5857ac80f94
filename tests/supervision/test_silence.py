"""无动静: three working days by the calendar, the day itself not counted: the same as a limit of three working days."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qinqing.lib.wallclock import CHINA
from qinqing.lib.workdays import Budget, due_at, shipped_calendar
from qinqing.supervision.silence import silent_before, silent_for

CALENDAR = shipped_calendar()
MOMENTS = st.integers(0, 350 * 1440).map(lambda m: datetime(2026, 1, 5, tzinfo=CHINA) + timedelta(minutes=m))


@given(MOMENTS, st.integers(0, 20 * 24 * 60), st.integers(1, 6))
def test_silent_is_when_a_limit_of_so_many_working_days_has_ended(now: datetime, ago: int, days: int) -> None:
    last = now - timedelta(minutes=ago)
    due, _ = due_at(last, Budget.parse({"working_days": days}), CALENDAR)
    assert due is not None
    assert (last < silent_before(now, CALENDAR, days)) is (due <= now)


@given(MOMENTS, st.integers(0, 20 * 24 * 60))
def test_what_the_row_says_fits_the_filter(now: datetime, ago: int) -> None:
    last = now - timedelta(minutes=ago)
    said = int(silent_for(last, now, CALENDAR).zh.split("个")[0])
    assert (said >= 3) is (last < silent_before(now, CALENDAR))


def test_national_day_and_the_make_up_saturday() -> None:
    """From 29 September: 30 September, 8 and 9 October; the seven days off are no silence."""
    acted = datetime(2026, 9, 29, 10, 20, tzinfo=CHINA)
    assert acted >= silent_before(datetime(2026, 10, 9, 16, 59, tzinfo=CHINA), CALENDAR)
    assert acted < silent_before(datetime(2026, 10, 9, 17, 0, tzinfo=CHINA), CALENDAR)
    assert silent_for(acted, datetime(2026, 10, 10, 17, 0, tzinfo=CHINA), CALENDAR).zh == "4个工作日无动静"


def test_outside_the_calendar_it_refuses_to_guess() -> None:
    with pytest.raises(ValueError, match=r"calendar|日历"):
        silent_before(datetime(1980, 1, 1, tzinfo=CHINA), CALENDAR)
