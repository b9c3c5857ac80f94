"""How times and days are written for people: 9月30日（周三）17:00 / Wed 30 Sep, 17:00. Pure; China's time zone.

The year is added when it is not the reader's present year. A deadline is always a date and an hour, never “soon”.
"""

from __future__ import annotations

from datetime import date, datetime

from qinqing.lib.labels import Label
from qinqing.lib.wallclock import CHINA

_ZH_DAYS = "一二三四五六日"
_EN_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_EN_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def local(moment: datetime) -> datetime:
    """`moment` on China's clock. Raises ValueError for a time without zone: it could be any of 24 hours."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone")
    return moment.astimezone(CHINA)


def short_day(value: date, present: date) -> Label:
    """9月30日 / 30 Sep; with the year when it is not `present`'s."""
    other = value.year != present.year
    zh = f"{value.month}月{value.day}日"
    en = f"{value.day} {_EN_MONTHS[value.month - 1]}"
    return Label(f"{value.year}年{zh}" if other else zh, f"{en} {value.year}" if other else en)


def day(value: date, present: date) -> Label:
    """9月30日（周三） / Wed 30 Sep."""
    text = short_day(value, present)
    return Label(f"{text.zh}（周{_ZH_DAYS[value.weekday()]}）", f"{_EN_DAYS[value.weekday()]} {text.en}")


def clock_time(moment: datetime) -> str:
    """17:00."""
    return f"{local(moment):%H:%M}"


def when(moment: datetime, now: datetime) -> Label:
    """9月30日（周三）17:00 / Wed 30 Sep, 17:00: for deadlines and promises."""
    text = day(local(moment).date(), local(now).date())
    return Label(text.zh + clock_time(moment), f"{text.en}, {clock_time(moment)}")


def stamp(moment: datetime, now: datetime) -> Label:
    """9月28日 15:20 / 28 Sep, 15:20: for what has happened."""
    text = short_day(local(moment).date(), local(now).date())
    return Label(f"{text.zh} {clock_time(moment)}", f"{text.en}, {clock_time(moment)}")
