"""The small county in which the kernel is measured: its units, officers and one company, and who does which act.

Set up through the ORM once; `load` finds it again in another process.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.joint import NOTE, OPINIONS
from qinqing.accounts.actor import Actor, Post
from qinqing.accounts.models import User
from qinqing.cases import reading, shelf
from qinqing.directory import models as directory
from qinqing.lib import wallclock

PROCEDURE = Path(__file__).parents[1] / "procedures" / "joint.yaml"
DESKS = ("window", "supervision", "leadership")
LEAD, OTHERS = OPINIONS[0], OPINIONS[1:]  # units are called by the opinion they give
OFFICERS = {  # act -> (unit, role): each by somebody else, as an office's separation of duties has it
    "receive": ("window", "window_clerk"),
    "intake": ("window", "window_clerk"),
    "triage": ("window", "window_head"),
    **{opinion: (opinion, "handler") for opinion in OPINIONS},
    "survey": (LEAD, "handler"),
    "certificate": (LEAD, "section_head"),
    "filing": ("supervision", "supervisor"),
}


@dataclass(frozen=True, slots=True)
class County:
    """Who is there: the company, the officer for each act, and ids of the units by code."""

    party_id: int
    actors: dict[str, Actor]
    units: dict[str, int]

    def form(self, act: str) -> dict[str, Any]:
        """What the officer types in."""
        match act:
            case "receive":
                return {"text": NOTE, "contact": "李工"}
            case "intake":
                return {"class": "general", "note": NOTE}
            case "triage":
                return {"lead": self.units[LEAD], "assistants": [self.units[name] for name in OTHERS], "note": NOTE}
            case "survey":
                return {"finding": NOTE}
            case "certificate":
                return {"licence": NOTE, "issued_on": "2026-09-30"}
            case "filing":
                return {"complete": True, "note": NOTE}
            case _:
                return {"note": NOTE}


def found() -> None:
    """Make the county in an empty, migrated database, with the procedure loaded."""
    now = wallclock.now()
    units = {code: directory.Unit.objects.create(code=code, name=code, kind="desk", desk=code) for code in DESKS}
    for code in OPINIONS:
        units[code] = directory.Unit.objects.create(code=code, name=code, kind="section")
    for unit, role in sorted(set(OFFICERS.values())):
        user = User.objects.create(username=f"{unit}.{role}", name=f"{unit}.{role}", kind="officer")
        officer = directory.Officer.objects.create(user=user, name=user.name)
        directory.Post.objects.create(officer=officer, unit=units[unit], role=role, starts_on=now.date())
    directory.Party.objects.create(kind="company", name="测速公司", name_norm="测速公司", updated_at=now)
    shelf.store(reading.parse(PROCEDURE.read_text(encoding="utf-8")), now)


def load() -> County:
    """The county made by `found`."""
    units = dict(directory.Unit.objects.values_list("code", "pk"))
    users = dict(User.objects.values_list("username", "pk"))
    actors = {
        act: Actor(users[f"{unit}.{role}"], f"{unit}.{role}", "officer", (Post(units[unit], role),))
        for act, (unit, role) in OFFICERS.items()
    }
    return County(directory.Party.objects.get().pk, actors, units)
