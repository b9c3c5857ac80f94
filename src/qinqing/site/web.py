"""首页: signed in, everybody begins on their own page; in the demo the start page signs in with one press."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_POST

from qinqing.accounts.middleware import actor_of
from qinqing.accounts.web import sign_in_as
from qinqing.site.demo import running
from qinqing.site.roles import demo_people, home_of, person_of


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Where the day begins."""
    actor = actor_of(request)
    if actor.user_id is not None:
        return redirect(home_of(actor))
    if settings.MODE == "production":
        return redirect("accounts:sign_in")
    return redirect("site:start")


@require_GET
def start(request: HttpRequest) -> HttpResponse:
    """The demo's start page: the address, one sign-in per role, five things to try."""
    _demo_only()
    there, coming = running.progress()
    context = {"people": demo_people(), "there": there, "coming": coming, "address": request.build_absolute_uri("/"),
               "percent": 100 * there // coming}  # fmt: skip
    return render(request, "site/start.html", context)


@require_GET
def growth(request: HttpRequest) -> HttpResponse:
    """How far the county has grown (htmx)."""
    _demo_only()
    there, coming = running.progress()
    return render(request, "site/growth.html", {"there": there, "coming": coming, "percent": 100 * there // coming})


@require_POST
def sign_in(request: HttpRequest, role: str) -> HttpResponse:
    """Sign in as the demo's person of a role. There is no such door outside the demo."""
    _demo_only()
    user = person_of(role)
    if user is None:
        raise Http404
    sign_in_as(request, user)
    return redirect("site:home")


def _demo_only() -> None:
    if settings.MODE == "production":
        raise Http404


urlpatterns = [
    path("", home, name="home"),
    path("demo/", start, name="start"),
    path("demo/growth/", growth, name="growth"),
    path("demo/sign-in/<slug:role>/", sign_in, name="sign_in"),
]
