"""支付文件与结果文件: a batch as the bank reads it (XLSX and CSV), and the bank's answer read back with a preview.

The answer is a kind of the county's sheets (directory.sheet_imports): every row is held against its payment, what
differs is listed and left out, the same file again changes nothing.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime
from typing import Any

from qinqing.accounts.actor import Actor
from qinqing.cases.models import Task
from qinqing.directory import sheet_imports
from qinqing.directory.sheet_cells import choice, plain, text
from qinqing.directory.sheet_imports import InColumn, Seen, Values
from qinqing.directory.tables import Cell as InCell
from qinqing.lib.labels import Label
from qinqing.policies import payments
from qinqing.policies.models_money import Batch, Payment
from qinqing.policies.payments import Result
from qinqing.policies.yuan import read_yuan, yuan
from qinqing.ui.sheets import Column, Sheet

KIND = "bank_results"
ROUTE = "policies:bank_results"
CSV = "text/csv; charset=utf-8"
RESULTS = {
    Payment.State.PAID.value: Label("成功", "paid"),
    Payment.State.FAILED.value: Label("失败", "failed"),
    Payment.State.UNKNOWN.value: Label("不明", "unknown"),
    Payment.State.RETURNED.value: Label("退汇", "returned"),
}


# ── out ──

_OUT = (
    ("支付编号", "Payment", "本系统的支付编号，结果文件须原样带回", "Must come back unchanged in the result", 26),
    ("户名", "Account name", "收款企业账户的户名", "The payee's account name", 34),
    ("账号", "Account number", "收款账号，文本格式", "The payee's account number, as text", 26),
    ("开户银行", "Bank", "收款账户的开户银行", "The payee's bank", 26),
    ("金额（元）", "Amount (yuan)", "精确到分", "Exact to the fen", 16),
    ("用途", "Purpose", "支付用途", "What it is for", 34),
)


def lines(batch: Batch) -> list[tuple[str, ...]]:
    """The rows of the payment file, in their order."""
    found = batch.payments.order_by("line").select_related("claim__case")
    return [
        (each.number, each.name, each.account, each.bank, yuan(each.fen), f"惠企资金 {each.claim.case.number}")
        for each in found
    ]


def sheet(batch: Batch) -> Sheet:
    """The payment file as a workbook; amounts as text, so that no spreadsheet rounds or rewrites them."""

    def column(at: int, zh: str, en: str, means: tuple[str, str], width: int) -> Column:
        return Column(Label(zh, en), Label(*means), lambda row: row[at], width)

    columns = [column(at, zh, en, (mzh, men), width) for at, (zh, en, mzh, men, width) in enumerate(_OUT)]
    total = yuan(batch.total_fen)
    note = Label(
        f"批号{batch.number}，{batch.count}笔，合计{total}元，指纹{batch.sha256}",
        f"Batch {batch.number}, {batch.count} payments, {total} yuan in all, fingerprint {batch.sha256}",
    )
    return Sheet(Label(f"支付文件{batch.number}", f"Payments {batch.number}"), columns, lines(batch), note)


def csv_bytes(batch: Batch) -> bytes:
    """The same as CSV (UTF-8 with its mark, so that spreadsheets read Chinese)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([zh for zh, *_ in _OUT])
    writer.writerows(lines(batch))
    return out.getvalue().encode("utf-8-sig")


# ── in ──


def _yuan_cell(cell: InCell) -> int:
    """Whole fen. A spreadsheet's number keeps two decimals exactly up to hundreds of billions."""
    return read_yuan(f"{cell:.4f}".rstrip("0").rstrip(".") if isinstance(cell, float) else plain(cell))


def _read_account(cell: InCell) -> str:
    return re.sub(r"[\s-]+", "", plain(cell))


