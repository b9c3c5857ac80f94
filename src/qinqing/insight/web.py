"""数据页面: the leader's page, the cases behind any figure, morning briefs, the weekly report."""

from __future__ import annotations

import re
from datetime import date, datetime

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_GET

from qinqing.audit import selectors as audit
from qinqing.cases.sheets import CHANNELS
from qinqing.directory.models import Unit
from qinqing.insight import brief as briefs
from qinqing.insight import measuring, recounting, weekly
from qinqing.insight import sheets as figure_sheets
from qinqing.insight.caselists import lines, summary
from qinqing.insight.indicators import Indicator, shelf
from qinqing.insight.measuring import PARTS, Scope
from qinqing.insight.models import Brief, CaseFigure
from qinqing.insight.overview import Overview
from qinqing.insight.policy_overview import PolicyOverview
from qinqing.insight.policy_sheets import policy_sheet
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import CHINA
from qinqing.lib.wallclock import now as present
from qinqing.policies.selectors_figures import titles
from qinqing.ui import papers, periods, sheets
from qinqing.ui.errors import NotFound, Problem
from qinqing.ui.periods import KINDS, Period, period_of

# by the column that is measured or that puts a case into the period; else by the latter itself
ORDER = {"": "due_at", "feedback_at": "-working_minutes", "paid_at": "-paid_at", "days_to_paid": "-days_to_paid"}
PERIODS = {kind: KINDS[kind] for kind in ("week", "month", "quarter", "year")}
PART_LABELS = {
    "all": Label("全部", "All"),
    "hits": Label("计入分子", "Counted as kept"),
    "missed": Label("未计入分子", "Not kept"),
}


@require_GET
def leader(request: HttpRequest) -> HttpResponse:
    """县域一览."""
    now = present()
    kind = request.GET.get("of") if request.GET.get("of") in PERIODS else "month"
    today = now.astimezone(CHINA).date()
    page = Overview(now, period_of(str(kind), today))
    return render(request, "insight/leader.html", {
        "page": page, "kind": kind, "kinds": PERIODS, "period": page.period.so_far(now).label(today),
        "week": period_of("week", today).previous.code, "verified": audit.verifications().first(),
        "behind": recounting.behind(), "print_note": page.period.so_far(now).label(today),
    })  # fmt: skip


@require_GET
def policies(request: HttpRequest) -> HttpResponse:
    """惠企政策: what was paid, to whom, how easily and how soon."""
    now = present()
    kind = request.GET.get("of") if request.GET.get("of") in PERIODS else "year"
    today = now.astimezone(CHINA).date()
    page = PolicyOverview(now, period_of(str(kind), today))
    said = page.period.so_far(now).label(today)
    if sheets.wanted(request):
        return sheets.download(request, policy_sheet(page, said), now)
    return render(request, "insight/policies.html", {
        "page": page, "kind": kind, "kinds": PERIODS, "name": KINDS[str(kind)], "period": said,
        "behind": recounting.behind(), "print_note": said,
    })  # fmt: skip


@require_GET
def cases(request: HttpRequest, indicator: str) -> HttpResponse:
    """The cases behind a figure, its definition on top."""
    told, now = _indicator(indicator), present()
    scope, part = _scope(request, told, now), request.GET.get("part", "all")
    if part not in PARTS or told.hits is None:
        part = "all"
    found = _ordered(measuring.cases_behind(told, scope, part), told)
    heading = _heading(told, scope, part)
    if sheets.wanted(request):
        note = Label(f"{heading.zh}。{told.definition.zh}", f"{heading.en}. {told.definition.en}")
        return sheets.download(request, figure_sheets.sheet(told, found, note), now)
    page = Paginator(found, 50).get_page(request.GET.get("page"))
    share = measuring.share(told, scope) if told.hits is not None else None
    numbers = {"all": share.total, "hits": share.hits, "missed": share.total - share.hits} if share else {}
    parts = [(PART_LABELS[name], n, measuring.link(told.id, scope, name), name == part) for name, n in numbers.items()]
    return render(request, "insight/cases.html", {
        "indicator": told, "heading": heading, "page": page, "lines": lines(page.object_list, told, scope),
        "parts": parts, "summary": summary(told, scope, part),
    })  # fmt: skip


@require_GET
def brief_today(request: HttpRequest) -> HttpResponse:
    """The newest brief."""
    newest = Brief.objects.order_by("-day").first()
    if newest is None:
        return render(request, "insight/no_brief.html")
    return redirect("insight:brief", day=str(newest.day))


@require_GET
def brief(request: HttpRequest, day: str) -> HttpResponse:
    """晨报: the figures as they were, beside now."""
    found, now = _brief(day), present()
    rows = [
        (figure, briefs.period_name(figure, found.day),
         reverse("insight:brief_cases", args=[day, figure.indicator.id]))
        for figure in briefs.figures(found, now)
    ]  # fmt: skip
    near = Brief.objects.order_by("day")
    return render(request, "insight/brief.html", {
        "brief": found, "rows": rows, "title": briefs.title(found.day, now.astimezone(CHINA).date()),
        "earlier": near.filter(day__lt=found.day).last(), "later": near.filter(day__gt=found.day).first(),
    })  # fmt: skip


