"""Who is who (名录): parties who raise matters, units and officers who handle them.

Money is whole fen; a missing figure is NULL (unknown), never zero. Names are kept as given and once more normalised
(`lib.names.normal`) for exact matching.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from qinqing.accounts.models import User
from qinqing.lib.labels import Label


class Party(models.Model):
    """办事主体: company, sole trader, person, or nobody named."""

    class Kind(models.TextChoices):
        COMPANY = "company", "企业"
        SOLE_TRADER = "sole_trader", "个体工商户"
        PERSON = "person", "个人"
        UNNAMED = "unnamed", "未具名"

    kind = models.CharField(max_length=12, choices=Kind)
    name = models.CharField("名称", max_length=200)
    name_norm = models.CharField(max_length=200, db_index=True)  # lib.names.normal(name): for exact matching and search
    short_name = models.CharField("简称", max_length=40, blank=True)
    credit_code = models.CharField("统一社会信用代码", max_length=18, null=True, unique=True)
    phone = models.CharField("手机", max_length=20, blank=True, db_index=True)
    user = models.OneToOneField(User, models.PROTECT, null=True, related_name="party")  # a person who signs in
    status = models.CharField("登记状态", max_length=20, blank=True)
    registered_on = models.DateField("成立日期", null=True)
    region = models.CharField("行政区划代码", max_length=12, blank=True)
    town = models.CharField("镇街", max_length=40, blank=True)
    address = models.CharField("住所", max_length=300, blank=True)
    industry = models.CharField("行业代码", max_length=8, blank=True)  # GB/T 4754 section letter and digits
    staff = models.PositiveIntegerField("从业人员", null=True)
    revenue_fen = models.BigIntegerField("营业收入（分）", null=True)
    assets_fen = models.BigIntegerField("资产总额（分）", null=True)
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = "办事主体"
        # all that a search by fragments reads: the database scans this index and not the table
        indexes = [models.Index(fields=["name_norm", "short_name", "kind"], name="party_search")]

    def __str__(self) -> str:
        return self.name


class FormerName(models.Model):
    """曾用名, with the period in which it was used (None: open)."""

    party = models.ForeignKey(Party, models.PROTECT, related_name="former_names")
    name = models.CharField(max_length=200)
    name_norm = models.CharField(max_length=200, db_index=True)
    starts_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)


class Mandate(models.Model):
    """授权: a person acts for a company within dates."""

    person = models.ForeignKey(Party, models.PROTECT, related_name="mandates")
    company = models.ForeignKey(Party, models.PROTECT, related_name="agents")
    title = models.CharField("身份", max_length=40, blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(person=F("company")), name="mandate_two_parties")]


class Unit(models.Model):
    """单位: authority, town, section (科室), window or bank branch, as a tree. A section has a liaison and a deputy."""

    class Kind(models.TextChoices):
        AUTHORITY = "authority", "部门"
        TOWN = "town", "镇街"
        SECTION = "section", "科室"
        DESK = "desk", "岗位"

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField("名称", max_length=80)
    name_en = models.CharField(max_length=120, blank=True)
    kind = models.CharField(max_length=10, choices=Kind)
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    desk = models.CharField("岗位代码", max_length=20, blank=True, db_index=True)  # procedures say `desk: window`
    to_be_named = models.BooleanField("待定名", default=False)  # the source names four of eleven sections
    liaison = models.ForeignKey("Officer", models.PROTECT, null=True, related_name="+", verbose_name="联络员")
    deputy = models.ForeignKey("Officer", models.PROTECT, null=True, related_name="+", verbose_name="副联络员")
    closed_on = models.DateField(null=True)

    class Meta:
        verbose_name = "单位"
        constraints = [
            models.UniqueConstraint(
                fields=["desk"], condition=~Q(desk="") & Q(closed_on=None), name="unit_one_holder_of_a_desk"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> Label:
        """The name in the reader's language; the Chinese one where no English name was given."""
        return Label(self.name, self.name_en or self.name)


class Officer(models.Model):
    """工作人员. Holds posts; while on leave, their deputy holds them too."""

    user = models.OneToOneField(User, models.PROTECT, related_name="officer")
    name = models.CharField("姓名", max_length=40)
    phone = models.CharField("电话", max_length=20, blank=True)

    def __str__(self) -> str:
        return self.name


class Post(models.Model):
    """任职: a role (of the permissions table) in a unit, within dates."""

    officer = models.ForeignKey(Officer, models.PROTECT, related_name="posts")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="posts")
    role = models.CharField(max_length=24)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["officer", "unit", "role"], condition=Q(ends_on=None), name="post_held_once"
            )
        ]


class Leave(models.Model):
    """请假代岗: within the dates (both inside) the deputy also holds the officer's posts."""

    officer = models.ForeignKey(Officer, models.PROTECT, related_name="leaves")
    deputy = models.ForeignKey(Officer, models.PROTECT, related_name="+")
    starts_on = models.DateField()
    ends_on = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(officer=F("deputy")), name="leave_other_deputy"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="leave_dates_in_order"),
        ]


class ImportBatch(models.Model):
    """导入批次: rows read and checked, nothing changed until confirmed; the confirmed batch says what it did."""

    class State(models.TextChoices):
        PREVIEW = "preview", "待确认"
        RUNNING = "running", "导入中"
        DONE = "done", "已导入"
        DROPPED = "dropped", "已放弃"

    kind = models.CharField(max_length=20)  # companies, ...
    filename = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    stored_as = models.CharField(max_length=300)
    state = models.CharField(max_length=8, choices=State, default=State.PREVIEW)
    created_by = models.ForeignKey(User, models.PROTECT, null=True)
    created_at = models.DateTimeField()
    mapping = models.JSONField(default=dict)  # column -> field, as the preview used it
    total = models.PositiveIntegerField("待导入行", default=0)  # rows without a fault
    done = models.PositiveIntegerField("已导入行", default=0)
    offset = models.BigIntegerField(default=0)  # byte of the checked rows' file where the next batch of rows begins
    report = models.JSONField(default=dict)  # imports.Report: counts, changed fields, faults, examples of changes