COLUMNS = (
    InColumn("number", Label("支付编号", "Payment"), Label("支付文件中的编号", "As in the payment file"), text(70),
             required=True, width=26),
    InColumn("name", Label("户名", "Account name"), Label("须与支付文件一致", "The same as in the payment file"),
             text(200), required=True, width=34),
    InColumn("account", Label("账号", "Account number"), Label("须与支付文件一致", "The same as in the payment file"),
             _read_account, required=True, width=26),
    InColumn("fen", Label("金额（元）", "Amount (yuan)"), Label("须与支付文件一致", "The same as in the payment file"),
             _yuan_cell, required=True, width=16, show=yuan),
    InColumn("state", Label("结果", "Result"),
             Label("成功、失败、不明，或成功后退汇", "paid, failed, unknown; returned: sent back after it was paid"),
             choice(RESULTS), required=True, width=10, show=lambda state: RESULTS.get(state, Label("", ""))),
    InColumn("bank_ref", Label("银行流水号", "Bank's reference"),
             Label("支付成功的须有；退汇的填退汇流水号", "Needed where it was paid; of a return, the return's own"),
             text(60), width=26, clears=False),
    InColumn("reason", Label("失败原因", "Reason"), Label("支付失败或退汇的写明", "Where it failed or was returned"),
             text(200), width=30, clears=False),
)  # fmt: skip


def add_kind() -> None:
    """Register the bank's results among the sheets that can be imported."""
    sheet_imports.register(
        KIND, Label("银行支付结果", "Bank results"), COLUMNS, _apply, roles=ROUTE, key=_key, look=_look,
        current=_outstanding,
        hint=Label("与支付不符的行只列出，不登记；同一文件再次导入不会重复登记",
                   "Rows that differ from their payment are listed only; the same file again changes nothing"),
    )  # fmt: skip


def _key(values: Values) -> Hashable:
    return str(values["number"])


def _result(values: Values) -> Result:
    return Result(
        values["number"], values["name"], values["account"], values["fen"], values["state"],
        values.get("bank_ref") or "", values.get("reason") or "",
    )  # fmt: skip


def _look(actor: Actor, rows: Sequence[Values], now: datetime) -> Sequence[Seen]:
    numbers = [row["number"] for row in rows]
    known = {
        payment.number: payment
        for payment in Payment.objects.filter(number__in=numbers).select_related("batch__round__case", "claim")
    }
    rounds = {payment.batch.round_id: payment.batch.round for payment in known.values()}
    theirs = {found.case_id for found in rounds.values() if payments.payer_of(found) in actor.unit_ids}
    return [_seen(known.get(row["number"]), row, theirs) for row in rows]


def _seen(payment: Payment | None, row: Values, theirs: set[int]) -> Seen:
    if payment is not None and payment.batch.round.case_id not in theirs:
        return Seen(faults={"number": Label("不是本单位的支付", "It is not your unit's payment")})
    result = _result(row)
    why = payments.difference(payment, result)
    if why is not None:
        return Seen(faults={_column_of(payment, result): why})
    if result.state == Payment.State.PAID and not result.bank_ref:
        return Seen(faults={"bank_ref": Label("支付成功的须有银行流水号", "Needed where it was paid")})
    if result.state == Payment.State.RETURNED and not result.reason:
        return Seen(faults={"reason": Label("退汇的须写明原因", "Say why it was returned")})
    assert payment is not None
    if payments.is_known(payment, result):
        return Seen(before={})  # known: nothing of it changes
    return Seen(before={"state": payment.state})


def _column_of(payment: Payment | None, result: Result) -> str:
    """The column that differs first."""
    if payment is None:
        return "number"
    pairs = (("account", payment.account, result.account), ("fen", payment.fen, result.fen))
    differing = [name for name, ours, theirs in pairs if ours != theirs]
    return "name" if payments.names_differ(payment, result) else (*differing, "state")[0]


def _apply(actor: Actor, rows: Sequence[Values], now: datetime) -> None:
    payments.take([_result(row) for row in rows], actor, now)


def _desk_cases(actor: Actor) -> Iterable[int]:
    """Cases of rounds that are on the desk of one of the actor's units, to be paid."""
    tasks = Task.objects.filter(state="open", node="pay", unit__in=actor.unit_ids, case__funding_round__isnull=False)
    return tasks.values_list("case_id", flat=True)


def _outstanding(actor: Actor, now: datetime) -> Iterable[dict[str, Any]]:
    """Payments of one's own rounds that have no result yet: to be filled in by hand."""
    open_ones = Payment.objects.filter(state__in=[Payment.State.SENT, Payment.State.UNKNOWN])
    for each in open_ones.filter(batch__round__case__in=list(_desk_cases(actor))).order_by("pk"):
        yield {"number": each.number, "name": each.name, "account": each.account, "fen": each.fen}
