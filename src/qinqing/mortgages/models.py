"""结清、解押: what banks said, which mortgage it is about, and what the registry was asked.

The database holds what must never happen: an event taken twice, two open releases of one mortgage, one loan settled
twice in a release, two live requests to the registry.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from qinqing.cases.models import Case
from qinqing.directory.models import Unit


class Release(models.Model):
    """解押: one registered mortgage (不动产登记证明号) on its way out of the register; its case says how far it is.

    The case's party is the bank that raised it. The owner stands here as the register names them: they do nothing,
    and are told."""

    class State(models.TextChoices):
        OPEN = "open", "在办"
        RELEASED = "released", "已注销"
        ENDED = "ended", "未注销"

    case = models.OneToOneField(Case, models.PROTECT, related_name="mortgage_release")
    certificate = models.CharField("不动产登记证明号", max_length=60, db_index=True)
    unit_number = models.CharField("不动产单元号", max_length=28)
    state = models.CharField("状态", max_length=8, choices=State, default=State.OPEN)
    first_bank = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name="首先结清的银行")
    started_at = models.DateTimeField("结清信息到达")  # of the event that last set the hour running
    promised_at = models.DateTimeField("应办结")  # an hour after it, or as the service promises
    released_at = models.DateTimeField("注销时间", null=True)
    reversed_late = models.BooleanField("送登记后冲正", default=False)
    by_person = models.BooleanField("经人工核查", default=False)
    receipt_no = models.CharField("注销登记业务号", max_length=60, blank=True)
    owner = models.CharField("权利人", max_length=200, blank=True)  # from here on as the register says
    owner_id_end = models.CharField("证件号后六位", max_length=6, blank=True)
    owner_phone = models.CharField("联系电话", max_length=20, blank=True, db_index=True)
    address = models.CharField("坐落", max_length=300, blank=True)
    next_look_at = models.DateTimeField(null=True)  # asked in vain: not before then again
    looked_up = models.JSONField(default=dict)  # the register's answer that was judged last (register.Entry as a dict)

    class Meta:
        verbose_name = "解押"
        constraints = [
            models.UniqueConstraint(fields=["certificate"], condition=Q(state="open"), name="release_one_open"),
            models.CheckConstraint(
                condition=~Q(state="released") | Q(released_at__isnull=False) & ~Q(receipt_no=""),
                name="release_receipt",
            ),
        ]
        indexes = [models.Index(fields=["-started_at"], name="release_latest")]

    def __str__(self) -> str:
        return self.case.number


class BankEvent(models.Model):
    """银行事件: what a bank said, once for ever (bank, event id). Taken by the worker in a transaction of its own."""

    class Kind(models.TextChoices):
        SETTLED = "settled", "贷款结清"
        REVERSED = "reversed", "冲正"

    class State(models.TextChoices):
        WAITING = "waiting", "待处理"
        EARLY = "early", "先到的冲正"  # a reversal whose settlement has not come yet
        TAKEN = "taken", "已处理"

    class Via(models.TextChoices):
        API = "api", "接口"
        WEBHOOK = "webhook", "简易接口"
        CLERK = "clerk", "银行录入"
        FILE = "file", "文件"

    bank = models.ForeignKey(Unit, models.PROTECT, related_name="mortgage_events")
    event_id = models.CharField("事件编号", max_length=200)
    kind = models.CharField(max_length=8, choices=Kind)
    via = models.CharField("来源", max_length=8, choices=Via)
    sha256 = models.CharField("指纹", max_length=64)  # of the canonical content: the same id never means another thing
    body = models.JSONField()
    certificate = models.CharField(max_length=60, blank=True, db_index=True)
    unit_number = models.CharField(max_length=28, blank=True)
    creditor_code = models.CharField("抵押权人统一社会信用代码", max_length=18, blank=True)
    loan_number = models.CharField("贷款合同号", max_length=80, blank=True)
    in_full = models.BooleanField("全部结清", default=True)
    reverses = models.CharField("冲正的事件编号", max_length=200, blank=True)
    happened_at = models.DateTimeField("结清时间")
    received_at = models.DateTimeField("到达时间")
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    taken_at = models.DateTimeField(null=True)
    word = models.CharField("处理结果", max_length=600, blank=True)  # zh, newline, en
    release = models.ForeignKey(Release, models.PROTECT, null=True, related_name="bank_events")

    class Meta:
        verbose_name = "银行事件"
        constraints = [models.UniqueConstraint(fields=["bank", "event_id"], name="bank_event_once")]
        indexes = [
            models.Index(fields=["id"], condition=Q(state="waiting"), name="bank_event_waiting"),
            models.Index(fields=["bank", "reverses"], condition=~Q(reverses=""), name="bank_event_reverses"),
            models.Index(fields=["bank", "-received_at"], name="bank_event_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.bank_id}:{self.event_id}"


class Settlement(models.Model):
    """结清: one creditor's loan under the mortgage is paid off; a reversal takes it back."""

    release = models.ForeignKey(Release, models.PROTECT, related_name="settlements")
    creditor_code = models.CharField(max_length=18)
    loan_number = models.CharField(max_length=80, blank=True)
    in_full = models.BooleanField(default=True)
    authorised = models.BooleanField("有权代为发起", default=True)  # its own claim, or under an authorisation in force
    event = models.OneToOneField(BankEvent, models.PROTECT, related_name="settlement")
    reversed_by = models.OneToOneField(BankEvent, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = "结清"
        constraints = [
            models.UniqueConstraint(
                fields=["release", "creditor_code", "loan_number"], condition=Q(reversed_by=None), name="settled_once"
            )
        ]


class RegisterRequest(models.Model):
    """注销申请: what the registry is asked, under a number of our own by which it knows a repetition."""

    class State(models.TextChoices):
        PENDING = "pending", "待送"
        SENT = "sent", "已送"  # at least one try has gone out: nobody knows whether it arrived
        DONE = "done", "已注销"
        REFUSED = "refused", "被退回"
        CANCELLED = "cancelled", "已撤回"  # before anything had gone out

    release = models.ForeignKey(Release, models.PROTECT, related_name="requests")
    number = models.CharField(max_length=60, unique=True)
    state = models.CharField(max_length=9, choices=State, default=State.PENDING)
    made_at = models.DateTimeField()
    next_try_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)  # the first time
    answered_at = models.DateTimeField(null=True)
    answer = models.JSONField(default=dict)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "注销申请"
        constraints = [
            models.UniqueConstraint(
                fields=["release"], condition=Q(state__in=["pending", "sent", "done"]), name="request_one_live"
            )
        ]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(state__in=["pending", "sent"]), name="request_to_send")
        ]

    def __str__(self) -> str:
        return self.number


from qinqing.mortgages import (  # noqa: E402 - Django finds models here
    models_desks,  # noqa: F401
    models_doors,  # noqa: F401
    models_names,  # noqa: F401
    models_register,  # noqa: F401
)
