"""诉求分析: figures of answered messages. Pure: times in, figures out; each with its definition.

Working days are the law's (lib.workdays): the day of the message does not count, make-up days do. Quantiles are by
nearest rank, so a p90 is the time of a real message.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import TypeVar

from qinqing.lib.labels import Label
from qinqing.lib.workdays import Budget, Calendar, due_at, in_china

LIMITS = (3, 5)  # working days: what the county promises for general and complex matters (Y2)
T = TypeVar("T", int, float)
SPANS: tuple[tuple[int, int | None], ...] = ((0, 3), (4, 5), (6, 10), (11, 20), (21, 40), (41, None))


def met_definition(limit: Label) -> Label:
    """What “would have met” means, for a limit of so many working days."""
    text = Label(
        "分母：全部已答复留言。分子：若自留言时起按{n}个工作日计时（到期为第{n}个工作日办公结束时），答复时间不晚于到期时间的留言。"
        "只有日期的答复按当日终了计。",
        "Of all messages with a reply: those whose reply came no later than the due time, had {n} working days run from"
        " the message (due at close of office of working day {n}). A reply known to the day counts at the day’s end.",
    )
    return Label(text.zh.format(n=limit.zh), text.en.format(n=limit.en))


DEFINITIONS = {
    "volume": Label(
        "按留言时间（北京时间）所在月份计数；只含已导入且已有答复的历史留言。",
        "Counted by the month of the message (Beijing time); imported messages with a reply only.",
    ),
    "working_days": Label(
        "留言次日起至答复当日止的工作日数（《民法典》第201条，开始的当日不计入；含调休上班日，不含法定节假日）。"
        "中位数和第90百分位按最近秩取值，即确有其件。",
        "Working days from the day after the message up to the day of the reply (Civil Code art. 201: the first day"
        " does not count; make-up days count, statutory holidays do not). Median and 90th percentile by nearest rank:"
        " each is the time of a real message.",
    ),
    "calendar_days": Label(
        "答复时间减留言时间，按24小时为一日，不扣除节假日。",
        "Time of the reply minus time of the message, in days of 24 hours, holidays included.",
    ),
    "met": met_definition(Label("3或5", "3 or 5")),
    "alike": Label(
        "留言内容中连续三字的重合度（Jaccard）不低于60%的为近似，彼此近似的并为一组；只作提示，是否重复由人判断。",
        "Two messages are alike when they share at least 60% of their three-character sequences (Jaccard); those that"
        " hang together form a group. A hint only: a person decides.",
    ),
}


@dataclass(frozen=True, slots=True)
class Timed:
    """One answered message: `month` 2019-04, `working_days` it took, and which of LIMITS it would have met."""

    case_id: int
    month: str
    working_days: int
    took: timedelta
    met: frozenset[int]


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of some messages; quantiles are None where there are none."""

    messages: int
    working_days_median: int | None
    working_days_p90: int | None
    calendar_days_median: float | None
    calendar_days_p90: float | None
    met: dict[int, int]  # limit -> messages


def timed(case_id: int, sent_at: datetime, replied_at: datetime, calendar: Calendar) -> Timed:
    """Measure one message. Raises ValueError outside the calendar's years."""
    sent_at, replied_at = in_china(sent_at), in_china(replied_at)
    met = [limit for limit in LIMITS if _in_time(sent_at, replied_at, limit, calendar)]
    days = calendar.working_days(sent_at.date(), replied_at.date())
    return Timed(case_id, f"{sent_at:%Y-%m}", days, replied_at - sent_at, frozenset(met))


def figures(messages: Sequence[Timed]) -> Figures:
    """Count and measure."""
    days = sorted(message.working_days for message in messages)
    took = sorted(message.took / timedelta(days=1) for message in messages)
    return Figures(
        len(messages),
        nearest_rank(days, 50),
        nearest_rank(days, 90),
        nearest_rank(took, 50),
        nearest_rank(took, 90),
        {limit: sum(limit in message.met for message in messages) for limit in LIMITS},
    )


def by_month(messages: Iterable[Timed]) -> list[tuple[str, int]]:
    """(month, messages) from the first month to the last, months without any included."""
    counts = Counter(message.month for message in messages)
    return [(month, counts[month]) for month in _months(min(counts), max(counts))] if counts else []


def by_year(messages: Iterable[Timed]) -> list[tuple[str, Figures]]:
    """(year, figures) of each year with messages, in order."""
    years: dict[str, list[Timed]] = {}
    for message in messages:
        years.setdefault(message.month[:4], []).append(message)
    return [(year, figures(years[year])) for year in sorted(years)]


def by_span(messages: Iterable[Timed]) -> list[tuple[int, int | None, int]]:
    """(from, to, messages) of each span of working days; to None: and more."""
    counts = Counter(message.working_days for message in messages)
    return [
        (low, high, sum(n for days, n in counts.items() if low <= days and (high is None or days <= high)))
        for low, high in SPANS
    ]


def nearest_rank(ordered: Sequence[T], percent: int) -> T | None:
    """The value of which at least `percent` of all are no larger; None of none."""
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)] if ordered else None


def _in_time(sent_at: datetime, replied_at: datetime, limit: int, calendar: Calendar) -> bool:
    due, _ = due_at(sent_at, Budget("working_days", limit), calendar)
    return due is not None and replied_at <= due


def _months(first: str, last: str) -> Iterator[str]:
    year, month = int(first[:4]), int(first[5:])
    while f"{year}-{month:02}" <= last:
        yield f"{year}-{month:02}"
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
