"""未了支付: payments somebody must still see to, and claims of which payments and ledger do not say the same. Reads.

A difference cannot come about by the acts (they move both in one transaction): where one is found, rows were changed by
hand or a backup was restored in part. It is listed, never mended by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q, Sum

from qinqing.ledger.models import Position
from qinqing.lib.labels import Label
from qinqing.policies.models_money import Claim, Payment
from qinqing.ui.figures import money

AT_ONCE = 2_000
State = Payment.State
WHAT_TO_DO = {
    State.SENT.value: Label("银行尚无结果：导入结果文件", "no result yet: import the bank's results"),
    State.UNKNOWN.value: Label("结果不明：与银行核对", "unknown: reconcile with the bank"),
    State.FAILED.value: Label("支付失败：更正账户", "failed: mend the account"),
    State.RETURNED.value: Label("已退汇：更正账户", "returned: mend the account"),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One claim, in fen: what its payments say is paid, and what the ledger holds as paid or recovered."""

    claim: str
    payments: int
    ledger: int

    @property
    def text(self) -> Label:
        return Label(
            f"{self.claim}：支付记录{money(self.payments).zh}，账上{money(self.ledger).zh}",
            f"{self.claim}: {money(self.payments).en} by its payments, {money(self.ledger).en} on the ledger",
        )


def outstanding() -> Iterator[Payment]:
    """Payments without a result, and those that failed or came back and wait for a mended account; oldest first."""
    waiting = Q(state__in=[State.SENT, State.UNKNOWN])
    to_mend = Q(state__in=[State.FAILED, State.RETURNED], claim__to_mend=True, claim__state=Claim.State.OPEN)
    found = Payment.objects.filter(waiting | to_mend).select_related("batch", "claim__case", "claim__party")
    last = {payment.claim_id: payment for payment in found.order_by("pk")}  # of one that failed several times
    yield from sorted(last.values(), key=lambda payment: payment.pk)


def differences() -> Iterator[Difference]:
    """Claims whose payments and ledger do not say the same, by number."""
    funded = Claim.objects.exclude(ref="").order_by("pk")
    ids = list(funded.values_list("pk", flat=True))
    for start in range(0, len(ids), AT_ONCE):
        some = funded.filter(pk__in=ids[start : start + AT_ONCE])
        rows = some.annotate(sum=Sum("payments__fen", filter=Q(payments__state=State.PAID)))
        refs = {ref: (number, fen or 0) for ref, number, fen in rows.values_list("ref", "case__number", "sum")}
        held = Position.objects.filter(ref__in=refs).values_list("ref", "paid", "recovered")
        once = {ref: paid + recovered for ref, paid, recovered in held}
        for ref, (number, fen) in refs.items():
            if fen != once.get(ref, 0):
                yield Difference(number, fen, once.get(ref, 0))
