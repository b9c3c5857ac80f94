"""The kernel's tables (办件): procedures, cases, tasks, rungs, and a history that is appended to and never changed.

Read with the ORM; written only by `acting.act` and `acting.open_case` through the fixed statements in `writing.py`.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from qinqing.directory.models import Party, Unit


class Procedure(models.Model):
    """流程: one immutable version of a definition; a running case keeps the version it began with."""

    code = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    source = models.TextField()
    loaded_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code", "version"], name="procedure_version")]

    def __str__(self) -> str:
        return f"{self.code}@{self.version}"


class NumberSeries(models.Model):
    """编号: the last number given, per prefix and year."""

    series = models.CharField(max_length=40, primary_key=True)
    last = models.PositiveIntegerField()


class Case(models.Model):
    """办件."""

    number = models.CharField("编号", max_length=40, unique=True)
    receipt_code = models.CharField("回执码", max_length=16, unique=True)  # random: whoever has it may follow the case
    procedure = models.ForeignKey(Procedure, models.PROTECT)
    party = models.ForeignKey(Party, models.PROTECT, related_name="cases")
    title = models.CharField("事项", max_length=80)  # erased with its retention class
    channel = models.CharField("来源", max_length=16, default="window")
    stage = models.CharField("环节", max_length=40)
    outcome = models.CharField("结果", max_length=40, blank=True)  # name of the closed end; empty while open
    round = models.PositiveSmallIntegerField(default=1)  # counts entries into stages
    version = models.PositiveIntegerField(default=1)  # counts changes of stage
    seq = models.PositiveIntegerField(default=1)  # number of events
    head_hash = models.CharField(max_length=68)
    marking = models.TextField(default="")  # open tasks, `node@unit` apart by blanks: the authority for joins
    state = models.TextField(default="{}")  # JSON: clocks, fields, counts, proposals, handlers (see state.State)
    due_at = models.DateTimeField("应办时间", null=True)  # earliest of the running clocks
    provisional = models.BooleanField(default=False)
    calendar = models.CharField(max_length=40, default="")  # revision of the working-day calendar that gave due_at
    held = models.BooleanField("暂停计时", default=False)
    level = models.PositiveSmallIntegerField(
        "督办级次", default=0
    )  # 0..4: none, reminded, urged, supervised, handed up
    lead = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", verbose_name="主办")
    environment = models.CharField("一流环境", max_length=20, blank=True)  # M2
    action_area = models.CharField("专项行动", max_length=20, blank=True)  # M3
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    last_event_at = models.DateTimeField()
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    predecessor = models.ForeignKey("self", models.PROTECT, null=True, related_name="successors")
    imported = models.CharField(max_length=120, null=True, unique=True)  # `source:id` of history brought in

    class Meta:
        verbose_name = "办件"
        indexes = [
            models.Index(fields=["due_at"], condition=Q(closed_at=None), name="case_open_due"),
            models.Index(fields=["party", "-opened_at"], name="case_of_party"),
            models.Index(fields=["-last_event_at"], name="case_latest"),
            models.Index(fields=["closed_at"], name="case_closed"),
            models.Index(fields=["calendar"], condition=Q(closed_at=None), name="case_to_reproject"),
            # few cases follow another: SQLite, told how often the full index holds NULL, would scan the table instead
            models.Index(fields=["predecessor"], condition=Q(predecessor__isnull=False), name="case_successors"),
        ]

    def __str__(self) -> str:
        return self.number


class Task(models.Model):
    """任务: a piece of work on a unit's desk; closes with the act that did it, or void when the stage is left."""

    class State(models.TextChoices):
        OPEN = "open", "在办"
        DONE = "done", "已办"
        VOID = "void", "作废"

    case = models.ForeignKey(Case, models.PROTECT, related_name="tasks", db_index=False)
    round = models.PositiveSmallIntegerField()
    node = models.CharField(max_length=40)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="tasks", db_index=False)
    state = models.CharField(max_length=4, choices=State, default=State.OPEN)
    version = models.PositiveIntegerField(default=1)
    assignee_id = models.BigIntegerField("经办人", null=True)  # accounts.User
    opened_at = models.DateTimeField()
    signed_at = models.DateTimeField("签收时间", null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "node", "unit"], condition=Q(state="open"), name="task_one_open"),
        ]
        indexes = [
            models.Index(fields=["unit", "case"], condition=Q(state="open"), name="task_on_desk"),
            models.Index(fields=["case"], name="task_of_case"),
        ]


class Rung(models.Model):
    """督办级次: what is due to happen when nobody acts. Fires once; re-armed with its clock's next revision.

    The clocks themselves stand in `Case.state`, folded from the events (docs/decisions/0004-clocks-in-the-state.md)."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="rungs", db_index=False)
    clock = models.CharField(max_length=40)  # the stage whose clock it belongs to, or `~wait`
    round = models.PositiveSmallIntegerField()
    revision = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=40)
    at = models.DateTimeField()
    fired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "clock", "round", "revision", "name"], name="rung_once"),
        ]
        indexes = [models.Index(fields=["at"], condition=Q(fired_at=None), name="rung_to_fire")]


class Event(models.Model):
    """经过: one act. `head` is canonical text, hashed; the payload's commitment stands in it."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="events", db_index=False)
    seq = models.PositiveIntegerField()
    action = models.CharField(max_length=60)
    actor_id = models.BigIntegerField(null=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_index=True)
    head = models.TextField()
    hash = models.CharField(max_length=68)
    idempotency_key = models.CharField(max_length=80, null=True, unique=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "seq"], name="event_in_chain")]


class Payload(models.Model):
    """内容: what was said. Salted, so that the commitment tells nothing; erasable by retention class."""

    event = models.OneToOneField(Event, models.PROTECT, primary_key=True, related_name="payload")
    salt = models.CharField(max_length=32)
    body = models.TextField(null=True)  # None: erased
    retention = models.CharField(max_length=20, default="standard")
    erased_at = models.DateTimeField(null=True)


class Attachment(models.Model):
    """附件: content checked, stored once by its hash."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="attachments")
    event_seq = models.PositiveIntegerField(null=True)  # the act it came with
    sha256 = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    mime = models.CharField(max_length=80)
    size = models.PositiveBigIntegerField()
    added_by = models.BigIntegerField(null=True)
    added_at = models.DateTimeField()


class CalendarRevision(models.Model):
    """工作日历版本: imported from a file; the newest is in force."""

    revision = models.CharField(max_length=40, unique=True)
    body = models.TextField()
    loaded_at = models.DateTimeField()
