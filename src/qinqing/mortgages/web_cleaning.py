"""旧数据清理台的页面 (B7): names of old records that mean nobody or several, who they may be, and once a name is filed
the releases to be matched again. On the case page of an exception: the same for its creditors."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import path
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from qinqing.accounts.actor import Actor
from qinqing.accounts.middleware import actor_of
from qinqing.cases.models import Case
from qinqing.lib.labels import Label
from qinqing.lib.names import normal
from qinqing.lib.wallclock import now as present
from qinqing.mortgages import cleaning, places
from qinqing.mortgages.register import register
from qinqing.ui.flash import say

LIST = 20
FINDING = "抵押权人曾用名已备案，重新自动核对"


@require_GET
def clean(request: HttpRequest) -> HttpResponse:
    """旧数据清理台."""
    actor = actor_of(request)
    _check_sees(actor)
    found = cleaning.unclear()
    page = Paginator(found, LIST).get_page(request.GET.get("page"))
    ready = cleaning.index()
    waiting = cleaning.waiting_names()
    rows = [(each, cleaning.guesses(each.name, ready), waiting[normal(each.name)]) for each in page.object_list]
    context = {
        "page": page, "rows": rows, "names": len(found), "mortgages": sum(each.mortgages for each in found),
        "again": cleaning.ready_again(), "simulated": register().simulated, "registry": places.is_registry(actor),
    }  # fmt: skip
    return render(request, "mortgages/names_clean.html", context)


@require_POST
def match_again(request: HttpRequest) -> HttpResponse:
    """重新自动核对: the chosen exceptions whose names are certain by now. The kernel asks whether the actor may."""
    actor = actor_of(request)
    if not places.is_registry(actor):
        raise places.NotYours(Label("由登记机构重新核对", "The registry has them matched again"))
    chosen = set(request.POST.getlist("case"))
    releases = [each for each in cleaning.ready_again() if each.case.number in chosen]
    done, refused = cleaning.match_again(releases, FINDING, actor, present())
    if done:
        say(request, Label(f"{done}件已重新自动核对", f"{done} are being matched again"))
    for number, why in refused:
        say(request, Label(f"{number}：{why.zh}", f"{number}: {why.en}"), tone="amber")
    if not done and not refused:
        say(request, Label("这些件已经不在等待", "They wait no more"), tone="")
    back = request.POST.get("back", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        return redirect("mortgages:names_clean")
    return redirect(back)


def panel(request: HttpRequest, case: object) -> str | None:
    """On the case page of an exception over a name: who the creditors may be, and the way to file it."""
    assert isinstance(case, Case)
    if case.procedure.code != "mortgage_release" or actor_of(request).kind != "officer":
        return None
    uncertain = cleaning.uncertain_of(case.pk)
    if uncertain is None:
        return None
    context = {
        "rows": uncertain, "case": case, "registry": places.is_registry(actor_of(request)),
        "simulated": register().simulated,
    }  # fmt: skip
    return render_to_string("mortgages/names_panel.html", context, request=request)


def _check_sees(actor: Actor) -> None:
    if not places.sees_all(actor):
        raise places.NotYours(Label("此页供登记机构使用", "This page is for the registry"))


paths = [
    path("mortgages/names/clean/", clean, name="names_clean"),
    path("mortgages/names/match-again/", match_again, name="names_match_again"),
]
