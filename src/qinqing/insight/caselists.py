"""办件清单: the cases behind a figure as lines: which times the figure looked at, and whether it is a hit. Reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from qinqing.cases import calendars, shelf
from qinqing.cases.models import Case
from qinqing.cases.rows import LEVELS
from qinqing.insight import measuring
from qinqing.insight.columns import COLUMNS
from qinqing.insight.conditions import query
from qinqing.insight.indicators import Indicator
from qinqing.insight.measuring import Scope
from qinqing.insight.models import CaseFigure
from qinqing.lib.labels import Label
from qinqing.ui.dates import local, short_day, stamp
from qinqing.ui.figures import FEWEST, UNKNOWN, money, wilson, working_days

# by the column that is measured, else by the one that puts a case into the period: which show why it counts as it does
TOLD = {
    "days_to_paid": ("eligible_at", "paid_at", "days_to_paid"),
    "paid_at": ("paid_at", "paid_fen", "recovered_fen"),
    "sign_due_at": ("sign_due_at", "signed_at"),
    "feedback_due": ("feedback_due", "feedback_at"),
    "feedback_at": ("dispatched_at", "feedback_at", "working_minutes"),
    "closed_at": ("closed_at", "outcome", "result"),
    "rated_at": ("rated_at", "rating"),
    "handed_up_at": ("handed_up_at",),
    "opened_at": ("opened_at",),
    "": ("opened_at", "due_at", "level"),
}
DAYS = ("eligible_at", "paid_at")  # moments of which the day counts


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
    names = TOLD.get(indicator.of or indicator.period) or TOLD.get(indicator.period, ("opened_at",))
    return [
        Line(
            row.case,
            row.lead.label if row.lead else None,
            tuple(
                (COLUMNS[name].label, value_label(row, name, scope.now))
                for name in names
                if name != "recovered_fen" or row.recovered_fen != 0
            ),
            row.pk in hits if indicator.hits is not None else None,
        )
        for row in rows
    ]


def summary(indicator: Indicator, scope: Scope, part: str = "all") -> Label | None:
    """What the figure itself says, where that is not the number of its cases."""
    match indicator.measure:
        case "share":
            share = measuring.share(indicator, scope)
            return Label.of(briefly(share.hits, share.total))
        case "sum":
            fen = money(measuring.value(indicator, scope, part))
            return Label(f"合计{fen.zh}", f"{fen.en} in all")
        case "distinct":
            number = measuring.value(indicator, scope, part)
            return Label(f"{number:,}家企业", f"{number:,} companies")
        case "spread" if indicator.of == "days_to_paid":
            found = measuring.spreads(indicator, scope).get(None)
            if found is not None:
                return Label(
                    f"半数在{found.median}天内，九成在{found.p90}天内",
                    f"half within {found.median} days, nine in ten within {found.p90}",
                )
    return None


def briefly(hits: int, total: int) -> str:
    """A share in few signs; fewer than 20 are counts only."""
    if total < FEWEST:
        return f"{hits}／{total}"
    low, high = wilson(hits, total)
    return f"{100 * hits / total:.1f}%（{100 * low:.1f}—{100 * high:.1f}%）"


def value_label(row: CaseFigure, name: str, now: datetime) -> Label:
    """A column's value as people read it; unknown is —."""
    value = getattr(row, name)
    if value is None or value == "":
        return UNKNOWN
    if name in DAYS:
        return short_day(local(value).date(), local(now).date())
    if isinstance(value, datetime):
        return stamp(value, now)
    if COLUMNS[name].kind == "money":
        return money(value)
    if name == "days_to_paid":
        return Label(f"{value}天", f"{value} days" if value != 1 else "1 day")
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
