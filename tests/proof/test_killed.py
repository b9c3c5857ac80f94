"""Server, workers and receiver killed outright at random moments of a thousand acts: the promise that holds them all.

What was acknowledged stands, once; nothing is half done; every chain verifies and every row is the fold of its chain;
every message reached the receiver and took effect there once.
"""

from __future__ import annotations

import random
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from qinqing.accounts.models import User
from qinqing.cases.models import Case, Event, Payload, Task
from qinqing.messaging.delivery import body_of, message_id
from qinqing.messaging.models import Delivery, Endpoint, Inbox, Outbox
from qinqing.messaging.outbox import Message
from qinqing.messaging.signing import new_secret
from tests.api.conftest import House
from tests.cases.county import TUESDAY, build
from tests.proof.installation import PATIENCE, command, receiver, running, server, worker

if TYPE_CHECKING:
    from tests.conftest import Clock

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]
CLIENTS, MATTERS = 4, 50  # each client; five acts a matter: a thousand acts
ROLES = {"clerk": "clerk", "handler": "handler_a", "head": "head_a"}


@dataclass
class Caller:
    """A program of the offices: it goes on asking until each act is acknowledged."""

    number: int
    address: str
    house: House
    said: list[tuple[str, str, str, int]] = field(default_factory=list)  # key, number of the case, action, seq
    again: int = 0  # how often nobody answered
    known: int = 0  # answers for what had been done before

    def work(self) -> None:
        with httpx.Client(base_url=self.address, timeout=30) as client:
            for place in range(MATTERS):
                self.matter(client, f"{self.number}-{place}")

    def matter(self, client: httpx.Client, name: str) -> None:
        county = self.house.county
        opening = {
            "procedure": "hard_case", "party_id": county.company.pk, "title": f"诉求{name}", "fields": {"text": name},
        }  # fmt: skip
        number = self.insist(client, "clerk", "/api/cases", opening, f"o{name}", "open")
        for role, action, fields in (
            ("clerk", "dispatch", {"class": "general", "lead": county.unit("a")}),
            ("handler", "consult", {"held_on": "2026-09-29", "attendees": "甲、乙", "minutes": "已会商"}),
            ("handler", "feed_back", {"answer": "好", "result": "solved"}),
            ("head", "approve", {}),
        ):
            self.insist(
                client, role, f"/api/cases/{number}/acts/{action}", {"fields": fields}, f"{action[0]}{name}", action
            )

    def insist(self, client: httpx.Client, role: str, address: str, body: dict[str, Any], key: str, action: str) -> str:
        """Ask until it is acknowledged, and sometimes once more. Returns the case's number."""
        end, sent = time.monotonic() + 120, {**body, "idempotency_key": key}
        while True:
            try:
                answer = client.post(address, json=sent, headers=self.headers[role])
            except httpx.TransportError:  # killed before, while or after it acted: nobody knows
                assert time.monotonic() < end, "the server did not come back"
                self.again += 1
                time.sleep(0.02)
                continue
            assert answer.is_success, f"{action}: {answer.status_code} {answer.text[:300]}"
            done = answer.json()
            acknowledged = key, done["number"], action, done["seq"]
            self.known += done["replayed"]
            if acknowledged not in self.said:
                self.said.append(acknowledged)
                if len(self.said) % 20 == 0:
                    continue
            assert self.said[-1] == acknowledged, "another answer for the same key"
            return str(done["number"])

    def __post_init__(self) -> None:
        self.headers = {}
        for role in ROLES:
            sender = self.house.sender(role)
            cookies = "; ".join(f"{name}={value}" for name, value in sender["cookies"].items())
            self.headers[role] = {**sender["headers"], "Cookie": cookies}


@pytest.fixture
def house(clock: Clock) -> House:
    county = build()
    clock.set(TUESDAY)
    return House(county, {role: User.objects.get(pk=county[name].user_id) for role, name in ROLES.items()}, "", {})


