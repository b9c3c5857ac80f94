"""计量: indicators counted in the database, and the cases behind each figure. Reads only.

A figure and the list behind it are the same query: `cases_behind(indicator, scope, part)` has as many rows as the
figure says. All counting is done by the database; indexes of `CaseFigure` hold what the rates read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, F, Q, QuerySet, Value, Window
from django.db.models.functions import RowNumber
from django.urls import reverse

from qinqing.insight.conditions import query
from qinqing.insight.indicators import Indicator, shelf
from qinqing.insight.models import CaseFigure
from qinqing.insight.periods import Period
from qinqing.lib.wallclock import CHINA

PARTS = ("all", "hits", "missed")


@dataclass(frozen=True, slots=True)
class Scope:
    """Of what a figure speaks: the moment, the period (where the indicator has one), a unit, a channel."""

    now: datetime
    period: Period | None = None
    unit: int | None = None
    channel: str | None = None

    @property
    def moments(self) -> dict[str, datetime]:
        """The named moments of conditions."""
        tomorrow = datetime.combine(self.now.astimezone(CHINA).date() + timedelta(days=1), time(), CHINA)
        bounds = {"start": self.period.start, "end": self.period.end} if self.period else {}
        return {"now": self.now, "tomorrow": tomorrow, **bounds}


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    hits: int = 0
    total: int = 0

    def __add__(self, other: Share) -> Share:
        return Share(self.hits + other.hits, self.total + other.total)


@dataclass(frozen=True, slots=True)
class Shares:
    """A share as a whole, by authority (id, None: none yet) and by channel (code)."""

    whole: Share
    units: dict[int | None, Share]
    channels: dict[str, Share]


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and 90th percentile by nearest rank, in the column's own unit, of `total` cases."""

    total: int
    median: int
    p90: int


def cases_behind(indicator: Indicator, scope: Scope, part: str = "all") -> QuerySet[CaseFigure]:
    """The rows that the figure counts: its population, the hits among them, or those missed."""
    found = CaseFigure.objects.filter(_population(indicator, scope))
    if part == "all" or indicator.hits is None:
        return found
    hits = query(indicator.hits, scope.moments)
    if part == "hits":
        return found.filter(hits)
    # what is not known to be a hit is missed: NOT alone would leave out rows where a column is null
    return found.exclude(pk__in=found.filter(hits).values("pk"))


def count(indicator: Indicator, scope: Scope) -> int:
    """How many cases the population holds."""
    return cases_behind(indicator, scope).count()


def share(indicator: Indicator, scope: Scope) -> Share:
    """Hits and population in one reading."""
    found = CaseFigure.objects.filter(_population(indicator, scope))
    return Share(**found.aggregate(total=Count("*"), hits=_hits(indicator, scope)))


def shares(indicator: Indicator, scope: Scope) -> Shares:
    """The share, by authority and by channel, in one reading."""
    rows = CaseFigure.objects.filter(_population(indicator, scope)).order_by().values("authority_id", "channel")
    whole, units, channels = Share(), dict[int | None, Share](), dict[str, Share]()
    counted = rows.annotate(total=Count("*"), hits=_hits(indicator, scope)).values_list(
        "authority_id", "channel", "hits", "total"
    )
    for unit, channel, hits, total in counted:
        one = Share(hits, total)
        whole += one
        units[unit] = units.get(unit, Share()) + one
        channels[channel] = channels.get(channel, Share()) + one
    return Shares(whole, units, channels)


def counts_by_authority(indicator: Indicator, scope: Scope) -> dict[int | None, int]:
    """Population by authority, the largest first."""
    rows = cases_behind(indicator, scope).order_by().values("authority_id").annotate(n=Count("*"))
    return {row["authority_id"]: row["n"] for row in rows.order_by("-n", "authority_id")}


def counts_over(indicator: Indicator, periods: list[Period], scope: Scope) -> list[int]:
    """The population of each of several periods. Each is a short stretch of an index: together they cost a third of one
    reading with a condition for each period."""
    return [count(indicator, replace(scope, period=period)) for period in periods]


def spreads_by_lead(indicator: Indicator, scope: Scope) -> dict[int, Spread]:
    """Median and p90 of each lead unit, ranked by the database."""
    rows = (
        CaseFigure.objects.filter(_population(indicator, scope), lead__isnull=False)
        .annotate(
            rank=Window(RowNumber(), partition_by=F("lead_id"), order_by=F(indicator.of).asc()),
            total=Window(Count("*"), partition_by=F("lead_id")),
        )
        .filter(Q(rank=(F("total") * 50 + 99) / 100) | Q(rank=(F("total") * 90 + 99) / 100))
        .order_by("lead_id", "rank")
        .values_list("lead_id", "total", indicator.of)
    )
    ranked: dict[int, list[tuple[int, int]]] = {}
    for lead, total, value in rows:
        ranked.setdefault(lead, []).append((total, value))
    return {lead: Spread(found[0][0], found[0][1], found[-1][1]) for lead, found in ranked.items()}


def link(indicator: str, scope: Scope, part: str = "all") -> str:
    """The address of the cases behind a figure."""
    told: dict[str, Any] = {}
    if scope.period and shelf()[indicator].timed:
        told["period"] = scope.period.code
    if scope.unit is not None:
        told["unit"] = scope.unit
    if scope.channel is not None:
        told["channel"] = scope.channel
    if part != "all":
        told["part"] = part
    return reverse("insight:cases", args=[indicator]) + (f"?{urlencode(told)}" if told else "")


# ── private ──


def _population(indicator: Indicator, scope: Scope) -> Q:
    found = query(indicator.population, scope.moments)
    if indicator.period:
        assert scope.period is not None, f"{indicator.id} speaks of a period"
        found &= _inside(indicator, scope.period)
    if scope.unit is not None:
        found &= Q(lead=scope.unit) | Q(authority=scope.unit)
    if scope.channel is not None:
        found &= Q(channel=scope.channel)
    return found


def _inside(indicator: Indicator, period: Period) -> Q:
    return Q(**{f"{indicator.period}__gte": period.start, f"{indicator.period}__lt": period.end})


def _hits(indicator: Indicator, scope: Scope) -> Count:
    assert indicator.hits is not None, f"{indicator.id} is no share"
    return Count(Value(1), filter=query(indicator.hits, scope.moments))
