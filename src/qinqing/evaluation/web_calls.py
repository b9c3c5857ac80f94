"""电话回访 (Y5): one call after the other: the phone for a logged reason, the script, the answer by keyboard."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django import forms as django_forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qinqing.accounts.middleware import actor_of
from qinqing.audit.services import log_read
from qinqing.cases import acting
from qinqing.cases.actform import build, new_key, typed
from qinqing.cases.casefile import CaseFile, Offer
from qinqing.cases.refusals import Incomplete
from qinqing.evaluation import script, services
from qinqing.evaluation.call_sheets import faults_of
from qinqing.evaluation.calls import Line, lines, next_call
from qinqing.evaluation.frame import phones_of
from qinqing.evaluation.models import Draw
from qinqing.evaluation.months import Month
from qinqing.evaluation.rating import LEVELS
from qinqing.evaluation.rectifying import open_rectification
from qinqing.evaluation.selectors import draw_of, suggestion_of
from qinqing.evaluation.web_month import month_of
from qinqing.lib.identifiers import mask_phone
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import now as present
from qinqing.ui.context import office
from qinqing.ui.dates import local, short_day
from qinqing.ui.errors import NotFound, Problem
from qinqing.ui.flash import say
from qinqing.ui.forms import Form, both


class ReasonForm(Form):
    reason = django_forms.CharField(label=both("不发起整改的理由", "Why nothing is to be put right"), max_length=300)


@dataclass(frozen=True, slots=True)
class At:
    """Where a call is made: the month, its draw, the whole list and the line of the case."""

    month: Month
    draw: Draw
    found: list[Line]
    line: Line


@require_GET
def next_one(request: HttpRequest, month: str) -> HttpResponse:
    """The case to call next, behind `?after=`; the month's page when all are done."""
    shown = month_of(month)
    drawn = draw_of(shown)
    line = next_call(lines(drawn, actor_of(request)), request.GET.get("after", "")) if drawn else None
    if line is None:
        say(request, Label("名单上没有要拨打的了", "Nobody on the list is left to call"))
        return redirect("evaluation:month", month=str(shown))
    return redirect("evaluation:call", month=str(shown), number=line.case.number)


@require_http_methods(["GET", "POST"])
def call(request: HttpRequest, month: str, number: str) -> HttpResponse:
    """One call: what it is about, the script, the answer."""
    at = _at(request, month, number)
    file = CaseFile(at.line.case, actor_of(request), present())
    offer = next((offer for offer in file.offers if offer.action == "call_back"), None)
    if request.method == "POST":
        return _save(request, at, file, offer)
    return _show(request, at, file, _form(offer, file) if offer else None)


def _save(request: HttpRequest, at: At, file: CaseFile, offer: Offer | None) -> HttpResponse:
    if offer is None:
        return redirect("evaluation:call", month=str(at.month), number=file.case.number)
    data, form = typed(offer, request.POST), _form(offer, file, request)
    try:
        if faults := faults_of(data.get("reached"), data.get("content")):
            raise Incomplete(faults)
        version = request.POST.get("version", "")
        acting.act(
            file.case.pk, "call_back", file.actor, file.now, data, idempotency_key=request.POST.get("key") or None,
            expected_version=int(version) if version.isdecimal() and len(version) < 19 else None,
        )  # fmt: skip
    except Problem as problem:
        form.is_valid()
        form.errors.clear()
        form.refuse(problem.fields)
        return _show(request, at, file, form, trouble=None if problem.fields else problem, status=problem.status)
    if data.get("content") == "no":
        return redirect("evaluation:call", month=str(at.month), number=file.case.number)
    say(request, Label(f"{file.case.number}：已记录回访", f"{file.case.number}: the call is recorded"))
    return _onward(at)


def _onward(at: At) -> HttpResponse:
    address = reverse("evaluation:next_call", args=[at.month])
    return redirect(f"{address}?{urlencode({'after': at.line.case.number})}")


@require_POST
def phone(request: HttpRequest, month: str, number: str) -> HttpResponse:
    """查看号码: in full, for a reason that is logged."""
    at, now = _at(request, month, number), present()
    reason = request.POST.get("reason", "").strip()[:200]
    if not reason:
        raise Incomplete({"reason": Label("请写明查看号码的理由", "Say why you need the number")})
    phones, _ = phones_of([at.line.case])
    log_read(actor_of(request), "case.phone", at.line.case.number, reason, now)
    found = phones.get(at.line.case.pk) or "—"
    say(request, Label(f"{at.line.case.party.name}：{found}", f"{at.line.case.party.name}: {found}"), tone="")
    return redirect("evaluation:call", month=str(at.month), number=at.line.case.number)


@require_POST
def decide(request: HttpRequest, month: str, number: str) -> HttpResponse:
    """Not content: put right, or nothing, with the reason."""
    at, now = _at(request, month, number), present()
    rectify = request.POST.get("do") == "rectify"
    try:
        made = services.decide_on_call(
            at.line.case, actor_of(request), now, rectify=rectify, reason=request.POST.get("reason", "")
        )
    except Incomplete as problem:
        form = ReasonForm(request.POST)
        form.is_valid()
        form.errors.clear()
        form.refuse(problem.fields)
        file = CaseFile(at.line.case, actor_of(request), now)
        return _show(request, at, file, None, reason=form, status=422)
    if made.rectification:
        zh, en = f"已发起整改{made.rectification.number}", f"Rectification {made.rectification.number} is open"
        say(request, Label(zh, en), href=f"/cases/{made.rectification.number}/", link=Label("查看", "Open it"))
    else:
        say(request, Label("已记录：不发起整改", "Recorded: nothing is put right"))
    return _onward(at)


def _at(request: HttpRequest, month: str, number: str) -> At:
    shown = month_of(month)
    drawn = draw_of(shown)
    found = lines(drawn, actor_of(request)) if drawn else []
    line = next((line for line in found if line.case.number == number), None)
    if drawn is None or line is None:
        raise NotFound(Label(f"{number}不在{shown.label.zh}的回访名单中", f"{number} is not on the list of that month"))
    return At(shown, drawn, found, line)


def _form(offer: Offer, file: CaseFile, request: HttpRequest | None = None) -> Form:
    """The form of the act, without papers: a call has none."""
    form = build(offer, file, request.POST if request else None)
    form.fields.pop("files", None)
    return form


def _show(
    request: HttpRequest, at: At, file: CaseFile, form: Form | None, *, reason: Form | None = None,
    trouble: Problem | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    case, rating = file.case, at.line.rating
    phones, _ = phones_of([case])
    text = script.read(settings.COUNTY)
    opened = short_day(local(case.opened_at).date(), local(file.now).date())
    marks: dict[str, str | Label] = {"office": office(), "date": opened, "title": case.title}
    context = {
        "month": at.month, "line": at.line, "file": file, "case": case, "form": form, "trouble": trouble,
        "count": len(at.found), "key": new_key(), "masked": mask_phone(phones.get(case.pk, "")),
        "opening": script.said(text.opening, **marks), "questions": text.questions, "script": text,
        "closing": script.said(text.closing, **marks), "unit": at.line.unit_label,
        "answer": file.texts.get("answer") or file.texts.get("explanation", ""), "asked": file.texts.get("text", ""),
        "level": LEVELS[rating.level] if rating else None, "suggestion": suggestion_of(file, rating) if rating else "",
        "reason": reason or ReasonForm(), "standing": open_rectification(case),
        "left": sum(line.standing in {"todo", "again"} and not line.own for line in at.found),
    }  # fmt: skip
    return render(request, "evaluation/call.html", context, status=status)
