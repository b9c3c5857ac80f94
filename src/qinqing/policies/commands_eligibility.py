"""Command on the stored policies and facts: `qinqing policies match-now`."""

from __future__ import annotations

import argparse
import json

from qinqing.lib.cli import Cli
from qinqing.lib.labels import LANGUAGES, Label, speaking
from qinqing.lib.wallclock import now
from qinqing.policies import eligibility
from qinqing.policies.models_matching import Eligibility


def add_to(cli: Cli) -> None:
    matching = cli.command(
        "policies", "match-now", _match_now, help="立即匹配 bring the list of who is eligible up to date"
    )
    matching.add_argument(
        "--recount", action="store_true", help="match everything again; exit code 1 if that changes it"
    )
    matching.add_argument("--json", action="store_true", help="one JSON object instead of text")
    matching.add_argument("--lang", choices=LANGUAGES, default="zh")


def _match_now(arguments: argparse.Namespace) -> int:
    eligibility.match_all(now())
    moved = eligibility.match_all(now(), recount=True) if arguments.recount else eligibility.Moved()
    stands = Eligibility.objects.filter(gone_at=None).count()
    wrong = moved.new + moved.gone + moved.changed
    with speaking(arguments.lang):
        if arguments.json:
            found = {"eligible": stands, "new": moved.new, "gone": moved.gone, "changed": moved.changed}
            print(json.dumps(found | {"recounted": arguments.recount}))
        else:
            print(Label(f"应享名单：{stands}条", f"{stands} eligibilities stand"))
            if arguments.recount:
                same = Label("全部重算，结果一致", "Everything matched again: the same")
                other = Label(
                    f"全部重算，已改正：新增{moved.new}、退出{moved.gone}、金额变动{moved.changed}",
                    f"Everything matched again, put right: {moved.new} new, {moved.gone} gone, {moved.changed} changed",
                )
                print(other if wrong else same)
    return 1 if wrong else 0
