"""The receiver is away for five minutes of the clock, which is moved: nothing is lost, nobody knocks all the time."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from qinqing.cases import acting
from qinqing.messaging.models import Delivery, Endpoint, Outbox
from qinqing.messaging.signing import new_secret
from tests.cases.county import TUESDAY, build
from tests.proof.installation import receiver, running, worker

if TYPE_CHECKING:
    from tests.conftest import Clock

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]
MINUTE = timedelta(seconds=62)  # a little more, for the seconds that pass by themselves


def test_five_minutes_away(clock: Clock, tmp_path: Path) -> None:
    clock.set(TUESDAY)
    county, inbox, secret = build(), tmp_path / "inbox.sqlite3", new_secret()
    other = receiver(inbox, secret, moody=False)
    Endpoint.objects.create(name="市局", url=f"http://127.0.0.1:{other.port}/hook", secret=secret, topics=["case"])
    with running(other, worker()):
        cases = [county.dispatched(now=clock.now()).pk for _ in range(3)]
        until(lambda: len(arrived(inbox)) == 6)
        other.kill()
        tries = []
        for minute in range(8):
            clock.set(TUESDAY + timedelta(minutes=10) + minute * MINUTE)
            if minute == 5:
                other.start()  # back again; but it will be asked only when its time has come
                other.wait_until_up()
            for case in cases:
                data = {"held_on": "2026-09-29", "attendees": "甲", "minutes": f"第{minute}次"}
                acting.act(case, "consult", county["handler_a"], clock.now(), data)
            if minute in {0, 1, 3}:
                tries.append(minute)
            if minute < 7:
                until(lambda: knocks() == len(tries))
                time.sleep(1.2)  # two looks of the worker
                assert knocks() == len(tries), f"knocked too often by minute {minute}"
                assert len(arrived(inbox)) == 6
        until(lambda: not Delivery.objects.filter(state="waiting").exists() and len(arrived(inbox)) == 30)
    assert Delivery.objects.exclude(state="done").count() == 0
    keys = arrived(inbox)
    assert sorted(keys) == sorted(Outbox.objects.filter(topic__startswith="case").values_list("key", flat=True))
    for number in {key.partition("#")[0] for key in keys}:
        seqs = [int(key.partition("#")[2]) for key in keys if key.startswith(f"{number}#")]
        assert seqs == list(range(1, 11)), "one worker, none killed: each case's messages came in order"


def knocks() -> int:
    """Tries in vain so far, at all messages together: only the oldest is ever tried."""
    return sum(
        Delivery.objects.filter(receiver__startswith="endpoint:", state="waiting").values_list("attempts", flat=True)
    )


def arrived(inbox: Path) -> list[str]:
    """Keys in the order in which they came."""
    with closing(sqlite3.connect(inbox, timeout=30)) as there:
        assert there.execute("SELECT * FROM oddities").fetchall() == []
        return [key for (key,) in there.execute("SELECT key FROM effects ORDER BY rowid")]


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not done():
        assert time.monotonic() < end, "did not come about"
        time.sleep(0.05)
