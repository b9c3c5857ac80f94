"""Menu and panels: wings offer, the permissions table decides, one place shows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.http import HttpRequest
from django.template import Context, Template
from django.test import RequestFactory
from django.urls import resolve
from django.utils.safestring import mark_safe

from qinqing.lib.labels import Label
from qinqing.ui import menu, panels

WORK, DATA = Label("办理", "Work"), Label("资料", "Data")


@pytest.fixture(autouse=True)
def _empty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(menu, "_entries", [])
    monkeypatch.setattr(menu, "_gate", lambda actor, route: False)
    monkeypatch.setattr(panels, "_panels", {})
    yield


def request(actor: object = "周某") -> HttpRequest:
    made = RequestFactory().get("/ui/components/")
    made.actor = actor  # type: ignore[attr-defined]
    made.resolver_match = resolve("/ui/components/")
    return made


def entry(route: str = "ui:components", order: int = 10, section: Label = WORK, **more: object) -> menu.Entry:
    return menu.Entry(section, Label(route, route), route, order, **more)  # type: ignore[arg-type]


def test_nothing_is_shown_before_somebody_decides() -> None:
    menu.register(entry())
    assert menu.sections_for(request()) == []


def test_the_gate_sees_actor_and_route() -> None:
    asked = []

    def gate(actor: object, route: str) -> bool:
        asked.append((actor, route))
        return True

    menu.set_gate(gate)
    menu.register(entry(count=lambda actor: 7, urgent=True))
    (section,) = menu.sections_for(request())
    assert asked == [("周某", "ui:components")]
    (line,) = section.lines
    assert (line.href, line.current, line.count, line.urgent) == ("/ui/components/", True, 7, True)


def test_nobody_at_the_door_sees_nothing() -> None:
    menu.set_gate(lambda actor, route: True)
    menu.register(entry())
    made = request()
    del made.actor  # type: ignore[attr-defined]
    assert menu.sections_for(made) == []


def test_a_count_of_zero_is_not_urgent_and_a_refused_route_is_not_counted() -> None:
    menu.set_gate(lambda actor, route: route == "ui:components")
    menu.register(entry(count=lambda actor: 0, urgent=True))
    menu.register(entry("site:secret", count=lambda actor: pytest.fail("counted for who may not see it")))
    (section,) = menu.sections_for(request())
    assert [line.urgent for line in section.lines] == [False]


def test_a_route_stands_once() -> None:
    menu.register(entry())
    with pytest.raises(ValueError, match="already"):
        menu.register(entry())


def test_panels_come_in_order_and_escape() -> None:
    panels.register("case.rail", 20, lambda request, case: mark_safe(f"<b>{case}</b>"))
    panels.register("case.rail", 10, lambda request, case: "<i>")
    panels.register("case.rail", 15, lambda request, case: None)
    panels.register("elsewhere", 1, lambda request, case: "no")
    shown = Template('{% panels "case.rail" case %}').render(Context({"request": request(), "case": 5}))
    assert shown == "&lt;i&gt;<b>5</b>"
    assert panels.show("nowhere", request(), None) == ""
