"""时段: today, this week, month or year so far, and the one before, for the figures of releases. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from qinqing.lib.labels import Label
from qinqing.lib.wallclock import CHINA

KINDS = {
    "day": Label("今日", "Today"),
    "week": Label("本周", "This week"),
    "month": Label("本月", "This month"),
    "year": Label("今年", "This year"),
}


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` up to, not including, `end`."""

    kind: str
    start: datetime
    end: datetime

    @property
    def label(self) -> Label:
        return KINDS[self.kind]

    @property
    def before(self) -> Period:
        """The whole period before."""
        return Period(self.kind, _first(self.kind, self.start - timedelta(microseconds=1)), self.start)


def period(kind: str | None, now: datetime) -> Period:
    """So far; an unknown kind is this month."""
    name = kind if kind in KINDS else "month"
    return Period(name, _first(name, now), now + timedelta(microseconds=1))


def _first(kind: str, moment: datetime) -> datetime:
    day = moment.astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
    if kind == "week":
        return day - timedelta(days=day.weekday())
    if kind == "month":
        return day.replace(day=1)
    if kind == "year":
        return day.replace(month=1, day=1)
    return day
