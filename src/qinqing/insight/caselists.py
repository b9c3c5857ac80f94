"""办件清单: the cases behind a figure as lines: which times the figure looked at, and whether it is a hit. Reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from qinqing.cases import calendars, shelf
from qinqing.cases.models import Case
from qinqing.cases.rows import LEVELS
from qinqing.insight.columns import COLUMNS
from qinqing.insight.conditions import query
from qinqing.insight.indicators import Indicator
from qinqing.insight.measuring import Scope
from qinqing.insight.models import CaseFigure
from qinqing.lib.labels import Label
from qinqing.ui.dates import stamp
from qinqing.ui.figures import UNKNOWN, working_days

# by the column that puts a case into the period: which columns show why it counts as it does
TOLD = {
    "sign_due_at": ("sign_due_at", "signed_at"),
    "feedback_due": ("feedback_due", "feedback_at"),
    "feedback_at": ("dispatched_at", "feedback_at", "working_minutes"),
    "closed_at": ("closed_at", "outcome", "result"),
    "rated_at": ("rated_at", "rating"),
    "handed_up_at": ("handed_up_at",),
    "opened_at": ("opened_at",),
    "": ("opened_at", "due_at", "level"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One case with what the figure looked at; `hit` None where the figure is no share."""

    case: Case
    lead: Label | None
    told: tuple[tuple[Label, Label], ...]
    hit: bool | None


def lines(figures: Iterable[CaseFigure], indicator: Indicator, scope: Scope) -> list[Line]:
    """The lines, in the order given. A hit is looked up by the same query that counts it."""
    rows = list(figures)
    hits: set[int] = set()
    if indicator.hits is not None:
        behind = CaseFigure.objects.filter(pk__in=[row.pk for row in rows]).filter(query(indicator.hits, scope.moments))
        hits = set(behind.values_list("pk", flat=True))
    names = TOLD.get(indicator.period, ("opened_at",))
    return [
        Line(
            row.case,
            row.lead.label if row.lead else None,
            tuple((COLUMNS[name].label, value_label(row, name, scope.now)) for name in names),
            row.pk in hits if indicator.hits is not None else None,
        )
        for row in rows
    ]


def value_label(row: CaseFigure, name: str, now: datetime) -> Label:
    """A column's value as people read it; unknown is —."""
    value = getattr(row, name)
    if value is None or value == "":
        return UNKNOWN
    if isinstance(value, datetime):
        return stamp(value, now)
    if name in {"working_minutes", "suspended_minutes"}:
        return working_days(round(value / calendars.current().minutes_per_day, 1))
    if name == "level":
        return LEVELS[value] or Label("未提醒", "Not reminded")
    if name in {"outcome", "result", "rating", "kind"}:
        return choice_label(row, name, value)
    return Label(str(value), str(value))


def choice_label(row: CaseFigure, name: str, value: str) -> Label:
    """What the case's procedure calls an outcome, or a choice of a field."""
    spec = shelf.by_id(row.case.procedure_id)
    if name == "outcome":
        return spec.closed[value].label if value in spec.closed else Label(value, value)
    field = spec.fields.get("class" if name == "kind" else name)
    return field.choices.get(value, Label(value, value)) if field else Label(value, value)
