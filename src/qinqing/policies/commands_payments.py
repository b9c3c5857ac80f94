"""Command on the money under way: `qinqing policies payments`."""

from __future__ import annotations

import argparse
import json
from typing import Any

from qinqing.lib.cli import Cli
from qinqing.lib.labels import LANGUAGES, Label, speaking
from qinqing.policies import outstanding
from qinqing.policies.models_money import Payment
from qinqing.ui.figures import money


def add_to(cli: Cli) -> None:
    listing = cli.command(
        "policies", "payments", _payments, help="未了支付 payments without a result, to be mended, or that differ"
    )
    listing.add_argument("--json", action="store_true", help="one JSON object instead of text")
    listing.add_argument("--lang", choices=LANGUAGES, default="zh")


def _payments(arguments: argparse.Namespace) -> int:
    """Exit code 1 where payments and ledger differ: somebody must look."""
    waiting, differing = list(outstanding.outstanding()), list(outstanding.differences())
    with speaking(arguments.lang):
        if arguments.json:
            found = {
                "outstanding": [_as_json(each) for each in waiting],
                "differences": [
                    {"claim": each.claim, "payments_fen": each.payments, "ledger_fen": each.ledger}
                    for each in differing
                ],
            }
            print(json.dumps(found, ensure_ascii=False, indent=2))
        else:
            for each in waiting:
                sent = f"{each.batch.made_at:%Y-%m-%d}"
                print(each.number, each.claim.case.number, money(each.fen), sent, _to_do(each), sep="\t")
            for one in differing:
                print(Label("不符", "differs"), one.text, sep="\t")
            n, d = len(waiting), len(differing)
            print(Label(f"未了支付{n}笔，与账不符{d}件", f"{n} payments outstanding, {d} claims differ"))
    return 1 if differing else 0


def _to_do(payment: Payment) -> str:
    what = str(outstanding.WHAT_TO_DO[payment.state])
    return f"{what}（{payment.reason}）" if payment.reason else what


def _as_json(payment: Payment) -> dict[str, Any]:
    return {
        "payment": payment.number, "batch": payment.batch.number, "claim": payment.claim.case.number,
        "company": payment.claim.party.name, "fen": payment.fen, "state": payment.state,
        "sent_at": payment.batch.made_at.isoformat(), "reason": payment.reason,
    }  # fmt: skip
