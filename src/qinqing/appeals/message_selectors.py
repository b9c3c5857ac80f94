"""留言历史的读取: answered messages with their measures, and the cases behind a figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from qinqing.appeals import report
from qinqing.appeals.alike_groups import Group
from qinqing.appeals.report import DEFINITIONS, LIMITS, Figures, Timed
from qinqing.cases.calendars import current
from qinqing.cases.models import Case
from qinqing.ui.figures import wilson

PROCEDURE = "message"


def messages() -> QuerySet[Case]:
    """Messages with a reply."""
    return Case.objects.filter(procedure__code=PROCEDURE, closed_at__isnull=False)


def measured() -> list[Timed]:
    """Every message with a reply, measured by the calendar in force. About 10 microseconds each."""
    calendar = current()
    times = messages().order_by("opened_at", "pk").values_list("pk", "opened_at", "closed_at")
    return [report.timed(pk, opened, closed, calendar) for pk, opened, closed in times if closed]


def behind(wanted: Mapping[str, str]) -> list[Timed]:
    """The messages behind a figure. `period` 2019 or 2019-04; `met`, `missed`: 3 or 5; `over`: took more working days
    than this; `from`, `to`: working days. What cannot be read is left out."""
    tests: list[Callable[[Timed], bool]] = []
    if period := wanted.get("period", ""):
        tests.append(lambda one: one.month.startswith(period))
    for name, keep in _BY_NUMBER.items():
        raw = wanted.get(name, "")
        if raw.isascii() and raw.isdigit() and len(raw) < 6:
            tests.append(lambda one, keep=keep, n=int(raw): keep(one, n))  # type: ignore[misc]
    return [one for one in measured() if all(test(one) for test in tests)]


_BY_NUMBER: Mapping[str, Callable[[Timed, int], bool]] = {
    "met": lambda one, n: n in one.met,
    "missed": lambda one, n: n not in one.met,
    "over": lambda one, n: one.working_days > n,
    "from": lambda one, n: one.working_days >= n,
    "to": lambda one, n: one.working_days <= n,
}


def cases_of(chosen: Sequence[Timed]) -> list[tuple[Case, Timed]]:
    """The cases of one page of messages, in the same order."""
    rows = Case.objects.select_related("party").in_bulk([one.case_id for one in chosen])
    return [(rows[one.case_id], one) for one in chosen]


def as_json(found: Sequence[Timed], groups: Sequence[Group]) -> dict[str, Any]:
    """The report as one object; every figure's definition stands beside."""
    whole = report.figures(found)
    return {
        "messages": whole.messages,
        "volume": [{"month": month, "messages": count} for month, count in report.by_month(found)],
        "working_days": {"median": whole.working_days_median, "p90": whole.working_days_p90},
        "calendar_days": {"median": _tenth(whole.calendar_days_median), "p90": _tenth(whole.calendar_days_p90)},
        "met": [_met(whole, limit) for limit in LIMITS],
        "years": [_year(year, figures) for year, figures in report.by_year(found)],
        "alike": {
            "groups": len(groups),
            "messages": sum(len(group.cases) for group in groups),
            "list": [_group(group) for group in groups],
        },
        "definitions": {name: label.as_json() for name, label in DEFINITIONS.items()},
    }


def _met(whole: Figures, limit: int) -> dict[str, Any]:
    met, of = whole.met[limit], whole.messages
    share, interval = (round(met / of, 4), [round(bound, 4) for bound in wilson(met, of)]) if of else (None, None)
    return {"limit_working_days": limit, "met": met, "of": of, "share": share, "interval": interval}


def _year(year: str, figures: Figures) -> dict[str, Any]:
    return {
        "year": year,
        "messages": figures.messages,
        "working_days": {"median": figures.working_days_median, "p90": figures.working_days_p90},
        "met": {str(limit): count for limit, count in figures.met.items()},
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "similarity": [group.lowest / 1000, group.highest / 1000],
        "one_writer": group.one_writer,
        "cases": [{"number": case.number, "imported": case.imported, "title": case.title} for case in group.cases],
    }


def _tenth(days: float | None) -> float | None:
    return None if days is None else round(days, 1)
