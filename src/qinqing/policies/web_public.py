"""政策库与“我能享受吗”, without signing in: what policies there are, one in full, and a check on the spot that keeps
nothing: what is filled in is answered in the same request, in no table, session, file or log.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from qinqing.directory.facts.dictionary import specs
from qinqing.directory.services import day_of
from qinqing.lib.labels import Label
from qinqing.lib.rules.explaining import explain
from qinqing.lib.rules.rule import Verdict
from qinqing.lib.wallclock import now as present
from qinqing.policies import public_search as finding
from qinqing.policies import words
from qinqing.policies.amount_steps import steps
from qinqing.policies.condition_lines import lines
from qinqing.policies.departments import named
from qinqing.policies.fact_fields import FactForm, codes_in, facts_of
from qinqing.policies.offers import Offer
from qinqing.policies.policy import ORIGINS, SHORTS, Policy
from qinqing.policies.public_search import Entry
from qinqing.policies.windows import opening


@dataclass(frozen=True, slots=True)
class InWords:
    """A policy as everybody reads it."""

    entry: Entry
    departments: Label
    benefit: Label
    effect: Label
    origin: Label
    short: Label | None

    @property
    def policy(self) -> Policy:
        return self.entry.policy


def door(request: HttpRequest, _subject: object) -> str:
    """The way to the library, on pages that are open to everybody (`public.doors`)."""
    return render_to_string("policies/door.html", {}, request=request)


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The policies that are live, found by words, department, kind of benefit, open now."""
    today = day_of(present())
    asked = finding.Asked(
        words=request.GET.get("q", "").strip()[:60], department=request.GET.get("unit", "")[:60],
        kind=request.GET.get("kind", "")[:20], open_now=request.GET.get("open") == "1",
    )  # fmt: skip
    every = finding.entries(today)
    return render(request, "policies/library.html", {
        "asked": asked, "found": finding.search(every, asked), "count": len(every),
        "departments": finding.departments(every), "kinds": finding.KINDS,
    })  # fmt: skip


@require_GET
def policy(request: HttpRequest, code: str) -> HttpResponse:
    """One policy: reference, clauses, conditions and benefit in words, window, what is left of its budget."""
    today = day_of(present())
    entry = finding.entry(code, today)
    found = explain(entry.policy.rule, {}, specs(), today)  # of a company of which nothing is known: what is asked
    return render(request, "policies/policy.html", {
        "it": _in_words(entry), "policy": entry.policy, "lines": lines(found, {}),
        "budget": finding.budget_of(code, today),
    })  # fmt: skip


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def check(request: HttpRequest, code: str) -> HttpResponse:
    """我能享受吗."""
    today = day_of(present())
    entry = finding.entry(code, today)
    form = FactForm(
        facts_of(entry.policy), codes_in(entry.policy.rule), request.POST if request.method == "POST" else None
    )
    context: dict[str, object] = {"it": _in_words(entry), "policy": entry.policy, "form": form, "answered": False}
    status = 200
    if request.method == "POST":
        if form.is_valid():
            context |= _answer(entry, form, request)
        else:
            status = 422
    return render(request, "policies/check.html", context, status=status)


# ── private ──


def _answer(entry: Entry, form: FactForm, request: HttpRequest) -> dict[str, object]:
    today = day_of(present())
    found = explain(entry.policy.rule, form.values, specs(), today)
    fen = found.amount_fen if found.verdict is Verdict.YES else None
    return {
        "answered": True, "offer": Offer(entry.version_id, entry.policy, found, opening(entry.policy.window, today)),
        "lines": lines(found, {}), "verdict": found.verdict.name.lower(),
        "steps": steps(entry.policy, form.values, today, fen) if found.verdict is Verdict.YES else [],
    }  # fmt: skip


def _in_words(entry: Entry) -> InWords:
    policy = entry.policy
    return InWords(
        entry, named(policy.departments), words.benefit(policy.rule.benefit, specs()), words.effect(policy.effect),
        ORIGINS[policy.source.origin], SHORTS[policy.budget.short] if policy.budget else None,
    )  # fmt: skip
