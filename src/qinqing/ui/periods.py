"""时段: the day, week, month, quarter or year that figures speak of, as it stands in addresses. Pure; China's days.

`2026-W39`, `2026-09`, `2026-Q3`, `2026`, one day `2026-09-28`, or a span `A..B` of two days (both inside) or of two
moments `2026-09-28T17:00..2026-09-29T08:00` (the second outside).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from qinqing.lib.labels import Label
from qinqing.lib.wallclock import CHINA
from qinqing.ui import dates

KINDS = {
    "day": Label("今日", "Today"),
    "week": Label("本周", "Week"),
    "month": Label("本月", "Month"),
    "quarter": Label("本季", "Quarter"),
    "year": Label("本年", "Year"),
}
_LAST = {
    "day": Label("前一日", "the day before"),
    "week": Label("上周", "last week"),
    "month": Label("上月", "last month"),
    "quarter": Label("上季", "last quarter"),
    "year": Label("上年", "last year"),
}
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` up to, not including, `end`; `code` stands in addresses; `kind` is empty for a span of its own."""

    code: str
    kind: str
    start: datetime
    end: datetime

    @property
    def previous(self) -> Period:
        """The one before, of the same kind (of the same length for a span)."""
        if self.kind:
            return period_of(self.kind, (self.start - _DAY).date())
        return span(self.start - (self.end - self.start), self.start)

    @property
    def previous_name(self) -> Label:
        return _LAST.get(self.kind, Label("前一时段", "the period before"))

    @property
    def last_day(self) -> date:
        """The last day of which something lies inside."""
        return (self.end - timedelta(microseconds=1)).date()

    def label(self, present: date) -> Label:
        """9月1日—9月30日 / 1 Sep – 30 Sep; one day alone; hours where they are not midnight."""
        if self.start.time() != time() or self.end.time() != time():
            now = datetime.combine(present, time(), CHINA)
            a, b = dates.stamp(self.start, now), dates.stamp(self.end, now)
        else:
            a, b = dates.short_day(self.start.date(), present), dates.short_day(self.last_day, present)
        return a if a == b else Label(f"{a.zh}—{b.zh}", f"{a.en} – {b.en}")

    def present_kind(self, now: datetime) -> str:
        """Its kind, if it is the one that holds `now`; else empty."""
        return self.kind if self.start <= now < self.end else ""

    def so_far(self, now: datetime) -> Period:
        """Up to the end of today, where it is not over yet."""
        tomorrow = _midnight(now.astimezone(CHINA).date() + _DAY)
        return self if self.end <= tomorrow else Period(self.code, self.kind, self.start, tomorrow)


def period_of(kind: str, day: date) -> Period:
    """The day, week (from Monday), month, quarter or year that holds the day. Raises KeyError for another kind."""
    year, week, weekday = day.isocalendar()
    quarter = (day.month - 1) // 3
    first, last, code = {
        "day": (day, day, f"{day:%Y-%m-%d}"),
        "week": (day - timedelta(days=weekday - 1), day + timedelta(days=7 - weekday), f"{year}-W{week:02}"),
        "month": (day.replace(day=1), _month_end(day), f"{day:%Y-%m}"),
        "quarter": (
            date(day.year, 3 * quarter + 1, 1),
            _month_end(date(day.year, 3 * quarter + 3, 1)),
            f"{day.year}-Q{quarter + 1}",
        ),
        "year": (date(day.year, 1, 1), date(day.year, 12, 31), f"{day.year}"),
    }[kind]
    return Period(code, kind, _midnight(first), _midnight(last + _DAY))


def span(start: datetime, end: datetime) -> Period:
    """A period of its own. Its code names days where both ends are midnight, else minutes."""
    start, end = start.astimezone(CHINA), end.astimezone(CHINA)
    if start.time() != time() or end.time() != time():
        code = f"{start:%Y-%m-%dT%H:%M}..{end:%Y-%m-%dT%H:%M}"
    elif end - start == _DAY:
        return period_of("day", start.date())
    else:
        code = f"{start:%Y-%m-%d}..{end - _DAY:%Y-%m-%d}"
    return Period(code, "", start, end)


def parse(code: str) -> Period:
    """The period of a code. Raises ValueError with what is wrong."""
    try:
        found = _parse(code)
    except (ValueError, OverflowError):
        found = None
    if found is None or found.end <= found.start:
        raise ValueError(
            Label(
                f"时段“{code}”不是2026-W39、2026-09、2026-Q3、2026、2026-09-28或起止两日2026-09-01..2026-09-07",
                f"“{code}” is no period: write 2026-W39, 2026-09, 2026-Q3, 2026, 2026-09-28 or 2026-09-01..2026-09-07",
            )
        )
    return found


def asked(code: str | None, kinds: Sequence[str], usual: str, now: datetime) -> Period:
    """What an address asks for: one of these kinds (the present one), a code, or else the present one of `usual`."""
    today = now.astimezone(CHINA).date()
    if code and code not in kinds:
        with suppress(ValueError):
            return parse(code)
    return period_of(code if code and code in kinds else usual, today)


def weeks_until(now: datetime, count: int) -> Iterator[Period]:
    """The last `count` weeks, the present one last."""
    today = now.astimezone(CHINA).date()
    return (period_of("week", today - timedelta(weeks=back)) for back in reversed(range(count)))


# ── private ──


def _parse(code: str) -> Period | None:
    if match := re.fullmatch(r"(\d{4})-W(\d\d)", code):
        return period_of("week", date.fromisocalendar(int(match[1]), int(match[2]), 1))
    if match := re.fullmatch(r"(\d{4})-(\d\d)", code):
        return period_of("month", date(int(match[1]), int(match[2]), 1))
    if match := re.fullmatch(r"(\d{4})-Q([1-4])", code):
        return period_of("quarter", date(int(match[1]), 3 * int(match[2]), 1))
    if re.fullmatch(r"\d{4}", code):
        return period_of("year", date(int(code), 1, 1))
    if re.fullmatch(r"\d{4}-\d\d-\d\d", code):
        return period_of("day", date.fromisoformat(code))
    if match := re.fullmatch(r"(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)", code):
        return span(_midnight(date.fromisoformat(match[1])), _midnight(date.fromisoformat(match[2]) + _DAY))
    if match := re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d)\.\.(\d{4}-\d\d-\d\dT\d\d:\d\d)", code):
        first, last = (datetime.fromisoformat(part).replace(tzinfo=CHINA) for part in match.groups())
        return span(first, last)
    return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), CHINA)


def _month_end(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - _DAY
