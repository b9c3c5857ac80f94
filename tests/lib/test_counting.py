"""When limits end: the design's examples, the hard days, and properties against a count day by day."""

from __future__ import annotations

import timeit
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from qinqing.lib.wallclock import CHINA
from qinqing.lib.workdays import Budget, Calendar, due_at, left, merged
from tests.lib.moments import CALENDAR, MINUTE, at, budgets, starts, suspensions

DAY = timedelta(days=1)


def ends(start: str, limit: str, *stops: tuple[str, str | None], calendar: Calendar = CALENDAR) -> str:
    pairs = [(at(begin), at(end) if end else None) for begin, end in stops]
    end, provisional = due_at(at(start), Budget.parse(limit), calendar, pairs)
    return (f"{end:%Y-%m-%d %H:%M}" if end else "open") + (" provisional" if provisional else "")


@pytest.mark.parametrize(
    ("start", "limit", "end"),
    [
        ("2026-09-29 10:20", "working_days: 3", "2026-10-09 17:00"),
        ("2026-09-29 10:20", "working_days: 5", "2026-10-12 17:00"),
        ("2026-09-30 10:00", "working_days: 1", "2026-10-08 17:00"),
        ("2026-10-09 16:59", "working_days: 1", "2026-10-10 17:00"),  # a make-up Saturday is worked
        ("2026-10-10 09:00", "working_days: 1", "2026-10-12 17:00"),  # and an event on one does not count that day
        ("2026-10-03 09:00", "working_days: 1", "2026-10-08 17:00"),  # an event on a day off
        ("2026-09-29 17:00", "working_days: 1", "2026-09-30 17:00"),  # at close of office, and after it:
        ("2026-09-29 17:01", "working_days: 1", "2026-09-30 17:00"),  # the day of the event does not count anyway
        ("2026-09-29 23:59", "working_days: 1", "2026-09-30 17:00"),
        ("2026-09-30 00:00", "working_days: 1", "2026-10-08 17:00"),
        ("2025-12-31 15:00", "working_days: 1", "2026-01-04 17:00"),  # a make-up Sunday after New Year
        ("2024-12-31 08:00", "working_days: 2", "2025-01-03 17:00"),
        ("2018-12-28 10:00", "working_days: 1", "2018-12-29 17:00"),  # old December, moved by the new year's notice
        ("2018-12-29 10:00", "working_days: 1", "2019-01-02 17:00"),
        ("2026-12-30 10:00", "working_days: 1", "2026-12-31 17:00"),
        ("2026-12-31 10:00", "working_days: 1", "2027-01-04 17:00 provisional"),
        ("2026-09-29 10:20", "office_hours: 2", "2026-09-29 13:50"),
        ("2026-09-29 16:30", "office_hours: 2", "2026-09-30 10:00"),
        ("2026-09-29 17:00", "office_hours: 0.5", "2026-09-30 09:00"),
        ("2026-09-29 15:00", "office_hours: 2", "2026-09-29 17:00"),  # close of office, not the next opening
        ("2026-09-30 16:00", "office_hours: 2", "2026-10-08 09:30"),
        ("2026-10-04 10:00", "office_hours: 1", "2026-10-08 09:30"),
        ("2026-12-31 16:00", "office_hours: 2", "2027-01-04 09:30 provisional"),
        ("2026-09-30 23:50", "elapsed: 1h30m", "2026-10-01 01:20"),
        ("2026-12-31 23:50", "elapsed: 2d", "2027-01-02 23:50"),
    ],
)
def test_ends(start: str, limit: str, end: str) -> None:
    assert ends(start, limit) == end


