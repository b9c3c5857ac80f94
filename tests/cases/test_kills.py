"""Processes killed outright at any moment: what was acknowledged stands, what was not is wholly there or not at all."""

from __future__ import annotations

import random
import signal
import time
from datetime import timedelta

import pytest
from django.db.models import Count

from qinqing.audit.verify import check_chain
from qinqing.cases.history import CaseHistory
from qinqing.cases.models import Case, Event, Payload, Rung, Task
from qinqing.cases.passing_time import fire_due_rungs
from qinqing.messaging.models import Outbox
from tests.cases.county import TUESDAY, County, build
from tests.cases.processes import Process, running

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]
LATER = TUESDAY + timedelta(days=20)  # every rung of a general matter has come


@pytest.fixture
def county() -> County:
    return build()


def kill(process: Process, chance: random.Random, after: int) -> None:
    """Kill it somewhere after it has acknowledged so many things."""
    for _ in range(after):
        process.hear()
    time.sleep(chance.uniform(0, 0.01))
    process.process.send_signal(signal.SIGKILL)


def nothing_is_half_done() -> None:
    for chain in CaseHistory().chains():
        findings, _, _ = check_chain("cases", chain)
        assert findings == []
    events = Event.objects.count()
    assert Payload.objects.count() == events == Outbox.objects.count()
    assert sum(Case.objects.values_list("seq", flat=True)) == events
    for case in Case.objects.filter(closed_at=None):
        assert case.due_at is not None and case.marking
        assert case.rungs.filter(fired_at=None).exists() or case.level == 4
        assert case.tasks.filter(state=Task.State.OPEN).count() == len(case.marking.split())


def test_what_was_acknowledged_stands_and_nothing_is_half_done(county: County) -> None:
    chance = random.Random(20260929)
    acknowledged: set[tuple[int, str, int]] = set()
    for turn in range(10):
        moment = (TUESDAY + timedelta(minutes=turn)).isoformat()
        jobs = [
            ("work", county[name].user_id, moment, county.company.pk, county.unit("a"), 500)
            for name in ("clerk", "window_head")
        ]
        with running(*jobs) as workers:
            for worker in workers:
                kill(worker, chance, chance.randint(1, 12))
            said = {(case, action, seq) for worker in workers for case, action, seq in worker.finish()}
        acknowledged |= said
        there = set(Event.objects.values_list("case_id", "action", "seq"))
        assert acknowledged <= there, "an acknowledged act is gone"
        assert len(there) <= len(acknowledged) + 2 * (turn + 1), "more was done than was in hand at the kills"
        assert Payload.objects.count() == len(there) == Outbox.objects.count()
    assert len(acknowledged) > 40
    nothing_is_half_done()


def test_rungs_fire_exactly_once_with_two_processes_and_one_killed(county: County) -> None:
    chance = random.Random(20260930)
    cases = [county.dispatched(kind="general").pk for _ in range(120)]
    each = Rung.objects.filter(case=cases[0], fired_at=None).count()
    assert each == 4
    for _ in range(3):
        with running(("fire", LATER.isoformat(), 3, 25), ("fire", LATER.isoformat(), 3, 25)) as (one, other):
            kill(one, chance, chance.randint(1, 3))
            time.sleep(chance.uniform(0, 0.1))
            other.process.send_signal(signal.SIGKILL)
            one.finish(), other.finish()
        nothing_is_half_done()
    assert Rung.objects.filter(fired_at=None, at__lte=LATER).exists(), "nothing was left to do after the kills"
    with running(("fire", LATER.isoformat(), 5, 999), ("fire", LATER.isoformat(), 5, 999)) as firing:
        for process in firing:
            process.finish()
    assert fire_due_rungs(LATER) == 0
    fired = Event.objects.filter(action="rung").values("case").annotate(n=Count("pk"))
    assert {row["n"] for row in fired} == {each} and len(fired) == len(cases)
    assert Rung.objects.exclude(fired_at=None).count() == each * len(cases)
    assert set(Case.objects.values_list("level", flat=True)) == {4}
    nothing_is_half_done()
