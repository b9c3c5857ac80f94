"""收件: the one way by which a bank's word comes in, whichever door it came through. Once for ever.

The doors have checked who speaks (signature, clerk and checker, file of a known bank); here is what is said. Nothing is
judged: an accepted event is a row, and the worker takes it (`taking.py`). The same event again gives the same answer
and changes nothing; the same id with another content is refused.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from qinqing.audit.chain import canonical
from qinqing.directory.models import Unit
from qinqing.lib.labels import Label
from qinqing.mortgages.models import BankEvent
from qinqing.ui.errors import Problem

Kind, Via = BankEvent.Kind, BankEvent.Via
_UNIT = re.compile(r"\d{6}\d{3}\d{3}[A-Z]{2}\d{5}[FLQW]\d{8}", re.ASCII)  # 不动产单元号: 6+3+3+2+5+1+8
_CODE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")
AHEAD = timedelta(minutes=5)  # by how much a bank's clock may be ahead of ours


@dataclass(frozen=True, slots=True)
class Sent:
    """What a bank says, read but not believed. `body`: everything as it came, for the record."""

    event_id: str
    kind: str  # settled | reversed
    happened_at: datetime
    certificate: str = ""
    unit_number: str = ""
    creditor_code: str = ""  # empty: the bank's own
    loan_number: str = ""
    in_full: bool = True
    reverses: str = ""  # event id, of a reversal
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """Of the content; who brings the same again may come by another door."""
        said = {
            "kind": self.kind, "happened_at": self.happened_at.timestamp(), "certificate": self.certificate,
            "unit_number": self.unit_number, "creditor_code": self.creditor_code, "loan_number": self.loan_number,
            "in_full": self.in_full, "reverses": self.reverses,
        }  # fmt: skip
        return hashlib.sha256(canonical(said).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Accepted:
    """`again`: it had come before; nothing was done."""

    event: BankEvent
    again: bool


class Wrong(Problem):
    """What is said cannot be used; `fields` says which part and why."""

    status = 422
    code = "settlement-incomplete"
    title = Label("报送内容不完整或有误", "What was sent is incomplete or wrong")

    def __init__(self, fields: dict[str, Label]) -> None:
        said = Label("；".join(each.zh for each in fields.values()), "; ".join(each.en for each in fields.values()))
        super().__init__(detail=said, extra={"fields": {name: str(each) for name, each in fields.items()}})
        self.fields = fields


class Reused(Problem):
    """The same event id came with another content: one of the two is a mistake of the bank's system."""

    status = 409
    code = "event-id-reused"
    title = Label("事件编号已用于另一内容", "The event id was used for another content")


def accept(bank: Unit, sent: Sent, via: str, now: datetime) -> Accepted:
    """Take what the bank said down. Raises Wrong and Reused; nothing is written then."""
    wrong = dict(faults(sent, now))
    if wrong:
        raise Wrong(wrong)
    known = BankEvent.objects.filter(bank=bank, event_id=sent.event_id).first()
    if known is None:
        try:
            with transaction.atomic():
                return Accepted(_create(bank, sent, via, now), again=False)
        except IntegrityError:  # the same, at the same instant
            known = BankEvent.objects.get(bank=bank, event_id=sent.event_id)
    if known.sha256 != sent.sha256:
        raise Reused(
            detail=Label(
                f"事件编号{sent.event_id}此前报送过不同的内容，请换新编号或核对后重报",
                f"Event {sent.event_id} came before with another content; use a new id or check and send again",
            )
        )
    return Accepted(known, again=True)


def faults(sent: Sent, now: datetime) -> list[tuple[str, Label]]:
    """Every fault of form, by field; nothing is asked of the database."""
    found: list[tuple[str, Label]] = []
    if not 0 < len(sent.event_id) <= 200 or not sent.event_id.isprintable():
        found.append(("id", Label("事件编号须为1至200个可见字符", "The event id is 1 to 200 visible characters")))
    if sent.happened_at > now + AHEAD:
        found.append(
            ("happened_at", Label("结清时间在未来，请核对银行系统时钟", "It lies in the future; check the clock"))
        )
    if sent.kind == Kind.REVERSED:
        if not 0 < len(sent.reverses) <= 200:
            found.append(("reverses", Label("冲正须写明所冲正的事件编号", "A reversal names the event it reverses")))
        return found
    if sent.kind != Kind.SETTLED:
        found.append(("type", Label("类型须为结清或冲正", "It is a settlement or a reversal")))
    if not 0 < len(sent.certificate) <= 60:
        found.append(
            ("certificate", Label("请填写不动产登记证明号（至多60字）", "The certificate is 1 to 60 characters"))
        )
    if not _UNIT.fullmatch(sent.unit_number):
        text = Label("不动产单元号应为28位，请按登记证明核对", "The unit number has 28 characters; see the certificate")
        found.append(("unit_number", text))
    if sent.creditor_code and not _CODE.fullmatch(sent.creditor_code):
        text = Label("抵押权人统一社会信用代码应为18位", "The creditor's credit code has 18 characters")
        found.append(("creditor_code", text))
    if len(sent.loan_number) > 80:
        found.append(("loan_number", Label("贷款合同号至多80字", "The loan number has at most 80 characters")))
    return found


# ── private ──


def _create(bank: Unit, sent: Sent, via: str, now: datetime) -> BankEvent:
    return BankEvent.objects.create(
        bank=bank, event_id=sent.event_id, kind=sent.kind, via=via, sha256=sent.sha256, body=sent.body,
        certificate=sent.certificate, unit_number=sent.unit_number, loan_number=sent.loan_number,
        creditor_code=sent.creditor_code or bank.credit_code, in_full=sent.in_full, reverses=sent.reverses,
        happened_at=sent.happened_at, received_at=now,
    )  # fmt: skip
