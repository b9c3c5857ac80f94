"""诉求分析页面: figures of the past messages, each with its definition and a door to its cases."""

from __future__ import annotations

from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_GET

from qinqing.appeals import alike_groups, message_selectors, report
from qinqing.appeals import sheets as message_sheets
from qinqing.appeals.report import DEFINITIONS, LIMITS, Figures, Timed
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import now as present
from qinqing.ui import charts, parts, sheets
from qinqing.ui.figures import FEWEST, Rate

SHOWN_GROUPS = 8  # the rest on their own page
NAMES = ("period", "met", "missed", "over", "from", "to")


@require_GET
def figures(request: HttpRequest) -> HttpResponse:
    """诉求分析."""
    found = message_selectors.measured()
    if not found:
        return render(request, "appeals/report.html", {"whole": None})
    whole, groups = report.figures(found), alike_groups.found_groups()
    months = report.by_month(found)
    return render(request, "appeals/report.html", {
        "whole": whole, "first": months[0][0], "last": months[-1][0], "kpis": _kpis(whole, groups),
        "rates": [_rate(whole, limit) for limit in LIMITS], "years": _years(report.by_year(found)),
        "volume": _volume(months), "volume_narrow": _volume_by_year(report.by_year(found)),
        "spans": _spans(found, narrow=False), "spans_narrow": _spans(found, narrow=True),
        "groups": groups[:SHOWN_GROUPS], "several": len(groups), "definitions": DEFINITIONS,
        "days": f"{whole.calendar_days_median:.1f}", "days_p90": f"{whole.calendar_days_p90:.1f}",
    })  # fmt: skip


@require_GET
def report_cases(request: HttpRequest) -> HttpResponse:
    """The messages behind a figure, the slowest first."""
    wanted = {name: request.GET[name] for name in NAMES if request.GET.get(name)}
    chosen = sorted(message_selectors.behind(wanted), key=lambda one: (-one.working_days, -one.took, one.case_id))
    if sheets.wanted(request):
        return sheets.download(request, message_sheets.messages(chosen, _heading(wanted)), present())
    page = Paginator(chosen, 50).get_page(request.GET.get("page"))
    rows = message_selectors.cases_of(list(page.object_list))
    return render(request, "appeals/report_cases.html", {"rows": rows, "page": page, "heading": _heading(wanted)})


@require_GET
def report_alike(request: HttpRequest) -> HttpResponse:
    """近似留言: every group."""
    if sheets.wanted(request):
        return sheets.download(request, message_sheets.alike(alike_groups.found_groups()), present())
    page = Paginator(alike_groups.found_groups(), 30).get_page(request.GET.get("page"))
    return render(request, "appeals/report_alike.html", {"page": page, "definitions": DEFINITIONS})


# ── private ──


def _cases(**wanted: object) -> str:
    """The address of the messages behind a figure."""
    query = urlencode({name.rstrip("_"): value for name, value in wanted.items()})
    return reverse("appeals:report_cases") + (f"?{query}" if query else "")


def _kpis(whole: Figures, groups: list[alike_groups.Group]) -> list[parts.Figure]:
    day = Label("个工作日", "working days")
    median, p90 = whole.working_days_median, whole.working_days_p90
    several = sum(len(group.cases) for group in groups)
    return [
        parts.Figure(Label("已答复留言", "Messages with a reply"), f"{whole.messages:,}", _cases(), Label("件", "")),
        parts.Figure(Label("答复用时中位数", "Median time to reply"), median, _cases(over=median), day),
        parts.Figure(Label("第90百分位", "90th percentile"), p90, _cases(over=p90), day),
        parts.Figure(
            Label("近似留言", "Messages alike"), len(groups), reverse("appeals:report_alike"),
            Label(f"组，共{several}件", f"groups of {several} messages"),
        ),
    ]  # fmt: skip


def _rate(whole: Figures, limit: int) -> Rate:
    return Rate(
        Label(f"{limit}个工作日内可达标", f"Would have met {limit} working days"),
        whole.met[limit],
        whole.messages,
        report.met_definition(Label(str(limit), str(limit))),
        _cases(met=limit),
        _cases(),
    )


def _volume(months: list[tuple[str, int]]) -> str:
    marks = [charts.Mark(month, count, _cases(period=month) if count else "") for month, count in months]
    return charts.columns(marks, title=Label("各月留言件数", "Messages by month"), unit=Label("件", "messages"))


def _volume_by_year(years: list[tuple[str, Figures]]) -> str:
    """Too many months for a phone: there the years stand."""
    marks = [charts.Mark(year, one.messages, _cases(period=year)) for year, one in years]
    title = Label("各年留言件数", "Messages by year")
    return charts.columns(marks, title=title, narrow=True, unit=Label("件", "messages"))


def _spans(found: list[Timed], *, narrow: bool) -> str:
    marks = []
    for low, high, count in report.by_span(found):
        if high is None:
            label = Label(f"{low}个工作日以上", f"{low}+ working days")
        else:
            label = Label(f"{low}—{high}个工作日", f"{low}–{high} working days")
        href = _cases(from_=low) if high is None else _cases(from_=low, to=high)
        marks.append(charts.Mark(label, count, href if count else ""))
    return charts.bars(marks, title=Label("按答复用时分布", "By time to reply"), narrow=narrow)


def _years(years: list[tuple[str, Figures]]) -> parts.Table:
    columns = (
        Label("年份", "Year"),
        Label("件数", "Messages"),
        Label("中位数（工作日）", "Median (WD)"),
        Label("第90百分位", "90th pct."),
        *(Label(f"{limit}日达标", f"Met {limit} WD") for limit in LIMITS),
        *(Label(f"{limit}日达标率", f"Share {limit} WD") for limit in LIMITS),
    )
    rows = tuple(
        (
            parts.Cell(year),
            parts.Cell(one.messages, _cases(period=year)),
            parts.Cell(one.working_days_median, _cases(period=year, over=one.working_days_median)),
            parts.Cell(one.working_days_p90, _cases(period=year, over=one.working_days_p90)),
            *(parts.Cell(one.met[limit], _cases(period=year, met=limit)) for limit in LIMITS),
            *(parts.Cell(_share(one, limit)) for limit in LIMITS),
        )
        for year, one in years
    )
    return parts.Table(Label("各年答复情况", "Replies by year"), columns, rows)


def _share(one: Figures, limit: int) -> str | None:
    """A percentage of fewer than 20 says more about chance than about work."""
    return f"{100 * one.met[limit] / one.messages:.1f}%" if one.messages >= FEWEST else None


def _heading(wanted: dict[str, str]) -> Label:
    """In words what the figure counted."""
    texts = {
        "period": Label("{}", "{}"),
        "met": Label("{}个工作日内可达标", "would have met {} working days"),
        "missed": Label("未达到{}个工作日", "would have missed {} working days"),
        "over": Label("用时超过{}个工作日", "took more than {} working days"),
        "from": Label("用时{}个工作日起", "took {} working days and more"),
        "to": Label("至{}个工作日", "up to {} working days"),
    }
    named = [(texts[name], value) for name, value in wanted.items()]
    zh = "，".join(text.zh.format(value) for text, value in named)
    en = ", ".join(text.en.format(value) for text, value in named)
    return Label(zh or "全部", en or "all")


urlpatterns = [
    path("figures/appeals/", figures, name="report"),
    path("figures/appeals/messages/", report_cases, name="report_cases"),
    path("figures/appeals/alike/", report_alike, name="report_alike"),
]
