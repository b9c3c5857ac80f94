"""企业页面: search and list, one company, and its telephone number against a reason that is logged."""

from __future__ import annotations

from collections.abc import Iterable

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from qinqing.accounts.access import may_open
from qinqing.accounts.middleware import actor_of
from qinqing.audit.services import log_read
from qinqing.directory import selectors
from qinqing.directory import sheets as directory_sheets
from qinqing.directory.models import Party
from qinqing.directory.services import REGISTERED, day_of
from qinqing.directory.size_classes import rule
from qinqing.lib import wallclock
from qinqing.lib.labels import Label
from qinqing.ui import sheets
from qinqing.ui.forms import Form, said

PER_PAGE = 50
MOST_FOUND = 200  # as many as the search looks at


class Reason(Form):
    """Why a number is looked up."""

    reason = forms.CharField(
        label=said(Label("查看事由", "Reason")),
        max_length=200,
        help_text=said(
            Label("如“回访办件帮2026-1811”，将记入查阅日志", "Such as “calling back on 帮2026-1811”; logged")
        ),
    )


@require_GET
def companies(request: HttpRequest) -> HttpResponse:
    """Companies and sole traders: the best fits for what was typed, or all by name, page by page."""
    text = request.GET.get("q", "").strip()
    page: dict[str, object] = {"q": text, "may_import": may_open(actor_of(request), "directory:import")}
    if sheets.wanted(request):
        return _sheet(request, text)
    if text:
        page["hits"] = selectors.find_parties(text, PER_PAGE, REGISTERED)
    else:
        listed = Party.objects.filter(kind__in=REGISTERED).order_by("name_norm")
        page["page"] = Paginator(listed, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "directory/companies.html", page)


def _sheet(request: HttpRequest, text: str) -> HttpResponse:
    """All companies, or those that fit what was typed, the best first."""
    parties: Iterable[Party] = Party.objects.filter(kind__in=REGISTERED).order_by("name_norm")
    note = Label("全部企业和个体工商户", "All companies and sole traders")
    if text:
        found = [hit.id for hit in selectors.find_parties(text, MOST_FOUND, REGISTERED)]
        by_id = Party.objects.in_bulk(found)
        parties = [by_id[party_id] for party_id in found]
        note = Label(f"与“{text}”最相符的，至多{MOST_FOUND}家", f"The {MOST_FOUND} that fit “{text}” best")
    return sheets.download(request, directory_sheets.companies(parties, note), wallclock.now())


@never_cache
@require_GET
def company(request: HttpRequest, party_id: int) -> HttpResponse:
    """Facts, size by both rules and why, former names, who acts for it; other wings add their panels."""
    return _company(request, _registered(party_id), Reason())


@never_cache
@require_POST
def phone(request: HttpRequest, party_id: int) -> HttpResponse:
    """The number in full, on the answer to this request only."""
    party, form = _registered(party_id), Reason(request.POST)
    if not form.is_valid():
        return _company(request, party, form, status=422)
    log_read(actor_of(request), "party.phone", f"party:{party.pk}", form.cleaned_data["reason"], wallclock.now())
    return _company(request, party, form, shown=True)


def _registered(party_id: int) -> Party:
    return get_object_or_404(Party, pk=party_id, kind__in=REGISTERED)


def _company(
    request: HttpRequest, party: Party, form: Reason, *, shown: bool = False, status: int = 200
) -> HttpResponse:
    summary = selectors.party_summary(party)
    page = {
        "party": party,
        "summary": summary,
        "sizes": [(rule("policy"), summary.policy_size), (rule("statistics"), summary.statistics_size)],
        "former_names": party.former_names.order_by("-ends_on", "-pk"),
        "mandates": party.agents.select_related("person").order_by("-starts_on"),
        "today": day_of(wallclock.now()),
        "form": form,
        "phone_shown": shown,
        "may_phone": may_open(actor_of(request), "directory:company_phone"),
    }
    return render(request, "directory/company.html", page, status=status)
