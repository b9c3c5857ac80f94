"""Web, workers and the register killed outright at random moments while 40 banks send; the register gone for five
minutes. What was acknowledged is there once; every good mortgage is deregistered once; what is not is on a desk."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from qinqing.accounts.actor import SYSTEM
from qinqing.cases.models import Case, Event, Payload
from qinqing.directory.models import Unit
from qinqing.lib import wallclock
from qinqing.lib.httpsig import Key, Request, new_nonce, sign_request
from qinqing.mortgages import keys, wire
from qinqing.mortgages.models import BankEvent, RegisterRequest, Release
from qinqing.mortgages.models_register import Registration
from qinqing.mortgages.register.embedded import Embedded
from tests.cases.processes import running as processes
from tests.mortgages.doors import public_pem
from tests.mortgages.world import NOW, World, code, work
from tests.proof.installation import GRANIAN, PATIENCE, Part, command, free_port, running

if TYPE_CHECKING:
    from tests.conftest import Clock

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]
BANKS, EACH, CALLERS = 40, 2, 8
JSON = "application/cloudevents+json"


@dataclass
class Bank:
    """A bank's machine: it goes on sending until each event is acknowledged, and some once more."""

    unit: Unit
    key: Key
    address: str
    to_say: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)  # event id, kind, data
    said: list[str] = field(default_factory=list)
    again: int = 0  # how often nobody answered

    def work(self) -> None:
        with httpx.Client(base_url=f"http://{self.address}", timeout=30) as client:
            for place, (event_id, kind, data) in enumerate(self.to_say):
                event = {
                    "specversion": "1.0", "id": event_id, "source": wire.source_of(self.unit.credit_code),
                    "type": wire.TYPES[kind], "time": wallclock.now().isoformat(), "data": data,
                }  # fmt: skip
                self.insist(client, json.dumps(event).encode())
                if place % 2:
                    self.insist(client, json.dumps(event).encode())
                self.said.append(event_id)

    def insist(self, client: httpx.Client, body: bytes) -> None:
        end = time.monotonic() + 90
        while True:
            assert time.monotonic() < end, "the server did not come back"
            given = (("Content-Type", JSON),)
            request = Request("POST", wire.EVENTS, "", self.address, "http", given, body)
            headers = dict([*given, *sign_request(request, self.key, wallclock.now(), nonce=new_nonce())])
            try:
                answer = client.post(wire.EVENTS, content=body, headers=headers)
            except httpx.TransportError:  # killed before, while or after it was taken down: nobody knows
                self.again += 1
                time.sleep(0.02)
                continue
            if answer.status_code == 401 and "time" in answer.json()["code"]:
                continue  # the clock was moved meanwhile
            assert answer.status_code in (200, 202), answer.text
            return


def the_banks(world: World, address: str, now: datetime) -> tuple[list[Bank], list[Registration], set[str]]:
    """40 banks with keys; mortgages of one or two creditors; some are reversed: those certificates come third."""
    banks, mortgages, reversed_ = [], [], set()
    for n in range(BANKS):
        unit = Unit.objects.create(code=f"bank-{n:02}", name=f"第{n}银行", kind="bank", credit_code=code(100 + n))
        private = Ed25519PrivateKey.generate()
        row = keys.add_public_key(SYSTEM, unit, public_pem(private), now, starts=now - timedelta(days=1))
        banks.append(Bank(unit, Key(row.key_id, "ed25519", private), address))
    for n, bank in enumerate(banks):
        for place in range(EACH):
            creditors = [bank] if place else [bank, banks[(n + 7) % BANKS]]
            named = [(each.unit.name, each.unit.credit_code) for each in creditors]
            mortgage = world.mortgage(*named)
            mortgages.append(mortgage)
            data = {"certificate": mortgage.certificate, "unit_number": mortgage.unit_number, "extent": "full"}
            for each in creditors:
                each.to_say.append((f"s{n}-{place}", "settled", data))
            if place == 1 and n % 4 == 0:
                bank.to_say.append((f"r{n}-{place}", "reversed", {"reverses": f"s{n}-{place}"}))
                reversed_.add(mortgage.certificate)
    return banks, mortgages, reversed_


