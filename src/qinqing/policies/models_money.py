"""申领、批次、支付: the tables from match to money. What stands here is who, which and how much was decided; the money
itself stands in the ledger only, under the claim's `ref`.

The database holds what must never happen: two live claims to one thing, a claim in two live payments.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from qinqing.accounts.models import User
from qinqing.cases.models import Case
from qinqing.directory.models import Party
from qinqing.lib.labels import Label


def to_text(label: Label) -> str:
    """Both languages of a reason in one column, a line each."""
    return f"{label.zh[:299]}\n{label.en[:299]}"


def from_text(text: str) -> Label:
    """The reason again, in the reader's language."""
    zh, _, en = text.partition("\n")
    return Label(zh, en or zh)


class PayeeAccount(models.Model):
    """收款账户, as given; never changed: another one takes its place. Its name is the company's, or a former name that
    an officer has confirmed (payees.py). Erased when its time is over (retention.yaml: personal); what was paid keeps
    its own copy (`Payment`), as accounts must."""

    party = models.ForeignKey(Party, models.PROTECT, related_name="payee_accounts")
    name = models.CharField("户名", max_length=200)
    number = models.CharField("账号", max_length=40)
    bank = models.CharField("开户银行", max_length=100)
    given_at = models.DateTimeField()
    given_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")  # of a former name
    erased_at = models.DateTimeField("清除时间", null=True)  # name, number and bank are empty then

    class Meta:
        verbose_name = "收款账户"
        indexes = [models.Index(fields=["party", "-id"], name="payee_of_party")]

    def __str__(self) -> str:
        return f"{self.name} {self.number[-4:]}"


class Round(models.Model):
    """兑现批次: the claims of one policy that are frozen, published and paid together; its case says how far it is."""

    case = models.OneToOneField(Case, models.PROTECT, related_name="funding_round")
    version = models.ForeignKey(
        "policies.PolicyVersion", models.PROTECT, related_name="rounds"
    )  # its budget rule splits
    book = models.CharField("账本", max_length=60)
    frozen_at = models.DateTimeField("冻结时间", null=True)
    available_fen = models.BigIntegerField("冻结时可用", null=True)

    class Meta:
        verbose_name = "兑现批次"

    def __str__(self) -> str:
        return self.case.number


class Claim(models.Model):
    """申领: one company's claim to one policy of one year, or to one instalment of it. Amounts in fen.

    `asked`: what the facts gave when the company willed it (None: a body decides); `agreed`: what was signed off;
    `fixed`: what its round reserved for it. `year`: of the first instalment, whenever the later ones fall due."""

    class State(models.TextChoices):
        OPEN = "open", "在办"
        PAID = "paid", "已兑付"
        RECOVERED = "recovered", "已追回"
        WAIVED = "waived", "余额核销"  # recovered in part, or not at all, and the rest written off
        ENDED = "ended", "未兑付"

    case = models.OneToOneField(Case, models.PROTECT, related_name="policy_claim")
    version = models.ForeignKey("policies.PolicyVersion", models.PROTECT, related_name="claims")
    policy = models.ForeignKey("policies.Policy", models.PROTECT, related_name="claims")
    party = models.ForeignKey(Party, models.PROTECT, related_name="policy_claims")
    year = models.PositiveSmallIntegerField("年度")
    part = models.PositiveSmallIntegerField("期次", default=0)
    state = models.CharField("状态", max_length=9, choices=State, default=State.OPEN)
    whole_fen = models.BigIntegerField("全部金额", null=True)  # of which an instalment is a part; else the same
    asked_fen = models.BigIntegerField("申领金额", null=True)
    agreed_fen = models.BigIntegerField("核定金额", null=True)
    fixed_fen = models.BigIntegerField("兑现金额", null=True)
    round = models.ForeignKey(Round, models.PROTECT, null=True, related_name="claims")
    ref = models.CharField("资金编号", max_length=80, blank=True)  # in the ledger: the claim's and its round's number
    willed_at = models.DateTimeField("申领时间")
    willed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    on_behalf = models.BooleanField("窗口代为申领", default=False)
    ready_at = models.DateTimeField("审核通过时间", null=True)  # waits for a round, or is in one
    back = models.CharField("退回原因", max_length=600, blank=True)  # a freeze found it changed: to go back to review
    account = models.ForeignKey(PayeeAccount, models.PROTECT, null=True, related_name="claims")
    to_mend = models.BooleanField("账户待更正", default=False)  # a payment to it failed
    documents = models.JSONField(default=dict)  # document of the policy -> SHA-256 of the files filed for it
    basis = models.JSONField(default=dict)  # fact -> {value, source, observation}, as they were when willed

    class Meta:
        verbose_name = "申领"
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "party", "year", "part"], condition=~Q(state="ended"), name="claim_one_live"
            ),
            models.CheckConstraint(condition=Q(asked_fen=None) | Q(asked_fen__gt=0), name="claim_asks_for_something"),
            models.CheckConstraint(condition=Q(agreed_fen=None) | Q(agreed_fen__gt=0), name="claim_agreed"),
            models.CheckConstraint(
                condition=Q(round=None, fixed_fen=None, ref="") | Q(round__isnull=False, fixed_fen__gt=0) & ~Q(ref=""),
                name="claim_fixed_in_its_round",
            ),
        ]
        indexes = [
            models.Index(fields=["policy", "willed_at"], condition=Q(state="open", round=None), name="claim_waiting"),
            models.Index(fields=["party", "-willed_at"], name="claim_of_party"),
        ]

    def __str__(self) -> str:
        return self.case.number

    @property
    def back_label(self) -> Label:
        return from_text(self.back)


