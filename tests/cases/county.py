"""A small county for the kernel's tests: desks, three sections, one person per role, one company with an agent."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from qinqing.accounts.actor import Actor, Post
from qinqing.accounts.models import User
from qinqing.cases import acting, calendars, shelf
from qinqing.cases.models import Case, Task
from qinqing.cases.reading import parse
from qinqing.directory import models as directory
from qinqing.directory.models import Mandate, Officer, Party, Unit
from qinqing.lib.wallclock import CHINA

TUESDAY = datetime(2026, 9, 29, 10, 20, tzinfo=CHINA)  # National Day and a make-up Saturday fall inside the deadlines
SINCE = date(2026, 1, 1)
HARD_CASE = Path(__file__).parents[2] / "src/qinqing/appeals/procedures/hard_case.yaml"


@dataclass
class County:
    """Units by code and people by name."""

    units: dict[str, Unit] = field(default_factory=dict)
    people: dict[str, Actor] = field(default_factory=dict)
    company: Party = None  # type: ignore[assignment]

    def __getitem__(self, name: str) -> Actor:
        return self.people[name]

    def unit(self, code: str) -> int:
        return self.units[code].pk

    def officer(self, name: str, unit: str, role: str) -> Actor:
        user = User.objects.create(username=name, name=name, kind="officer")
        where = self.units[unit]
        holder = Officer.objects.create(user=user, name=name)
        directory.Post.objects.create(officer=holder, unit=where, role=role, starts_on=SINCE)
        self.people[name] = Actor(user.pk, name, "officer", (Post(where.pk, role, where.parent_id),))
        return self.people[name]

    def open(self, now: datetime = TUESDAY, **changes: Any) -> Case:
        """A new matter at the window."""
        values: dict[str, Any] = {"title": "停车难", "data": {"text": "厂区停车难"}, **changes}
        done = acting.open_case("hard_case", self.company.pk, self["clerk"], now, values.pop("data"), **values)
        return Case.objects.get(pk=done.case_id)

    def dispatched(self, *assistants: str, now: datetime = TUESDAY, kind: str = "complex") -> Case:
        """A matter with section A as lead."""
        case = self.open(now)
        data = {"class": kind, "lead": self.unit("a"), "assistants": [self.unit(code) for code in assistants]}
        acting.act(case.pk, "dispatch", self["clerk"], now, data)
        case.refresh_from_db()
        return case

    def task(self, case: Case, node: str, unit: str | None = None) -> Task:
        found = Task.objects.filter(case=case, node=node, state="open")
        return found.get(unit=self.units[unit]) if unit else found.get()


def forget() -> None:
    """Drop what is kept per process by row number: SQLite gives the numbers of rows rolled back to others."""
    shelf.by_id.cache_clear()
    calendars._loaded.cache_clear()


def build() -> County:
    forget()
    county = County()
    for code, desk in (("window", "window"), ("supervision", "supervision"), ("leadership", "leadership")):
        county.units[code] = Unit.objects.create(code=code, name=code, kind="desk", desk=desk)
    office = Unit.objects.create(code="hr", name="县人社局", kind="authority")
    county.units["hr"] = office
    for code in "abcde":
        county.units[code] = Unit.objects.create(code=code, name=f"科室{code}", kind="section", parent=office)
    for name, unit, role in (
        ("clerk", "window", "window_clerk"),
        ("window_head", "window", "window_head"),
        ("supervisor", "supervision", "supervisor"),
        ("leader", "leadership", "leader"),
        ("inspector", "supervision", "inspector"),
    ):
        county.officer(name, unit, role)
    for code in "abcde":
        county.officer(f"handler_{code}", code, "handler")
        county.officer(f"head_{code}", code, "section_head")
    county.company = Party.objects.create(kind="company", name="禾穗传动", name_norm="禾穗传动", updated_at=TUESDAY)
    agent = User.objects.create(username="phone:13800002046", name="柳女士", kind="party")
    person = Party.objects.create(kind="person", name=agent.name, name_norm=agent.name, user=agent, updated_at=TUESDAY)
    Mandate.objects.create(person=person, company=county.company, starts_on=SINCE)
    county.people["agent"] = Actor(agent.pk, agent.name, "party", party_ids=frozenset({county.company.pk}))
    stranger = User.objects.create(username="phone:13800002047", name="路人", kind="party")
    county.people["stranger"] = Actor(stranger.pk, stranger.name, "party")
    shelf.store(parse(HARD_CASE.read_text(encoding="utf-8")), TUESDAY)
    return county
