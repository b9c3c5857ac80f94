"""督办台的筛选: the counts above the supervisor's desk, each a list of cases with its definition (口径).

A wing above adds its own in its `apps.py: ready()`, as evaluation does with the bad ratings:

    from qinqing.supervision import filters
    filters.register("bad_ratings", Label("差评", "Bad ratings"), badly_rated, definition, order=45, marks=rating_marks)

`cases(now)` gives a query of cases (`select_related` is added here); `marks(cases, now)` what the desk says of each
case of a page of them, by case id. Closed cases are shown without a button.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, Max, OuterRef, QuerySet, Subquery

from qinqing.cases.calendars import current
from qinqing.cases.models import Case, Event
from qinqing.cases.permitting import SYSTEM_ACTS
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import CHINA
from qinqing.supervision.papers import matters
from qinqing.supervision.silence import silent_before, silent_for

Cases = Callable[[datetime], QuerySet[Case]]
Marks = Callable[[Sequence[Case], datetime], Mapping[int, Label]]
_NOTHING = Label("", "")
FIRST = F("due_at").asc(nulls_last=True)


@dataclass(frozen=True, slots=True)
class Filter:
    """One count. `tone` red or amber is for time only."""

    name: str
    label: Label
    cases: Cases
    definition: Label
    order: int
    tone: str = ""
    note: Label = _NOTHING
    marks: Marks | None = None


_filters: dict[str, Filter] = {}


def register(
    name: str,
    label: Label,
    cases: Cases,
    definition: Label,
    *,
    order: int,
    tone: str = "",
    note: Label = _NOTHING,
    marks: Marks | None = None,
) -> None:
    """Add a count to the desk. ValueError when the name is taken."""
    if name in _filters:
        raise ValueError(f"there is a filter {name!r} on the supervisor's desk already")
    _filters[name] = Filter(name, label, cases, definition, order, tone, note, marks)


def all_filters() -> list[Filter]:
    """In their order."""
    return sorted(_filters.values(), key=lambda one: one.order)


def cases_of(chosen: Filter, now: datetime, unit: int | None = None) -> QuerySet[Case]:
    """The filter's cases, most urgent first; of one lead unit when `unit` says so."""
    found = chosen.cases(now).select_related("party", "lead", "procedure")
    return (found.filter(lead=unit) if unit else found).order_by(FIRST, "pk")


# -- the desk's own


def overdue(now: datetime) -> QuerySet[Case]:
    return matters().filter(due_at__lt=now, held=False)


def due_today(now: datetime) -> QuerySet[Case]:
    return matters().filter(due_at__gte=now, due_at__lt=tomorrow(now), held=False)


def tomorrow(now: datetime) -> datetime:
    """The end of today in China."""
    return now.astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def returned_twice(now: datetime) -> QuerySet[Case]:
    returns = Event.objects.filter(case=OuterRef("pk"), action="return").values("case").annotate(n=Count("pk"))
    return matters().annotate(returns=Subquery(returns.values("n"))).filter(returns__gte=2)


def silent(now: datetime) -> QuerySet[Case]:
    since = silent_before(now, current())
    lately = Event.objects.filter(case=OuterRef("pk"), occurred_at__gte=since).exclude(action__in=SYSTEM_ACTS)
    return matters().filter(held=False, opened_at__lt=since).exclude(Exists(lately))


def handed_up(now: datetime) -> QuerySet[Case]:
    return matters().filter(level=4)


def _returns(cases: Sequence[Case], now: datetime) -> dict[int, Label]:
    found = Event.objects.filter(action="return", case__in=cases).values("case").annotate(n=Count("pk"))
    return {row["case"]: Label(f"退回{row['n']}次", f"returned {row['n']}×") for row in found}


def _silences(cases: Sequence[Case], now: datetime) -> dict[int, Label]:
    acts = Event.objects.filter(case__in=cases).exclude(action__in=SYSTEM_ACTS)
    calendar = current()
    return {
        row["case"]: silent_for(row["last"], now, calendar)
        for row in acts.values("case").annotate(last=Max("occurred_at"))
    }


def add_own() -> None:
    """Called at start-up."""
    register(
        "overdue", Label("已逾期", "Overdue"), overdue,
        Label("已过应办时间而未办的在办件；暂停计时的不算，督办函和批示件另列",
              "Open matters past their due time; paused ones do not count, letters and instructions are listed apart"),
        order=10, tone="red", note=Label("按逾期长短", "longest first"),
    )  # fmt: skip
    register(
        "today", Label("今天到期", "Due today"), due_today,
        Label("应办时间在今天之内、尚未到时的在办件", "Open matters whose due time is still to come today"),
        order=20, tone="amber", note=Label("按剩余时间", "by time left"),
    )  # fmt: skip
    register(
        "returned", Label("两次退回", "Returned twice"), returned_twice,
        Label("被主办单位退回两次以上、还没有办结的", "Open matters that lead units returned twice or more"),
        order=30, note=Label("须明确牵头单位", "a lead must be settled"), marks=_returns,
    )  # fmt: skip
    register(
        "silent", Label("三日无动静", "Silent for three days"), silent,
        Label("三个工作日内没有任何人办理或补充的在办件，当日不计；系统自动提醒不算动静，暂停计时的不算",
              "Open matters on which nobody acted for three working days, the day itself not counted; reminders by the "
              "system are no acts, paused matters do not count"),
        order=40, note=Label("按工作日，系统提醒不算", "by working days"), marks=_silences,
    )  # fmt: skip
    register(
        "handed_up", Label("已上提", "Handed up"), handed_up,
        Label("已上提县领导、还没有办结的", "Open matters handed up to the county's leader"),
        order=60, note=Label("县领导处", "with the leader"),
    )  # fmt: skip
