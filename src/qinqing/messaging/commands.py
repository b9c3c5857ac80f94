"""`qinqing messaging work [--once]`."""

from __future__ import annotations

import argparse
import signal
from threading import Event

from qinqing.lib.cli import Cli
from qinqing.messaging import worker


def add_commands(cli: Cli) -> None:
    work = cli.command("messaging", "work", _work, help="deliver messages and run periodic jobs until stopped")
    work.add_argument("--once", action="store_true", help="stop when nothing is due any more")


def _work(arguments: argparse.Namespace) -> int:
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    worker.run(stop, once=arguments.once)
    return 0
