"""县域一览: what the leader's page says at one moment about one period. Reads only.

Everything is counted by indicators, so each number here has its definition and its list of cases.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from qinqing.cases import calendars, shelf
from qinqing.cases.models import Case
from qinqing.cases.rows import LEVELS, Row, rows_of
from qinqing.cases.sheets import CHANNELS
from qinqing.cases.state import split
from qinqing.cases.story import STANDARD_LABELS
from qinqing.directory.models import Unit
from qinqing.evaluation.selectors import unresolved
from qinqing.insight import drawings, measuring
from qinqing.insight.difference import against
from qinqing.insight.drawings import Pace, Week
from qinqing.insight.indicators import Indicator
from qinqing.insight.indicators import shelf as indicators
from qinqing.insight.measuring import Scope, Share, Shares
from qinqing.insight.models import CaseFigure
from qinqing.lib.labels import Label
from qinqing.ui.charts import rate_gauge
from qinqing.ui.dates import local, short_day
from qinqing.ui.figures import FEWEST, Rate
from qinqing.ui.periods import Period, weeks_until

RATES = ("on_time_feedback", "solved", "satisfied")  # 三率
BY_UNIT = (*RATES, "on_time_signing")
OTHERS = ("due_today", "returned_twice", "bad_ratings", "handed_up", "rectifications_open", "rectifications_late")
REDS, OLDEST, SLOWEST = 8, 10, 6
ENOUGH = 10  # answered cases of a section from which a 90th percentile is more than its worst case
WEEKS = 12
NOBODY = Label("尚未交办", "not dispatched yet")
PROMISED = "hard_case"  # whose promise the dashed line is


@dataclass(frozen=True, slots=True)
class Red:
    """One case with who holds it now and what has been done."""

    row: Row
    holder: Label
    done: Label


@dataclass(frozen=True, slots=True)
class RateShown:
    """A rate with its comparison in words. `rate.previous` draws the upright line."""

    rate: Rate
    against: Label
    also: Label

    @property
    def gauge(self) -> str:
        return rate_gauge(self.rate)


@dataclass(frozen=True, slots=True)
class Then:
    """The stock four weeks ago and how much more there is now (`less`: the same, turned)."""

    value: int
    more: int
    href: str

    @property
    def less(self) -> int:
        return -self.more


@dataclass(frozen=True, slots=True)
class Cell:
    """One rate of one unit or channel. Fewer than 20 are counts only."""

    label: Label
    share: Share
    hits_href: str
    total_href: str

    @property
    def rate(self) -> Rate | None:
        return Rate(self.label, self.share.hits, self.share.total, self.label) if self.share.total >= FEWEST else None


@dataclass(frozen=True, slots=True)
class Line:
    """One unit's or channel's row of rates."""

    label: Label
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """A figure of this moment or period with the door to its cases."""

    indicator: Indicator
    value: int
    href: str


class Overview:
    """The leader's page; parts are read when the template asks for them."""

    def __init__(self, now: datetime, period: Period) -> None:
        self.now, self.period = now, period
        self.scope = Scope(now, period)
        self.before = Scope(now, period.previous)

    # -- the sentence

    def counted(self, name: str, scope: Scope | None = None) -> Counted:
        indicator, scope = indicators()[name], scope or self.scope
        return Counted(indicator, measuring.count(indicator, scope), measuring.link(name, scope))

    @cached_property
    def reds(self) -> Counted:
        return self.counted("reds_now")

    @cached_property
    def open(self) -> Counted:
        return self.counted("open_now")

    @cached_property
    def most_reds(self) -> tuple[Label, int, str] | None:
        """(authority, its reds, link) where one has more than one and not all are nobody's yet."""
        by_unit = measuring.counts_by_authority(indicators()["reds_now"], self.scope)
        unit, number = next(((pk, n) for pk, n in by_unit.items() if pk is not None), (None, 0))
        if unit is None or number < 2:
            return None
        return self._unit(unit), number, measuring.link("reds_now", replace(self.scope, unit=unit))

    @cached_property
    def stock_then(self) -> Then:
        """Compared with four weeks ago."""
        week = self.weeks[-5]
        return Then(week.stock, self.open.value - week.stock, week.stock_href)

    # -- the reds, the oldest

    @cached_property
    def red_rows(self) -> list[Red]:
        return self._named(measuring.cases_behind(indicators()["reds_now"], self.scope).order_by("due_at", "pk")[:REDS])

    @property
    def reds_more(self) -> int:
        return self.reds.value - len(self.red_rows)

    @cached_property
    def oldest(self) -> list[Red]:
        found = measuring.cases_behind(indicators()["open_now"], self.scope)
        return self._named(found.order_by("opened_at", "pk")[:OLDEST])

    def _named(self, found: Iterable[CaseFigure | Case]) -> list[Red]:
        ids = [one.pk for one in found]
        cases = Case.objects.filter(pk__in=ids).select_related("party", "lead", "procedure").in_bulk()
        return [Red(row, self._holder(row.case), _done(row)) for row in rows_of([cases[pk] for pk in ids], self.now)]

    def _holder(self, case: Case) -> Label:
        """The units with a task of the stage."""
        units = dict.fromkeys(split(tok)[1] for tok in case.marking.split() if tok[0] not in "?!")
        names = [self._unit(pk) for pk in units]
        return Label("、".join(name.zh for name in names), ", ".join(name.en for name in names))

    # -- the three rates

    @cached_property
    def shares(self) -> dict[str, Shares]:
        return {name: measuring.shares(indicators()[name], self.scope) for name in BY_UNIT}

    @cached_property
    def rates(self) -> list[RateShown]:
        return [self.rate(name) for name in RATES]

    def rate(self, name: str) -> RateShown:
        indicator = indicators()[name]
        before = measuring.share(indicator, self.before)
        return rate_shown(indicator, self.shares[name].whole, before, self.scope, self._also(name))

    def _also(self, name: str) -> Label:
        """Satisfaction says how many answered at all."""
        if name != "satisfied":
            return Label("", "")
        share = measuring.share(indicators()["responded"], self.scope)
        if not share.total:
            return Label("", "")
        said = f"{share.hits:,}／{share.total:,}"
        if share.total < FEWEST:
            return Label(f"回收{said}件", f"rated {said}")
        return Label(
            f"回收率{100 * share.hits / share.total:.1f}%（{said}件）",
            f"rated {100 * share.hits / share.total:.1f}% ({said})",
        )

    @cached_property
    def responded_href(self) -> str:
        return measuring.link("responded", self.scope)

    @property
    def columns(self) -> list[Label]:
        return [indicators()[name].label for name in BY_UNIT]

    @cached_property
    def by_unit(self) -> list[Line]:
        """Authorities, those with most matters first."""
        totals: dict[int | None, int] = {}
        for shares in self.shares.values():
            for unit, share in shares.units.items():
                totals[unit] = totals.get(unit, 0) + share.total
        ordered = sorted((pk for pk in totals if pk is not None), key=lambda pk: (-totals[pk], pk))
        return [self._line(self._unit(pk), replace(self.scope, unit=pk)) for pk in ordered]

    @cached_property
    def by_channel(self) -> list[Line]:
        codes = sorted({code for shares in self.shares.values() for code in shares.channels})
        return [self._line(CHANNELS.get(code, Label(code, code)), replace(self.scope, channel=code)) for code in codes]

    def _line(self, label: Label, scope: Scope) -> Line:
        """The rates of the scope's unit or channel."""
        cells = []
        for name, shares in self.shares.items():
            found = shares.channels.get(scope.channel) if scope.channel is not None else shares.units.get(scope.unit)
            hits, total = measuring.link(name, scope, "hits"), measuring.link(name, scope)
            cells.append(Cell(indicators()[name].label, found or Share(), hits, total))
        return Line(label, tuple(cells))

    # -- flow and pace

    @cached_property
    def weeks(self) -> list[Week]:
        """In, out and stock. The stock is walked back from what is open now: taken in less closed is its change, by
        definition (`indicators.FIXED`)."""
        periods = list(weeks_until(self.now, WEEKS))
        taken = measuring.counts_over(indicators()["opened"], periods, self.scope)
        closed = measuring.counts_over(indicators()["closed"], periods, self.scope)
        stock, found = self.open.value, list[Week]()
        for period, came, went in reversed(list(zip(periods, taken, closed, strict=True))):
            scope = replace(self.scope, period=period)
            label = f"{period.start.month}/{period.start.day}"
            taken_href, closed_href, stock_href = (measuring.link(n, scope) for n in ("opened", "closed", "stock"))
            found.append(
                Week(label, came, went, stock, taken_href, closed_href, stock_href, partial=period.end > self.now)
            )
            stock += went - came
        return found[::-1]

    @cached_property
    def flow(self) -> list[str]:
        return [drawings.flow(self.weeks, narrow=narrow) for narrow in (False, True)]

    @cached_property
    def paces(self) -> list[Pace]:
        """Sections with enough answers in the period, the slowest first."""
        day, found = calendars.current().minutes_per_day, list[Pace]()
        for lead, spread in measuring.spreads(indicators()["time_to_feedback"], self.scope, "lead_id").items():
            href = measuring.link("time_to_feedback", replace(self.scope, unit=lead))
            if spread.total >= ENOUGH:
                found.append(Pace(str(self._unit(lead)), spread.median / day, spread.p90 / day, spread.total, href))
        return sorted(found, key=lambda pace: (-pace.p90, -pace.median, pace.name))

    @cached_property
    def pace(self) -> list[str]:
        promise = shelf.by_id(shelf.current_id(PROMISED)).promise
        assert promise is not None
        days = promise.budget.amount
        return [drawings.paces(self.paces[:SLOWEST], days, narrow=narrow) for narrow in (False, True)]

    # -- further figures

    @cached_property
    def others(self) -> list[Counted]:
        return [self.counted(name) for name in OTHERS]

    @property
    def definitions(self) -> dict[str, Label]:
        return {name: indicator.definition for name, indicator in indicators().items()}

    @cached_property
    def instructed(self) -> Counted:
        return self.counted("instructions_open")

    @cached_property
    def instructions(self) -> list[Red]:
        """批示: what leaders have asked for and is not carried out, the most urgent first."""
        found = measuring.cases_behind(self.instructed.indicator, self.scope)
        return self._named(found.order_by("due_at", "pk")[:OLDEST])

    @cached_property
    def unresolved(self) -> list[Red]:
        """整改后仍不满意: all rectifications rated badly that the leader has not settled, the longest waiting first."""
        return self._named(rating.case for rating in unresolved(self.now))

    enough = ENOUGH

    @cached_property
    def _units(self) -> dict[int, Unit]:
        return Unit.objects.select_related("parent").in_bulk()

    def _unit(self, pk: int) -> Label:
        """县人社局 养老保险科: a section with its authority, where there is room."""
        unit = self._units[pk]
        if unit.kind == Unit.Kind.SECTION and unit.parent and not unit.name.startswith(unit.parent.name):
            return Label(f"{unit.parent.name} {unit.name}", unit.label.en)  # English names leave no room for both
        return unit.label


def rate_shown(indicator: Indicator, whole: Share, before: Share, scope: Scope, also: Label) -> RateShown:
    """A share of the scope's period beside that of the one before."""
    assert scope.period, f"{indicator.id} speaks of a period"
    previous = before.hits / before.total if before.total >= FEWEST else None
    rate = Rate(
        indicator.label, whole.hits, whole.total, indicator.definition, measuring.link(indicator.id, scope, "hits"),
        measuring.link(indicator.id, scope), previous,
    )  # fmt: skip
    told = against(whole, before, scope.period.previous_name, indicator.direction) if whole.total >= FEWEST else ""
    return RateShown(rate, Label.of(told), also)


def _done(row: Row) -> Label:
    """What was done about it: the level reached, and what people did last with its day."""
    at = short_day(local(row.last_at).date(), row.last_at.date())
    level = LEVELS[row.case.level]
    if level is None or row.last == STANDARD_LABELS["rung"]:
        level, last = None, level or row.last
    else:
        last = row.last
    said = Label(f"{last.zh}（{at.zh}）", f"{last.en} ({at.en})")
    return said if level is None else Label(f"{level.zh}；{said.zh}", f"{level.en}; {said.en}")
