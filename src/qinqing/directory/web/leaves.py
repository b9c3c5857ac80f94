"""请假代岗: an officer enters the own leave and who stands in; heads enter it for those of their unit."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from qinqing.accounts.actor import Actor
from qinqing.accounts.middleware import actor_of
from qinqing.directory import selectors, services
from qinqing.directory import sheets as directory_sheets
from qinqing.directory.models import Leave, Officer
from qinqing.lib import wallclock
from qinqing.lib.labels import Label
from qinqing.ui import flash, sheets
from qinqing.ui.errors import NotAllowed, Problem
from qinqing.ui.forms import Form, choices, said

DAY = forms.DateInput(attrs={"type": "date"})
HEADS = frozenset({"section_head", "window_head"})


class LeaveForm(Form):
    """Who is away from when to when, and who stands in."""

    officer = forms.ChoiceField(label=said(Label("请假人", "Who is away")))
    deputy = forms.ChoiceField(label=said(Label("代岗人", "Who stands in")))
    starts_on = forms.DateField(
        label=said(Label("自（含当日）", "First day")), widget=forms.DateInput(attrs={"type": "date"})
    )
    ends_on = forms.DateField(
        label=said(Label("至（含当日）", "Last day")), widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, officers: list[Officer], colleagues: list[Officer], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, listed in (("officer", officers), ("deputy", colleagues)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            first = [] if len(listed) == 1 else [("", Label("请选择", "Choose"))]
            field.choices = choices([*first, *((str(one.pk), Label(one.name, one.name)) for one in listed)])


@require_http_methods(["GET", "POST"])
def leaves(request: HttpRequest) -> HttpResponse:
    """Leaves that are on or to come, of those the reader may enter them for; below, the form."""
    now = wallclock.now()
    officers = _officers_for(actor_of(request))
    colleagues = _colleagues(officers, actor_of(request))
    form = LeaveForm(officers, colleagues, request.POST if request.method == "POST" else None)
    if form.is_valid():
        data = form.cleaned_data
        try:
            leave = services.add_leave(
                int(data["officer"]), int(data["deputy"]), data["starts_on"], data["ends_on"], now
            )
        except Problem as problem:
            form.refuse(problem.fields)
        else:
            text = f"已登记：{leave.officer.name}请假期间由{leave.deputy.name}代岗"
            flash.say(request, Label(text, f"Entered: {leave.deputy.name} stands in for {leave.officer.name}"))
            return redirect("directory:leaves")
    mine = {officer.pk for officer in officers}
    listed = selectors.leaves_from(services.day_of(now)).filter(Q(officer__in=mine) | Q(deputy__in=mine))
    if sheets.wanted(request):
        note = Label("正在请假和将要请假的，限本人可登记的", "On leave now or later, of those you enter it for")
        return sheets.download(request, directory_sheets.leaves(listed, note), now)
    page = {"form": form, "leaves": listed, "mine": mine, "today": services.day_of(now)}
    return render(request, "directory/leaves.html", page, status=422 if form.is_bound else 200)


@require_POST
def end(request: HttpRequest, leave_id: int) -> HttpResponse:
    """Back at work today."""
    leave = Leave.objects.filter(pk=leave_id).select_related("officer").first()
    if leave is None or leave.officer not in _officers_for(actor_of(request)):
        raise NotAllowed(Label("只能销本人或本单位人员的假", "You can end your own leave and those of your unit only"))
    services.end_leave(leave_id, wallclock.now())
    flash.say(request, Label(f"已销假：{leave.officer.name}今日到岗", f"{leave.officer.name} is back from today"))
    return redirect("directory:leaves")


def _officers_for(actor: Actor) -> list[Officer]:
    """The officer at the door first; for a head also those who hold posts in the unit."""
    heads = [post.unit_id for post in actor.posts if post.role in HEADS]
    today = services.day_of(wallclock.now())
    found = list(Officer.objects.filter(user_id=actor.user_id or 0))
    for unit in selectors.units().filter(pk__in=heads):
        found += selectors.officers_of(unit, today)
    return list(dict.fromkeys(found))


def _colleagues(officers: list[Officer], actor: Actor) -> list[Officer]:
    """Who may stand in: officers of the same authorities, by name."""
    today = services.day_of(wallclock.now())
    found: dict[Officer, None] = dict.fromkeys(officers)
    homes = {post.parent_id or post.unit_id for post in actor.posts}
    for unit in selectors.units().filter(pk__in=homes):
        found |= dict.fromkeys(selectors.officers_of(unit, today))
    return sorted(found, key=lambda officer: officer.name)
