"""Commands of the figures: `qinqing figures check | rebuild | verify | weekly`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from django.conf import settings

from qinqing.insight import indicators, recounting, weekly
from qinqing.lib.cli import Cli, CommandError
from qinqing.lib.labels import LANGUAGES, Label, speaking
from qinqing.lib.wallclock import now
from qinqing.ui import periods


def add_commands(cli: Cli) -> None:
    check = cli.command("figures", "check", run_check, help="check the definitions of figures", database=False)
    check.add_argument("files", nargs="*", type=Path, metavar="FILE.yaml", help="default: all in force")
    rebuild = cli.command("figures", "rebuild", run_rebuild, help="make the figures of every case anew from its events")
    verify = cli.command(
        "figures", "verify", run_verify, help="hold the figures against a recomputation; exit 1 if not"
    )
    verify.add_argument("--every", type=int, default=1, metavar="N", help="only every N-th case")
    paper = cli.command("figures", "weekly", run_weekly, help="the weekly report as PDF")
    paper.add_argument("--week", metavar="2026-W39", help="default: the last week that is over")
    paper.add_argument("--out", type=Path, required=True, metavar="FILE.pdf")
    for parser in (check, rebuild, verify, paper):
        parser.add_argument("--lang", choices=LANGUAGES, default="zh")


def run_check(arguments: argparse.Namespace) -> int:
    """Say every fault; exit code 1 when there is one."""
    with speaking(arguments.lang):
        paths = arguments.files or indicators.paths(settings.COUNTY)
        faults = []
        for path in paths:
            if not path.is_file():
                raise CommandError(str(Label(f"没有文件{path}", f"{path}: there is no such file")))
            faults += indicators.read(path)[1]
        for fault in faults:
            print(fault, file=sys.stderr)
        if faults:
            return 1
        print(Label(f"{len(paths)}个指标定义没有问题", f"{len(paths)} definitions are sound"))
        return 0


def run_rebuild(arguments: argparse.Namespace) -> None:
    """In slices, so that others can write meanwhile."""
    with speaking(arguments.lang):
        done = 0
        for done in recounting.rebuild():
            _progress(Label(f"已重算{done}件", f"{done} cases counted anew"))
        print(Label(f"已重算{done}件", f"{done} cases counted anew"))


def run_verify(arguments: argparse.Namespace) -> int:
    """Name what differs. What the worker has yet to bring here is told and is no difference."""
    with speaking(arguments.lang):
        if arguments.every < 1:
            raise CommandError(str(Label("--every至少为1", "--every is 1 or more")))
        looked, wrong, behind = 0, 0, 0
        for looked, found in recounting.differences(arguments.every):
            for one in found:
                behind += one.behind
                wrong += not one.behind
                if not one.behind and wrong <= recounting.SHOWN:
                    print(f"{one.number}: {one.text}", file=sys.stderr)
            _progress(Label(f"已核对{looked}件", f"{looked} cases compared"))
        if behind:
            print(Label(f"{behind}件的最近经过尚在途中", f"{behind} cases whose last act is still on its way"))
        if wrong:
            print(
                Label(
                    f"{looked}件中有{wrong}处与重算不符；运行 qinqing figures rebuild 重建",
                    f"{wrong} differences in {looked} cases; run qinqing figures rebuild",
                )
            )
            return 1
        print(Label(f"{looked}件与重算一致", f"{looked} cases agree with the recomputation"))
        return 0


def run_weekly(arguments: argparse.Namespace) -> None:
    """Write the report of a week."""
    with speaking(arguments.lang):
        moment = now()
        code = arguments.week or periods.period_of("week", moment.date()).previous.code
        try:
            period = periods.parse(code)
        except ValueError as error:
            raise CommandError(str(error.args[0])) from None
        if period.kind != "week" or period.start > moment:
            raise CommandError(
                str(Label(f"{code}不是已开始的一周，写如2026-W39", f"{code} is no week that has begun: write 2026-W39"))
            )
        try:
            arguments.out.write_bytes(weekly.report(period, moment))
        except OSError as error:
            raise CommandError(str(Label(f"写不了{arguments.out}：{error}", f"cannot write: {error}"))) from None
        print(arguments.out)


def _progress(words: Label) -> None:
    if sys.stderr.isatty():
        print(f"\r{words}", end="", file=sys.stderr, flush=True)
