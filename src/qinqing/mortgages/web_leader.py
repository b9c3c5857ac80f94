"""清贷解抵一览: share released online, time, trips saved, banks; and the path before and after (B5, B8, B19)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET

from qinqing.accounts.middleware import actor_of
from qinqing.directory.services import day_of
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import now as present
from qinqing.mortgages import places, selectors_figures, selectors_path, standing
from qinqing.mortgages.before import before
from qinqing.mortgages.promise import service
from qinqing.mortgages.register import register
from qinqing.mortgages.selectors_figures import PERIODS, BankLine, link
from qinqing.ui import sheets
from qinqing.ui.cited import quoted
from qinqing.ui.parts import Figure
from qinqing.ui.periods import Period, asked
from qinqing.ui.sheets import Column, Sheet

CITED = Path(__file__).with_name("cited.yaml")


@require_GET
def leader(request: HttpRequest) -> HttpResponse:
    """清贷解抵一览, or its table of banks as a workbook."""
    actor, now = actor_of(request), present()
    places.check_sees_all(actor)
    of, shown = _period(request, now)
    banks = selectors_figures.banks(of, now)
    if sheets.wanted(request):
        return sheets.download(request, _sheet(banks, shown["period"]), now)
    found = selectors_figures.figures(of)
    rates = [selectors_figures.unaided_rate(of, found), selectors_figures.in_time_rate(of, found)]
    if online := selectors_figures.online_rate(of, found):
        rates.insert(1, online)
    fund_own, fund_all = selectors_figures.fund_figures(of)
    context = {
        **shown, "rates": rates, "found": found, "banks": banks, "fund": (fund_own, fund_all),
        "figures": _figures(of, found), "trips_each": service().trips_saved, "quoted": quoted(CITED),
        "connected": sum(line.connected for line in banks), "trained": sum(line.trained is not None for line in banks),
        "lagging": sum(line.lags for line in banks), "simulated": register().simulated, 
        "medians": {line.unit.pk: standing.took_text(line.median_minutes) for line in banks},
        "rows": [(line, standing.took_text(line.median_minutes), link("released", of, line.unit),
                  link("exception", of, line.unit)) for line in banks],
    }  # fmt: skip
    return render(request, "mortgages/leader.html", context)


@require_GET
def before_after(request: HttpRequest) -> HttpResponse:
    """改革前后流程图: the old path of the source, the new one mined from the histories."""
    actor, now = actor_of(request), present()
    places.check_sees_all(actor)
    of, shown = _period(request, now)
    mined = selectors_path.mine(of)
    found = selectors_figures.figures(of)
    drawn = (selectors_path.draw_new(mined), selectors_path.draw_new(mined, down=True)) if mined.cases else None
    context = {
        **shown, "mined": mined, "drawn": drawn, "before": before(), "quoted": quoted(CITED),
        "old": (selectors_path.draw_old(), selectors_path.draw_old(down=True)),
        "took": standing.took_text(found.median_minutes),
        "stops": [(stop, standing.took_text(stop.minutes)) for stop in mined.stops],
        "simulated": register().simulated,
    }  # fmt: skip
    return render(request, "mortgages/path.html", context)


# ── private ──


def _period(request: HttpRequest, now: datetime) -> tuple[Period, dict[str, Any]]:
    """What the address asks for, and what the page says of it."""
    of = asked(request.GET.get("of"), tuple(PERIODS), "month", now)
    said = of.so_far(now).label(day_of(now))
    return of, {"of": of, "kind": of.present_kind(now), "kinds": PERIODS, "period": said, "print_note": said}


def _figures(of: Period, found: selectors_figures.Figures) -> list[Figure]:
    each = service().trips_saved
    return [
        Figure(
            Label("已注销", "Deregistered"), found.released, link("released", of), Label("经本平台", "by this platform")
        ),
        Figure(
            Label("用时中位数", "Median time"), str(standing.took_text(found.median_minutes)), link("released", of),
            Label("从银行报送到注销", "from the bank's event to registration"),
        ),
        Figure(
            Label("少跑次数", "Trips saved"), found.trips, link("released", of),
            Label(f"每件{each}次 × {found.released}件", f"{each} each × {found.released}"),
        ),
        Figure(Label("待人工核查", "With a person"), _count("exception"), link("exception", of)),
        Figure(Label("在办", "Open"), _count("open"), link("open", of)),
    ]  # fmt: skip


def _count(show: str) -> int:
    return selectors_figures.listed(show, None).count()


def _sheet(banks: list[BankLine], said: Label) -> Sheet:
    def column(zh: str, en: str, means: tuple[str, str], value: Any, width: int = 14, kind: str = "text") -> Column:
        return Column(Label(zh, en), Label(*means), value, width, kind)

    columns = [
        column("银行", "Bank", ("在册银行", "Bank on file"), lambda x: x.unit.label, 40),
        column(
            "已接通", "Connected", ("近30天有报送", "Reported something within 30 days"), lambda x: x.connected
        ),
        column("最近报送", "Last report", ("最近一次报送", "Its latest event"), lambda x: x.last, 18, "moment"),
        column("报送", "Events", ("时段内报送的事件", "Events in the period"), lambda x: x.events, 10, "number"),
        column(
            "已注销", "Deregistered", ("时段内注销，该行首先报送", "In the period, first reported by it"),
            lambda x: x.released, 10, "number",
        ),
        column("无人工", "Unaided", ("其中全程无人工", "Of these without a person"), lambda x: x.unaided, 10, "number"),
        column(
            "用时中位数（分钟）", "Median minutes", ("从报送到注销", "From report to registration"),
            lambda x: None if x.median_minutes is None else round(x.median_minutes, 1), 12, "number",
        ),
        column("待核查", "Exceptions", ("现在待人工核查", "With a person now"), lambda x: x.exceptions, 10, "number"),
        column("最近培训", "Last trained", ("最近一次参训", "Its latest session"), lambda x: x.trained, 14, "day"),
        column(
            "最近差错前已培训", "Trained before its last mistake",
            ("近一年最近一次因银行原因转人工之前参加过培训；空格：没有差错",
             "Before its last report of a year that went to a person for a reason of its own; empty: none did"),
            lambda x: x.trained_before, 16,
        ),
    ]  # fmt: skip
    return Sheet(Label("银行覆盖", "Banks covered"), columns, banks, said)


paths = [
    path("mortgages/leader/", leader, name="leader"),
    path("mortgages/path/", before_after, name="path"),
]