@pytest.mark.parametrize(
    ("stop", "end"),
    [
        (("2026-09-23 08:30", "2026-09-24 08:30"), "2026-09-30 17:00"),  # the case page's example
        (("2026-09-23 09:00", "2026-09-23 16:59"), "2026-09-28 17:00"),  # running again at close: the day counts
        (("2026-09-23 09:00", "2026-09-23 17:00"), "2026-09-29 17:00"),  # not running at close
        (("2026-09-23 17:00", "2026-09-24 17:00"), "2026-09-29 17:00"),  # begins when the 23rd is over
        (("2026-09-24 17:01", "2026-09-28 08:00"), "2026-09-28 17:00"),  # only days off
        (("2026-09-20 09:00", "2026-09-21 18:00"), "2026-09-28 17:00"),  # before counting begins
        (("2026-09-28 17:00", "2026-10-20 17:00"), "2026-09-28 17:00"),  # after the end
        (("2026-09-28 16:59", None), "open"),
        (("2026-09-28 17:00", None), "2026-09-28 17:00"),
    ],
)
def test_four_working_days_from_the_21st_suspended(stop: tuple[str, str | None], end: str) -> None:
    days = 5 if end == "2026-09-30 17:00" else 4
    assert ends("2026-09-21 10:15", f"working_days: {days}", stop) == end


def test_suspended_office_hours_and_elapsed_time() -> None:
    lunch = ("2026-09-29 11:00", "2026-09-29 14:30")
    assert ends("2026-09-29 10:00", "office_hours: 2", lunch) == "2026-09-29 15:30"
    assert ends("2026-09-29 10:00", "elapsed: 2h", lunch) == "2026-09-29 15:30"
    assert ends("2026-09-29 10:00", "elapsed: 2h", ("2026-09-29 11:00", None)) == "open"
    assert ends("2026-09-29 10:00", "office_hours: 1", ("2026-09-29 11:00", None)) == "2026-09-29 11:00"


def test_refuses_to_guess() -> None:
    budget = Budget("working_days", 1)
    with pytest.raises(ValueError, match="没有时区"):
        due_at(datetime(2026, 9, 29, 10), budget, CALENDAR)  # noqa: DTZ001
    with pytest.raises(ValueError, match="结束早于开始"):
        due_at(at("2026-09-29 10:00"), budget, CALENDAR, [(at("2026-09-30 10:00"), at("2026-09-30 09:00"))])
    for start, days in (("2003-12-31 10:00", 1), ("2035-12-31 10:00", 1), ("2026-01-01 10:00", 4000)):
        with pytest.raises(ValueError, match="工作日历cn-2026只载"):
            due_at(at(start), Budget("working_days", days), CALENDAR)


def slow_due(start: datetime, days: int, stops: list[tuple[datetime, datetime | None]]) -> datetime | None:
    """The law read aloud, day by day; as unlike the fast arithmetic as can be."""
    day = start.date()
    for _ in range(3000):
        day += DAY
        close = datetime(day.year, day.month, day.day, 17, tzinfo=CHINA)
        running = not any(begin < close and (end is None or close <= end) for begin, end in stops)
        if CALENDAR.is_working(day) and running:
            days -= 1
            if not days:
                return close
        if not running and any(begin < close and end is None for begin, end in stops):
            return None
    raise AssertionError("too long")


@given(st.data(), starts, st.integers(1, 30))
def test_working_days_are_counted_as_the_law_reads(data: st.DataObject, start: datetime, days: int) -> None:
    stops = data.draw(suspensions(start))
    end, provisional = due_at(start, Budget("working_days", days), CALENDAR, stops)
    assert end == slow_due(start, days, stops)
    assert provisional == (end is not None and end.year > 2026)


