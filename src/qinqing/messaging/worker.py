"""The worker (后台任务): plans messages, runs what is due, runs periodic jobs. Any number of workers may run at once.

It may be killed at any moment: everything is committed in small transactions that either happened or did not. On SQLite
it rests after each write twice as long as the write took, so that people at the pages get their turn.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING

from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from qinqing.lib import wallclock
from qinqing.messaging import jobs, planning

if TYPE_CHECKING:
    import httpx

POLL = 0.5  # seconds between looks when nothing waits
_REACTIONS, _POSTS = 200, 10  # at most so many in a round, so that no kind of work waits long for another
_SHARE = 0.25  # seconds of a round for reactions: the jobs behind them keep promises by the clock
_ROUND = timedelta(minutes=1)  # what comes round this often also counts as work to do `once`
_log = logging.getLogger(__name__)


def run(stop: Event, once: bool = False, clock: Callable[[], datetime] = wallclock.now) -> None:
    """Work until `stop` is set (the piece in hand is finished first). `once`: until nothing is left to do, also for the
    jobs that come round within a minute: what one piece of work leaves to another is done in the same call."""
    import httpx  # noqa: PLC0415 - most of a second that only the worker need wait

    holder = f"{socket.gethostname()[:20]}:{os.getpid()}"
    soon = _ROUND if once else timedelta()
    pause = 1.0
    with httpx.Client() as client:
        while not stop.is_set():
            try:
                busy = _round(holder, client, stop, clock, soon)
                pause = 1.0
            except (DatabaseError, InterfaceError):
                if once:
                    raise
                _log.exception("the database does not answer; trying again in %s s", pause)
                connection.close()
                stop.wait(pause)
                pause = min(60.0, pause * 2)
                continue
            if not connection.in_atomic_block:  # else the caller's transaction would go with it
                close_old_connections()
            if not busy:
                if once:
                    return
                stop.wait(POLL)


def _round(holder: str, client: httpx.Client, stop: Event, clock: Callable[[], datetime], soon: timedelta) -> bool:
    """A little of everything; True when there was something to do. Jobs first: what they tell others is then handed on
    in the same round, and an idle round leaves nothing behind."""
    busy = jobs.run_due(holder, clock(), soon)
    started = time.perf_counter()
    if planning.plan(clock()):
        busy = True
        _rest(started)
    ends = time.perf_counter() + _SHARE
    for some in planning.reactions_due(clock(), _REACTIONS):
        if stop.is_set() or time.perf_counter() > ends:
            break
        started, busy = time.perf_counter(), True
        planning.react(some, clock())
        _rest(started)
    for pk in planning.posts_due(clock(), _POSTS):
        if stop.is_set():
            return True
        busy = True
        planning.send(pk, client, clock())
    return busy


def _rest(started: float) -> None:
    if connection.vendor == "sqlite":
        time.sleep(min(0.1, 2 * (time.perf_counter() - started)))
