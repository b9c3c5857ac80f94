"""银行的入口: keys, nonces, refusals, what a clerk or a sheet enters and a colleague checks, and a bank's daily lists.

The database holds: a key belongs to one bank for ever, a nonce counts once, nobody checks what they entered.
"""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from qinqing.accounts.models import User
from qinqing.directory.models import Unit


class BankKey(models.Model):
    """银行密钥: an Ed25519 public key (RFC 9421), or a secret of the simple profile (Standard Webhooks). Never deleted.

    A secret must be kept as it is, since both sides count with it; it is shown once, to whoever made it."""

    class Kind(models.TextChoices):
        ED25519 = "ed25519", "签名公钥"
        WEBHOOK = "webhook", "简易接口密钥"

    bank = models.ForeignKey(Unit, models.PROTECT, related_name="mortgage_keys")
    kind = models.CharField("种类", max_length=8, choices=Kind)
    key_id = models.CharField("密钥编号", max_length=80, unique=True)
    material = models.TextField()  # PEM, or whsec_...
    fingerprint = models.CharField("指纹", max_length=64, unique=True)  # SHA-256 of the raw key: none is filed twice
    valid_from = models.DateTimeField("启用")
    valid_until = models.DateTimeField("到期")
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=80)
    revoked_at = models.DateTimeField("停用时间", null=True)
    revoked_because = models.CharField("停用原因", max_length=300, blank=True)

    class Meta:
        verbose_name = "银行密钥"
        constraints = [
            models.CheckConstraint(condition=Q(valid_until__gt=F("valid_from")), name="bank_key_dates"),
            models.CheckConstraint(
                condition=Q(revoked_at=None) | ~Q(revoked_because=""), name="bank_key_revoked_because"
            ),
        ]
        indexes = [models.Index(fields=["bank", "kind"], name="bank_key_of_bank")]

    def __str__(self) -> str:
        return self.key_id

    def state(self, now: datetime) -> str:
        """`revoked`, `ahead`, `over` or `valid`."""
        if self.revoked_at is not None:
            return "revoked"
        if now < self.valid_from:
            return "ahead"
        return "over" if now >= self.valid_until else "valid"


class UsedNonce(models.Model):
    """随机数: kept until its signature is too old anyway."""

    key = models.ForeignKey(BankKey, models.CASCADE, related_name="nonces", db_index=False)
    nonce = models.CharField(max_length=128)
    until = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "nonce"], name="nonce_once")]


class Refusal(models.Model):
    """拒收: what a door did not take. Of one key and hour the first are kept; `RefusalHour` counts them all."""

    at = models.DateTimeField("时间", db_index=True)
    door = models.CharField("入口", max_length=20)
    code = models.CharField("原因代码", max_length=60)
    claimed = models.CharField("所报密钥编号", max_length=128, blank=True)  # as the sender says: unproven
    address = models.CharField("来源地址", max_length=64, blank=True)
    sha256 = models.CharField("正文指纹", max_length=64, blank=True)  # empty: the body was not read
    detail = models.CharField("说明", max_length=300, blank=True)

    class Meta:
        verbose_name = "拒收"


class RefusalHour(models.Model):
    """每小时拒收数: per known key; all unknown ones together, so that no sender can make rows at will."""

    hour = models.DateTimeField()
    key = models.PositiveBigIntegerField(default=0)  # row of BankKey; 0: a key nobody knows
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hour", "key"], name="refusals_of_an_hour")]


class Submission(models.Model):
    """报送单: what a bank's clerk typed (one row) or uploaded (a sheet). It counts once another person of the bank has
    checked it; `rows` are dictionaries as `entering.row_of` makes them."""

    class State(models.TextChoices):
        DRAFT = "draft", "待提交"  # an uploaded sheet that its clerk has not handed on yet
        WAITING = "waiting", "待复核"
        CONFIRMED = "confirmed", "已报送"
        REFUSED = "refused", "已退回"
        DROPPED = "dropped", "已放弃"

    bank = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    via = models.CharField(max_length=8)  # clerk | file
    filename = models.CharField(max_length=200, blank=True)
    sha256 = models.CharField("文件指纹", max_length=64, blank=True)
    rows = models.JSONField(default=list)
    faults = models.JSONField(default=list)  # of the sheet's other rows: row, column, value, mend_zh, mend_en
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    entered_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    entered_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField("退回原因", max_length=300, blank=True)

    class Meta:
        verbose_name = "报送单"
        constraints = [
            models.CheckConstraint(
                condition=~Q(state__in=["confirmed", "refused"])
                | Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(decided_by=F("entered_by")),
                name="submission_two_people",
            ),
            models.CheckConstraint(condition=~Q(state="refused") | ~Q(reason=""), name="submission_refused_because"),
        ]
        indexes = [
            models.Index(fields=["bank", "-id"], name="submission_latest"),
            models.Index(fields=["bank"], condition=Q(state="waiting"), name="submission_waiting"),
        ]


class DayList(models.Model):
    """日终清单: what a bank says it sent on a day; the last one of a day counts. It is compared, never applied."""

    bank = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    day = models.DateField("日期")
    via = models.CharField(max_length=8)  # api | webhook | file
    sent_by = models.CharField(max_length=80)  # key id or person
    sent_at = models.DateTimeField()
    rows = models.JSONField(default=list)  # [event id, certificate] each

    class Meta:
        verbose_name = "日终清单"
        indexes = [models.Index(fields=["bank", "-day", "-id"], name="day_list_latest")]
