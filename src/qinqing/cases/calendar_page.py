"""工作日历页: months of days for the page. Pure."""

from __future__ import annotations

import calendar as weeks
from dataclasses import dataclass
from datetime import date, datetime

from qinqing.lib.labels import Label
from qinqing.lib.wallclock import CHINA
from qinqing.lib.workdays import Calendar


@dataclass(frozen=True, slots=True)
class Day:
    """`kind`: work, off, extra (a worked Saturday or Sunday), outside (of the month)."""

    day: date
    kind: str
    name: Label | None
    today: bool


@dataclass(frozen=True, slots=True)
class Month:
    label: Label
    weeks: list[list[Day]]


def months(calendar: Calendar, now: datetime) -> list[tuple[int, bool, list[Month]]]:
    """(year, whether its make-up days are published, its months) for this year and the next."""
    today = now.astimezone(CHINA).date()
    return [(year, year <= calendar.published_until, [_month(calendar, year, n, today) for n in range(1, 13)])
            for year in (today.year, today.year + 1)]  # fmt: skip


def _month(calendar: Calendar, year: int, number: int, today: date) -> Month:
    label = Label(f"{number}月", weeks.month_name[number])
    return Month(label, [[_day(calendar, day, number, today) for day in week] for week in
                         weeks.Calendar().monthdatescalendar(year, number)])  # fmt: skip


def _day(calendar: Calendar, day: date, month: int, today: date) -> Day:
    working = calendar.is_working(day)
    kind = (
        "outside" if day.month != month else "extra" if working and day.weekday() > 4 else "work" if working else "off"
    )
    return Day(day, kind, calendar.name(day), day == today)
