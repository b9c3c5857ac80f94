"""廉心卡的表 (T1): cards, their history, which matters came by them, and what is remembered for a day against spam.

The token on a printed card stands in no table (tokens.py). Who scans a card is not recorded, only what is sent.
"""

from __future__ import annotations

from django.db import models

from qinqing.cases.models import Case
from qinqing.directory.models import Unit
from qinqing.lib.labels import Label


class Card(models.Model):
    """一张廉心卡: of one office, lying in one place. Never deleted; `revoked_at` ends it at once."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name="发卡单位")
    batch = models.CharField("批次", max_length=40)
    place = models.CharField("放置地点", max_length=80)
    nonce = models.CharField(max_length=32)  # random; with the installation's key it gives the token
    token_hash = models.CharField(max_length=64, unique=True)
    issued_at = models.DateTimeField("发卡时间")
    revoked_at = models.DateTimeField("停用时间", null=True)
    replaces = models.OneToOneField("self", models.PROTECT, null=True, related_name="successor")
    seq = models.PositiveIntegerField(default=0)  # number of events
    head_hash = models.CharField(max_length=68, blank=True)

    class Meta:
        verbose_name = "廉心卡"
        indexes = [models.Index(fields=["unit", "batch"], name="card_of_unit")]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """卡号, printed on the card so that it can be named by telephone; it opens nothing."""
        return f"{self.pk:05}"

    @property
    def office(self) -> Label:
        """The issuing office as outsiders know it: a section or desk with the authority above it."""
        above = self.unit.parent
        return (
            Label(above.name + self.unit.name, f"{above.label.en}, {self.unit.label.en}") if above else self.unit.label
        )


class CardEvent(models.Model):
    """发卡、印制、停用: appended to and never changed; `head` is canonical text, hashed with the one before."""

    class Action(models.TextChoices):
        ISSUED = "issued", "发卡"
        PRINTED = "printed", "印制"
        REVOKED = "revoked", "停用"
        REPLACED = "replaced", "换卡"

    card = models.ForeignKey(Card, models.PROTECT, related_name="events", db_index=False)
    seq = models.PositiveIntegerField()
    action = models.CharField(max_length=8, choices=Action)
    actor_id = models.BigIntegerField(null=True)  # accounts.User
    at = models.DateTimeField()
    note = models.CharField(max_length=200, blank=True)  # why revoked, how many copies
    head = models.TextField()
    hash = models.CharField(max_length=68)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["card", "seq"], name="card_event_in_chain")]


class Use(models.Model):
    """来自哪张卡: one matter sent by a card."""

    card = models.ForeignKey(Card, models.PROTECT, related_name="uses")
    case = models.OneToOneField(Case, models.PROTECT, related_name="card_use")


class Sending(models.Model):
    """近一日的提交, for the limits and for telling a second press from a second matter; forgotten after a day.

    Address and content are keyed hashes (limits.py): this row cannot say who sent what."""

    card = models.ForeignKey(Card, models.CASCADE, related_name="+")
    case = models.ForeignKey(Case, models.CASCADE, related_name="+")
    address = models.CharField(max_length=64, db_index=True)
    said = models.CharField(max_length=64)
    at = models.DateTimeField(db_index=True)


class Outcome(models.Model):
    """成果: what a written-off matter brought about, as a quantity with its unit. Counts while the case is resolved."""

    case = models.OneToOneField(Case, models.PROTECT, related_name="card_outcome")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", verbose_name="主办单位")
    quantity = models.PositiveBigIntegerField("数量")
    of = models.CharField("单位", max_length=40)  # 个临时停车位
    at = models.DateTimeField("核销时间", db_index=True)

    class Meta:
        verbose_name = "成果"
