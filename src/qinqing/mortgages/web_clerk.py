"""录入与复核: a bank's clerk types a settlement or a reversal; a colleague confirms it or gives it back."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qinqing.accounts.actor import Actor
from qinqing.accounts.middleware import actor_of
from qinqing.directory.models import Unit
from qinqing.directory.sheet_imports import out_columns
from qinqing.lib import wallclock
from qinqing.lib.labels import Label
from qinqing.mortgages import drops, entering, selectors_doors, wire
from qinqing.mortgages.models import BankEvent
from qinqing.mortgages.models_doors import Submission
from qinqing.mortgages.selectors_doors import CHECKER, CLERK, bank_ids
from qinqing.ui import flash, sheets
from qinqing.ui.dates import local
from qinqing.ui.errors import Invalid, NotFound, Problem
from qinqing.ui.forms import Form, both, choices, whole
from qinqing.ui.sheets import Column, Sheet

_SHOWN = 30
State = Submission.State
STATES = {
    State.DRAFT.value: Label("待提交", "not handed on"),
    State.WAITING.value: Label("待复核", "to be checked"),
    State.CONFIRMED.value: Label("已报送", "sent"),
    State.REFUSED.value: Label("已退回", "given back"),
    State.DROPPED.value: Label("已放弃", "given up"),
}
TONES = {State.WAITING.value: "qing", State.CONFIRMED.value: "green", State.REFUSED.value: "red"}
_MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class Settled(Form):
    """结清."""

    certificate = forms.CharField(
        label=both("不动产登记证明号", "Mortgage certificate"), max_length=60,
        help_text=both("与登记证明上完全一致", "Exactly as on the certificate"),
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )  # fmt: skip
    unit_number = forms.CharField(
        label=both("不动产单元号", "Property unit number"), max_length=40,
        help_text=both("28位，可含空格", "28 characters; blanks do not matter"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "mono"}),
    )  # fmt: skip
    loan_number = forms.CharField(label=both("贷款合同号", "Loan number"), max_length=80, required=False)
    extent = forms.ChoiceField(
        label=both("结清范围", "Extent"), widget=forms.RadioSelect, initial=wire.FULL,
        choices=choices([(wire.FULL, Label("全部结清", "In full")), (wire.PART, Label("部分结清", "In part"))]),
    )  # fmt: skip
    happened_at = forms.DateTimeField(label=both("结清时间", "Settled at"), widget=_MOMENT)
    creditor_code = forms.CharField(
        label=both("抵押权人统一社会信用代码", "Creditor's credit code"), max_length=40, required=False,
        help_text=both("不填为本行；代公积金中心报送的填其代码", "Empty: your own bank; or whom you speak for"),
    )  # fmt: skip
    event_id = forms.CharField(
        label=both("业务流水号", "Reference"), max_length=128, required=False,
        help_text=both("不填则按内容自动编号", "Empty: one is made of the content"),
    )  # fmt: skip


class Reversed(Form):
    """冲正."""

    reverses = forms.CharField(
        label=both("冲正的事件编号", "Event it reverses"), max_length=200,
        help_text=both("本行已报送的结清的编号", "The id of a settlement that your bank has sent"),
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )  # fmt: skip
    happened_at = forms.DateTimeField(label=both("冲正时间", "Reversed at"), widget=_MOMENT)
    event_id = forms.CharField(
        label=both("业务流水号", "Reference"), max_length=128, required=False,
        help_text=both("不填则按内容自动编号", "Empty: one is made of the content"),
    )  # fmt: skip


class NoBank(Problem):
    status = 409
    code = "no-bank"
    title = Label("未能确定您所在的银行", "Your bank is not certain")


FORMS: dict[str, type[Form]] = {"settled": Settled, "reversed": Reversed}


@require_GET
def entries(request: HttpRequest) -> HttpResponse:
    """What waits for a check, and everything entered at the reader's bank."""
    actor, now = actor_of(request), wallclock.now()
    found = selectors_doors.submissions(actor)
    if sheets.wanted(request):
        return sheets.download(request, _sheet(found), now)
    checks = bank_ids(actor, CHECKER)
    waiting = [one for one in found.filter(state=State.WAITING, bank__in=checks) if one.entered_by_id != actor.user_id]
    rest = found.exclude(pk__in=[one.pk for one in waiting])
    page = Paginator(rest, _SHOWN).get_page(request.GET.get("page"))
    context = {
        "waiting": [_line(one) for one in waiting],
        "rows": [_line(one) for one in page.object_list],
        "page": page,
        "clerk": bool(bank_ids(actor, CLERK)),
        "checker": bool(checks),
        "events": selectors_doors.settled_lately(actor, now - timedelta(days=30)),
    }
    return render(request, "mortgages/entries.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The form; `?kind=reversed`, `?reverses=ID`, `?again=NUMBER` (what was given back, to be corrected)."""
    actor, now = actor_of(request), wallclock.now()
    bank = own_bank(actor)
    kind = "reversed" if request.GET.get("kind") == "reversed" or request.GET.get("reverses") else "settled"
    initial = {"reverses": request.GET.get("reverses", "")[:200], "happened_at": local(now)}
    before = _given_back(actor, request.GET.get("again", ""))
    if before is not None:
        kind, initial = before["kind"], {**before, "happened_at": before["happened_at"][:16]}
        initial["event_id"] = "" if str(before["event_id"]).startswith("H-") else before["event_id"]
    form = FORMS[kind](request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound:  # the summary of what is wrong is read first
        next(iter(form.fields.values())).widget.attrs.pop("autofocus", None)
    if form.is_bound and form.is_valid():
        row = entering.row_of(kind, form.cleaned_data, form.cleaned_data["happened_at"])
        try:
            entering.enter(actor, bank, row, now)
        except Invalid as problem:
            form.refuse(problem.fields)
        else:
            text = Label("已录入，等待本行复核员复核", "Entered; a checker of your bank confirms it")
            flash.say(request, text)
            return redirect("mortgages:entries")
    context = {"form": form, "kind": kind, "bank": bank, "again": before is not None}
    return render(request, "mortgages/entry_new.html", context, status=422 if form.is_bound else 200)


@never_cache
@require_GET
def entry(request: HttpRequest, pk: int) -> HttpResponse:
    """One submission with everything that would be sent."""
    return show(request, pk)


@require_POST
def submit(request: HttpRequest, pk: int) -> HttpResponse:
    """A sheet goes to the checker."""
    return _done(
        request, pk, lambda now: entering.hand_on(actor_of(request), pk, now),
        Label("已提交复核", "Handed on to be checked"),
    )  # fmt: skip


@require_POST
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    return _done(
        request, pk, lambda now: entering.drop(actor_of(request), pk, now),
        Label("已放弃，没有报送", "Given up; nothing was sent"),
    )  # fmt: skip


@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    return _done(
        request, pk, lambda now: entering.confirm(actor_of(request), pk, now),
        Label("已复核，已报送登记", "Checked and sent"),
    )  # fmt: skip


@require_POST
def refuse(request: HttpRequest, pk: int) -> HttpResponse:
    reason = request.POST.get("reason", "")
    return _done(
        request, pk, lambda now: entering.refuse(actor_of(request), pk, reason, now),
        Label("已退回录入员", "Given back to the clerk"), reason=reason,
    )  # fmt: skip


def own_bank(actor: Actor) -> Unit:
    """The bank for which the actor enters. Raises NoBank for none, and for several: it must not be a guess."""
    found = list(Unit.objects.filter(pk__in=bank_ids(actor, CLERK)).exclude(credit_code=""))
    if len(found) != 1:
        text = Label(
            "录入须在一家有统一社会信用代码的银行任录入员；您在多家任职的，请用各自的账号",
            "You enter for exactly one bank with a credit code; with posts in several use an account of each",
        )
        raise NoBank(text)
    return found[0]


def show(request: HttpRequest, pk: int, **more: Any) -> HttpResponse:
    """The page of a submission; with a problem above it."""
    actor, now = actor_of(request), wallclock.now()
    found = selectors_doors.submissions(actor).filter(pk=pk).first()
    if found is None:
        raise NotFound(Label("本行没有这份报送单", "Your bank has no such submission"))
    if sheets.wanted(request):
        return sheets.download(request, _rows_sheet(found), now)
    again = drops.again(found) if found.state in {State.DRAFT, State.WAITING} else set()
    mine = found.entered_by_id == actor.user_id
    context = {
        "one": found, "line": _line(found), "again": again, "new": sum(r["event_id"] not in again for r in found.rows),
        "rows": [_shown(row, again) for row in found.rows], "bank": found.bank,
        "faults": [(each, Label(*each["mend"])) for each in found.faults],
        "may_check": found.state == State.WAITING and found.bank_id in bank_ids(actor, CHECKER) and not mine,
        "may_submit": found.state == State.DRAFT and found.bank_id in bank_ids(actor, CLERK),
        "may_drop": found.state in {State.DRAFT, State.WAITING} and found.bank_id in bank_ids(actor, CLERK),
        "may_correct": found.state == State.REFUSED and found.via == "clerk" and bool(bank_ids(actor, CLERK)),
        "own": mine and found.state == State.WAITING, "problem": None, "reason": "", **more,
    }  # fmt: skip
    status = more["problem"].status if more.get("problem") else 200
    return render(request, "mortgages/entry.html", context, status=status)


# ── private ──


def _done(request: HttpRequest, pk: int, step: Any, said: Label, **kept: Any) -> HttpResponse:
    try:
        step(wallclock.now())
    except NotFound:
        raise
    except Problem as problem:
        return show(request, pk, problem=problem, **kept)
    flash.say(request, said)
    return redirect("mortgages:entry", pk)


def _given_back(actor: Actor, number: str) -> dict[str, Any] | None:
    pk = whole(number)
    if pk is None:
        return None
    mine = selectors_doors.submissions(actor).filter(pk=pk, via=BankEvent.Via.CLERK, state=State.REFUSED).first()
    return dict(mine.rows[0]) if mine else None


def _line(one: Submission) -> dict[str, Any]:
    first = one.rows[0] if one.rows else None
    single = one.via == BankEvent.Via.CLERK and first is not None
    title: Label | str = one.filename
    if single and first is not None:
        what = drops.KINDS[first["kind"]]
        about = first["certificate"] or first["reverses"]
        title = Label(f"{what.zh}：{about}", f"{what.en}: {about}")
    return {
        "one": one, "title": title, "rows": len(one.rows), "state": STATES[one.state],
        "tone": TONES.get(one.state, "line"), "file": not single,
    }  # fmt: skip


def _shown(row: dict[str, Any], again: set[str]) -> dict[str, Any]:
    return {
        **row, "what": drops.KINDS[row["kind"]], "how": drops.EXTENTS[row["extent"]],
        "at": datetime.fromisoformat(row["happened_at"]), "again": row["event_id"] in again,
        "unit": _grouped(row["unit_number"]),
    }  # fmt: skip


def _grouped(unit_number: str) -> str:
    """In its parts (6+3+3+2+5+1+8), so that a person can compare it."""
    ends = [0, 6, 9, 12, 14, 19, 20, 28]
    parts = (unit_number[begin:end] for begin, end in pairwise(ends))
    return " ".join(part for part in parts if part)


def _sheet(found: Any) -> Sheet:
    columns = (
        Column(Label("编号", "Number"), Label("报送单编号", "Of the submission"), lambda x: x.pk, 10, "number"),
        Column(Label("内容", "What"), Label("录入的内容或文件名", "Content or file"), lambda x: _line(x)["title"], 46),
        Column(Label("笔数", "Rows"), Label("其中可报送的行", "That can be sent"), lambda x: len(x.rows), 8, "number"),
        Column(Label("状态", "State"), Label("办到哪一步", "How far it is"), lambda x: STATES[x.state], 12),
        Column(Label("录入", "Entered by"), Label("录入员", "The clerk"), lambda x: x.entered_by.name, 12),
        Column(Label("录入时间", "Entered"), Label("录入时间", "When"), lambda x: x.entered_at, 18, "moment"),
        Column(
            Label("复核", "Checked by"), Label("复核员", "The checker"),
            lambda x: x.decided_by.name if x.decided_by else None, 12,
        ),
        Column(Label("复核时间", "Checked"), Label("复核时间", "When"), lambda x: x.decided_at, 18, "moment"),
        Column(Label("退回原因", "Why"), Label("退回时写明", "As given back"), lambda x: x.reason, 40),
    )  # fmt: skip
    return Sheet(Label("结清录入", "Entries"), columns, list(found), Label("本行全部", "All of the bank"))


def _rows_sheet(one: Submission) -> Sheet:
    number = Column(Label("行", "Row"), Label("原表行号", "In the sheet"), lambda r: r["number"], 6, "number")
    rows = [{**_shown(row, set()), "happened_at": _shown(row, set())["at"]} for row in one.rows]
    title = Label(f"报送单{one.pk}", f"Submission {one.pk}")
    return Sheet(title, [number, *out_columns(drops.COLUMNS)], rows, STATES[one.state])


paths = [
    path("mortgages/entries/", entries, name="entries"),
    path("mortgages/entries/new/", new, name="entry_new"),
    path("mortgages/entries/<int:pk>/", entry, name="entry"),
    path("mortgages/entries/<int:pk>/submit/", submit, name="entry_submit"),
    path("mortgages/entries/<int:pk>/drop/", drop, name="entry_drop"),
    path("mortgages/entries/<int:pk>/confirm/", confirm, name="entry_confirm"),
    path("mortgages/entries/<int:pk>/refuse/", refuse, name="entry_refuse"),
]
