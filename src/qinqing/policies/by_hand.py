"""手工登记: what the bank says of one payment, recorded by hand with its paper attached: an unknown result reconciled
(核对不明结果), a payment that it sent back (登记退汇). Files do the same for many (payments.take).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from qinqing.accounts.actor import Actor
from qinqing.cases.acting import Done, act
from qinqing.cases.blobs import StoredFile
from qinqing.cases.refusals import Conflict
from qinqing.cases.registry import Context, effect
from qinqing.lib.labels import Label
from qinqing.policies.models_money import Payment, Round
from qinqing.policies.payments import (
    Result,
    apply,
    difference,
    is_known,
    lock_cases,
    news_of,
    open_again,
    round_behind,
)

State = Payment.State
_RETURNED_BEFORE = Label("这笔支付已登记退汇", "This payment has been recorded as returned")


def reconcile(
    payment: Payment, state: str, bank_ref: str, finding: str, actor: Actor, now: datetime,
    files: Sequence[StoredFile],
) -> None:  # fmt: skip
    """核对不明结果: by hand, with the bank's statement attached. Raises what the act raises."""
    data = {"payment": payment.pk, "bank_result": state, "bank_ref": bank_ref, "finding": finding}
    act(payment.batch.round.case_id, "reconcile", actor, now, data, files=files)


def record_return(
    payment: Payment, return_ref: str, finding: str, actor: Actor, now: datetime, files: Sequence[StoredFile]
) -> None:
    """登记退汇: by hand, with the bank's notice attached; a settled round is opened again for it. Raises what the acts
    raise, and Conflict where the payment is not paid, or was recovered meanwhile."""
    found = payment.batch.round
    result = Result(
        payment.number, payment.name, payment.account, payment.fen, State.RETURNED, return_ref.strip()[:60], finding
    )
    data = {"payment": payment.pk, "return_ref": return_ref, "finding": finding}
    with transaction.atomic():
        if not news_of(found, {payment.number: result}):
            raise Conflict(_RETURNED_BEFORE)
        open_again(found, [result], actor, now)
        act(found.case_id, "record_return", actor, now, data, files=files)


@effect("policies.record_return")
def returned_by_hand(context: Context) -> None:
    """The same as the bank's file would do."""
    found = round_behind(context)
    payment = _payment(found, context.fields["payment"])
    if payment is None:
        raise Conflict(Label("本批次没有这笔支付", "There is no such payment in this round"))
    result = Result(
        payment.number, payment.name, payment.account, payment.fen, State.RETURNED,
        context.texts["return_ref"].strip()[:60], context.texts["finding"][:200],
    )  # fmt: skip
    if (why := difference(payment, result)) or is_known(payment, result):
        raise Conflict(why or _RETURNED_BEFORE)
    lock_cases([payment])
    done = Done(context.case_id or 0, context.number, context.seq, 0)
    apply(found, done, [payment], {payment.number: result}, context.actor, context.now)


@effect("policies.reconcile")
def reconcile_unknown(context: Context) -> None:
    """Only what is unknown, or was sent and never answered, is settled by hand."""
    found = round_behind(context)
    payment = _payment(found, context.fields["payment"])
    if payment is None or payment.state not in {State.UNKNOWN, State.SENT}:
        raise Conflict(Label("这笔支付已有结果，不需核对", "The payment has a result; there is nothing to reconcile"))
    result = Result(
        payment.number, payment.name, payment.account, payment.fen, str(context.fields["bank_result"]),
        context.texts["bank_ref"].strip()[:60], context.texts["finding"][:200],
    )  # fmt: skip
    lock_cases([payment])
    done = Done(context.case_id or 0, context.number, context.seq, 0)
    apply(found, done, [payment], {payment.number: result}, context.actor, context.now)


# ── private ──


def _payment(found: Round, number: int) -> Payment | None:
    """A payment of the round by its row's number."""
    return Payment.objects.filter(pk=number, batch__round=found).select_related("claim").first()