class RoundLine(models.Model):
    """名单: one claim as a freeze found it, for ever (append-only): what it asked for and what it was given, or why it
    went back."""

    class Result(models.TextChoices):
        FUNDED = "funded", "列入兑现"
        SHORT = "short", "资金不足，未列入"
        BACK = "back", "数据有变，退回审核"

    round = models.ForeignKey(Round, models.PROTECT, related_name="lines", db_index=False)
    place = models.PositiveIntegerField("次序")
    claim = models.ForeignKey(Claim, models.PROTECT, related_name="lines")
    asked_fen = models.BigIntegerField("核定金额")
    fixed_fen = models.BigIntegerField("兑现金额")
    score = models.CharField("排名依据", max_length=60, blank=True)
    result = models.CharField(max_length=6, choices=Result)
    reason = models.CharField(max_length=600, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "place"], name="round_line_place"),
            models.UniqueConstraint(fields=["round", "claim"], name="round_line_once"),
            models.CheckConstraint(
                condition=Q(result="funded", fixed_fen__gt=0) | ~Q(result="funded") & Q(fixed_fen=0),
                name="round_line_funded",
            ),
        ]

    @property
    def reason_label(self) -> Label:
        return from_text(self.reason)


class Batch(models.Model):
    """支付批次: payments sent to the bank together. `sha256`: of the file's canonical lines."""

    round = models.ForeignKey(Round, models.PROTECT, related_name="batches")
    number = models.CharField("批号", max_length=60, unique=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")  # who released it
    count = models.PositiveIntegerField("笔数")
    total_fen = models.BigIntegerField("合计")
    sha256 = models.CharField("指纹", max_length=64)

    class Meta:
        verbose_name = "支付批次"

    def __str__(self) -> str:
        return self.number


class Payment(models.Model):
    """支付: one claim's money on its way. Sent, paid and unknown ones are live: a claim has at most one of them.

    `settled_at` and `bank_ref` are of the bank's first word; of a payment that it sent back afterwards, `returned_at`
    and `return_ref` of its second."""

    class State(models.TextChoices):
        SENT = "sent", "已送银行"
        PAID = "paid", "支付成功"
        FAILED = "failed", "支付失败"
        UNKNOWN = "unknown", "结果不明"
        RETURNED = "returned", "已退汇"

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="payments", db_index=False)
    line = models.PositiveIntegerField()
    number = models.CharField("支付编号", max_length=70, unique=True)
    claim = models.ForeignKey(Claim, models.PROTECT, related_name="payments")
    name = models.CharField("户名", max_length=200)
    account = models.CharField("账号", max_length=40)
    bank = models.CharField("开户银行", max_length=100)
    fen = models.BigIntegerField("金额")
    state = models.CharField("状态", max_length=8, choices=State, default=State.SENT)
    bank_ref = models.CharField("银行流水号", max_length=60, blank=True)
    reason = models.CharField("失败或退汇原因", max_length=200, blank=True)
    settled_at = models.DateTimeField("结果时间", null=True)
    settled_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    returned_at = models.DateTimeField("退汇时间", null=True)
    return_ref = models.CharField("退汇流水号", max_length=60, blank=True)

    class Meta:
        verbose_name = "支付"
        constraints = [
            models.UniqueConstraint(fields=["batch", "line"], name="payment_line"),
            models.UniqueConstraint(
                fields=["claim"], condition=Q(state__in=["sent", "paid", "unknown"]), name="payment_one_live"
            ),
            models.CheckConstraint(condition=Q(fen__gt=0), name="payment_pays_something"),
            models.CheckConstraint(
                condition=Q(state="returned", returned_at__isnull=False) | ~Q(state="returned") & Q(returned_at=None),
                name="payment_returned_when",
            ),
        ]

    def __str__(self) -> str:
        return self.number


LIVE = (Payment.State.SENT, Payment.State.PAID, Payment.State.UNKNOWN)
"""Payments that stand in the way of another one for the same claim."""
