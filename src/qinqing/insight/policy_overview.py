"""惠企政策一览: what companies were paid in a period, how many needed but one tap, and how long they waited; by policy,
by department, by month. Reads only, in some thirty statements however many claims there are.

Everything is counted by indicators (`policy_*.yaml`), so each number has its definition and its list of claims. Figures
quoted from elsewhere stand apart (`cited.yaml`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

from django.utils.safestring import SafeString

from qinqing.directory.models import Unit
from qinqing.insight import measuring
from qinqing.insight.indicators import Indicator
from qinqing.insight.indicators import shelf as indicators
from qinqing.insight.measuring import Numbers, Scope, Share, Spread
from qinqing.insight.overview import Counted, RateShown, rate_shown
from qinqing.lib.labels import Label
from qinqing.policies.selectors_figures import titles
from qinqing.ui.charts import Mark, columns
from qinqing.ui.cited import Source, quoted
from qinqing.ui.dates import local
from qinqing.ui.figures import FEWEST, money
from qinqing.ui.periods import Period, period_of

PAID = ("policy_paid", "policy_recovered", "policy_companies", "policy_one_tap", "policy_days_unknown")
# the first two stand in the page's sentence
UNDER_WAY = ("policy_review", "policy_review_late", "policy_under_way", "policy_rounds", "policy_recovering")
CITED = Path(__file__).with_name("cited.yaml")
MONTHS = 12
MOST = 30  # policies on the page; the workbook has all
WAN = 10_000_00  # fen


@dataclass(frozen=True, slots=True)
class Line:
    """One policy or department. `bar`: its money against the largest, 0 to 100."""

    label: Label
    numbers: Numbers
    days: Spread | None
    bar: int
    scope: Scope

    @property
    def paid(self) -> int:
        return int(self.numbers["policy_paid"])

    @property
    def recovered(self) -> int:
        return int(self.numbers["policy_recovered"])

    @property
    def claims(self) -> int:
        """How many claims (or instalments) were paid."""
        return int(self.numbers["policy_paid.cases"])

    @property
    def one_tap(self) -> Share:
        return self.numbers.share("policy_one_tap")

    @property
    def percent(self) -> str | None:
        """Of fewer than 20 only the counts are said."""
        share = self.one_tap
        return f"{100 * share.hits / share.total:.0f}%" if share.total >= FEWEST else None

    @property
    def hrefs(self) -> dict[str, str]:
        """Figure -> its claims, of this line."""
        found = {name: measuring.link(name, self.scope) for name in (*PAID, "policy_days")}
        return {**found, "hits": measuring.link("policy_one_tap", self.scope, "hits")}


class PolicyOverview:
    """The page; parts are read when the template asks for them."""

    def __init__(self, now: datetime, period: Period) -> None:
        self.now, self.period = now, period
        self.scope = Scope(now, period)

    @cached_property
    def _asked(self) -> list[Indicator]:
        return [indicators()[name] for name in PAID]

    # -- as a whole

    @cached_property
    def whole(self) -> Line:
        numbers = measuring.together(self._asked, self.scope)[None]
        days = measuring.spreads(indicators()["policy_days"], self.scope).get(None)
        return Line(Label("合计", "In all"), numbers, days, 0, self.scope)

    @property
    def claims(self) -> int:
        return self.whole.claims

    @property
    def companies(self) -> int:
        return int(self.whole.numbers["policy_companies"])

    @property
    def net(self) -> int:
        return self.whole.paid - self.whole.recovered

    @property
    def unknown(self) -> int:
        """Claims left out of the days."""
        return int(self.whole.numbers["policy_days_unknown"])

    @cached_property
    def before(self) -> Line:
        """The period before."""
        scope = replace(self.scope, period=self.period.previous)
        numbers = measuring.together(self._asked, scope)[None]
        return Line(self.period.previous_name, numbers, None, 0, scope)

    @cached_property
    def one_tap(self) -> RateShown:
        indicator = indicators()["policy_one_tap"]
        return rate_shown(indicator, self.whole.one_tap, self.before.one_tap, self.scope, Label("", ""))

    @cached_property
    def under_way(self) -> list[Counted]:
        """Of this moment, whatever the period."""
        now = Scope(self.now)
        found = [indicators()[name] for name in UNDER_WAY]
        return [Counted(one, measuring.count(one, now), measuring.link(one.id, now)) for one in found]

    @property
    def paid_label(self) -> Label:
        return indicators()["policy_paid"].label

    @property
    def definitions(self) -> dict[str, Label]:
        return {name: indicator.definition for name, indicator in indicators().items()}

    # -- by policy, by department

    @cached_property
    def _policies(self) -> list[tuple[str, Numbers]]:
        found = measuring.together(self._asked, self.scope, "policy")
        return sorted(found.items(), key=lambda one: (-one[1]["policy_paid"], one[0]))

    @property
    def policies(self) -> list[Line]:
        """Those that paid most."""
        return self.by_policy(MOST)

    @property
    def left_out(self) -> int:
        """How many policies the page has no room for."""
        return max(0, len(self._policies) - MOST)

    def by_policy(self, most: int | None = None) -> list[Line]:
        """All of them, or only the first."""
        shown = self._policies[:most]
        named = titles([code for code, _ in shown])
        days = self._days("policy")
        return _lines(
            (named.get(code, Label(code, code)), numbers, days.get(code), replace(self.scope, policy=code))
            for code, numbers in shown
        )

    @cached_property
    def by_unit(self) -> list[Line]:
        """Departments, those that paid most first."""
        found = measuring.together(self._asked, self.scope, "authority_id")
        units, days = Unit.objects.in_bulk([pk for pk in found if pk is not None]), self._days("authority_id")
        ordered = sorted(
            ((pk, numbers) for pk, numbers in found.items() if pk is not None),
            key=lambda one: (-one[1]["policy_paid"], one[0]),
        )
        return _lines((units[pk].label, numbers, days.get(pk), replace(self.scope, unit=pk)) for pk, numbers in ordered)

    def _days(self, by: str) -> dict[str | int, Spread]:
        return measuring.spreads(indicators()["policy_days"], self.scope, by)

    # -- by month

    @cached_property
    def months(self) -> list[Mark]:
        """What was paid in each of the last twelve months, the present one last: each a short stretch of an index."""
        asked = [indicators()["policy_paid"]]
        return [
            self._mark(period, measuring.together(asked, replace(self.scope, period=period))[None])
            for period in _months(local(self.now).date())
        ]

    def _mark(self, period: Period, numbers: Numbers) -> Mark:
        fen, claims = int(numbers["policy_paid"]), int(numbers["policy_paid.cases"])
        first, over = period.start, period.end <= self.now
        part = Label("", "") if over else Label("（未满）", " (not over)")
        said, sum_ = Label(f"{first.year}年{first.month}月", f"{first:%Y-%m}"), money(fen)
        title = Label(f"{said.zh}{part.zh}：{sum_.zh}，{claims}件", f"{said.en}{part.en}: {sum_.en}, {claims} claims")
        href = measuring.link("policy_paid", replace(self.scope, period=period))
        return Mark(Label(f"{first.month}月", f"{first:%b}"), fen / WAN, href, title, not over)

    @cached_property
    def chart(self) -> list[SafeString]:
        """万元 by month, wide and narrow."""
        title, unit = Label("近12个月已兑付金额", "Paid out over 12 months"), Label("万元", "CNY 10,000")
        return [columns(self.months, title=title, unit=unit, narrow=narrow) for narrow in (False, True)]

    # -- quoted from elsewhere

    @property
    def quoted(self) -> Source:
        """The source's figure: never added to those above."""
        return quoted(CITED)


# ── private ──


def _lines(rows: Iterable[tuple[Label, Numbers, Spread | None, Scope]]) -> list[Line]:
    found = list(rows)
    most = max((numbers["policy_paid"] for _, numbers, _, _ in found), default=0) or 1
    return [
        Line(label, numbers, days, round(100 * numbers["policy_paid"] / most), scope)
        for label, numbers, days, scope in found
    ]


def _months(today: date) -> list[Period]:
    periods = [period_of("month", today)]
    while len(periods) < MONTHS:
        periods.insert(0, periods[0].previous)
    return periods
