"""晨报: on every working day, from 08:00 China time, one notice to leaders and supervisors with the night's figures.

The figures are stored as they were, with the cases behind them; the page shows them beside those of now. A day's brief
is made once, however often the worker turns or starts again; a worker that was away makes it when it is back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction

from qinqing.cases import calendars
from qinqing.cases.models import Rung
from qinqing.directory.models import Post
from qinqing.directory.selectors import holders
from qinqing.insight import measuring, recounting
from qinqing.insight.indicators import Indicator, shelf
from qinqing.insight.measuring import Scope
from qinqing.insight.models import Brief
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import CHINA
from qinqing.messaging.notices import notify
from qinqing.ui import periods
from qinqing.ui.dates import short_day

AT = time(8)
LATEST = time(9)  # until then it waits for what the worker still has to count
ROLES = ("leader", "supervisor")
MOST_CASES = 2000  # kept behind one stored figure


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the brief: then, and counted again now. `cases`: ids behind the stored one."""

    indicator: Indicator
    period: periods.Period | None
    then: int
    now: int
    cases: tuple[int, ...]
    href_now: str


def turn(now: datetime) -> bool:
    """Job of the worker: make today's brief if it is time and there is none yet. Never has more to do at once."""
    here = now.astimezone(CHINA)
    if here.time() < AT or not calendars.current().is_working(here.date()):
        return False
    if not Brief.objects.filter(day=here.date()).exists() and not (here.time() < LATEST and _unsettled(now)):
        make(here.date(), now)
    return False


@transaction.atomic
def make(day: date, now: datetime) -> bool:
    """Store the brief of `day` and tell people; False when another worker was faster."""
    figures = [_stored(indicator, scope) for indicator, scope in _parts(day, now)]
    _, new = Brief.objects.get_or_create(day=day, defaults={"made_at": now, "figures": figures})
    if new:
        values = {figure["indicator"]: figure["value"] for figure in figures}
        notify(people(day), f"brief:{day}", headline(values), f"/leader/brief/{day}/", values["reds_now"] > 0, now)
    return new


def people(day: date) -> set[int]:
    """Accounts of leaders and supervisors, and of those who stand in for them."""
    posts = Post.objects.filter(role__in=ROLES, ends_on=None).order_by().values_list("unit_id", "role").distinct()
    return {user.pk for unit, role in posts for user in holders(unit, role, day)}


def headline(values: dict[str, int]) -> Label:
    """晨报：红灯3件，今天到期5件，…"""
    zh = [f"{shelf()[name].label.zh}{value}件" for name, value in values.items()]
    en = [f"{shelf()[name].label.en.lower()} {value}" for name, value in values.items()]
    return Label("晨报：" + "，".join(zh), "Morning brief: " + ", ".join(en))


def figures(brief: Brief, now: datetime) -> list[Figure]:
    """The stored figures beside the same ones counted now."""
    found = []
    for stored in brief.figures:
        indicator = shelf().get(stored["indicator"])
        if indicator is None:  # a county's own that has been taken away since
            continue
        period = periods.parse(stored["period"]) if stored["period"] else None
        scope = Scope(now, period)
        found.append(
            Figure(
                indicator, period, stored["value"], measuring.count(indicator, scope), tuple(stored["cases"]),
                measuring.link(indicator.id, scope),
            )
        )  # fmt: skip
    return found


def since(day: date, now: datetime) -> tuple[periods.Period, periods.Period]:
    """(the days since the last working day began, the night since it ended)."""
    calendar, last = calendars.current(), day - timedelta(days=1)
    while not calendar.is_working(last):
        last -= timedelta(days=1)
    midnight = datetime.combine(day, time(), CHINA)
    return periods.span(datetime.combine(last, time(), CHINA), midnight), periods.span(
        calendar.close(last), now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    )


def period_name(figure: Figure, day: date) -> Label:
    """Of what a figure speaks: 此刻, or its days."""
    return figure.period.label(day) if figure.period else Label("此刻", "at the moment")


def title(day: date, present: date) -> Label:
    name = short_day(day, present)
    return Label(f"{name.zh}晨报", f"Morning brief, {name.en}")


# ── private ──


def _unsettled(now: datetime) -> bool:
    """After an absence the worker has reminders of the night to fire, and acts to count."""
    return recounting.behind() > 0 or Rung.objects.filter(fired_at=None, at__lte=now).exists()


def _parts(day: date, now: datetime) -> Iterator[tuple[Indicator, Scope]]:
    days, night = since(day, now)
    for name, period in (
        ("reds_now", None), ("due_today", None), ("opened", days), ("closed", days), ("bad_ratings", days),
        ("handed_up", night),
    ):  # fmt: skip
        yield shelf()[name], Scope(now, period)


def _stored(indicator: Indicator, scope: Scope) -> dict[str, Any]:
    behind = measuring.cases_behind(indicator, scope)
    cases = list(behind.order_by("pk").values_list("pk", flat=True)[: MOST_CASES + 1])
    return {
        "indicator": indicator.id,
        "period": scope.period.code if scope.period else "",
        "value": len(cases) if len(cases) <= MOST_CASES else behind.count(),
        "cases": cases[:MOST_CASES],
    }
