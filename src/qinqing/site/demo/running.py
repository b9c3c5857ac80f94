"""演示的运行: the processes of `./run demo`: the web server, the worker, and their end with Ctrl-C."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

from django.db import transaction

from qinqing.cases.models import Case
from qinqing.messaging.jobs import register_job
from qinqing.site.demo import card_words, claims, county, mortgages, playing, policies, tables

AT_ONCE = 300  # cases before the page opens
LATER = 3000  # cases when the worker has added the rest
SLICE = 10
KNOWN_SINCE = timedelta(days=60)  # policies and facts stand so long


def prepare(now: datetime) -> None:
    """A county with its first cases; what this home has already stays. `serving` adds the morning's mortgages."""
    tables.make()
    county.settle(now)
    with transaction.atomic():  # whole or not at all, and quicker than thousands of its own
        card_words.issue_cards(now)
        policies.make_live(now - KNOWN_SINCE)
        policies.say_facts(now - KNOWN_SINCE)
        missing = AT_ONCE - Case.objects.count()
        if missing > 0:
            playing.play_many(missing, 1, now)
        claims.play(now)


def grow(now: datetime) -> bool:
    """One slice of the remaining cases (a job of the worker); True while there is more to do."""
    there = Case.objects.count()
    if not AT_ONCE <= there < LATER:
        return False
    playing.play_many(SLICE, there, now)
    return there + SLICE < LATER


def register() -> None:
    """In the demo the worker lets the county grow."""
    register_job("site.demo", 3, grow)
    register_job("site.demo.mortgages", mortgages.EVERY, mortgages.arrive)


def progress() -> tuple[int, int]:
    """(cases there, cases to come) for the start page."""
    return min(Case.objects.count(), LATER), LATER


def free_port(wanted: int = 0) -> int:
    """`wanted` when it is free on loopback, else any free port."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port on 127.0.0.1")


@contextmanager
def serving(port: int, now: datetime) -> Iterator[str]:
    """The web server and the worker as children; stopped when the block is left, however it is left. While the server
    loads, the morning's mortgages are worked off."""
    source = str(Path(__file__).resolve().parents[3])
    environment = {**os.environ, "PYTHONPATH": source, "PYTHONUNBUFFERED": "1"}
    python = sys.executable
    server = [python, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
              "--workers", "1", "--blocking-threads", "4", "--no-ws", "--log-level", "error",
              "qinqing.config.wsgi:application"]  # fmt: skip
    worker = [python, "-m", "qinqing", "messaging", "work"]
    children: list[subprocess.Popen[bytes]] = []
    address = f"http://127.0.0.1:{port}/"
    try:
        children.append(subprocess.Popen(server, env=environment, start_new_session=True))  # noqa: S603 - our own
        mortgages.settle(now)
        children.append(subprocess.Popen(worker, env=environment, start_new_session=True))  # noqa: S603 - our own
        _wait_until_up(address, children[0])
        yield address
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave the children behind
        for child in children:
            _signal(child, signal.SIGTERM)
        for child in children:
            try:
                child.wait(timeout=8)
            except subprocess.TimeoutExpired:
                _signal(child, signal.SIGKILL)


def _signal(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(child.pid, number)


def _wait_until_up(address: str, server: subprocess.Popen[bytes], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError(f"the web server stopped with code {server.returncode}")
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310 - our own loopback address
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"nothing answered at {address} within {seconds:.0f} s")
