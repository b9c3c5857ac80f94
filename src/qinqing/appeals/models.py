"""答复库: answers the window has given before, kept by section, so that the same question gets the same answer.
留言历史: how a source's columns are read, who wrote there, and which messages are nearly the same."""

from __future__ import annotations

from django.db import models

from qinqing.cases.models import Case
from qinqing.directory.models import Party, Unit


class LibraryAnswer(models.Model):
    """标准答复: approved text that a clerk may use and change. Withdrawn, never deleted."""

    question = models.CharField("问题", max_length=120)
    answer = models.TextField("答复", max_length=2000)
    section = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", verbose_name="科室")
    keywords = models.CharField("关键词", max_length=200)  # apart by blanks
    basis = models.CharField("依据", max_length=200, blank=True)
    uses = models.PositiveIntegerField(default=0)
    withdrawn_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = "标准答复"

    def __str__(self) -> str:
        return self.question


class ColumnMapping(models.Model):
    """列对应: how the columns of one source's files are read, kept under a name for the next import."""

    name = models.CharField(max_length=40, unique=True)
    source = models.CharField(max_length=40)  # first half of Case.imported, `source:id`
    columns = models.JSONField(default=dict)  # column header -> field of message_rows.FIELDS, `-` to leave it out
    saved_at = models.DateTimeField()


class Writer(models.Model):
    """留言人: the party that stands for one writer's name in one source, so that importing again makes no second."""

    source = models.CharField(max_length=40)
    name = models.CharField(max_length=100)  # as the source gives it, mostly a pseudonym
    party = models.ForeignKey(Party, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "name"], name="writer_of_source")]


class Alike(models.Model):
    """近似留言: two messages whose texts are nearly the same. Derived (alike_groups.refresh), replaced as a whole."""

    first = models.ForeignKey(Case, models.CASCADE, related_name="+")
    second = models.ForeignKey(Case, models.CASCADE, related_name="+")
    permille = models.PositiveSmallIntegerField("相似度（千分之）")
    found_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["first", "second"], name="alike_pair_once")]


class Sketch(models.Model):
    """文本指纹: the bands (sketch.py) of what was said with an open or lately closed case. Derived (near.py)."""

    band = models.BigIntegerField()
    case = models.ForeignKey(Case, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["band", "case"], name="sketch_band_once")]


class Merged(models.Model):
    """并案: a case that goes on with another one. Those behind it hear what becomes of that one (merging.py)."""

    case = models.OneToOneField(Case, models.PROTECT, related_name="+")
    main = models.ForeignKey(Case, models.PROTECT, related_name="+")
    at = models.DateTimeField()
