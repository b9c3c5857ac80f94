"""办件行: cases as lines of any list, and their grouping by what the due time means to somebody planning the day."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F

from qinqing.cases import shelf
from qinqing.cases.calendars import current
from qinqing.cases.models import Case, Event, Task
from qinqing.cases.story import STANDARD_LABELS
from qinqing.cases.timing import clock_of
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import CHINA
from qinqing.ui.parts import Clock

LEVELS = (
    None,
    Label("已提醒", "Reminded"),
    Label("已催办", "Urged"),
    Label("已督办", "Supervised"),
    Label("已上提", "Handed up"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a desk. `tab` is where it belongs; `tags` are (text, tone)."""

    case: Case
    task: Task | None
    tab: str
    clock: Clock
    kind: Label
    stage: Label
    tags: tuple[tuple[Label, str], ...]
    last: Label
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Group:
    """已逾期／今天到期／节前到期／节后到期／暂停."""

    label: Label
    note: Label
    rows: list[Row]


def rows_of(cases: Iterable[Case], now: datetime) -> list[Row]:
    """Any cases as lines of a list."""
    return make_rows([(case, None, "") for case in cases], now)


def make_rows(found: Sequence[tuple[Case, Task | None, str]], now: datetime) -> list[Row]:
    """Lines for (case, task, tab); the last event of each costs one query for all."""
    last = _last_acts([case.pk for case, _, _ in found])
    return [
        Row(
            case, task, tab, clock_of(case, shelf.by_id(case.procedure_id), now), kind_of(case), _stage(case),
            _tags(case, task), _act_label(case, last.get(case.pk, "")), case.last_event_at,
        )
        for case, task, tab in found
    ]  # fmt: skip


def _last_acts(case_ids: list[int]) -> dict[int, str]:
    found = Event.objects.filter(case__in=case_ids, seq=F("case__seq"))
    return dict(found.values_list("case_id", "action"))


def _act_label(case: Case, action: str) -> Label:
    act = shelf.by_id(case.procedure_id).named(action)
    return act.label if act else STANDARD_LABELS.get(action, Label(action, action))


def kind_of(case: Case) -> Label:
    """The class of the case, where its procedure has one."""
    spec, fields = shelf.by_id(case.procedure_id), json.loads(case.state)["fields"]
    declared = spec.fields.get("class")
    return declared.choices.get(fields.get("class", ""), Label("", "")) if declared else Label("", "")


def _stage(case: Case) -> Label:
    spec = shelf.by_id(case.procedure_id)
    return spec.closed[case.outcome].label if case.outcome else spec.stages[case.stage].label


def _tags(case: Case, task: Task | None) -> tuple[tuple[Label, str], ...]:
    tags: list[tuple[Label, str]] = []
    if task is not None and task.node.startswith("?"):
        tags.append((Label("审批", "Approval"), "qing"))
    elif task is not None and task.node.startswith("!"):
        tags.append((Label("督办任务", "Supervision"), "qing"))
    counts = json.loads(case.state)["counts"]
    if counts.get("return"):
        tags.append((Label(f"退回{counts['return']}次", f"Returned {counts['return']}×"), "amber"))
    if counts.get("send_back") or counts.get("reopen"):
        tags.append((Label("重办", "Redone"), "amber"))
    level = LEVELS[case.level]
    if level:
        tags.append((level, "red" if case.level >= 3 else ""))
    if case.provisional:
        tags.append((Label("暂定", "Provisional"), ""))
    return tuple(tags)


def grouped(rows: Iterable[Row], now: datetime) -> Iterator[Group]:
    """Rows by what their due time means to somebody who plans the day; a long holiday divides what comes after."""
    calendar, today = current(), now.astimezone(CHINA).date()
    holiday = next_break(now)
    labels = {
        "over": (Label("已逾期", "Overdue"), Label("已自动提醒，督办台可见", "Reminded; the supervisor sees them")),
        "today": (
            Label("今天到期", "Due today"),
            _closes(calendar.close(today) if calendar.is_working(today) else None),
        ),
        "before": (Label("节前到期", "Due before the holiday"), Label("", "")),
        "after": (Label("节后到期", "Due after the holiday"), Label("", "")),
        "later": (Label("以后到期", "Due later"), Label("", "")),
        "held": (Label("暂停计时", "Paused"), Label("补充后续算", "Runs on when the party has answered")),
    }
    found: dict[str, list[Row]] = {name: [] for name in labels}
    for row in rows:
        due = row.case.due_at
        if row.case.held or due is None:
            name = "held"
        elif due < now:
            name = "over"
        elif due.astimezone(CHINA).date() == today:
            name = "today"
        elif holiday is None:
            name = "later"
        else:
            name = "before" if due < holiday else "after"
        found[name].append(row)
    for name, members in found.items():
        if members:
            yield Group(*labels[name], members)


def _closes(moment: datetime | None) -> Label:
    if moment is None:
        return Label("", "")
    at = f"{moment.astimezone(CHINA):%H:%M}"
    return Label(f"{at}停止办公即到期", f"Due when the office closes at {at}")


def next_break(now: datetime, within: int = 10) -> datetime | None:
    """The beginning of the next run of three or more days off, where it begins within some days; else None."""
    calendar, day = current(), now.astimezone(CHINA).date()
    for offset in range(1, within + 1):
        first = day + timedelta(days=offset)
        if all(not calendar.is_working(first + timedelta(days=n)) for n in range(3)) and calendar.is_working(
            first - timedelta(days=1)
        ):
            return datetime(first.year, first.month, first.day, tzinfo=CHINA)
    return None
