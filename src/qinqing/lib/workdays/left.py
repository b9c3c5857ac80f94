"""What is left of a limit, in office time: what a desk sorts by and a clock shows (剩1.7个工作日)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from qinqing.lib.labels import Label
from qinqing.lib.workdays.budget import ELAPSED, WORKING_DAYS, span_text
from qinqing.lib.workdays.calendar import Calendar
from qinqing.lib.workdays.counting import in_china

_MINUTE = timedelta(minutes=1)
_TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Left:
    """`minutes` of office time (for an elapsed limit: on the wall clock), `working_days` the same with one decimal;
    both negative when overdue, both rounded towards the worse, so that a clock never promises more than there is.
    Overdue but before the next opening is 0 minutes: `overdue` decides, not the sign."""

    minutes: int
    working_days: Decimal
    overdue: bool
    text: Label


def left(now: datetime, due_at: datetime, calendar: Calendar, kind: str = WORKING_DAYS) -> Left:
    """What is left at `now` of a limit that ends at `due_at`; `kind` is the budget's. Raises ValueError for a time
    without zone or outside the calendar."""
    now, due_at = in_china(now), in_china(due_at)
    if kind == ELAPSED:
        rest, day = due_at - now, 1440
    else:
        rest, day = calendar.office_time(due_at) - calendar.office_time(now), calendar.minutes_per_day
    minutes, overdue = rest // _MINUTE, now > due_at
    working_days = (Decimal(minutes) / day).quantize(_TENTH, ROUND_FLOOR)
    if kind != ELAPSED and abs(minutes) >= day:
        text = _in_days(abs(working_days), overdue)
    else:
        text = _in_time(span_text(abs(minutes), days=kind == ELAPSED), minutes, overdue)
    return Left(minutes, working_days, overdue, text)


def _in_days(days: Decimal, overdue: bool) -> Label:
    """Tenths matter near the end only: from ten days up whole days are shown (fewer when left, more when overdue)."""
    if days >= 10:
        days = days.quantize(Decimal(1), ROUND_CEILING if overdue else ROUND_FLOOR)
    amount = f"{days:f}".removesuffix(".0")
    unit = "working day" if amount == "1" else "working days"
    if overdue:
        return Label(f"逾期{amount}个工作日", f"{amount} {unit} overdue")
    return Label(f"剩{amount}个工作日", f"{amount} {unit} left")


def _in_time(span: Label, minutes: int, overdue: bool) -> Label:
    if not minutes:
        return Label("刚刚逾期", "just overdue") if overdue else Label("即将到期", "due now")
    return Label(f"逾期{span.zh}", f"{span.en} overdue") if overdue else Label(f"剩{span.zh}", f"{span.en} left")
