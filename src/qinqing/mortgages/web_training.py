"""银行培训的页面 (B8): sessions, who came, who never did; recorded by the head of the registration centre."""

from __future__ import annotations

from datetime import date

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qinqing.accounts.middleware import actor_of
from qinqing.directory.models import Unit
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import now as present
from qinqing.mortgages import places, training
from qinqing.mortgages.models_desks import Training
from qinqing.mortgages.training import Came
from qinqing.ui import sheets
from qinqing.ui.errors import Problem
from qinqing.ui.flash import say
from qinqing.ui.forms import Form, both, whole
from qinqing.ui.sheets import Column, Sheet

LIST = 30


class SessionForm(Form):
    """When, where, about what. Who came is read apart: one line for each bank."""

    held_on = forms.DateField(label=both("培训日期", "Date"), widget=forms.DateInput(attrs={"type": "date"}))
    place = forms.CharField(label=both("地点", "Place"), max_length=100)
    topic = forms.CharField(
        label=both("主题", "Topic"), max_length=200, help_text=both("如：抵押注销标准化", "Such as: standard releases")
    )


@require_GET
def sessions(request: HttpRequest) -> HttpResponse:
    """培训记录 and coverage."""
    actor = actor_of(request)
    places.check_sees_all(actor)
    held, banks = training.sessions_by_bank(), list(training.banks())
    if sheets.wanted(request):
        return sheets.download(request, _sheet(banks, held), present())
    context = {
        "page": Paginator(training.sessions(), LIST).get_page(request.GET.get("page")),
        "withdrawn": training.sessions(withdrawn=True)[:LIST], "may_record": training.may_record(actor),
        "never": [bank for bank in banks if not held.get(bank.pk)], "all": len(banks),
        "covered": sum(bool(held.get(bank.pk)) for bank in banks),
    }  # fmt: skip
    return render(request, "mortgages/training.html", context)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """登记一次培训."""
    actor, now = actor_of(request), present()
    training.check_may_record(actor)
    form, trouble = SessionForm(request.POST or None), None
    banks = list(training.banks())
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            made = training.record(actor, said["held_on"], said["place"], said["topic"], _came(request, banks), now)
        except Problem as problem:
            trouble = problem.fields.get("came")
            form.refuse({name: text for name, text in problem.fields.items() if name != "came"})
        else:
            say(request, Label("已登记", "Recorded"))
            return redirect("mortgages:training_one", made.pk)
    rows = [
        (bank, request.POST.get(f"people-{bank.pk}", ""), request.POST.get(f"names-{bank.pk}", "")) for bank in banks
    ]
    status = 422 if form.errors or trouble else 200
    return render(
        request, "mortgages/training_new.html", {"form": form, "rows": rows, "trouble": trouble}, status=status
    )


@require_GET
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """One session."""
    return _show(request, pk, None)


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """作废."""
    found = get_object_or_404(Training, pk=pk)
    try:
        training.withdraw(actor_of(request), found, request.POST.get("why", ""), present())
    except Problem as problem:
        return _show(request, pk, problem)
    say(request, Label("已作废", "Withdrawn"))
    return redirect("mortgages:training_one", pk)


# ── private ──


def _sheet(banks: list[Unit], held: dict[int, list[date]]) -> Sheet:
    """Every bank on file, trained or not."""
    columns = [
        Column(Label("银行", "Bank"), Label("在册银行", "Bank on file"), lambda x: x.label, 40),
        Column(Label("参训次数", "Sessions"), Label("已作废的不计", "Withdrawn ones left out"),
               lambda x: len(held.get(x.pk, ())), 10, "number"),
        Column(Label("首次培训", "First"), Label("首次参训日期", "Its first session"),
               lambda x: min(held.get(x.pk, ()), default=None), 14, "day"),
        Column(Label("最近培训", "Last"), Label("最近参训日期；空格为从未参训", "Its latest; empty: never"),
               lambda x: max(held.get(x.pk, ()), default=None), 14, "day"),
    ]  # fmt: skip
    return Sheet(Label("银行培训", "Bank training"), columns, banks, Label("全部在册银行", "All banks on file"))


def _show(request: HttpRequest, pk: int, trouble: Problem | None) -> HttpResponse:
    actor = actor_of(request)
    places.check_sees_all(actor)
    found = get_object_or_404(Training.objects.select_related("recorded_by"), pk=pk)
    came = found.attendances.select_related("bank").order_by("bank__code")
    return render(
        request, "mortgages/training_one.html",
        {"training": found, "came": came, "people": sum(each.people for each in came), "trouble": trouble,
         "may_record": training.may_record(actor)},
        status=trouble.status if trouble else 200,
    )  # fmt: skip


def _came(request: HttpRequest, banks: list[Unit]) -> list[Came]:
    """Filled lines; what is no number becomes one that `record` refuses."""
    found = []
    for bank in banks:
        typed = request.POST.get(f"people-{bank.pk}", "").strip()
        if typed and typed != "0":
            number = whole(typed)
            found.append(
                Came(bank.pk, -1 if number is None else number, request.POST.get(f"names-{bank.pk}", "").strip())
            )
    return found


paths = [
    path("mortgages/training/", sessions, name="training"),
    path("mortgages/training/new/", new, name="training_new"),
    path("mortgages/training/<int:pk>/", one, name="training_one"),
    path("mortgages/training/<int:pk>/withdraw/", withdraw, name="training_withdraw"),
]
