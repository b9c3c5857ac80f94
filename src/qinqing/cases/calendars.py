"""工作日历: which revision is in force, and what a new one changes for open cases."""

from __future__ import annotations

from functools import lru_cache

from django.db import connection

from qinqing.cases.models import CalendarRevision
from qinqing.cases.writing import scalar
from qinqing.lib.workdays import Calendar, load_calendar, shipped_calendar


def current() -> Calendar:
    """The calendar in force: the newest one imported, else the one shipped."""
    with connection.cursor() as db:  # inside every act: a fixed statement
        newest = scalar(db, "SELECT MAX(id) FROM cases_calendarrevision", [])
    return shipped_calendar() if newest is None else _loaded(newest)


@lru_cache(maxsize=8)
def _loaded(pk: int) -> Calendar:
    """A revision lies over the ones before it: a file need only hold what is new."""
    row = CalendarRevision.objects.get(pk=pk)
    earlier = CalendarRevision.objects.filter(pk__lt=pk).order_by("-pk").values_list("pk", flat=True).first()
    return load_calendar(row.body, over=shipped_calendar() if earlier is None else _loaded(earlier))