@given(st.data(), starts, st.integers(1, 900))
def test_minutes_are_counted_one_by_one(data: st.DataObject, start: datetime, minutes: int) -> None:
    start = start.replace(second=0)
    stops = data.draw(suspensions(start, open_ended=False))
    for kind in ("office_hours", "elapsed"):
        end, _ = due_at(start, Budget(kind, minutes), CALENDAR, stops)
        assert end is not None
        moment, counted = start, 0
        while counted < minutes:
            clock = moment.hour * 60 + moment.minute
            open_now = CALENDAR.is_working(moment.date()) and (510 <= clock < 720 or 810 <= clock < 1020)
            stopped = any(begin <= moment < stop for begin, stop in stops if stop)
            counted += (kind == "elapsed" or open_now) and not stopped
            moment += MINUTE
        # `stops` lie on whole minutes of a start on a whole minute, so the count by minutes is exact
        assert moment == end


@given(st.data(), starts, budgets, st.integers(1, 50))
def test_more_time_never_ends_earlier(data: st.DataObject, start: datetime, budget: Budget, more: int) -> None:
    stops = data.draw(suspensions(start))
    end, _ = due_at(start, budget, CALENDAR, stops)
    longer, _ = due_at(start, budget + Budget(budget.kind, more), CALENDAR, stops)
    if end is None:
        assert longer is None
    elif longer is not None:
        assert end < longer


@given(st.data(), starts, budgets)
def test_merging_and_order_of_suspensions_never_matter(data: st.DataObject, start: datetime, budget: Budget) -> None:
    stops = data.draw(suspensions(start))
    expected = due_at(start, budget, CALENDAR, stops)
    periods = merged(stops)
    assert due_at(start, budget, CALENDAR, periods) == expected
    assert all(end is None or begin < end for begin, end in periods)
    assert all(one[1] and one[1] < other[0] for one, other in pairwise(periods))
    assert due_at(start, budget, CALENDAR, sorted(stops * 2, key=lambda stop: stop[0], reverse=True)) == expected
    halves = [part for stop in stops for part in _cut(*stop)]
    assert due_at(start, budget, CALENDAR, halves) == expected


def _cut(begin: datetime, end: datetime | None) -> list[tuple[datetime, datetime | None]]:
    middle = begin + (end - begin) / 2 if end else begin + 100 * MINUTE
    return [(begin, middle), (middle, end)]


@given(starts, st.integers(1, 20), st.integers(0, 15), st.integers(0, 15))
def test_suspending_k_closes_shifts_k_working_days(start: datetime, days: int, skip: int, k: int) -> None:
    assume(skip < days)
    budget = Budget("working_days", days)
    before, _ = due_at(start, budget, CALENDAR)
    assert before is not None
    begin = CALENDAR.nth_close(start, skip) if skip else CALENDAR.close(start.date())
    end = CALENDAR.nth_close(start, skip + k) if skip + k else begin
    after, _ = due_at(start, budget, CALENDAR, [(begin, end)])
    assert after is not None and CALENDAR.working_days(before.date(), after.date()) == k


