"""模拟登记簿: the embedded register, for demo and tests. Not the county's register: every page and paper says so."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Registration(models.Model):
    """抵押登记 of the embedded register."""

    certificate = models.CharField("不动产登记证明号", max_length=60, unique=True)
    unit_number = models.CharField("不动产单元号", max_length=28, db_index=True)
    registered_on = models.DateField("登记日期")
    owner = models.CharField("权利人", max_length=200)
    owner_id_end = models.CharField(max_length=6, blank=True)
    owner_phone = models.CharField(max_length=20, blank=True)
    address = models.CharField("坐落", max_length=300, blank=True)
    maximum_amount = models.BooleanField("最高额抵押", default=False)
    principal_fen = models.BigIntegerField(
        "被担保主债权数额", null=True
    )  # rarely what is paid off: nothing is decided by it
    deregistered_at = models.DateTimeField(null=True)
    request = models.CharField(max_length=60, null=True, unique=True)  # under which request it was deregistered
    receipt_no = models.CharField("业务号", max_length=60, blank=True)

    class Meta:
        verbose_name = "模拟抵押登记"
        constraints = [
            models.CheckConstraint(
                condition=Q(deregistered_at=None, receipt_no="") | Q(deregistered_at__isnull=False) & ~Q(receipt_no=""),
                name="registration_receipt",
            )
        ]

    def __str__(self) -> str:
        return self.certificate


class RegisteredCreditor(models.Model):
    """登记的抵押权人: the name of the day of registration; in old records without a code."""

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="creditors")
    place = models.PositiveSmallIntegerField(default=0)
    name = models.CharField(max_length=200)
    credit_code = models.CharField(max_length=18, blank=True)
    loan_number = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["registration", "place"], name="registered_creditor_place")]


class Restriction(models.Model):
    """限制: a seizure (查封) or an objection (异议登记) upon a property unit."""

    class Kind(models.TextChoices):
        SEIZURE = "seizure", "查封"
        DISPUTE = "dispute", "异议"

    unit_number = models.CharField(max_length=28, db_index=True)
    kind = models.CharField(max_length=7, choices=Kind)
    since = models.DateField()
    lifted_on = models.DateField(null=True)
