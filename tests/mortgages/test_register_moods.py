"""A register in any sequence of moods: each mortgage is deregistered once there, and the platform ends by saying so, or
a person has it. And nobody waits for another's trouble."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from qinqing.mortgages import releasing
from qinqing.mortgages.models import RegisterRequest, Release
from qinqing.mortgages.models_register import Registration
from qinqing.mortgages.register import Asked, Deregistered, Entry, RegisterAway, bounded_http
from qinqing.mortgages.register.embedded import Embedded
from qinqing.mortgages.register.over_http import OverHttp
from tests.cases.county import forget
from tests.mortgages.register_process import AFTER, BEFORE
from tests.mortgages.world import NOW, World, later, pass_time, where, work
from tests.proof.installation import Part, free_port, running

pytestmark = pytest.mark.django_db
LATE = 0.24
TIMES = [0, 0.05, 0.15, 0.3, 0.7, 1, 1.5, 2, 3, 4, 4.9, 5.1, 6, 8, 12, 20, 30, 40, 49, 51, 55, 58, 60, 61, 62, 64]
MOODS = st.lists(st.sampled_from([*BEFORE, *AFTER, "restart", "long_gone"]), max_size=25)


class Other:
    """The register's process, with what the test says to it."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.part = Part(["tests.mortgages.register_process", str(port), str(folder / "register.sqlite3")], port)
        self.address = f"http://127.0.0.1:{port}"
        self.client = httpx.Client(base_url=self.address)

    def control(self, **said: Any) -> None:
        self.client.post("/control", json=said).raise_for_status()

    def asked(self) -> list[dict[str, Any]]:
        return list(self.client.get("/counts").json()["asked"])

    def restart(self) -> None:
        self.part.kill()
        self.part.start()
        self.part.wait_until_up()
        self.client = httpx.Client(base_url=self.address)


@pytest.fixture
def other(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Other]:
    made = Other(tmp_path)
    monkeypatch.setattr(bounded_http, "READ", LATE * 0.6)
    monkeypatch.setattr(bounded_http, "WHOLE", LATE * 0.9)
    settings.MORTGAGE_REGISTER = made.address
    with running(made.part):
        adapter = OverHttp()
        monkeypatch.setattr(releasing, "register", lambda: adapter)
        yield made


def entries() -> list[dict[str, Any]]:
    found = [Embedded().look_up(each.certificate) for each in Registration.objects.all()]
    return [entry.as_dict() for entry in found if entry]


