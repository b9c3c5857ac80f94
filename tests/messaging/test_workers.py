"""Real worker processes: killed at any moment, several at once, asked to stop. Nothing is lost, nothing doubled."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection

from qinqing.audit.models import ReadLog
from qinqing.messaging.models import Delivery, Inbox, Outbox

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
pytestmark = pytest.mark.django_db(transaction=True)


def go(*processes: subprocess.Popen[str]) -> None:
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()


def fill(number: int) -> None:
    Outbox.objects.bulk_create(
        Outbox(source="trials", key=f"试{i}", topic="trial.closed", body="{}", created_at=NOW) for i in range(number)
    )


def database() -> str:
    facts = connection.settings_dict
    if connection.vendor == "sqlite":
        return str(facts["NAME"])
    user, host = quote(facts["USER"]), quote(facts["HOST"], safe="")
    password = f":{quote(facts['PASSWORD'])}" if facts["PASSWORD"] else ""
    port = f":{facts['PORT']}" if facts["PORT"] else ""
    return f"postgresql://{user}{password}@{host}{port}/{facts['NAME']}"


@contextmanager
def worker(name: str, *options: str) -> Iterator[subprocess.Popen[str]]:
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "qinqing.config.settings",
        "QINQING_DATABASE": database(),
        "QINQING_HOME": str(settings.HOME),
        "QINQING_MODE": "test",
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
    }
    command = [sys.executable, str(ROOT / "tests/messaging/worker_process.py"), name, *options]
    process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for_effects(number: int) -> None:
    """Until so many more effects are committed: machines differ, so no fixed time would do."""
    wanted = ReadLog.objects.count() + number
    end = time.monotonic() + 60
    while ReadLog.objects.count() < wanted:
        assert time.monotonic() < end, "the worker does nothing"
        time.sleep(0.001)


def finish(name: str = "last") -> None:
    with worker(name, "--once") as process:
        go(process)
        assert process.wait(120) == 0


def every_effect_happened_once(number: int) -> None:
    refs = list(ReadLog.objects.values_list("object_ref", flat=True))
    assert sorted(refs) == sorted(f"试{i}" for i in range(number))
    assert Inbox.objects.count() == number
    assert list(Delivery.objects.values_list("state", flat=True).distinct()) == [Delivery.State.DONE]


@pytest.mark.long
def test_killed_at_any_moment() -> None:
    chance = random.Random(20260929)
    fill(250)
    for _ in range(6):
        with worker("killed") as process:
            go(process)
            wait_for_effects(chance.randint(1, 30))
            time.sleep(chance.uniform(0, 0.01))
            process.send_signal(signal.SIGKILL)
            process.wait()
    assert ReadLog.objects.count() < 250, "the kills came too late to show anything"
    finish()
    every_effect_happened_once(250)


def test_two_at_once_never_double() -> None:
    fill(150)
    with worker("one", "--once") as one, worker("two", "--once") as two:
        go(one, two)
        assert (one.wait(120), two.wait(120)) == (0, 0)
    every_effect_happened_once(150)
    if connection.vendor == "postgresql":
        assert set(ReadLog.objects.values_list("user_name", flat=True)) == {"one", "two"}, "both should have worked"


@pytest.mark.long
def test_sigterm_finishes_the_piece_in_hand() -> None:
    fill(300)
    with worker("stopped") as process:
        go(process)
        wait_for_effects(20)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    done = Delivery.objects.filter(state=Delivery.State.DONE).count()
    assert done == ReadLog.objects.count() == Inbox.objects.count()
    assert done < 300
    finish()
    every_effect_happened_once(300)
