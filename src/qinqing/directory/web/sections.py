"""科室与联络员: who answers for which section; the head of the window names liaison and deputy."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from qinqing.accounts.access import may_open
from qinqing.accounts.middleware import actor_of
from qinqing.directory import contact_sheets, selectors, services
from qinqing.directory.models import Unit
from qinqing.lib import wallclock
from qinqing.lib.labels import Label
from qinqing.ui import flash, sheets
from qinqing.ui.errors import Problem
from qinqing.ui.forms import Form, choices, said


class SectionForm(Form):
    """Name, liaison and deputy of a section."""

    name = forms.CharField(label=said(Label("科室名称", "Name in Chinese")), max_length=80)
    name_en = forms.CharField(label=said(Label("英文名称", "Name in English")), max_length=120, required=False)
    liaison = forms.ChoiceField(label=said(Label("联络员", "Liaison")))
    deputy = forms.ChoiceField(label=said(Label("副联络员", "Deputy liaison")), required=False)

    def __init__(self, unit: Unit, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = services.day_of(wallclock.now())
        officers = selectors.officers_of(unit.parent or unit, today)
        listed = [(str(officer.pk), Label(officer.name, officer.name)) for officer in officers]
        nobody = ("", Label("（未定）", "(nobody yet)"))
        for name in ("liaison", "deputy"):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices([nobody, *listed])


@require_GET
def sections(request: HttpRequest) -> HttpResponse:
    """All sections with liaison and deputy, and who stands in today for one on leave; below, the other units."""
    today = services.day_of(wallclock.now())
    if sheets.wanted(request):
        note = Label("全部科室", "All sections")
        return sheets.download(request, contact_sheets.sheet(today, note), wallclock.now())
    away = {leave.officer_id: leave for leave in selectors.leaves_from(today) if leave.starts_on <= today}
    page = {
        "sections": [
            (section, [(officer, away.get(officer.pk)) for officer in (section.liaison, section.deputy) if officer])
            for section in selectors.sections()
        ],
        "others": selectors.units().filter(kind__in=(Unit.Kind.AUTHORITY, Unit.Kind.TOWN)),
        "may_edit": may_open(actor_of(request), "directory:section"),
    }
    return render(request, "directory/sections.html", page)


@require_http_methods(["GET", "POST"])
def section(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Name a section, its liaison and its deputy."""
    unit = get_object_or_404(Unit.objects.select_related("parent"), pk=unit_id, kind=Unit.Kind.SECTION)
    initial: dict[str, object] = {"liaison": unit.liaison_id, "deputy": unit.deputy_id}
    if not unit.to_be_named:
        initial |= {"name": unit.name, "name_en": unit.name_en}
    form = SectionForm(unit, request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        try:
            _save(unit, form.cleaned_data)
        except Problem as problem:
            form.refuse(problem.fields)
        else:
            text = f"{form.cleaned_data['name']}：科室名称和联络员已保存，今日起生效"
            flash.say(request, Label(text, f"{form.cleaned_data['name']}: saved, in force from today"))
            return redirect("directory:sections")
    page = {"unit": unit, "form": form}
    return render(request, "directory/section.html", page, status=422 if form.is_bound else 200)


@transaction.atomic
def _save(unit: Unit, data: dict[str, str]) -> None:
    """Name and contacts together or not at all."""
    now = wallclock.now()
    if (data["name"], data["name_en"]) != (unit.name, unit.name_en) or unit.to_be_named:
        services.name_unit(unit.pk, data["name"], data["name_en"], now)
    deputy = int(data["deputy"]) if data["deputy"] else None
    services.set_contacts(unit.pk, int(data["liaison"]), deputy, now)
