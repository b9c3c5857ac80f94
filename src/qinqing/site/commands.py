"""`qinqing demo run`: what `./run demo` does."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import time

from django.conf import settings

from qinqing.lib.cli import Cli, CommandError
from qinqing.lib.wallclock import now
from qinqing.ui.errors import Problem


def add_commands(cli: Cli) -> None:
    run = cli.command("demo", "run", _run, help="the living demo county, until Ctrl-C", database=False)
    cli.command(
        "site", "prepare", _prepare, help="tables, procedures, units of the county: after each update", database=False
    )
    run.add_argument("--port", type=int, default=8000, help="where it answers (another free port when taken)")
    run.add_argument("--check", action="store_true", help="start it afresh, probe it, print what was seen, stop")
    run.add_argument("--forget", action="store_true", help="remove this home at the end")
    run.add_argument("--fresh", action="store_true", help="forget the demo county of last time")


def _prepare(arguments: argparse.Namespace) -> int:
    from qinqing.site import preparing  # noqa: PLC0415 - only this command needs it

    for line in preparing.prepare(now()):
        print(line)
    return 0


def _run(arguments: argparse.Namespace) -> int:
    if settings.MODE != "demo":
        raise CommandError("the demo runs with QINQING_MODE=demo, as ./run demo sets it")
    if arguments.check and not arguments.forget:
        raise CommandError("--check works a case and needs a home of its own: call ./run demo --check, which makes one")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where a shell started us in the background
    if arguments.fresh:
        shutil.rmtree(settings.HOME)
        settings.HOME.mkdir(parents=True)
    try:
        return _serve(arguments.port, check=arguments.check)
    finally:
        if arguments.forget:
            shutil.rmtree(settings.HOME, ignore_errors=True)


def _serve(port: int, *, check: bool) -> int:
    from qinqing.site.demo import running  # noqa: PLC0415 - only this command needs the demo
    from qinqing.site.demo.checking import Check  # noqa: PLC0415

    started = time.monotonic()
    try:
        print("正在准备演示县 preparing the demo county …", flush=True)
        running.prepare(began := now())
    except Problem as problem:
        raise CommandError(str(problem.detail)) from None
    with running.serving(running.free_port(0 if check else port), began) as address:
        print(f"亲清演示县已就绪（{time.monotonic() - started:.0f}秒） Qinqing is ready: {address}", flush=True)
        if not check:
            print("Ctrl-C 停止全部 stops everything", flush=True)
            signal.pause()
        right = Check(address).run()
    print("一切正常 all was right" if right else "有问题，见上 something was wrong, see above", flush=True)
    return 0 if right else 1
