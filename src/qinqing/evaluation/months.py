"""回访月份: a month of follow-up and the month before it, whose closed cases it calls back. Pure; China's time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from qinqing.lib.labels import Label
from qinqing.lib.wallclock import CHINA

Span = tuple[datetime, datetime]  # from (included) to (not included)
_EN = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
       "December")  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """2026-10. Its follow-up concerns the cases closed in `before`."""

    year: int
    number: int

    @classmethod
    def of(cls, moment: datetime) -> Month:
        """The month of a moment, on China's calendar."""
        day = moment.astimezone(CHINA)
        return cls(day.year, day.month)

    @classmethod
    def read(cls, text: str) -> Month | None:
        """`2026-10`; None for what is no month."""
        found = re.fullmatch(r"(20[0-9]{2})-(0[1-9]|1[0-2])", text)
        return cls(int(found[1]), int(found[2])) if found else None

    @property
    def before(self) -> Month:
        return Month(self.year, self.number - 1) if self.number > 1 else Month(self.year - 1, 12)

    @property
    def after(self) -> Month:
        return Month(self.year, self.number + 1) if self.number < 12 else Month(self.year + 1, 1)

    @property
    def first(self) -> date:
        return date(self.year, self.number, 1)

    @property
    def span(self) -> Span:
        """From its first moment to that of the next month, both in China."""
        return self._start, self.after._start

    @property
    def _start(self) -> datetime:
        return datetime(self.year, self.number, 1, tzinfo=CHINA)

    @property
    def label(self) -> Label:
        return Label(f"{self.year}年{self.number}月", f"{_EN[self.number - 1]} {self.year}")

    def __str__(self) -> str:
        return f"{self.year}-{self.number:02}"