def test_a_thousand_acts_under_fire(house: House, clock: Clock, tmp_path: Path) -> None:
    chance = random.Random(20260929)
    inbox, secret = tmp_path / "inbox.sqlite3", new_secret()
    web, other, workers = server(), receiver(inbox, secret, moody=True), [worker(), worker()]
    Endpoint.objects.create(
        name="市局", url=f"http://127.0.0.1:{other.port}/hook", secret=secret, topics=["case.hard_case"]
    )
    with running(web, other, *workers):
        callers = [Caller(number, f"http://127.0.0.1:{web.port}", house) for number in range(CLIENTS)]
        targets = [web] * 5 + [*workers] * 3 + [other] * 4
        chance.shuffle(targets)
        moments = sorted(chance.sample(range(10, 5 * CLIENTS * MATTERS - 20), len(targets)))
        with ThreadPoolExecutor(CLIENTS) as pool:
            at_work = [pool.submit(caller.work) for caller in callers]
            for moment, target in zip(moments, targets, strict=True):
                while sum(len(caller.said) for caller in callers) < moment and not all(w.done() for w in at_work):
                    clock.forward(timedelta(seconds=1))  # a minute in half a second: what waits comes round again
                    time.sleep(0.01)
                time.sleep(chance.uniform(0, 0.05))
                target.kill()
                target.start()
            for each in at_work:
                each.result()
        other.wait_until_up()
        httpx.post(f"http://127.0.0.1:{other.port}/calm")
        drain(clock)
        assert [part.stop() for part in workers] == [0, 0]
    assert [part.kills for part in (web, other)] == [6, 5], "with the one at the end"
    the_acts_stand_once(callers)
    nothing_is_half_done()
    everything_arrived_once(inbox)
    verified = command("audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def drain(clock: Clock) -> None:
    """Until nothing waits for anything. Time is moved, not slept; somebody must always get on."""
    left, since = still_waiting(), time.monotonic()
    while left:
        assert time.monotonic() - since < PATIENCE, list(Delivery.objects.filter(state="waiting").values()[:5])
        clock.forward(timedelta(minutes=2))
        time.sleep(0.3)
        before, left = left, still_waiting()
        if left < before:
            since = time.monotonic()


def still_waiting() -> int:
    """Less and less of it: what is not planned weighs more than all the deliveries it becomes."""
    planned = Delivery.objects.filter(state=Delivery.State.WAITING).count()
    return 100 * Outbox.objects.filter(handled_at=None).count() + planned


def the_acts_stand_once(callers: list[Caller]) -> None:
    said = [one for caller in callers for one in caller.said]
    assert len(said) == 5 * CLIENTS * MATTERS
    acted = Event.objects.exclude(idempotency_key=None).values_list(
        "idempotency_key", "case__number", "action", "seq", "actor_id"
    )
    stand = {(key.rpartition(":")[2], number, action, seq) for key, number, action, seq, _ in acted}
    assert stand == set(said), "what stands is what was acknowledged, no more and no less"
    assert len(acted) == len(said), "twice"
    assert Event.objects.exclude(actor_id=None).count() == len(said), "an act without key"
    assert sum(caller.again for caller in callers) > 20, "the kills came too late to show anything"
    assert sum(caller.known for caller in callers) >= 40, "what was sent again acted again"


def nothing_is_half_done() -> None:
    events = Event.objects.count()
    assert events == Payload.objects.count() == Outbox.objects.filter(source="cases").count()
    assert events == sum(Case.objects.values_list("seq", flat=True))
    assert Case.objects.count() == CLIENTS * MATTERS
    assert set(Case.objects.values_list("stage", flat=True)) == {"verifying"}, "every matter came all the way"
    for case in Case.objects.prefetch_related("tasks"):
        here = {f"{task.node}@{task.unit_id}" for task in case.tasks.all() if task.state == Task.State.OPEN}
        assert here == set(case.marking.split())


def everything_arrived_once(inbox: Path) -> None:
    wanted = {
        message_id(message): (message.key, body_of(message).decode())
        for message in map(Message.of, Outbox.objects.filter(topic__startswith="case.hard_case."))
    }
    with sqlite3.connect(inbox) as there:
        times = dict(there.execute("SELECT id, times FROM inbox"))
        effects = there.execute("SELECT key, body FROM effects").fetchall()
        assert there.execute("SELECT * FROM oddities").fetchall() == []
    assert set(times) == set(wanted), "missing, or never sent by us"
    assert sorted(effects) == sorted(wanted.values()), "once in effect, and what was sent"
    assert sum(times.values()) > len(times), "nothing came twice: the receiver was never put to the test"
    states = Delivery.objects.values_list("state", flat=True)
    assert set(states) == {Delivery.State.DONE}
    inside = Delivery.objects.filter(receiver__startswith="reaction:").count()
    assert Inbox.objects.count() == inside > len(wanted) - 1, "every reaction ran once"
