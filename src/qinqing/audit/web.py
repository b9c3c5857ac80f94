"""Pages of the audit administrator: the read log; verification, anchors and erasures. They change nothing."""

from __future__ import annotations

from datetime import date

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET

from qinqing.audit import selectors
from qinqing.audit.erasure import due_for_erasure, retention_classes
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import now

_BAD_DAY = Label("应为日期，如2026-09-30", "Write a date, such as 2026-09-30")
_LINES = 50


@require_GET
def reads(request: HttpRequest) -> HttpResponse:
    """Who read what, and why; by text and days."""
    text = request.GET.get("q", "").strip()
    since, bad_since = _day(request, "from")
    until, bad_until = _day(request, "to")
    found = selectors.read_log(text, since, until)
    page = {
        "page": Paginator(found, _LINES).get_page(request.GET.get("page")),
        "q": text,
        "since": request.GET.get("from", ""),
        "until": request.GET.get("to", ""),
        "problem": _BAD_DAY if bad_since or bad_until else None,
        "filtered": bool(text or since or until),
    }
    return render(request, "audit/reads.html", page)


@require_GET
def anchors(request: HttpRequest) -> HttpResponse:
    """The last verification and what it found, the daily anchors, what was erased and what is due for it."""
    page = {
        "verification": selectors.last_verification(),
        "page": Paginator(selectors.anchors(), _LINES).get_page(request.GET.get("page")),
        "erasures": [(row, _label(row.retention)) for row in selectors.erasures()[:20]],
        "due": due_for_erasure(now()),
    }
    return render(request, "audit/anchors.html", page)


def _day(request: HttpRequest, name: str) -> tuple[date | None, bool]:
    """The day in a query parameter, and whether it is unreadable."""
    text = request.GET.get(name, "").strip()
    if not text:
        return None, False
    try:
        return date.fromisoformat(text), False
    except ValueError:
        return None, True


def _label(code: str) -> Label:
    known = retention_classes().get(code)
    return known.label if known else Label(code, code)


urlpatterns = [
    path("audit/reads/", reads, name="reads"),
    path("audit/anchors/", anchors, name="anchors"),
]
