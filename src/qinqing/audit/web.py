"""Pages of the audit administrator: the read log; verification, anchors and erasures. They change nothing."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Protocol

from django.core.paginator import Paginator
from django.db.models import QuerySet
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
_NIGHTS = 14


class Export(Protocol):
    """Answers with the list as a workbook where the request asks for one; `note` says the filter."""

    def __call__(
        self, request: HttpRequest, name: str, rows: QuerySet[Any], note: Label, now: datetime, /
    ) -> HttpResponse | None: ...


def _no_export(
    request: HttpRequest, name: str, rows: QuerySet[Any], note: Label, now: datetime, /
) -> HttpResponse | None:
    return None


_export: Export = _no_export


def set_export(export: Export) -> None:
    """Workbooks are made by rooms above this one; at start-up they hand in how."""
    global _export  # noqa: PLW0603 - one installation has one way
    _export = export


@require_GET
def reads(request: HttpRequest) -> HttpResponse:
    """Who read what, and why; by text and days."""
    text = request.GET.get("q", "").strip()
    since, bad_since = _day(request, "from")
    until, bad_until = _day(request, "to")
    found = selectors.read_log(text, since, until)
    if answer := _export(request, "reads", found, _filter(text, since, until), now()):
        return answer
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
    """The last verification and what it found, those before, daily anchors, what was erased and what is due for it."""
    if answer := _export(request, "anchors", selectors.anchors(), Label("全部日锚", "All anchors"), now()):
        return answer
    verifications = list(selectors.verifications()[:_NIGHTS])
    page = {
        "verification": verifications[0] if verifications else None,
        "verifications": verifications,
        "running": selectors.running_verification(),
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


def _filter(text: str, since: date | None, until: date | None) -> Label:
    """The filter in words."""
    zh, en = ["全部" if not text else f"含“{text}”"], ["all" if not text else f"holding “{text}”"]
    if since:
        zh, en = [*zh, f"自{since}"], [*en, f"from {since}"]
    if until:
        zh, en = [*zh, f"至{until}"], [*en, f"to {until}"]
    return Label("，".join(zh), ", ".join(en))


def _label(code: str) -> Label:
    known = retention_classes().get(code)
    return known.label if known else Label(code, code)


urlpatterns = [
    path("audit/reads/", reads, name="reads"),
    path("audit/anchors/", anchors, name="anchors"),
]
