"""告知、告知单、查询、培训: what owners are told and may show, who looks things up, who was trained (B8, B9)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from qinqing.accounts.models import User
from qinqing.directory.models import Unit


class OwnerMessage(models.Model):
    """告知: the owner was told of one event of their mortgage; the text message goes out by a job of its own."""

    class Kind(models.TextChoices):
        RELEASED = "released", "抵押已注销"
        RESTORED = "restored", "抵押登记已恢复"

    class Sms(models.TextChoices):
        NONE = "none", "登记簿无手机号"
        WAITING = "waiting", "待发"
        SENT = "sent", "已发"
        FAILED = "failed", "未发出"

    release = models.ForeignKey("mortgages.Release", models.PROTECT, related_name="owner_messages")
    key = models.CharField(max_length=80, unique=True)  # of the message that asked for it: told once
    kind = models.CharField(max_length=8, choices=Kind)
    made_at = models.DateTimeField()
    notices = models.PositiveSmallIntegerField("站内告知人数", default=0)
    sms = models.CharField("短信", max_length=7, choices=Sms)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "权利人告知"
        indexes = [models.Index(fields=["next_try_at"], condition=Q(sms="waiting"), name="owner_message_to_send")]


class Paper(models.Model):
    """注销登记结果告知单: one for a release; its random token is the address of the paper and of its verification."""

    release = models.OneToOneField("mortgages.Release", models.PROTECT, related_name="paper")
    token = models.CharField(max_length=40, unique=True)
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = "告知单"


class LookUp(models.Model):
    """查询一次 without sign-in: keyed hashes of address and certificate, kept as long as the limits look back."""

    address = models.CharField(max_length=64, blank=True)
    certificate = models.CharField(max_length=64)
    found = models.BooleanField()
    at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [
            models.Index(fields=["address", "-at"], name="look_up_address"),
            models.Index(fields=["certificate", "-at"], name="look_up_certificate"),
        ]


class Training(models.Model):
    """银行培训 (B8): a session of the registry with people of banks. A wrong record is withdrawn, never changed."""

    held_on = models.DateField("日期")
    place = models.CharField("地点", max_length=100)
    topic = models.CharField("主题", max_length=200)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_why = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "银行培训"
        indexes = [models.Index(fields=["-held_on"], name="training_latest")]

    def __str__(self) -> str:
        return f"{self.held_on} {self.topic}"


class Attendance(models.Model):
    """参训: how many people of a bank came; names where the bank gave them."""

    training = models.ForeignKey(Training, models.PROTECT, related_name="attendances")
    bank = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    people = models.PositiveSmallIntegerField("人数")
    names = models.CharField("姓名", max_length=300, blank=True)

    class Meta:
        verbose_name = "参训"
        constraints = [
            models.UniqueConstraint(fields=["training", "bank"], name="attendance_once"),
            models.CheckConstraint(condition=Q(people__gte=1), name="attendance_somebody"),
        ]
