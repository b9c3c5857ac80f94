"""菜单: wings register their entries; everyone sees those whose route the permissions table opens to them.

`accounts` sits above this room, so it hands its question in: `set_gate(may_open)`. Before that nothing is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from qinqing.lib.labels import Label

Gate = Callable[[Any, str], bool]  # (actor, route) -> may open


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu. `count(actor)` is shown at its end; `urgent` makes a count above zero red; `shown(actor)`
    leaves it out for those whom the route is not for although the table lets their role through (of another unit)."""

    section: Label
    label: Label
    route: str
    order: int
    count: Callable[[Any], int | None] | None = None
    urgent: bool = False
    icon: str = "list"  # shown in the phone's tab bar only
    shown: Callable[[Any], bool] | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as one reader sees it."""

    label: Label
    href: str
    current: bool
    count: int | None
    urgent: bool
    icon: str


@dataclass(frozen=True, slots=True)
class Section:
    label: Label
    lines: tuple[Line, ...]


_entries: list[Entry] = []
_gate: Gate = lambda actor, route: False  # noqa: E731


def register(entry: Entry) -> None:
    """Called in a wing's `apps.py: ready()`. ValueError when the route already has an entry."""
    if any(other.route == entry.route for other in _entries):
        raise ValueError(f"{entry.route} already stands in the menu")
    _entries.append(entry)


def set_gate(gate: Gate) -> None:
    """`accounts` hands in who may open which route."""
    global _gate  # noqa: PLW0603 - one installation has one permissions table
    _gate = gate


def may_open(actor: Any, route: str) -> bool:
    """For templates and panels that link to other wings' pages."""
    return actor is not None and _gate(actor, route)


def sections_for(request: HttpRequest) -> list[Section]:
    """The reader's menu: sections in order of their first entry, each with its entries in order."""
    actor = getattr(request, "actor", None)
    found: dict[Label, list[Line]] = {}
    said: dict[Callable[[Any], bool], bool] = {}  # entries of one wing ask the same question
    ordered = sorted(_entries, key=lambda e: e.order)
    visible = [(entry, href) for entry in ordered if (href := _href(actor, entry)) and _shown(actor, entry, said)]
    current = _current(request, [(entry.route, href) for entry, href in visible])
    for entry, href in visible:
        count = entry.count(actor) if entry.count else None
        line = Line(entry.label, href, entry.route == current, count, entry.urgent and bool(count), entry.icon)
        found.setdefault(entry.section, []).append(line)
    return [Section(label, tuple(lines)) for label, lines in found.items()]


def _href(actor: Any, entry: Entry) -> str | None:
    if not may_open(actor, entry.route):
        return None
    try:
        return reverse(entry.route)
    except NoReverseMatch:
        return None


def _shown(actor: Any, entry: Entry, said: dict[Callable[[Any], bool], bool]) -> bool:
    if entry.shown is None:
        return True
    if entry.shown not in said:
        said[entry.shown] = entry.shown(actor)
    return said[entry.shown]


def _current(request: HttpRequest, lines: list[tuple[str, str]]) -> str | None:
    """The entry of this page, else the one whose address begins this page's address, longest first."""
    view = request.resolver_match.view_name if request.resolver_match else None
    above = sorted(
        (line for line in lines if line[1] != "/" and request.path.startswith(line[1])), key=lambda line: -len(line[1])
    )
    exact = [route for route, _href in lines if route == view]
    return next(iter(exact + [route for route, _href in above]), None)
