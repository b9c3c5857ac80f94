"""评价 (Y6): one rating for each closing of a case. The rating itself is an event of the case; this row is for counting."""

from __future__ import annotations

from django.db import models

from qinqing.cases.models import Case
from qinqing.directory.models import Unit


class Rating(models.Model):
    """一次评价. Its suggestion stands in the payload of the case's event `seq`, and is erased with it."""

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
    set_aside_at = models.DateTimeField("认定误评时间", null=True)  # kept, but not counted

    class Meta:
        verbose_name = "评价"
        constraints = [models.UniqueConstraint(fields=["case", "round"], name="rating_once_a_round")]
        indexes = [models.Index(fields=["rated_at"], name="rating_by_time")]
