"""Moments named by their distance from the end of a limit: where reminders, urging and handing up are hung (督办级次).

`half`; `due`; `<n>_working_day(s)_left`, `<n>_working_day(s)_late`, `<n>_hour(s)_left`, `<n>_hour(s)_late`, with n from
one to five. An hour is an hour of office time, or of the wall clock when the limit is elapsed time.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from qinqing.lib.labels import Label
from qinqing.lib.workdays.budget import ELAPSED, OFFICE_HOURS, WORKING_DAYS, Budget
from qinqing.lib.workdays.calendar import Calendar
from qinqing.lib.workdays.counting import Suspensions, due_at, in_china

_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_NAME = re.compile(r"(one|two|three|four|five)_(working_day|hour)s?_(left|late)")


def is_rung(name: str) -> bool:
    """Is this a name that `rung_at` knows?"""
    return name in ("half", "due") or bool(_NAME.fullmatch(name))


def rung_at(
    name: str, start: datetime, budget: Budget, calendar: Calendar, suspensions: Suspensions = ()
) -> datetime | None:
    """When the rung falls. The clock must be *running* for a rung to come nearer, before and after the end.

    None where an open-ended suspension keeps it from coming. `..._left` of more than the whole limit is the start:
    that little is left from the beginning. Raises ValueError for an unknown name, and as `due_at` does."""
    if not is_rung(name):
        raise ValueError(
            Label(
                f"没有“{name}”这一级次；可写half、due、one_working_day_left、two_hours_late等（one至five）",
                f"there is no rung {name!r}; write half, due, one_working_day_left, two_hours_late (one to five)",
            )
        )
    start = in_china(start)
    if name == "half":
        return _half(start, budget, calendar, suspensions)
    end, _ = due_at(start, budget, calendar, suspensions)
    match = _NAME.fullmatch(name)
    if match is None or (end is None and match[3] == "late"):
        return end
    number, days = _NUMBERS[match[1]], match[2] == "working_day"
    if match[3] == "late":
        assert end is not None
        kind = WORKING_DAYS if days else ELAPSED if budget.kind == ELAPSED else OFFICE_HOURS
        amount = number if days else number * 60
        return due_at(end, Budget(kind, amount), calendar, suspensions)[0]
    return _left(start, end, budget, calendar, suspensions, number, days)


def _left(
    start: datetime,
    end: datetime | None,
    budget: Budget,
    calendar: Calendar,
    suspensions: Suspensions,
    number: int,
    days: bool,
) -> datetime | None:
    minutes = number * (calendar.minutes_per_day if days else 60)
    same_unit = (budget.kind == WORKING_DAYS) == days if budget.kind != ELAPSED else not days
    if same_unit or budget.kind == OFFICE_HOURS:
        rest = budget.amount - (number if budget.kind == WORKING_DAYS else minutes)
        return due_at(start, Budget(budget.kind, rest), calendar, suspensions)[0] if rest > 0 else start
    if end is None:
        return None
    return max(start, calendar.moment_at(calendar.office_time(end) - timedelta(minutes=minutes)))


def _half(start: datetime, budget: Budget, calendar: Calendar, suspensions: Suspensions) -> datetime | None:
    """Half of the counted time, minutes rounded up. An odd number of working days is half at the middle of the middle
    day's office time."""
    half = due_at(start, Budget(budget.kind, (budget.amount + 1) // 2), calendar, suspensions)[0]
    if half is None or budget.kind != WORKING_DAYS or budget.amount % 2 == 0:
        return half
    return calendar.moment_at(calendar.office_time(half) - timedelta(minutes=calendar.minutes_per_day) / 2)
