"""退汇: the bank sends a payment back after it was paid (account closed, name differs). The ledger's payment is
reversed into the commitment exactly; the claim is due again once its account is mended, or it is stopped; the company
is told.

All in the transaction of the act that records the bank's word (payments.py); its order of locks: cases, claims, books.
"""

from __future__ import annotations

from datetime import datetime

from qinqing.accounts.actor import SYSTEM
from qinqing.cases.acting import act
from qinqing.cases.models import Case
from qinqing.cases.refusals import Conflict
from qinqing.directory.services import day_of
from qinqing.ledger import selectors as ledger_reading
from qinqing.ledger import services as ledger
from qinqing.lib.labels import Label
from qinqing.messaging.notices import notify
from qinqing.policies.models_money import Payment
from qinqing.policies.telling import agents_of
from qinqing.ui.figures import money


def recovered_already(payment: Payment) -> Label | None:
    """Why a paid payment cannot have come back by the bank: some of it was recovered meanwhile. None: nothing was."""
    held = ledger_reading.position(payment.claim.ref)
    back = payment.fen - held.paid if held else payment.fen
    if not back:
        return None
    return Label(
        f"这笔款已追回{money(back).zh}，不能再登记退汇；请与银行核对",
        f"{money(back).en} of it was recovered already; it cannot be returned as well. Ask the bank",
    )


def undo(payment: Payment, cause: str, now: datetime) -> None:
    """Undo a payment that is `returned` by now. `cause`: the act that records it. The round's case, the claim's case
    and the claim are locked. Raises Conflict where the ledger holds no such payment, and what `ledger.reverse` raises.
    """
    claim = payment.claim
    paid = ledger_reading.payment_of(claim.ref)
    if paid is None or paid.amount != payment.fen:
        raise Conflict(
            Label(f"账上没有{payment.number}这笔支付", f"The ledger holds no payment that fits {payment.number}")
        )
    ledger.reverse(paid.cause, f"{cause} {payment.number}", now, ref=claim.ref)
    outcome = Case.objects.values_list("outcome", flat=True).get(pk=claim.case_id)
    act(claim.case_id, "reopen" if outcome else "returned", SYSTEM, now, {"reason": _reason(payment)})
    _tell(payment, now)


# ── private ──


def _reason(payment: Payment) -> str:
    return f"银行退汇（{payment.number}）：{payment.reason or '未写明原因'}"


def _tell(payment: Payment, now: datetime) -> None:
    """The company: its money has come back to the county, and why. No account stands in a notice."""
    claim = payment.claim
    words = Label(
        f"{money(payment.fen).zh}被银行退回，原凭证作废，请核对收款账户：{claim.case.number}",
        f"The bank sent {money(payment.fen).en} back; the receipt is void, check your account: {claim.case.number}",
    )
    people = agents_of([claim.party_id], day_of(now)).get(claim.party_id, ())
    notify(people, f"returned:{payment.number}", words, f"/cases/{claim.case.number}/", True, now)
