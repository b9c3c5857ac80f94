"""The kernel: one act is one call of `open_case` or `act`, with everything an office's act has.

That is: permission, form, guard, separation of duties, the version the person saw, an idempotency key, clocks and
rungs, the event with its salted payload and chain, and the outbox. Delivering the outbox is the worker's, later.
Where the database is comes from the environment (QINQING_DATABASE, QINQING_HOME), as in any installation.
`config`: `worker`, and optionally `backlog`, open cases to begin with.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import django
from django.core.management import call_command

from bench.joint import ACTS, OPINIONS

ACTIONS = {**{act: act for act in ACTS}, **dict.fromkeys(OPINIONS, "opinion"), OPINIONS[0]: "lead_opinion"}
SEEN_VERSION = 1  # of a task nobody has touched since it opened, as the page showed it


def prepare(config: Mapping[str, Any]) -> None:
    django.setup()
    from bench.engines import county

    call_command("migrate", verbosity=0)
    county.found()
    office = Kernel()
    for number in range(config.get("backlog", 0)):
        office.begin(acts=1 + number % (len(ACTS) - 1))


def start(config: Mapping[str, Any]) -> Kernel:
    django.setup()
    return Kernel()


class Kernel:
    """One office at work, one case after another."""

    def __init__(self) -> None:
        from bench.engines import county
        from qinqing.cases import acting, models
        from qinqing.lib import wallclock

        self.acting, self.models, self.now = acting, models, wallclock.now
        self.county = county.load()
        self.case_id, self.next = 0, 0

    def begin(self, acts: int) -> None:
        """A new case, left open after so many acts."""
        for _ in range(acts):
            self.step()
        self.next = 0

    def step(self) -> bool:
        name = ACTS[self.next]
        actor, form, key = self.county.actors[name], self.county.form(name), uuid.uuid4().hex
        if name == "receive":
            done = self.acting.open_case(
                "joint_acceptance", self.county.party_id, actor, self.now(), form,
                channel="window", title="厂房竣工联合验收", idempotency_key=key,
            )  # fmt: skip
        else:
            done = self.acting.act(
                self.case_id, ACTIONS[name], actor, self.now(), form,
                expected_version=SEEN_VERSION, idempotency_key=key,
            )  # fmt: skip
        self.case_id = done.case_id
        self.next = (self.next + 1) % len(ACTS)
        return self.next == 0

    def counts(self) -> dict[str, int]:
        """Closed cases whose history has an event for each act."""
        from django.db.models import Count

        closed = self.models.Case.objects.filter(outcome="filed").annotate(length=Count("events"))
        return {"closed": closed.filter(length=len(ACTS)).count()}
