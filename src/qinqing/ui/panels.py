"""栏目: what one wing shows on another wing's page, without either knowing the other.

A place is a name such as `case.rail` or `party.page`; `{% panels "case.rail" case %}` shows what is registered there.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

Render = Callable[[HttpRequest, object], str | None]  # HTML (SafeString, as templates give it) or None: nothing here

_panels: dict[str, list[tuple[int, Render]]] = {}


def register(place: str, order: int, render: Render) -> None:
    """Show `render(request, subject)` at `place`; small orders first. Called in `apps.py: ready()`."""
    _panels.setdefault(place, []).append((order, render))


def show(place: str, request: HttpRequest, subject: object) -> SafeString:
    """All panels of `place` for `subject`; text that is not marked safe is escaped."""
    shown = (render(request, subject) for _order, render in sorted(_panels.get(place, ()), key=lambda panel: panel[0]))
    return format_html_join("", "{}", ((html,) for html in shown if html))
