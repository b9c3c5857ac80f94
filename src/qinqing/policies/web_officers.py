"""政策一览 for officers: the policies in force with how many are eligible, have claimed, were paid; who is new and who
is gone. Names of companies are for the departments of the policy and for those who may open every case."""

from __future__ import annotations

from datetime import timedelta

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from qinqing.accounts.access import capacity
from qinqing.accounts.actor import Actor
from qinqing.accounts.middleware import actor_of
from qinqing.directory.models import Unit
from qinqing.directory.services import day_of
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import now as present
from qinqing.policies import matching_sheets
from qinqing.policies import public_search as finding
from qinqing.policies.counts import SINCE_DAYS, Numbers, counts, eligible_rows, under_way
from qinqing.policies.departments import named
from qinqing.policies.models_matching import Matched
from qinqing.policies.policy import Policy
from qinqing.ui import sheets
from qinqing.ui.errors import NotAllowed

TABS = {
    "eligible": Label("应享企业", "Eligible"), "new": Label("新符合", "New"), "gone": Label("不再符合", "Gone"),
    "changed": Label("金额变动", "Amount changed"),
}  # fmt: skip


@require_GET
def live(request: HttpRequest) -> HttpResponse:
    """Every policy in force, one a line."""
    now = present()
    every = finding.entries(day_of(now))
    numbers = counts(now)
    if sheets.wanted(request):
        sheet = matching_sheets.live_sheet([(entry, numbers.get(entry.policy.code, Numbers())) for entry in every])
        return sheets.download(request, sheet, now)
    percents = under_way(entry.policy.code for entry in every if not entry.ahead)
    rows = [
        (entry, numbers.get(code := entry.policy.code, Numbers()), may_see(actor_of(request), entry.policy),
         percents.get(code))
        for entry in every
    ]  # fmt: skip
    last = Matched.objects.exclude(at=None).order_by("-at").values_list("at", flat=True).first()
    context = {"rows": rows, "matched_at": last, "days": SINCE_DAYS, "under_way": len(percents)}
    return render(request, "policies/live.html", context)


@require_GET
def eligible(request: HttpRequest, code: str) -> HttpResponse:
    """The companies of one policy: eligible now; new, gone and changed in the last days."""
    now = present()
    entry = finding.entry(code, day_of(now))
    if not may_see(actor_of(request), entry.policy):
        leads = named(entry.policy.departments)
        raise NotAllowed(Label(f"名单由{leads.zh}查阅", f"The list is for {leads.en}"))
    show = request.GET.get("show", "")
    show = show if show in TABS else "eligible"
    found = eligible_rows(code, show, now - timedelta(days=SINCE_DAYS))
    if sheets.wanted(request):
        return sheets.download(request, matching_sheets.eligible_sheet(entry.policy, found, TABS[show]), now)
    number = counts(now).get(code, Numbers())
    return render(request, "policies/eligible.html", {
        "entry": entry, "policy": entry.policy, "departments": named(entry.policy.departments), "show": show,
        "tabs": [(name, label, getattr(number, name)) for name, label in TABS.items()],
        "page": Paginator(found, 50).get_page(request.GET.get("page")), "days": SINCE_DAYS, "number": number,
        "percent": None if entry.ahead else under_way([code]).get(code),
    })  # fmt: skip


def may_see(actor: Actor, policy: Policy) -> bool:
    """A department of the policy (its sections too), or who may open every case."""
    if capacity("reader").roles & actor.roles:
        return True
    places = {pk for post in actor.posts for pk in (post.unit_id, post.parent_id) if pk}
    return Unit.objects.filter(pk__in=places, code__in=policy.departments).exists()