@require_GET
def brief_cases(request: HttpRequest, day: str, indicator: str) -> HttpResponse:
    """The cases behind a stored figure, as they were chosen then."""
    found, told, now = _brief(day), _indicator(indicator), present()
    stored = next((figure for figure in found.figures if figure["indicator"] == told.id), None)
    if stored is None:
        raise NotFound(Label("这份晨报没有这个数字", "This brief has no such figure"))
    rows = CaseFigure.objects.filter(pk__in=stored["cases"])
    rows = _ordered(rows, told)
    name = briefs.title(found.day, now.astimezone(CHINA).date())
    heading = Label(f"{name.zh}所列 · {told.label.zh}", f"As in {name.en} · {told.label.en}")
    if sheets.wanted(request):
        return sheets.download(request, figure_sheets.sheet(told, rows, heading), now)
    page = Paginator(rows, 50).get_page(request.GET.get("page"))
    scope = Scope(now, periods.parse(stored["period"]) if stored["period"] else None)
    return render(request, "insight/cases.html", {
        "indicator": told, "heading": heading, "page": page, "lines": lines(page.object_list, told, scope),
        "parts": [], "summary": None,
    })  # fmt: skip


@require_GET
def weekly_pdf(request: HttpRequest, week: str) -> HttpResponse:
    """周报 as PDF."""
    now = present()
    period = _period(week)
    if period.kind != "week" or period.start > now:
        raise NotFound(Label(f"没有{week}的周报", f"There is no weekly report of {week}"))
    name = Label(f"营商环境周报{week}", f"Weekly report {week}")
    return papers.answer(weekly.report(period, now), str(name))


# ── private ──


def _indicator(name: str) -> Indicator:
    found = shelf().get(name)
    if found is None:
        raise NotFound(Label(f"没有指标{name}", f"There is no figure {name}"))
    return found


def _scope(request: HttpRequest, indicator: Indicator, now: datetime) -> Scope:
    """What the address asks for; a figure that speaks of a period gets this month where none is named."""
    code, unit = request.GET.get("period", ""), request.GET.get("unit", "")
    period = None
    if indicator.timed:
        period = _period(code) if code else period_of("month", now.astimezone(CHINA).date())
    known = len(unit) < 16 and unit.isascii() and unit.isdigit()
    if unit and not (known and Unit.objects.filter(pk=int(unit)).exists()):
        raise NotFound(Label("没有这个单位", "There is no such unit"))
    return Scope(
        now, period, int(unit) if unit else None, request.GET.get("channel") or None, request.GET.get("policy") or None
    )


def _period(code: str) -> Period:
    try:
        return periods.parse(code)
    except ValueError as error:
        raise Problem(error.args[0]) from None


def _ordered(rows: QuerySet[CaseFigure], indicator: Indicator) -> QuerySet[CaseFigure]:
    order = ORDER.get(indicator.of or indicator.period) or ORDER.get(indicator.period, indicator.period)
    return rows.select_related("case", "case__party", "lead").order_by(order, "pk")


def _heading(indicator: Indicator, scope: Scope, part: str) -> Label:
    """本月 · 县人社局 · 窗口 · 计入分子."""
    told = [scope.period.label(scope.now.astimezone(CHINA).date()) if scope.period else Label("此刻", "now")]
    if scope.unit is not None:
        told.append(Unit.objects.get(pk=scope.unit).label)
    if scope.channel is not None:
        told.append(CHANNELS.get(scope.channel, Label(scope.channel, scope.channel)))
    if scope.policy is not None:
        told.append(titles([scope.policy]).get(scope.policy, Label(scope.policy, scope.policy)))
    if part != "all":
        told.append(PART_LABELS[part])
    return Label(" · ".join(one.zh for one in told), " · ".join(one.en for one in told))


def _brief(day: str) -> Brief:
    found = Brief.objects.filter(day=date.fromisoformat(day)).first() if _is_day(day) else None
    if found is None:
        raise NotFound(Label(f"{day}没有晨报（休息日不发）", f"No brief on {day} (none on days off)"))
    return found


def _is_day(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text)) and date.fromisoformat(text) is not None
    except ValueError:
        return False


urlpatterns = [
    path("leader/", leader, name="leader"),
    path("leader/policies/", policies, name="policies"),
    path("leader/brief/", brief_today, name="brief_today"),
    path("leader/brief/<str:day>/", brief, name="brief"),
    path("leader/brief/<str:day>/<slug:indicator>/", brief_cases, name="brief_cases"),
    path("leader/weekly/<str:week>.pdf", weekly_pdf, name="weekly"),
    path("figures/<slug:indicator>/cases/", cases, name="cases"),
]
