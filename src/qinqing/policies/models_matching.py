"""应享名单: which companies each policy in force is for, as last matched, and how far matching has come.

Only a YES with money in it is a row; nearly and unknown are worked out when a page asks. A row is one stretch of time
during which the company was eligible: it ends (`gone_at`) and is never deleted.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from qinqing.directory.models import Party


class Eligibility(models.Model):
    """应享: a company qualifies. `version`: the one it was last decided by; a new version of the policy does not begin
    a new stretch. `amount_fen` None: a body decides the sum."""

    policy = models.ForeignKey("policies.Policy", models.PROTECT, related_name="eligibilities", db_index=False)
    version = models.ForeignKey("policies.PolicyVersion", models.PROTECT, related_name="eligibilities", db_index=False)
    party = models.ForeignKey(Party, models.PROTECT, related_name="eligibilities", db_index=False)
    amount_fen = models.BigIntegerField("金额", null=True)
    since = models.DateTimeField("符合时间")
    was_fen = models.BigIntegerField("原金额", null=True)  # before `changed_at`
    changed_at = models.DateTimeField("金额变动时间", null=True)
    gone_at = models.DateTimeField("不再符合时间", null=True)
    told_year = models.PositiveSmallIntegerField("已告知年度", null=True)
    basis = models.JSONField(default=dict)  # fact -> {value, source, observation}, as they were when it was (re)decided

    class Meta:
        verbose_name = "应享企业"
        constraints = [
            models.UniqueConstraint(fields=["policy", "party"], condition=Q(gone_at=None), name="eligible_once"),
            models.CheckConstraint(condition=Q(amount_fen=None) | Q(amount_fen__gt=0), name="eligible_for_something"),
        ]
        indexes = [
            models.Index(fields=["party", "policy"], condition=Q(gone_at=None), name="eligible_of_party"),
            models.Index(fields=["told_year", "policy"], condition=Q(gone_at=None), name="eligible_to_tell"),
            models.Index(fields=["policy", "-since"], name="eligible_new"),
            models.Index(fields=["policy", "-gone_at"], condition=Q(gone_at__isnull=False), name="eligible_gone"),
        ]

    def __str__(self) -> str:
        return f"{self.policy_id}:{self.party_id}"


class Matched(models.Model):
    """匹配进度: by which version, on which day and up to which change of facts a policy was last matched.
    `mark` -1: not yet. `through`: a match of all companies is under way and has come to this one; None: it is whole."""

    policy = models.OneToOneField("policies.Policy", models.PROTECT, primary_key=True, related_name="matched")
    version = models.ForeignKey("policies.PolicyVersion", models.PROTECT, related_name="+")
    epoch = models.CharField(max_length=16, blank=True)  # of directory.FactClock: another database counts anew
    mark = models.BigIntegerField(default=-1)
    day = models.DateField(null=True)
    through = models.BigIntegerField("已匹配到", null=True)
    at = models.DateTimeField("匹配时间", null=True)

    class Meta:
        verbose_name = "匹配进度"

    def __str__(self) -> str:
        return f"{self.policy_id}@{self.mark}"
