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
    facts_mark = models.BigIntegerField(default=0, db_index=True)  # of FactClock, when its registration last changed

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
    """单位: authority, town, section (科室), desk, or bank, as a tree. A section has a liaison and a deputy."""

    class Kind(models.TextChoices):
        AUTHORITY = "authority", "部门"
        TOWN = "town", "镇街"
        SECTION = "section", "科室"
        DESK = "desk", "岗位"
        BANK = "bank", "银行"

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField("名称", max_length=80)
    name_en = models.CharField(max_length=120, blank=True)
    kind = models.CharField(max_length=10, choices=Kind)
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    desk = models.CharField("岗位代码", max_length=20, blank=True, db_index=True)  # procedures say `desk: window`
    to_be_named = models.BooleanField("待定名", default=False)  # the source names four of eleven sections
    credit_code = models.CharField("统一社会信用代码", max_length=18, blank=True)  # of banks and who lends beside them
    liaison = models.ForeignKey("Officer", models.PROTECT, null=True, related_name="+", verbose_name="联络员")
    deputy = models.ForeignKey("Officer", models.PROTECT, null=True, related_name="+", verbose_name="副联络员")
    closed_on = models.DateField(null=True)

    class Meta:
        verbose_name = "单位"
        constraints = [
            models.UniqueConstraint(
                fields=["desk"], condition=~Q(desk="") & Q(closed_on=None), name="unit_one_holder_of_a_desk"
            ),
            models.UniqueConstraint(
                fields=["credit_code"], condition=~Q(credit_code=""), name="unit_one_of_a_credit_code"
            ),
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


# ── facts of companies 企业事实 (facts/) ──


class FactKey(models.Model):
    """事实编号: the number by which rows name a fact of the dictionary. `precedence`: its sources in the order by which
    `CurrentFact` was last chosen."""

    id = models.SmallAutoField(primary_key=True)
    code = models.CharField(max_length=40, unique=True)
    type = models.CharField(max_length=8)  # lib.rules.terms.FactType; with `period` what stored values mean
    period = models.CharField(max_length=7)
    precedence = models.CharField(max_length=400)


class FactSource(models.Model):
    """来源编号: the number by which rows name a source department of the dictionary."""

    id = models.SmallAutoField(primary_key=True)
    code = models.CharField(max_length=40, unique=True)


class FactText(models.Model):
    """类别值: the number by which rows name the code of a category."""

    id = models.AutoField(primary_key=True)
    text = models.CharField(max_length=80, unique=True)


class FactClock(models.Model):
    """变更标记: one row. Whoever changes facts raises the mark first and so holds the row until they commit: marks are
    given in the order of commits, and a reader who has seen one has seen all before it."""

    mark = models.BigIntegerField()
    epoch = models.CharField(max_length=16)  # random, of this database: what was kept elsewhere fits only this one


class Statement(models.Model):
    """报数: what one source said at one time; its observations hang on it. Never changed."""

    source = models.ForeignKey(FactSource, models.PROTECT, db_index=False)
    observed_at = models.DateTimeField("数据时点")  # the moment the figures are of
    dated = models.BooleanField()  # that moment was given; else it is the moment of recording
    recorded_at = models.DateTimeField("入库时间")
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, db_index=False)
    batch = models.ForeignKey(ImportBatch, models.PROTECT, null=True)
    note = models.CharField(max_length=300, blank=True)  # of a correction or a retraction: why


class Observation(models.Model):
    """观测: a fact of a company for a period, as a source stated it. Never changed: a correction is the next revision,
    and a retraction a row that names what it takes back (`retracts`), which then counts as never said."""

    party = models.ForeignKey(Party, models.PROTECT, related_name="observations", db_index=False)
    fact = models.ForeignKey(FactKey, models.PROTECT, db_index=False)
    period = models.IntegerField()  # facts.periods
    source = models.ForeignKey(FactSource, models.PROTECT, db_index=False)
    revision = models.PositiveSmallIntegerField()
    value = models.BigIntegerField(null=True)  # facts.values; None: the source says that it is not known
    statement = models.ForeignKey(Statement, models.PROTECT, related_name="observations")
    retracts = models.ForeignKey("self", models.PROTECT, null=True, related_name="retractions", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["party", "fact", "period", "source", "revision"], name="observation_once"),
            models.UniqueConstraint(
                fields=["retracts"], condition=Q(retracts__isnull=False), name="observation_retracted_once"
            ),
        ]


class CurrentFact(models.Model):
    """现值: the observation that counts, of the latest period, and that of a year before; made from the observations
    in the transaction that records them (facts.choosing), rebuilt at any time."""

    party = models.ForeignKey(Party, models.PROTECT, related_name="current_facts", db_index=False)
    fact = models.ForeignKey(FactKey, models.PROTECT, db_index=False)
    observation = models.ForeignKey(Observation, models.PROTECT, null=True, related_name="+", db_index=False)
    value = models.BigIntegerField(null=True)
    year_before = models.ForeignKey(Observation, models.PROTECT, null=True, related_name="+", db_index=False)
    year_before_value = models.BigIntegerField(null=True)
    mark = models.BigIntegerField(db_index=True)  # of FactClock, when it last changed

    class Meta:
        constraints = [models.UniqueConstraint(fields=["party", "fact"], name="current_fact_once")]


class Objection(models.Model):
    """异议: a company says that a fact of it is wrong; an officer decides with reasons."""

    class State(models.TextChoices):
        OPEN = "open", "待核实"
        UPHELD = "upheld", "异议成立"
        REJECTED = "rejected", "异议不成立"

    party = models.ForeignKey(Party, models.PROTECT, related_name="fact_objections")
    fact = models.CharField(max_length=40)  # id of the dictionary
    observation = models.ForeignKey(
        Observation, models.PROTECT, null=True, related_name="+"
    )  # None: the directory's own
    shown = models.JSONField()  # the value objected to, in words {zh, en}
    text = models.TextField("异议内容")
    raised_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    raised_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision = models.TextField("处理意见", blank=True)
    result = models.ForeignKey(Observation, models.PROTECT, null=True, related_name="+")  # the correction, where upheld

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["party", "fact"], condition=Q(state="open"), name="objection_one_open_for_a_fact"
            )
        ]
