"""每月回访复盘 (Y5): one page a month: what came of last month's, the sample, the call list, results, meetings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms as django_forms
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from qinqing.accounts.middleware import actor_of
from qinqing.cases import shelf
from qinqing.cases.casefile import state_of
from qinqing.cases.models import Case
from qinqing.cases.refusals import Incomplete
from qinqing.cases.rows import Row, rows_of
from qinqing.directory.models import Unit
from qinqing.evaluation import call_sheets, sampling, services
from qinqing.evaluation.calls import CONTENT, OPEN, STANDING, lines, next_call
from qinqing.evaluation.frame import Frame, frame
from qinqing.evaluation.models import Draw, Review
from qinqing.evaluation.months import Month
from qinqing.evaluation.rating import SATISFIED
from qinqing.evaluation.results import DEFINITION as RESULTS
from qinqing.evaluation.results import Results, results
from qinqing.evaluation.sampling import Plan
from qinqing.evaluation.selectors import RECTIFICATION, counted, draw_of, of_closings, rateable
from qinqing.evaluation.strata import stratum_lines
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import now as present
from qinqing.ui import sheets
from qinqing.ui.errors import NotFound, Problem
from qinqing.ui.figures import Rate
from qinqing.ui.flash import say
from qinqing.ui.forms import Form, both
from qinqing.ui.menu import may_open
from qinqing.ui.parts import Cell, Figure, Table

USUAL = 60  # calls proposed
OWN = Label(
    "分母：上月办结、当事人已对这次办结评价的，误评不计。分子：其中评为非常满意、满意、基本满意的。",
    "Of last month’s closed cases whose parties rated that closing, without mistakes set aside: very satisfied, "
    "satisfied or fairly satisfied.",
)


class DrawForm(Form):
    size = django_forms.IntegerField(
        label=both("样本数（件）", "Number of calls"), min_value=1,
        widget=django_forms.NumberInput(attrs={"class": "in in-n"}),
    )  # fmt: skip


class RedrawForm(DrawForm):
    reason = django_forms.CharField(
        label=both("重抽理由（记录在案）", "Why it is drawn again (recorded)"), max_length=300
    )


@dataclass(frozen=True, slots=True)
class Righted:
    """A rectification of the month before, or an older one that is open."""

    row: Row
    source: Label
    owner: Label


def month_of(text: str) -> Month:
    """The month an address names. Raises NotFound."""
    found = Month.read(text)
    if found is None:
        raise NotFound(Label("没有这个月份，应写成2026-10", "No such month; it is written 2026-10"))
    return found


@require_GET
def present_month(request: HttpRequest) -> HttpResponse:
    """This month's page."""
    return redirect("evaluation:month", month=str(Month.of(present())))


@require_GET
def month(request: HttpRequest, month: str) -> HttpResponse:
    """The month's page, or its call list as a workbook."""
    shown, now = month_of(month), present()
    drawn = draw_of(shown)
    if sheets.wanted(request):
        found = lines(drawn, actor_of(request)) if drawn else []
        return sheets.download(request, call_sheets.sheet(shown, found), now)
    return show(request, shown, now, drawn)


@require_POST
def draw(request: HttpRequest, month: str) -> HttpResponse:
    """抽样: drawn once; drawn again only with a reason."""
    shown, now = month_of(month), present()
    drawn = draw_of(shown)
    form = RedrawForm(request.POST) if drawn else DrawForm(request.POST)
    if not form.is_valid():
        return show(request, shown, now, drawn, form=form, status=422)
    data = form.cleaned_data
    try:
        made = services.draw(shown, data["size"], actor_of(request), now, reason=data.get("reason", ""))
    except Incomplete as problem:
        form.refuse(problem.fields)
        return show(request, shown, now, drawn, form=form, status=422)
    except Problem as problem:
        return show(request, shown, now, drawn, trouble=problem, status=problem.status)
    say(request, Label(f"已抽取{made.size}件", f"{made.size} cases drawn"))
    return redirect("evaluation:month", month=str(shown))


