"""The working-day calendar (工作日历): which days are worked, office hours, and how far the yearly notice reaches.

Legal basis: 全国年节及纪念日放假办法 (State Council Order 795 of 2024) and each year's 国务院办公厅关于部分节假日安排的
通知. Until the notice for a year is out, its statutory holidays are known and its make-up days (调休上班) are not: such
days are *provisional*. Outside the years it holds, the calendar refuses to guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

from qinqing.lib.labels import Label
from qinqing.lib.wallclock import CHINA

Office = tuple[tuple[time, time], ...]
OFFICE: Office = ((time(8, 30), time(12)), (time(13, 30), time(17)))
SHIPPED = Path(__file__).parent.parent / "calendars" / "cn.csv"
ENGLISH = {
    "元旦": "New Year's Day",
    "春节": "Spring Festival",
    "清明节": "Tomb-Sweeping Day",
    "劳动节": "Labour Day",
    "端午节": "Dragon Boat Festival",
    "中秋节": "Mid-Autumn Festival",
    "国庆节": "National Day",
    "抗战胜利70周年": "70th anniversary of victory",
}


class Special(NamedTuple):
    """A day that differs from its weekday, or has a name."""

    working: bool
    name: str  # the festival; also of the make-up day that pays for it


class Calendar:
    """One revision, immutable. Built by `Calendar.load` or `Calendar.default`.

    `revision` its name; `office` opening and closing times; `published_until` the last year whose notice is in;
    `specials` the days that differ; `first`, `last` the days it can speak about.
    """

    def __init__(
        self, revision: str, specials: Mapping[date, Special], published_until: int, office: Office = OFFICE
    ) -> None:
        self.revision = revision
        self.office = office
        self.published_until = published_until
        self.specials = dict(sorted(specials.items()))
        self.first = date(min(specials).year, 1, 1)
        self.last = date(max(specials).year, 12, 31)
        self._opening, self._closing = office[0][0], office[-1][1]
        self._day_length = sum((_span(begin, end) for begin, end in office), timedelta())
        self._base = self.first.toordinal()
        self._unsettled = _first_unsettled(published_until).toordinal()
        # _before[i]: working days before the i-th day; _closes: every working day's close of office, in order.
        # With these two, counting n working days is one addition, however long the holidays between.
        self._before = [0]
        self._closes: list[datetime] = []
        for ordinal in range(self._base, self.last.toordinal() + 1):
            day = date.fromordinal(ordinal)
            special = self.specials.get(day)
            if special.working if special else day.weekday() < 5:
                self._closes.append(self.close(day))
            self._before.append(len(self._closes))

    @property
    def minutes_per_day(self) -> int:
        """Office minutes of one working day."""
        return self._day_length // timedelta(minutes=1)

    def is_working(self, day: date) -> bool:
        """Is `day` worked, make-up days included? Raises ValueError outside the calendar's years."""
        index = self._index(day)
        return self._before[index + 1] > self._before[index]

    def name(self, day: date) -> Label | None:
        """The festival, or 国庆节调休上班 for a make-up day; None for an ordinary day or weekend."""
        special = self.specials.get(day)
        if not special or not special.name:
            return None
        english = ENGLISH.get(special.name, special.name)
        if special.working:
            return Label(f"{special.name}调休上班", f"make-up day for {english}")
        return Label(special.name, english)

    def provisional(self, day: date) -> bool:
        """May the next notice still change whether `day` is worked?"""
        return day.toordinal() >= self._unsettled

    def close(self, day: date) -> datetime:
        """Close of office on `day`, aware."""
        return datetime.combine(day, self._closing, CHINA)

    def working_days(self, after: date, until: date) -> int:
        """Working days after `after`, up to and including `until`: how long an answer took. Zero when `until` is
        not later. Raises ValueError outside the calendar's years."""
        return max(0, self._before[self._index(until) + 1] - self._before[self._index(after) + 1])

    def nth_close(self, after: date, n: int) -> datetime:
        """Close of office of the n-th working day after `after` (n >= 1). Raises ValueError past the calendar."""
        try:
            return self._closes[self._before[self._index(after) + 1] + n - 1]
        except IndexError:
            raise self._beyond() from None

    def closes_until(self, moment: datetime) -> int:
        """How many of the calendar's closes of office are not later than `moment`: differences count working days."""
        index = self._index(moment)
        worked = self._before[index + 1]
        return worked - (worked > self._before[index] and moment < self.close(moment.date()))

    def office_time(self, moment: datetime) -> timedelta:
        """Office time from the calendar's beginning to `moment`: differences are office time between moments."""
        index = self._index(moment)
        passed = self._day_length * self._before[index]
        if self._before[index + 1] > self._before[index]:
            clock = moment.timetz().replace(tzinfo=None)
            for begin, end in self.office:
                if clock > begin:
                    passed += _span(begin, min(clock, end))
        return passed

    def moment_at(self, office_time: timedelta) -> datetime:
        """The earliest moment whose `office_time` is this: a full day ends at close of office, not at the next
        opening. Raises ValueError outside the calendar."""
        days, rest = divmod(office_time, self._day_length)
        if not rest:
            days, rest = days - 1, self._day_length
        if not 0 <= days < len(self._closes):
            raise self._beyond()
        day = self._closes[days].date()
        for begin, end in self.office:
            if rest <= _span(begin, end):
                return datetime.combine(day, begin, CHINA) + rest
            rest -= _span(begin, end)
        raise AssertionError("rest is at most one day's office time")

    def _index(self, day: date) -> int:
        index = day.toordinal() - self._base
        if not 0 <= index < len(self._before) - 1:
            raise self._beyond()
        return index

    def _beyond(self) -> ValueError:
        years = self.first.year, self.last.year
        return ValueError(
            Label(
                f"工作日历{self.revision}只载{years[0]}年至{years[1]}年；请核对日期，或导入载有该年的日历",
                f"calendar {self.revision} covers {years[0]} to {years[1]}; check the date, or import a calendar "
                "that holds the year",
            )
        )


def _first_unsettled(published_until: int) -> date:
    """The first day that the next notice may change.

    Where New Year falls on a Sunday, Monday or Tuesday, its bridge reaches back into the old December: the notices for
    2006, 2007, 2008, 2012 and 2019 did so, from 29 December at the earliest; no other New Year did."""
    new_year = date(published_until + 1, 1, 1)
    return new_year - timedelta(days=3) if new_year.weekday() in (6, 0, 1) else new_year


def _span(begin: time, end: time) -> timedelta:
    return timedelta(
        hours=end.hour - begin.hour,
        minutes=end.minute - begin.minute,
        seconds=end.second - begin.second,
        microseconds=end.microsecond - begin.microsecond,
    )