@pytest.mark.long
def test_any_sequence_of_moods(other: Other) -> None:
    world = World()

    @settings(
        max_examples=40,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(moods=MOODS)
    def lives(moods: list[str]) -> None:
        forget()
        with transaction.atomic():
            one_life(world, other, moods)
            transaction.set_rollback(True)

    lives()


def one_life(world: World, other: Other, moods: list[str]) -> None:
    mortgages = [world.mortgage("a"), world.mortgage("b", "fund"), world.mortgage("a", maximum_amount=True)]
    other.control(reset=True, mortgages=entries(), moods=[m for m in moods if m in {*BEFORE, *AFTER}], late=LATE)
    for short, mortgage in [("a", mortgages[0]), ("b", mortgages[1]), ("fund", mortgages[1]), ("a", mortgages[2])]:
        world.settled(short, mortgage)
    restarts, gone = moods.count("restart"), "long_gone" in moods
    for place, minute in enumerate(TIMES):
        if gone and minute == 0.3:
            other.part.kill()
        if gone and minute == 6:
            other.restart()
        if not gone and restarts and place % 4 == 1:
            restarts -= 1
            other.restart()
        pass_time(later(minute))
    other.control(moods=[])
    for minute in (70, 72, 74):
        pass_time(later(minute))
    check(other, mortgages)


def check(other: Other, mortgages: list[Registration]) -> None:
    done = Counter(each["certificate"] for each in other.asked() if each["status"] == 200)
    assert all(times == 1 for times in done.values()), done
    for mortgage in mortgages:
        gone = mortgage.certificate in done
        assert where(mortgage) == ("released" if gone else "exception"), (mortgage, where(mortgage))
    assert mortgages[2].certificate not in done, "never by itself"
    assert not RegisterRequest.objects.filter(state__in=["pending", "sent"]).exists()
    receipts = set(Release.objects.filter(state="released").values_list("receipt_no", flat=True))
    said = {f"注{each['asked']['number'].removeprefix('解')}" for each in other.asked() if each["status"] == 200}
    assert receipts == said, "each under the register's own number"


def test_a_number_is_known_after_the_registers_restart(other: Other) -> None:
    world = World()
    mortgage = world.mortgage("a")
    other.control(mortgages=entries(), moods=["good", "hang_up"])
    world.settled("a", mortgage)
    work()
    assert where(mortgage) == "registering"
    other.restart()
    work(later(0.1))
    assert where(mortgage) == "released"
    (asked,) = other.asked()
    assert (asked["status"], asked["times"], asked["asked"]["certificate"]) == (200, 2, mortgage.certificate)


# ── nobody waits for another's trouble ──


class Stuck(Embedded):
    """One certificate that the register cannot answer for."""

    def __init__(self, certificate: str) -> None:
        self.certificate, self.looks = certificate, 0

    def look_up(self, certificate: str) -> Entry | None:
        if certificate == self.certificate:
            self.looks += 1
            raise RegisterAway("HTTP 500")
        return super().look_up(certificate)

    def deregister(self, asked: Asked, now: datetime) -> Deregistered | Any:
        if asked.certificate == self.certificate:
            raise RegisterAway("HTTP 500")
        return super().deregister(asked, now)


@pytest.mark.parametrize("slice_ends_at_once", [False, True])
def test_a_record_that_fails_holds_up_no_other(monkeypatch: pytest.MonkeyPatch, slice_ends_at_once: bool) -> None:
    """Also where each failure takes all the time that a slice has."""
    world = World()
    mortgages = [world.mortgage("a") for _ in range(4)]
    stuck = Stuck(mortgages[0].certificate)
    monkeypatch.setattr(releasing, "register", lambda: stuck)
    if slice_ends_at_once:
        monkeypatch.setattr(releasing, "SLICE", -1)
    for mortgage in mortgages:
        world.settled("a", mortgage)
    for second in range(8):
        work(NOW + timedelta(seconds=second / 10))
    assert [where(mortgage) for mortgage in mortgages] == ["matching"] + ["released"] * 3
    assert stuck.looks == 1, "it is asked again only after a while"
    work(NOW + timedelta(seconds=6))
    assert stuck.looks == 2


def test_events_that_fail_hold_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    from qinqing.mortgages import taking

    world = World()
    mortgages = [world.mortgage("a") for _ in range(5)]
    for mortgage in mortgages:
        world.settled("a", mortgage)
    whole = taking._begin

    def fails(event: Any, now: datetime) -> Release:
        if event.certificate != mortgages[-1].certificate:
            raise RuntimeError("cannot be taken")
        return whole(event, now)

    monkeypatch.setattr(taking, "_begin", fails)
    taking.take(NOW, limit=2)
    assert where(mortgages[-1]) == "matching"
    monkeypatch.setattr(taking, "_begin", whole)
    work()
    assert {where(mortgage) for mortgage in mortgages} == {"released"}, "what failed was kept"


def test_a_reversal_that_has_come_is_heard_before_anything_goes_out() -> None:
    from qinqing.mortgages import taking

    world = World()
    mortgage = world.mortgage("a")
    first = world.settled("a", mortgage)
    taking.take(NOW)
    releasing.match(NOW)
    world.reversed("a", first)
    releasing.send(NOW)
    assert Registration.objects.get().deregistered_at is None
    work()
    assert where(mortgage) == "reversed"
    assert set(RegisterRequest.objects.values_list("state", flat=True)) == {"cancelled"}
