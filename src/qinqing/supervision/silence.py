"""无动静: since when nothing may have happened for a case to be silent. Pure.

Counted as every limit is (Civil Code 201: the day itself does not count): a case is silent when three working days
have ended since the day of its last act. Reminders by the system are no acts.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from qinqing.lib.labels import Label
from qinqing.lib.workdays import Calendar, in_china

DAYS = 3


def silent_before(now: datetime, calendar: Calendar, days: int = DAYS) -> datetime:
    """Acts before this moment (midnight in China) lie at least `days` ended working days back. Raises ValueError
    outside the calendar."""
    now = in_china(now)
    day, ended = now.date(), 0
    while True:
        if calendar.is_working(day) and calendar.close(day) <= now:
            ended += 1
            if ended == days:
                return now.replace(
                    year=day.year, month=day.month, day=day.day, hour=0, minute=0, second=0, microsecond=0
                )
        day -= timedelta(days=1)


def silent_for(last: datetime, now: datetime, calendar: Calendar) -> Label:
    """How many working days have ended since the day of the last act: 4个工作日无动静."""
    last, now = in_china(last), in_china(now)
    days = calendar.closes_until(now) - calendar.closes_until(calendar.close(last.date()))
    return Label(f"{days}个工作日无动静", f"nothing for {days} working {'day' if days == 1 else 'days'}")