def test_forty_banks_under_fire(clock: Clock, tmp_path: Path) -> None:
    chance = random.Random(20260929)
    clock.set(NOW)
    world, port = World(), free_port()
    here = f"127.0.0.1:{port}"
    web = Part([*GRANIAN, "--port", str(port)], port)
    banks, mortgages, reversed_ = the_banks(world, here, NOW)
    there = free_port()
    other = Part(["tests.mortgages.register_process", str(there), str(tmp_path / "r.sqlite3"), "secret"], there)
    more = {"QINQING_REGISTER": f"http://127.0.0.1:{there}", "QINQING_REGISTER_TOKEN": "secret"}
    workers = [Part(["qinqing", "messaging", "work"], more=more) for _ in range(2)]
    with running(web, other, *workers):
        entries = [entry.as_dict() for each in mortgages if (entry := Embedded().look_up(each.certificate))]
        httpx.post(f"{more['QINQING_REGISTER']}/control", json={"mortgages": entries, "chance": 0.1})
        targets = [web] * 3 + [*workers] * 2 + [other] * 3
        chance.shuffle(targets)
        whole = sum(len(bank.to_say) for bank in banks)
        moments = sorted(chance.sample(range(5, whole - 10), len(targets)))
        with ThreadPoolExecutor(CALLERS) as pool:
            at_work = [pool.submit(bank.work) for bank in banks]
            for moment, target in zip(moments, targets, strict=True):
                while sum(len(bank.said) for bank in banks) < moment and not all(each.done() for each in at_work):
                    clock.forward(timedelta(seconds=0.5))
                    time.sleep(0.02)
                time.sleep(chance.uniform(0, 0.05))
                target.kill()
                target.start()
            for each in at_work:
                each.result()
        five_minutes_without(other, clock)
        httpx.post(f"{more['QINQING_REGISTER']}/control", json={"chance": 0})
        drain(clock)
        counts = httpx.get(f"{more['QINQING_REGISTER']}/counts").json()
        assert [part.stop() for part in workers] == [0, 0]
    assert sum(bank.again for bank in banks) > 5, "the kills came too late to show anything"
    everything_said_is_there_once(banks)
    everything_is_released_once(mortgages, reversed_, counts)
    verified = command("audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def five_minutes_without(other: Part, clock: Clock) -> None:
    other.kill()
    for _ in range(10):
        clock.forward(timedelta(seconds=31))
        time.sleep(0.15)
    other.start()
    other.wait_until_up()


def drain(clock: Clock) -> None:
    """Until no event, case or request waits for a worker; somebody must always get on. (Messages: tests/proof.)"""
    left, since = still_waiting(), time.monotonic()
    while left:
        assert time.monotonic() - since < PATIENCE, (left, list(RegisterRequest.objects.exclude(state="done").values()))
        clock.forward(timedelta(seconds=20))
        time.sleep(0.2)
        before, left = left, still_waiting()
        if left != before:
            since = time.monotonic()


def still_waiting() -> tuple[int, ...]:
    events = BankEvent.objects.filter(state="waiting").count()
    moving = Case.objects.filter(stage__in=["matching", "registering"], outcome="").count()
    requests = RegisterRequest.objects.filter(state__in=["pending", "sent"]).count()
    left = (events, moving, requests)
    return left if any(left) else ()


def everything_said_is_there_once(banks: list[Bank]) -> None:
    for bank in banks:
        stand = sorted(BankEvent.objects.filter(bank=bank.unit).values_list("event_id", flat=True))
        assert stand == sorted(bank.said) == sorted(event_id for event_id, _, _ in bank.to_say)
    assert set(BankEvent.objects.values_list("state", flat=True)) == {"taken"}
    events = Event.objects.count()
    assert events == Payload.objects.count() == sum(Case.objects.values_list("seq", flat=True))


def everything_is_released_once(mortgages: list[Registration], reversed_: set[str], counts: dict[str, Any]) -> None:
    assert not Registration.objects.exclude(deregistered_at=None).exists(), "the embedded register was not asked"
    times = Counter(each["certificate"] for each in counts["asked"] if each["status"] == 200)
    assert set(times.values()) == {1}, "deregistered twice"
    ended: Counter[str] = Counter()
    for mortgage in mortgages:
        found = list(Release.objects.filter(certificate=mortgage.certificate).select_related("case"))
        assert len(found) == 1, (mortgage, found)
        (release,) = found
        how = release.case.outcome or release.case.stage
        ended[how] += 1
        gone = mortgage.certificate in times
        if mortgage.certificate in reversed_:
            assert how == ("undoing" if gone else "reversed"), (mortgage, how)
            continue
        assert how == ("released" if gone else "exception"), (mortgage, how)
        if not gone:
            assert release.case.tasks.filter(state="open", unit__code="registry").exists() and release.case.due_at
        else:
            number = counts["deregistered"][mortgage.certificate]
            assert release.receipt_no == "注" + number.removeprefix("解")
    assert ended["released"] > len(mortgages) / 2, ended


def test_workers_that_all_do_the_same_at_once(clock: Clock) -> None:
    """Without the leases of the jobs: three do every step at once while three banks talk, repeat and reverse."""
    clock.set(NOW)
    world = World()
    for n in range(24):
        world.mortgage(*[["a"], ["a", "fund"], ["b"], ["b", "a"]][n % 4])
    here = "tests.mortgages.mortgage_process"
    talkers = [(f"{here}:talk", short, seed) for seed, short in enumerate(["a", "a", "b", "fund"])]
    with processes(*talkers, *[(f"{here}:work", seed, 15) for seed in range(3)]) as everybody:
        said = [process.finish() for process in everybody]
    assert all(process.process.returncode == 0 for process in everybody), said
    for second in range(0, 240, 30):
        work(NOW + timedelta(seconds=second))
    assert set(BankEvent.objects.values_list("state", flat=True)) <= {"taken", "early"}
    done = Counter(RegisterRequest.objects.filter(state="done").values_list("release__certificate", flat=True))
    assert set(done.values()) == {1}
    for mortgage in Registration.objects.all():
        release = Release.objects.filter(certificate=mortgage.certificate).exclude(state="ended").first()
        if release is None:
            assert mortgage.deregistered_at is None
            continue
        how = release.case.outcome or release.case.stage
        live = set(release.settlements.filter(reversed_by=None).values_list("creditor_code", flat=True))
        owed = set(mortgage.creditors.values_list("credit_code", flat=True))
        gone = mortgage.deregistered_at is not None
        assert gone == (how in ("released", "undoing")), (mortgage, how)
        if how == "released" or (owed <= live and how != "undoing"):
            assert gone and owed <= live, (mortgage, how)
    verified = command("audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
