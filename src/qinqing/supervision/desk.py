"""督办台: the counts, the rows with their next step, and where work piles up. Reads only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Q

from qinqing.accounts.actor import Actor
from qinqing.cases import shelf
from qinqing.cases.models import Case, Task
from qinqing.cases.rows import Row, rows_of
from qinqing.directory.models import Unit
from qinqing.lib.labels import Label
from qinqing.supervision.filters import Filter, all_filters, cases_of, tomorrow
from qinqing.supervision.papers import matters
from qinqing.supervision.steps import Step, steps_of

FIRST_OF = {"overdue": 6, "today": 6, "returned": 4, "silent": 4}  # what the desk shows before a filter is chosen
UNITS = 8
APPROVALS = 5


@dataclass(frozen=True, slots=True)
class DeskRow:
    """A case on the desk: what this filter says of it, and the next rung."""

    row: Row
    step: Step
    mark: Label | None

    @property
    def case(self) -> Case:
        return self.row.case


@dataclass(frozen=True, slots=True)
class Part:
    """A filter with its first rows."""

    filter: Filter
    count: int
    rows: list[DeskRow]


@dataclass(frozen=True, slots=True)
class Pile:
    """哪里积压: one lead unit's open, overdue and due today; no unit: not dispatched yet."""

    unit: Unit | None
    open: int
    late: int
    today: int


@dataclass(frozen=True, slots=True)
class Mine:
    """待我处理: approvals by name, and how many supervision tasks and checks lie on the desk besides."""

    approvals: list[tuple[Row, Label]]
    more: int  # approvals beyond those shown
    tasks: int  # put there by the ladder
    checks: int  # answers to be verified and written off, letters to be judged

    @property
    def any(self) -> bool:
        return bool(self.approvals or self.tasks or self.checks)


def mine(actor: Actor, now: datetime) -> Mine:
    """What lies on the actor's own desk, in two queries and a few rows."""
    tasks = Task.objects.filter(state=Task.State.OPEN, unit__in=actor.unit_ids)
    nodes = Counter(node[0] if node[0] in "?!" else "" for node in tasks.values_list("node", flat=True))
    waiting = tasks.filter(node__startswith="?").select_related("case__party", "case__lead")
    shown = list(waiting.order_by(F("case__due_at").asc(nulls_last=True), "pk")[:APPROVALS])
    rows = rows_of([task.case for task in shown], now)
    labels = [_asked(task) for task in shown]
    return Mine(list(zip(rows, labels, strict=True)), nodes["?"] - len(shown), nodes["!"], nodes[""])


def _asked(task: Task) -> Label:
    """What is to be approved: 批准延期."""
    found = (act for _, act in shelf.by_id(task.case.procedure_id).all_acts() if act.name == task.node[1:])
    act = next(found, None)
    return act.approved_by.label if act and act.approved_by else Label("审批", "Approve")


def desk_rows(chosen: Filter, cases: Iterable[Case], now: datetime, *, may_press: bool) -> list[DeskRow]:
    """The cases as rows of this filter."""
    listed: Sequence[Case] = list(cases)
    steps = steps_of(listed, now, may_press=may_press)
    marks = chosen.marks(listed, now) if chosen.marks and listed else {}
    return [DeskRow(row, steps[row.case.pk], marks.get(row.case.pk)) for row in rows_of(listed, now)]


def parts(found: dict[str, int], now: datetime, *, may_press: bool) -> dict[str, Part]:
    """What the desk shows before a filter is chosen."""
    shown = {}
    for one in all_filters():
        if limit := FIRST_OF.get(one.name):
            cases = cases_of(one, now)[:limit] if found[one.name] else []
            shown[one.name] = Part(one, found[one.name], desk_rows(one, cases, now, may_press=may_press))
    return shown


def piles(now: datetime) -> list[Pile]:
    """Units by what is overdue, then by what is due today, then by what is open."""
    late = Q(due_at__lt=now, held=False)
    today = Q(due_at__gte=now, due_at__lt=tomorrow(now), held=False)
    found = (
        matters()
        .values("lead")
        .annotate(open=Count("pk"), late=Count("pk", filter=late), today=Count("pk", filter=today))
    )
    worst = sorted(found, key=lambda row: (-row["late"], -row["today"], -row["open"]))[:UNITS]
    units = Unit.objects.in_bulk([row["lead"] for row in worst if row["lead"]])
    return [Pile(units.get(row["lead"]), row["open"], row["late"], row["today"]) for row in worst]
