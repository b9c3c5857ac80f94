"""企业的惠企政策 (phone first): what is its now, nearly, unknown, claimed; one policy in every condition and figure.

The company's agent sees it; at the window an officer opens it for a visitor, which the read log notes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from qinqing.accounts.middleware import actor_of
from qinqing.cases.rows import Row, rows_of
from qinqing.directory.facts.reading import Known, read_values, values_of
from qinqing.directory.models import Party
from qinqing.directory.services import REGISTERED, day_of
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import now as present
from qinqing.policies import payees, selectors
from qinqing.policies.amount_steps import steps
from qinqing.policies.condition_lines import lines
from qinqing.policies.departments import named
from qinqing.policies.models_matching import Eligibility
from qinqing.policies.models_money import Claim
from qinqing.policies.offers import Offer, offer_of, offers_of
from qinqing.policies.promises import promises
from qinqing.ui.errors import NotFound
from qinqing.ui.menu import may_open

TABS = {
    "yours": Label("可领取", "Yours now"), "near": Label("差一点", "Nearly"), "unknown": Label("待补数据", "Unknown"),
    "claims": Label("已申领", "Claimed"),
}  # fmt: skip
_LOOKED_AT = "窗口查看惠企政策"


@dataclass(frozen=True, slots=True)
class Visit:
    """Whose page it is and who looks at it. `officer`: at the window, for the company."""

    party: Party
    known: Mapping[str, Known]
    officer: bool
    others: tuple[Party, ...]

    @property
    def shell(self) -> str:
        return "ui/staff.html" if self.officer else "ui/phone.html"


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """A claim with where its case stands."""

    claim: Claim
    title: Label
    row: Row


@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """The first company that one acts for."""
    return of_the_first(request, "policies:for_party")


@never_cache
@require_GET
def for_party(request: HttpRequest, party_id: int) -> HttpResponse:
    """为您找到的政策, in four tabs."""
    now = present()
    visit = visit_of(request, party_id, now)
    offers = offers_of(visit.party, now, visit.known)
    counts = {
        "yours": len(offers.yours), "near": len(offers.near), "unknown": len(offers.unknown),
        "claims": len(offers.claims),
    }  # fmt: skip
    asked = request.GET.get("show", "")
    show = asked if asked in TABS else next((name for name in TABS if counts[name]), "yours")
    return render(request, "policies/mine.html", {
        "visit": visit, "shell": visit.shell, "offers": offers, "show": show, "now": now,
        "tabs": [(name, label, counts[name]) for name, label in TABS.items()],
        "running": _rows(offers.running, now), "paid": _rows(offers.paid, now), "ended": _rows(offers.ended, now),
    })  # fmt: skip


@never_cache
@require_GET
def one(request: HttpRequest, party_id: int, code: str) -> HttpResponse:
    """One policy for the company: verdict, conditions, amount, how to claim."""
    now = present()
    visit = visit_of(request, party_id, now)
    offer = offer_of(visit.party, code, now, visit.known)
    return render(request, "policies/one.html", {
        **of_offer(offer, visit, now), "visit": visit, "shell": "ui/staff.html" if visit.officer else "ui/party.html",
        "account": payees.current(visit.party), "promises": promises(), "print_number": offer.policy.reference,
    })  # fmt: skip


def of_offer(offer: Offer, visit: Visit, now: datetime) -> dict[str, object]:
    """What the pages of one policy show of it."""
    values = {name: each.value for name, each in visit.known.items()}
    return {
        "offer": offer, "policy": offer.policy, "now": now, "lines": lines(offer.found, visit.known),
        "steps": steps(offer.policy, values, day_of(now), offer.found.amount_fen if _is_yes(offer) else None),
        "departments": named(offer.policy.departments), "verdict": offer.found.verdict.name.lower(),
    }  # fmt: skip


def of_the_first(request: HttpRequest, route: str) -> HttpResponse:
    """On to the page of the first company that one acts for; who acts for none is told so."""
    first = companies_of(request).first()
    return redirect(route, party_id=first.pk) if first else render(request, "policies/no_company.html")


def companies_of(request: HttpRequest) -> QuerySet[Party]:
    """The companies and businesses that the person at the door acts for."""
    return Party.objects.filter(pk__in=actor_of(request).party_ids, kind__in=REGISTERED).order_by("pk")


def visit_of(request: HttpRequest, party_id: int, now: datetime) -> Visit:
    """The company with its facts, for its agent, or for an officer whose look is logged. Raises NotFound."""
    actor = actor_of(request)
    party = Party.objects.filter(pk=party_id, kind__in=REGISTERED).first()
    officer = actor.kind == "officer"
    if party is None or not (officer or party_id in actor.party_ids):
        raise NotFound(Label("没有这家企业，或您未获授权代表它", "There is no such company, or you do not act for it"))
    if officer:
        return Visit(party, read_values(party_id, actor, _LOOKED_AT, now), True, ())
    return Visit(party, values_of(party_id), False, tuple(companies_of(request)))


def panel(request: HttpRequest, party: object) -> str | None:
    """On the directory's page of a company: what it is eligible for, and the way there for the window."""
    if not isinstance(party, Party) or party.kind not in REGISTERED:
        return None
    rows = Eligibility.objects.filter(party=party, gone_at=None)
    context = {"party": party, "count": rows.count(), "may": may_open(actor_of(request), "policies:for_party")}
    return render_to_string("policies/company_panel.html", context, request)


# ── private ──


def _is_yes(offer: Offer) -> bool:
    return offer.found.verdict.name == "YES"


def _rows(claims: list[Claim], now: datetime) -> list[ClaimRow]:
    rows = {row.case.pk: row for row in rows_of([claim.case for claim in claims], now)}
    return [ClaimRow(claim, selectors.policy_of(claim.version_id).title, rows[claim.case_id]) for claim in claims]
