"""A real worker in its own process, with a slow reaction whose effect would show if it happened twice."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from threading import Event

import django

if __name__ == "__main__":
    django.setup()
    from qinqing.audit.models import ReadLog
    from qinqing.messaging import jobs, reactions, worker
    from qinqing.messaging.outbox import Message

    jobs._jobs.clear()

    @reactions.on("trial", "slow")
    def slow(messages: Sequence[Message], now: datetime) -> None:
        for message in messages:
            time.sleep(0.002)
            ReadLog.objects.create(user_name=sys.argv[1], what="effect", object_ref=message.key, reason="test", at=now)
            time.sleep(0.002)

    jobs.register_job("counting", 0.01, lambda now: bool(ReadLog.objects.filter(what="nothing").exists()))
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    print("ready", flush=True)
    sys.stdin.readline()  # several workers start in the same moment
    worker.run(stop, once="--once" in sys.argv)
