"""计量: indicators counted in the database, and the cases behind each figure. Reads only.

`count`, `share`, `shares`, `spreads` each read one indicator; `together` reads several of one period at once.

A figure and the list behind it are the same query: `cases_behind(indicator, scope, part)` has as many rows as the
figure says. All counting is done by the database; indexes of `CaseFigure` hold what the rates read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Aggregate, Count, Q, QuerySet, Sum, Value
from django.urls import reverse

from qinqing.insight.conditions import query
from qinqing.insight.indicators import Indicator, shelf
from qinqing.insight.models import CaseFigure
from qinqing.lib.wallclock import CHINA
from qinqing.ui.periods import Period

PARTS = ("all", "hits", "missed")


@dataclass(frozen=True, slots=True)
class Scope:
    """Of what a figure speaks: the moment, the period (where the indicator has one), a unit, a channel, a policy."""

    now: datetime
    period: Period | None = None
    unit: int | None = None
    channel: str | None = None
    policy: str | None = None  # its code

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


class Numbers(dict[str, Any]):
    """What several indicators say of the same cases, by their ids."""

    def share(self, name: str) -> Share:
        return Share(self[f"{name}.hits"], self[name])


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


def spreads(indicator: Indicator, scope: Scope, by: str | None = None) -> dict[Any, Spread]:
    """Median and p90 by the value of a column (rows without one left out), or of all under None. The database counts
    how often each value occurs: few rows, and no sorting of all of them."""
    columns = [by, indicator.of] if by else [indicator.of]
    rows = CaseFigure.objects.filter(_population(indicator, scope)).order_by().values(*columns)
    counts: dict[Any, dict[int, int]] = {}
    for *key, value, number in rows.annotate(n=Count(Value(1))).values_list(*columns, "n"):
        if value is not None and key != [None]:
            counts.setdefault(key[0] if key else None, {})[value] = number
    return {key: _spread(found) for key, found in counts.items()}


def together(indicators: Sequence[Indicator], scope: Scope, by: str | None = None) -> dict[Any, Numbers]:
    """Several indicators of one period column in one reading: by the value of a column, or of all under None. Spreads
    are read by `spreads`."""
    column = indicators[0].period
    assert column and all(one.period == column for one in indicators), "they speak of one period"
    asked: dict[str, Aggregate] = {}
    for one in indicators:
        population = query(one.population, scope.moments)
        asked[one.id] = _aggregate(one, population)
        if one.measure in {"sum", "distinct"}:
            asked[f"{one.id}.cases"] = Count(Value(1), filter=population)
        if one.hits is not None:
            asked[f"{one.id}.hits"] = Count(Value(1), filter=population & query(one.hits, scope.moments))
    found = CaseFigure.objects.filter(_place(indicators[0], scope)).order_by()
    if by is None:
        return {None: Numbers(found.aggregate(**asked))}
    return {row.pop(by): Numbers(row) for row in found.values(by).annotate(**asked)}


def value(indicator: Indicator, scope: Scope, part: str = "all") -> int:
    """What a figure says: cases, or fen (sum), or companies (distinct)."""
    asked = {"n": _aggregate(indicator, None)}
    return int(cases_behind(indicator, scope, part).aggregate(**asked)["n"])


def link(indicator: str, scope: Scope, part: str = "all") -> str:
    """The address of the cases behind a figure."""
    told: dict[str, Any] = {}
    if scope.period and shelf()[indicator].timed:
        told["period"] = scope.period.code
    if scope.unit is not None:
        told["unit"] = scope.unit
    if scope.channel is not None:
        told["channel"] = scope.channel
    if scope.policy is not None:
        told["policy"] = scope.policy
    if part != "all":
        told["part"] = part
    return reverse("insight:cases", args=[indicator]) + (f"?{urlencode(told)}" if told else "")


# ── private ──


def _population(indicator: Indicator, scope: Scope) -> Q:
    return query(indicator.population, scope.moments) & _place(indicator, scope)


def _place(indicator: Indicator, scope: Scope) -> Q:
    """Where and when: all but what the population asks."""
    found = Q()
    if indicator.period:
        assert scope.period is not None, f"{indicator.id} speaks of a period"
        found &= _inside(indicator, scope.period)
    if scope.unit is not None:
        found &= Q(lead=scope.unit) | Q(authority=scope.unit)
    if scope.channel is not None:
        found &= Q(channel=scope.channel)
    if scope.policy is not None:
        found &= Q(policy=scope.policy)
    return found


def _spread(counts: Mapping[int, int]) -> Spread:
    """Nearest rank: the value of the ceil(share x total)-th of all, in order."""
    total = sum(counts.values())
    ranks, reached, found = [-(-total * 50 // 100), -(-total * 90 // 100)], 0, list[int]()
    for value in sorted(counts):
        reached += counts[value]
        while ranks and ranks[0] <= reached:
            ranks.pop(0)
            found.append(value)
    return Spread(total, *found)


def _aggregate(indicator: Indicator, which: Q | None) -> Aggregate:
    if indicator.measure == "sum":
        return Sum(indicator.of, filter=which, default=0)
    if indicator.measure == "distinct":
        return Count(indicator.of, filter=which, distinct=True)
    return Count(Value(1), filter=which)


def _inside(indicator: Indicator, period: Period) -> Q:
    return Q(**{f"{indicator.period}__gte": period.start, f"{indicator.period}__lt": period.end})


def _hits(indicator: Indicator, scope: Scope) -> Count:
    assert indicator.hits is not None, f"{indicator.id} is no share"
    return Count(Value(1), filter=query(indicator.hits, scope.moments))