@given(starts, budgets, st.sampled_from(["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "UTC"]))
def test_zones_and_summer_time_are_irrelevant(start: datetime, budget: Budget, zone: str) -> None:
    stop = (start + 60 * MINUTE, start + 6000 * MINUTE)
    elsewhere = ZoneInfo(zone)
    moved = [(stop[0].astimezone(UTC).astimezone(elsewhere), stop[1].astimezone(UTC))]
    result, _ = due_at(start.astimezone(UTC).astimezone(elsewhere), budget, CALENDAR, moved)
    assert result == due_at(start, budget, CALENDAR, [stop])[0]
    assert result is not None and result.tzinfo is CHINA


@given(starts, st.integers(1, 60))
def test_working_days_end_at_close_of_a_working_day(start: datetime, days: int) -> None:
    end, _ = due_at(start, Budget("working_days", days), CALENDAR)
    assert end is not None and end == CALENDAR.close(end.date()) and CALENDAR.is_working(end.date())


def monday_to_friday(start: date, days: int, without: Calendar | None = None) -> date:
    while days:
        start += DAY
        days -= start.weekday() < 5 and (without is None or without.is_working(start))
    return start


@pytest.mark.parametrize(("days", "wrong", "without_make_up"), [(3, 33, 15), (5, 48, 25)])
def test_why_the_calendar_is_needed(days: int, wrong: int, without_make_up: int) -> None:
    """Of the 248 working days of 2026 as events: how often counting Monday to Friday names another day (13 % and 19 %),
    and how often leaving out the make-up days alone does (6 % and 10 %)."""
    events = [date(2026, 1, 1) + n * DAY for n in range(365)]
    events = [day for day in events if CALENDAR.is_working(day)]
    true = {day: CALENDAR.nth_close(day, days).date() for day in events}
    naive = [abs((true[day] - monday_to_friday(day, days)).days) for day in events]
    assert (len(events), sum(map(bool, naive)), max(naive)) == (248, wrong, 8)
    assert sum(true[day] != monday_to_friday(day, days, CALENDAR) for day in events) == without_make_up


def test_the_hot_path_is_microseconds() -> None:
    """5 us is the promise; ten times that here, so that a busy machine does not fail it."""
    start, budget = at("2026-09-29 10:20"), Budget("working_days", 5)
    best = min(timeit.repeat(lambda: due_at(start, budget, CALENDAR), number=1000, repeat=5))
    assert best / 1000 < 50e-6


class TestLeft:
    NOW = at("2026-09-29 10:20")

    @pytest.mark.parametrize(
        ("due", "zh", "en"),
        [
            ("2026-09-24 17:00", "逾期1.3个工作日", "1.3 working days overdue"),
            ("2026-09-28 17:00", "逾期1小时50分", "1 h 50 min overdue"),
            ("2026-09-29 17:00", "剩5小时10分", "5 h 10 min left"),
            ("2026-09-30 17:00", "剩1.7个工作日", "1.7 working days left"),
            ("2026-10-10 17:00", "剩4.7个工作日", "4.7 working days left"),
            ("2026-09-30 10:20", "剩1个工作日", "1 working day left"),
            ("2026-09-30 10:19", "剩6小时59分", "6 h 59 min left"),
            ("2026-09-29 11:00", "剩40分钟", "40 min left"),
            ("2026-12-31 17:00", "剩63个工作日", "63 working days left"),
            ("2026-09-29 10:20", "即将到期", "due now"),
        ],
    )
    def test_texts_of_the_desk(self, due: str, zh: str, en: str) -> None:
        assert left(self.NOW, at(due), CALENDAR).text == (zh, en)

    def test_overdue_before_the_next_opening(self) -> None:
        result = left(at("2026-09-29 18:00"), at("2026-09-29 17:00"), CALENDAR)
        assert (result.minutes, result.overdue, result.text.zh) == (0, True, "刚刚逾期")

    def test_elapsed_limits_read_on_the_wall_clock(self) -> None:
        assert left(self.NOW, at("2026-10-01 11:25"), CALENDAR, "elapsed").text.zh == "剩2天1小时5分"
        assert left(self.NOW, at("2026-09-28 23:20"), CALENDAR, "elapsed").text.zh == "逾期11小时"

    @given(starts, starts)
    def test_sign_agrees(self, now: datetime, due: datetime) -> None:
        result = left(now, due, CALENDAR)
        assert result.overdue == (now > due)
        assert result.minutes <= 0 if result.overdue else result.minutes >= 0
        assert abs(result.working_days * 420 - result.minutes) < 42 and result.working_days * 420 <= result.minutes
        assert result.text.zh.startswith(("逾期", "刚刚逾期") if result.overdue else ("剩", "即将"))

    @given(starts, st.integers(1, 30))
    def test_all_of_a_limit_is_left_at_close_on_the_day_of_the_event(self, start: datetime, days: int) -> None:
        end, _ = due_at(start, Budget("working_days", days), CALENDAR)
        assert end is not None
        assert left(CALENDAR.close(start.date()), end, CALENDAR).working_days == days
