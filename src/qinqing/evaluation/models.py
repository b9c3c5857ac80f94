"""评价与回访 (Y5, Y6): ratings, the months' samples of closed cases, decisions on calls, review meetings.

What was said stands in the histories of the cases: a rating and a call are events. These rows count and connect them.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from qinqing.accounts.models import User
from qinqing.cases.models import Case
from qinqing.directory.models import Unit


class Rating(models.Model):
    """一次评价: one for each closing. Its suggestion stands in the payload of the case's event `seq`, and is erased
    with it."""

    class Level(models.TextChoices):
        VERY_GOOD = "very_good", "非常满意"
        GOOD = "good", "满意"
        FAIR = "fair", "基本满意"
        BAD = "bad", "不满意"
        VERY_BAD = "very_bad", "非常不满意"

    case = models.ForeignKey(Case, models.PROTECT, related_name="ratings")
    round = models.PositiveSmallIntegerField()  # of the case when it was closed
    seq = models.PositiveIntegerField()
    level = models.CharField(max_length=9, choices=Level)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", verbose_name="被评单位")
    rated_at = models.DateTimeField()
    # the case in which a bad one is put right; it alone may set this rating aside
    rectification = models.OneToOneField(Case, models.PROTECT, null=True, related_name="put_right")
    set_aside_at = models.DateTimeField("认定误评时间", null=True)  # kept, but not counted
    settled_at = models.DateTimeField("领导阅处时间", null=True)  # a bad rating of a rectification, dealt with

    class Meta:
        verbose_name = "评价"
        constraints = [models.UniqueConstraint(fields=["case", "round"], name="rating_once_a_round")]
        indexes = [
            models.Index(fields=["rated_at"], name="rating_by_time"),
            models.Index(
                fields=["rated_at"],
                condition=Q(level__in=["bad", "very_bad"], set_aside_at=None, settled_at=None),
                name="rating_bad",
            ),
        ]


class Draw(models.Model):
    """抽样: which closed cases of the month before are called back. The highest number of a month is in force."""

    month = models.DateField("回访月份")  # first day of the month in which calls are made
    number = models.PositiveSmallIntegerField(default=1)  # 2 and more: drawn again, with a reason
    seed = models.CharField(max_length=16)
    size = models.PositiveIntegerField("样本数")
    reason = models.CharField("重抽理由", max_length=300, blank=True)
    script_version = models.PositiveIntegerField("话术版本")
    # how it was drawn, as `sampling.Plan.as_json`; and what was left out: {"no_phone": 3, "erased": 0}
    plan = models.JSONField()
    left_out = models.JSONField()
    drawn_at = models.DateTimeField()
    drawn_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = "回访抽样"
        constraints = [models.UniqueConstraint(fields=["month", "number"], name="draw_once")]


class Sampled(models.Model):
    """抽中的办件, in the order of calling."""

    draw = models.ForeignKey(Draw, models.CASCADE, related_name="sampled")
    case = models.ForeignKey(Case, models.PROTECT, related_name="+")
    stratum = models.CharField(max_length=80)  # key in the draw's plan
    place = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["draw", "case"], name="sampled_once")]


class CallDecision(models.Model):
    """What followed a call in which the party was not content: a rectification, or nothing, with the reason."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="call_decisions")
    seq = models.PositiveIntegerField()  # the call, an event of the case
    rectification = models.ForeignKey(Case, models.PROTECT, null=True, related_name="+")
    reason = models.CharField("不整改的理由", max_length=300, blank=True)
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "seq"], name="call_decided_once"),
            models.CheckConstraint(
                condition=Q(rectification__isnull=False) | ~Q(reason=""), name="call_decision_with_a_reason"
            ),
        ]


class Review(models.Model):
    """办件复盘会: what was discussed; what it decided are rectifications."""

    month = models.DateField("回访月份", db_index=True)
    held_on = models.DateField("会议日期")
    attendees = models.CharField("参加人员", max_length=500)
    minutes = models.TextField("会议情况")
    cases = models.ManyToManyField(Case, related_name="reviews", verbose_name="复盘办件")
    key = models.CharField(max_length=60, unique=True)  # of the form: pressed twice, recorded once
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = "复盘会"


class Decision(models.Model):
    """复盘会议定事项: a rectification with an owner and a clock."""

    review = models.ForeignKey(Review, models.PROTECT, related_name="decisions")
    rectification = models.OneToOneField(Case, models.PROTECT, related_name="decision")