def show(
    request: HttpRequest, shown: Month, now: datetime, drawn: Draw | None, *, form: Form | None = None,
    trouble: Problem | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    """The page. `form`: the draw's, as it was typed."""
    found = frame(shown.before) if drawn is None and now >= shown.span[0] else None
    plan = Plan.of_json(drawn.plan) if drawn else None
    called = lines(drawn, actor_of(request)) if drawn else []
    outcome = results(called, plan) if plan else None
    reviews = Review.objects.filter(month=shown.first).order_by("held_on", "pk")
    context = {
        "month": shown, "now": now, "draw": drawn, "plan": plan, "frame": found, "trouble": trouble,
        "running": now < shown.span[0], "present": Month.of(now), "lines": called, "outcome": outcome,
        "righted": righted(shown, now), "reviews": [(review, decisions(review, now)) for review in reviews],
        "form": form or _form(found, drawn), "margins": _margins(found) if found else [],
        "least": min(sampling.least(found.candidates), len(found.candidates)) if found else 0,
        "error_margin": f"{100 * sampling.margin(plan.drawn, plan.total):.1f}" if plan else "",
        "strata": stratum_lines(plan, called) if plan else [], "draws": _draws(shown),
        "figures": _figures(outcome) if outcome else [], "next": next_call(called), **_outcome(outcome, shown),
        "may_write": may_open(actor_of(request), "evaluation:draw"), "print_number": f"{shown.label}",
    }  # fmt: skip
    return render(request, "evaluation/month.html", context, status=status)


def _form(found: Frame | None, drawn: Draw | None) -> Form:
    if drawn:
        return RedrawForm(initial={"size": drawn.size})
    return DrawForm(initial={"size": min(USUAL, len(found.candidates)) if found else USUAL})


def _margins(found: Frame) -> list[tuple[int, str]]:
    """(calls, margin of error in points) for a few sizes, when everybody answers."""
    total, needed = len(found.candidates), sampling.least(found.candidates)
    sizes = sorted({size for size in (needed, 10, 20, 30, 60, 100, 200, total) if needed <= size <= total})
    return [(size, f"{100 * sampling.margin(size, total):.1f}") for size in sizes]


def _draws(shown: Month) -> list[Draw]:
    """All draws of the month, the first one first; shown when there is more than one."""
    found = list(Draw.objects.filter(month=shown.first).select_related("drawn_by").order_by("number"))
    return found if len(found) > 1 else []


def righted(shown: Month, now: datetime) -> list[Righted]:
    """Rectifications opened in the month before, and older ones that are still open; those still open first."""
    start, end = shown.before.span
    found = Case.objects.filter(procedure__code=RECTIFICATION, opened_at__lt=end)
    found = found.filter(Q(opened_at__gte=start) | Q(closed_at=None)).select_related("party", "lead")
    cases = sorted(found, key=lambda case: (case.closed_at is not None, case.due_at or case.opened_at, case.pk))
    return _righted(cases, now)


def decisions(review: Review, now: datetime) -> list[Righted]:
    """What a meeting decided, and how it stands."""
    found = Case.objects.filter(decision__review=review).select_related("party", "lead").order_by("pk")
    return _righted(list(found), now)


def _righted(cases: list[Case], now: datetime) -> list[Righted]:
    shown = []
    for row in rows_of(cases, now):
        sources = shelf.by_id(row.case.procedure_id).fields["source"].choices
        source = sources.get(state_of(row.case).fields.get("source", ""), Label("", ""))
        shown.append(Righted(row, source, row.case.lead.label if row.case.lead else Label("—", "—")))
    return shown


def _figures(outcome: Results) -> list[Figure]:
    standing = outcome.standing
    todo = sum(standing[name] for name in OPEN)
    reached = standing["answered"]
    lost = sum(standing[name] for name in ("declined", "wrong", "exhausted", "reopened"))
    again = Label(f"其中再拨{standing['again']}件", f"{standing['again']} again")
    return [
        Figure(Label("待拨打", "To call"), todo, note=again),
        Figure(Label("已接通", "Reached"), reached, note=Label(f"共拨{outcome.calls}次", f"{outcome.calls} calls")),
        Figure(Label("未能接通", "Not reached"), lost, note=_lost(outcome)),
        Figure(Label("不满意", "Not content"), outcome.contents["no"], tone="amber" if outcome.undecided else "",
               note=Label(f"待决定{outcome.undecided}件", f"{outcome.undecided} to decide")),
    ]  # fmt: skip


def _lost(outcome: Results) -> Label:
    named = [(STANDING[name], outcome.standing[name]) for name in ("declined", "wrong", "exhausted", "reopened")]
    zh = "，".join(f"{label.zh}{count}" for label, count in named if count)
    return Label(zh, ", ".join(f"{label.en} {count}" for label, count in named if count))


def _outcome(outcome: Results | None, shown: Month) -> dict[str, Any]:
    """The results as the page shows them: answers, by unit, beside the parties' own ratings."""
    if outcome is None or not outcome.standing["answered"]:
        return {"contents": [], "by_unit": None, "own": None, "results_definition": RESULTS}
    units = Unit.objects.in_bulk([unit for unit, _, _ in outcome.by_unit])
    words = {**CONTENT, "unsaid": Label("未说明", "Not said")}
    own = counted(of_closings(rateable(shown.before.span)))
    rows = tuple(
        (Cell(units[unit].label if unit in units else "—"), Cell(satisfied), Cell(count))
        for unit, satisfied, count in outcome.by_unit
    )
    columns = (Label("单位", "Unit"), Label("满意和基本满意", "Content or partly"), Label("回答", "Answers"))
    rate = Rate(
        Label(f"{shown.before.number}月办结件的评价", "Ratings of the same month’s cases"),
        own.filter(level__in=SATISFIED).count(), own.count(), OWN,
    )  # fmt: skip
    return {
        "contents": [(words[name], outcome.contents[name]) for name in words if outcome.contents[name]],
        "by_unit": Table(Label("各单位回访结果", "Calls by unit"), columns, rows),
        "own": rate,
        "results_definition": RESULTS,
    }
