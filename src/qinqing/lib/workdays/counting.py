"""When a limit ends. Pure arithmetic on a calendar; no explanation (that is `ruler.py`).

Working days (Civil Code 201, 203; Licensing Act 82): the day of the event does not count; a working day counts when the
clock is running at its close of office; the end is the close of office of the last counted day.
Office hours: minutes of office time from the event; an event outside office hours begins at the next opening.
Elapsed: minutes on the wall clock, through nights and holidays.

A suspension `(from, to)` is open at its beginning and closed at its end: one that begins at close of office leaves that
day counted, one that ends at close of office takes it. So suspensions that touch are the same as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from qinqing.lib.labels import Label
from qinqing.lib.wallclock import CHINA
from qinqing.lib.workdays.budget import OFFICE_HOURS, WORKING_DAYS, Budget
from qinqing.lib.workdays.calendar import Calendar

Suspensions = Sequence[tuple[datetime, datetime | None]]  # (from, to); to None: still running


def due_at(
    start: datetime, budget: Budget, calendar: Calendar, suspensions: Suspensions = ()
) -> tuple[datetime | None, bool]:
    """The end of the limit, and whether it is provisional (a notice still to come may move it).

    None while an open-ended suspension keeps it from ending. Suspensions may overlap and come in any order. Raises
    ValueError for a time without zone, a suspension that ends before it begins, or days outside the calendar."""
    start = in_china(start)
    stops = merged(suspensions) if suspensions else ()
    if budget.kind == WORKING_DAYS:
        end = _working_days(start, budget.amount, calendar, stops)
    elif budget.kind == OFFICE_HOURS:
        end = _office_hours(start, timedelta(minutes=budget.amount), calendar, stops)
    else:
        return _elapsed(start, timedelta(minutes=budget.amount), stops), False
    return end, end is not None and calendar.provisional(end)


def in_china(moment: datetime) -> datetime:
    """The same moment on China's clock. Raises ValueError for a time without zone."""
    if moment.tzinfo is CHINA:
        return moment
    if moment.utcoffset() is None:
        raise ValueError(
            Label(f"时间{moment}没有时区，请写明，如+08:00", f"the time {moment} has no zone; say which, like +08:00")
        )
    return moment.astimezone(CHINA)


def merged(suspensions: Suspensions) -> Suspensions:
    """The same suspended time as periods in order that neither overlap nor touch; empty ones left out."""
    result: list[tuple[datetime, datetime | None]] = []
    for begin, end in sorted(map(_checked, suspensions), key=lambda stop: stop[0]):
        if begin == end:
            continue
        if not result:
            result.append((begin, end))
            continue
        first, last = result[-1]
        if last is None:
            break
        if begin > last:
            result.append((begin, end))
        elif end is None or end > last:
            result[-1] = (first, end)
    return result


def _checked(stop: tuple[datetime, datetime | None]) -> tuple[datetime, datetime | None]:
    begin, end = in_china(stop[0]), stop[1] and in_china(stop[1])
    if end is not None and end < begin:
        raise ValueError(
            Label(f"暂停{begin}至{end}：结束早于开始", f"suspension {begin} to {end}: it ends before it begins")
        )
    return begin, end


def _working_days(start: datetime, days: int, calendar: Calendar, stops: Suspensions) -> datetime | None:
    first_day_is_over = calendar.close(start.date()) if stops else start
    for begin, end in stops:
        # A day counts from its close of office on; those closes that lie in (begin, end] are pushed back.
        due = calendar.nth_close(start, days)
        if due <= begin:
            return due
        if end is None:
            return None
        since = max(begin, first_day_is_over)
        if end > since:
            days += calendar.closes_until(end) - calendar.closes_until(since)
    return calendar.nth_close(start, days)


def _office_hours(start: datetime, minutes: timedelta, calendar: Calendar, stops: Suspensions) -> datetime | None:
    target = calendar.office_time(start) + minutes
    for begin, end in stops:
        due = calendar.moment_at(target)
        if due <= begin:
            return due
        if end is None:
            return None
        if end > start:
            target += calendar.office_time(end) - calendar.office_time(max(begin, start))
    return calendar.moment_at(target)


def _elapsed(start: datetime, minutes: timedelta, stops: Suspensions) -> datetime | None:
    due = start + minutes
    for begin, end in stops:
        if due <= begin:
            return due
        if end is None:
            return None
        if end > start:
            due += end - max(begin, start)
    return due
