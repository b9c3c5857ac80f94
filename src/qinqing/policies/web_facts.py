"""本企业信息: a company sees every fact that is on record of it, whose word it is and of when, and objects to one. The
department whose word it is decides; where the directory itself holds it, or the source has no unit here, the window.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from qinqing.accounts.actor import Actor
from qinqing.accounts.middleware import actor_of
from qinqing.audit.services import log_read
from qinqing.directory.facts import objections as objecting
from qinqing.directory.facts.dictionary import FactDef, book, dictionary
from qinqing.directory.facts.reading import own_facts, values_of
from qinqing.directory.models import Objection, Unit
from qinqing.lib.identifiers import Invalid
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import now as present
from qinqing.policies import matching_sheets
from qinqing.policies.condition_lines import origin
from qinqing.policies.fact_fields import field_of, read
from qinqing.policies.web_company import of_the_first, visit_of
from qinqing.ui import flash, sheets
from qinqing.ui.errors import NotFound, Problem
from qinqing.ui.forms import Form, LongText, both, choices

DECIDERS = frozenset({"handler", "liaison", "section_head", "window_head"})


class ObjectForm(Form):
    text = LongText(
        Label("哪里不对", "What is wrong"), objecting.LONGEST, rows=5,
        help_text=both("写明正确的数据和依据，如完税凭证号", "Say what is right and how it can be checked"),
    )  # fmt: skip


class DecideForm(Form):
    """`value` empty: the figure becomes unknown."""

    result = forms.ChoiceField(
        label=both("核实结果", "What was found"), widget=forms.RadioSelect,
        choices=choices([
            ("upheld", Label("异议成立，更正数据", "Upheld: put it right")),
            ("rejected", Label("异议不成立，数据不变", "Not upheld: it stays")),
        ]),
    )  # fmt: skip
    reasons = LongText(Label("处理意见（企业可见）", "Reasons, which the company sees"), objecting.LONGEST, rows=4)

    def __init__(self, fact: FactDef, *args: Any, **kwargs: Any) -> None:
        self.base_fields = {**self.base_fields, "value": field_of(fact)}  # type: ignore[misc]  # this form's own
        super().__init__(*args, **kwargs)
        self.fields["value"].label = both("更正后的数据", "The right figure")
        self.fields["value"].help_text = both(
            "异议成立时填写；留空则改为“未知”", "Where it is upheld; left empty it becomes unknown"
        )


# ── the company's own ──


@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """Of the first company that one acts for."""
    return of_the_first(request, "policies:facts_of")


@never_cache
@require_GET
def facts(request: HttpRequest, party_id: int) -> HttpResponse:
    """What is on record, in groups; what is not, named below."""
    visit = visit_of(request, party_id, present())
    groups = own_facts(party_id)
    known = [(group.label, [own for own in group.facts if own.known]) for group in groups]
    if sheets.wanted(request):
        sheet = matching_sheets.facts_sheet([own for _, some in known for own in some])
        return sheets.download(request, sheet, present())
    lacking = [own.fact for group in groups for own in group.facts if own.known is None]
    return render(request, "policies/facts.html", {
        "visit": visit, "groups": [(label, some) for label, some in known if some],
        "lacking": [origin(fact, None) for fact in lacking],
    })  # fmt: skip


@never_cache
@require_http_methods(["GET", "POST"])
def object_to(request: HttpRequest, party_id: int, fact: str) -> HttpResponse:
    """提出异议."""
    now = present()
    visit = visit_of(request, party_id, now)
    known = visit.known.get(fact)
    if fact not in dictionary() or known is None:
        raise NotFound(Label("这一项没有数据", "Nothing is on record here"))
    form, problem = ObjectForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        try:
            objecting.object_to(party_id, fact, form.cleaned_data["text"], actor=actor_of(request), now=now)
        except Problem as refused:
            problem = refused
            form.refuse(refused.fields)
        else:
            flash.say(request, Label("异议已提交，核实后在这里答复", "Sent; the answer will stand here"))
            return redirect("policies:facts_of", party_id=party_id)
    return render(request, "policies/object.html", {
        "visit": visit, "origin": origin(dictionary()[fact], known), "form": form,
        "problem": problem if problem and not problem.fields else None,
    }, status=problem.status if problem else 422 if form.errors else 200)  # fmt: skip


# ── the department ──


@require_GET
def objections(request: HttpRequest) -> HttpResponse:
    """数据异议: those that one may decide; `?state=done` those decided."""
    done = request.GET.get("state") == "done"
    theirs = _theirs(actor_of(request))
    found = theirs.exclude(state="open").order_by("-decided_at") if done else theirs.filter(state="open")
    if sheets.wanted(request):
        which = Label("已处理", "Decided") if done else Label("待核实", "To look into")
        listed = [(one, _fact_label(one)) for one in found]
        return sheets.download(request, matching_sheets.objections_sheet(listed, which), present())
    page = Paginator(found, 50).get_page(request.GET.get("page"))
    rows = [(one, _fact_label(one)) for one in page.object_list]
    return render(request, "policies/objections.html", {"page": page, "rows": rows, "done": done})


@never_cache
@require_http_methods(["GET", "POST"])
def objection(request: HttpRequest, objection_id: int) -> HttpResponse:
    """One objection, and its decision."""
    now, actor = present(), actor_of(request)
    found = _theirs(actor).filter(pk=objection_id).first()
    if found is None or found.fact not in dictionary():
        raise NotFound(
            Label("没有这项异议，或不由您的单位核实", "There is no such objection, or it is not your unit's")
        )
    fact = dictionary()[found.fact]
    if fact.sensitivity == "confidential":
        log_read(actor, "party.facts", f"party:{found.party_id}", "核实数据异议", now)
    form, problem = DecideForm(fact, request.POST or None), None
    if request.method == "POST" and form.is_valid():
        try:
            _decide(found, fact, form, actor)
        except Invalid as error:
            form.refuse({"value": error.label})
        except Problem as refused:
            problem = refused
            form.refuse(refused.fields)
        else:
            flash.say(request, Label("已处理并告知企业", "Decided; the company has been told"))
            return redirect("policies:objections")
    known = values_of(found.party_id).get(found.fact)
    return render(request, "policies/objection.html", {
        "found": found, "shown": Label(found.shown["zh"], found.shown["en"]), "origin": origin(fact, known),
        "form": form, "problem": problem if problem and not problem.fields else None,
    }, status=problem.status if problem else 422 if form.errors else 200)  # fmt: skip


def waiting(actor: Actor) -> int | None:
    """For the menu."""
    return _theirs(actor).filter(state="open").count() if DECIDERS & actor.roles else None


# ── private ──


def _decide(found: Objection, fact: FactDef, form: DecideForm, actor: Actor) -> None:
    upheld = form.cleaned_data["result"] == "upheld"
    value = read(fact, form.cleaned_data["value"]) if upheld else None
    objecting.decide_objection(
        found.pk, upheld=upheld, reasons=form.cleaned_data["reasons"], actor=actor, now=present(), value=value
    )


def _theirs(actor: Actor) -> QuerySet[Objection]:
    """Objections to what a unit of the actor (or the department above it) said; for the window's head all that no unit
    of this county said."""
    posts = [post for post in actor.posts if post.role in DECIDERS]
    places = {pk for post in posts for pk in (post.unit_id, post.parent_id) if pk}
    codes = set(Unit.objects.filter(pk__in=places).values_list("code", flat=True)) & book().sources.keys()
    which = Q(observation__source__code__in=codes)
    if any(post.role == "window_head" for post in posts):
        here = Unit.objects.filter(closed_on=None).values_list("code", flat=True)
        which |= Q(observation=None) | ~Q(observation__source__code__in=list(here))
    return (
        Objection.objects.filter(which)
        .select_related("party", "raised_by", "decided_by", "observation__source")
        .order_by("raised_at", "pk")
    )


def _fact_label(found: Objection) -> Label:
    return dictionary()[found.fact].label if found.fact in dictionary() else Label(found.fact, found.fact)
