"""政策及其版本: the tables. A version's content is never changed (triggers on both databases); only its state moves on.

Legal basis: 公平竞争审查条例 (the review comes before it is live). Four eyes: who approves is not who wrote it; the
database holds that too.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from qinqing.accounts.models import User
from qinqing.policies import models_matching, models_money  # noqa: F401 - Django finds a wing's tables from here


class Policy(models.Model):
    """一项政策, by its code. Its chain of events says what was done to its versions."""

    code = models.CharField("代码", max_length=60, unique=True)
    seq = models.PositiveIntegerField(default=0)  # number of events
    head_hash = models.CharField(max_length=68, blank=True)

    class Meta:
        verbose_name = "政策"

    def __str__(self) -> str:
        return self.code


class PolicyVersion(models.Model):
    """政策版本: `source` is the YAML as it came in, `sha256` of its canonical content (content.py)."""

    class State(models.TextChoices):
        DRAFT = "draft", "起草"
        REVIEWED = "reviewed", "已审查"
        LIVE = "live", "生效"
        WITHDRAWN = "withdrawn", "撤回"
        SUPERSEDED = "superseded", "被替代"

    class Review(models.TextChoices):
        PASSED = "passed", "通过"
        EXCEPTION = "exception", "适用例外规定"
        FAILED = "failed", "未通过"

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField("版本")
    source = models.TextField("定义")
    sha256 = models.CharField("内容指纹", max_length=64)
    effective_from = models.DateField("施行日期")
    effective_to = models.DateField("失效日期", null=True)
    author = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="起草人")
    stored_at = models.DateTimeField("存入时间")

    state = models.CharField("状态", max_length=10, choices=State, default=State.DRAFT)
    review = models.CharField("公平竞争审查", max_length=9, choices=Review, blank=True)
    review_words = models.CharField("审查意见", max_length=1000, blank=True)
    reviewed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="审查登记人")
    reviewed_at = models.DateTimeField("审查时间", null=True)
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="批准人")
    approved_at = models.DateTimeField("批准时间", null=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="终止人")
    ended_at = models.DateTimeField("终止时间", null=True)
    end_reason = models.CharField("终止原因", max_length=200, blank=True)

    class Meta:
        verbose_name = "政策版本"
        constraints = [
            models.UniqueConstraint(fields=["policy", "number"], name="policy_version_number"),
            models.UniqueConstraint(fields=["policy"], condition=Q(state="live"), name="policy_one_live_version"),
            models.CheckConstraint(
                condition=~Q(state__in=["live", "superseded"])
                | Q(approved_by__isnull=False, approved_at__isnull=False, review__in=["passed", "exception"]),
                name="policy_live_is_approved",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("author")),
                name="policy_approved_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(state="reviewed") | Q(review__in=["passed", "exception"], reviewed_by__isnull=False),
                name="policy_reviewed_has_passed",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["withdrawn", "superseded"]) | Q(ended_at__isnull=False),
                name="policy_end_is_dated",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy.code}@{self.number}"


class PolicyEvent(models.Model):
    """起草、审查、批准、撤回、替代: appended to, never changed; `head` is canonical text, chained by `hash`."""

    class Action(models.TextChoices):
        DRAFTED = "drafted", "起草"
        REVIEWED = "reviewed", "公平竞争审查"
        APPROVED = "approved", "批准"
        WITHDRAWN = "withdrawn", "撤回"
        SUPERSEDED = "superseded", "被替代"

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="events", db_index=False)
    version = models.ForeignKey(PolicyVersion, models.PROTECT, related_name="events")
    seq = models.PositiveIntegerField()
    action = models.CharField(max_length=10, choices=Action)
    actor_id = models.BigIntegerField()  # accounts.User
    at = models.DateTimeField()
    note = models.CharField(max_length=1000, blank=True)
    head = models.TextField()
    hash = models.CharField(max_length=68)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["policy", "seq"], name="policy_event_in_chain")]
