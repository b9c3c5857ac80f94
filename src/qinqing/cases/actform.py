"""动作表单: the form of one act as a page shows it. The kernel checks what comes in; this only draws and keeps."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms as django_forms
from django.http import QueryDict

from qinqing.cases.casefile import CaseFile, Offer
from qinqing.cases.procedure import Field
from qinqing.cases.registry import PREFILLS
from qinqing.directory.models import Officer, Unit
from qinqing.lib.labels import Label
from qinqing.ui.forms import Form, LongText, ManyFiles, choices, said

SHORT = 60  # texts up to this length are one line
LISTS = frozenset({"units"})


@dataclass(frozen=True, slots=True)
class ActForm:
    """An offer with its form. `key` makes a second press of the button harmless."""

    offer: Offer
    form: Form
    key: str
    open: bool = False

    @property
    def plain(self) -> bool:
        """Nothing to fill in: one button will do."""
        return not self.form.fields


def act_forms(file: CaseFile) -> list[ActForm]:
    """Empty forms for everything the person may do now."""
    return [ActForm(offer, build(offer, file), new_key()) for offer in file.offers]


def build(offer: Offer, file: CaseFile, data: QueryDict | None = None) -> Form:
    """The form of an offer; with `data`, filled with what was typed."""
    form = Form(data, prefix="", auto_id=f"{offer.action}-%s", initial={})
    for item in offer.fields:
        field = form.fields[item.name] = _field(item, offer, file)
        if draft := PREFILLS.get((offer.action, item.name)):
            field.initial = draft(file)
            if isinstance(field.widget, django_forms.Textarea):
                field.widget.attrs["rows"] = 6  # there is something to read before it is sent
    if offer.evidence:
        form.fields["files"] = django_forms.FileField(
            label=said(Label("佐证材料", "Evidence")), required=True, widget=ManyFiles()
        )
    elif any(item.type == "text" and (item.max or 0) > SHORT for item in offer.fields):
        form.fields["files"] = django_forms.FileField(
            label=said(Label("附件", "Attachments")), required=False, widget=ManyFiles()
        )
    for field in form.fields.values():
        if isinstance(field.widget, django_forms.TextInput | django_forms.Textarea | django_forms.Select):
            field.widget.attrs["class"] = "in"
    return form


def typed(offer: Offer, data: QueryDict) -> Mapping[str, Any]:
    """What was typed, in the form the kernel takes."""
    return {
        item.name: data.getlist(item.name) if item.type in LISTS else data.get(item.name)
        for item in offer.fields
        if item.name in data
    }


def new_key() -> str:
    return uuid.uuid4().hex


def _field(item: Field, offer: Offer, file: CaseFile) -> django_forms.Field:
    required = item.name not in offer.optional
    if item.type == "text" and (item.max or 500) > SHORT:
        return LongText(item.label, item.max or 500, required=required)
    if item.type == "choice":
        act = file.spec.act(file.state.stage, file.state.outcome, offer.action)
        allowed = act.when.get(item.name) if act else None
        pairs = [(value, label) for value, label in item.choices.items() if not allowed or value in allowed]
        return django_forms.ChoiceField(
            label=said(item.label), choices=choices(pairs), required=required, widget=django_forms.RadioSelect
        )
    if item.type == "unit":
        return django_forms.ChoiceField(
            label=said(item.label), choices=[("", "—"), *units()], required=required, initial=file.case.lead_id
        )
    if item.type == "units":
        return django_forms.MultipleChoiceField(
            label=said(item.label), choices=units(), required=required, widget=django_forms.CheckboxSelectMultiple
        )
    if item.type == "officer":
        return django_forms.ChoiceField(label=said(item.label), choices=_colleagues(offer))
    if item.type == "confirm":
        return django_forms.BooleanField(label=said(item.label), required=required)
    if item.type == "date":
        picker = django_forms.DateInput(attrs={"type": "date"})
        return django_forms.CharField(label=said(item.label), required=required, widget=picker)
    return django_forms.CharField(label=said(item.label), required=required, max_length=item.max)


def units() -> list[tuple[str, str]]:
    """Units that may handle matters, with the authority before the section."""
    found = Unit.objects.filter(closed_on=None).exclude(kind=Unit.Kind.DESK).select_related("parent")
    named = [(str(unit.pk), f"{unit.parent.name} {unit.name}" if unit.parent else unit.name) for unit in found]
    return sorted(named, key=lambda pair: pair[1])


def _colleagues(offer: Offer) -> list[tuple[str, str]]:
    if offer.task is None:
        return []
    found = Officer.objects.filter(posts__unit=offer.task.unit_id, posts__ends_on=None).distinct()
    return [(str(officer.user_id), officer.name) for officer in found]
