"""工作台: whose desk a case lies on, sorted by working time left. Reads only.

`my_desk` (tasks of the officer), `unit_cases` (liaison and head: all of the unit), `supervision` (what climbs).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet

from qinqing.accounts.access import capacity, holds
from qinqing.accounts.actor import Actor
from qinqing.accounts.permissions import At
from qinqing.cases import shelf
from qinqing.cases.calendars import current
from qinqing.cases.casefile import state_of
from qinqing.cases.models import Case, Event, Task
from qinqing.cases.permitting import capacity_of
from qinqing.cases.timing import clock_of
from qinqing.directory.models import Unit
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import CHINA
from qinqing.ui.parts import Clock

PAGE = 200  # rows read for one desk; a desk with more is shown by its most urgent

TABS = {
    "sign": Label("待签收", "To sign for"),
    "handle": Label("待办理", "To handle"),
    "assist": Label("待协办", "To assist"),
    "approve": Label("待审批", "To approve"),
    "waiting": Label("等待中", "Waiting"),
    "closed": Label("本月已办结", "Closed this month"),
}
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


@dataclass(frozen=True, slots=True)
class Desk:
    """A desk: the rows of the chosen tab in groups, and how many each tab holds."""

    tab: str
    counts: dict[str, int]
    groups: list[Group]
    more: int  # rows beyond those shown


def my_desk(actor: Actor, tab: str, now: datetime) -> Desk:
    """What this officer has to do, most urgent first."""
    tasks = _open_tasks(actor)
    rows = [row for task in tasks if (row := _row(task, actor, now))]
    counts = {name: sum(row.tab == name for row in rows) for name in TABS}
    counts["closed"] = _closed_by(actor, now).count()
    if tab not in TABS:
        tab = next((name for name in ("sign", "handle", "assist", "approve") if counts[name]), "handle")
    if tab == "closed":
        done = [_closed_row(case, now) for case in _closed_by(actor, now)[:PAGE]]
        return Desk(
            tab, counts, [Group(TABS["closed"], Label("", ""), done)] if done else [], max(0, counts[tab] - PAGE)
        )
    return Desk(tab, counts, list(grouped((row for row in rows if row.tab == tab), now)), 0)


def waiting_for(actor: Actor) -> int:
    """How many tasks lie on the actor's own units' desks (the number in the menu)."""
    return Task.objects.filter(state="open", unit__in=actor.unit_ids).count()


def _open_tasks(actor: Actor) -> QuerySet[Task]:
    return (
        Task.objects.filter(state="open", unit__in=_reach(actor))
        .select_related("case", "case__party", "unit", "case__lead")
        .order_by("case__due_at", "pk")[: 5 * PAGE]
    )


def _reach(actor: Actor) -> list[int]:
    """Units whose tasks the actor may see: their own, and those below them where a capacity reaches down."""
    return list(
        Unit.objects.filter(Q(pk__in=actor.unit_ids) | Q(parent__in=actor.unit_ids)).values_list("pk", flat=True)
    )


def _row(task: Task, actor: Actor, now: datetime) -> Row | None:
    case = task.case
    spec, state = shelf.by_id(case.procedure_id), state_of(case)
    if f"{task.node}@{task.unit_id}" not in state.marking:
        return None
    asked = capacity(capacity_of(spec, state, task.node))
    here = {p.role for p in actor.posts if p.unit_id == task.unit_id}
    above = (
        {p.role for p in actor.posts if p.unit_id == task.unit.parent_id} if asked.at is At.UNIT_OR_PARENT else set()
    )
    if asked.roles.isdisjoint(here | above):
        return None
    return Row(
        case, task, _tab(task, case), clock_of(case, spec, now), kind_of(case), _stage(case), _tags(case), *_last(case)
    )


def _tab(task: Task, case: Case) -> str:
    if task.node.startswith(("?", "!")):
        return "approve"
    if case.held:
        return "waiting"
    spec = shelf.by_id(case.procedure_id).stages[case.stage].tasks[task.node]
    if task.signed_at is None and spec.owner.kind != "desk":
        return "sign"
    return "assist" if spec.owner.kind == "each_in" else "handle"


def kind_of(case: Case) -> Label:
    """The class of the case, where its procedure has one."""
    spec, fields = shelf.by_id(case.procedure_id), json.loads(case.state)["fields"]
    declared = spec.fields.get("class")
    return declared.choices.get(fields.get("class", ""), Label("", "")) if declared else Label("", "")


def _stage(case: Case) -> Label:
    spec = shelf.by_id(case.procedure_id)
    return spec.closed[case.outcome].label if case.outcome else spec.stages[case.stage].label


def _tags(case: Case) -> tuple[tuple[Label, str], ...]:
    tags: list[tuple[Label, str]] = []
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


def _last(case: Case) -> tuple[Label, datetime]:
    return Label("", ""), case.last_event_at


def _closed_by(actor: Actor, now: datetime) -> QuerySet[Case]:
    month = now.astimezone(CHINA).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    mine = Task.objects.filter(closed_by=actor.user_id, closed_at__gte=month).values("case")
    return Case.objects.filter(closed_at__gte=month, pk__in=mine).select_related("party", "lead").order_by("-closed_at")


def _closed_row(case: Case, now: datetime) -> Row:
    spec = shelf.by_id(case.procedure_id)
    return Row(case, None, "closed", clock_of(case, spec, now), kind_of(case), _stage(case), _tags(case), *_last(case))


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


def unit_cases(actor: Actor, now: datetime) -> QuerySet[Case]:
    """本单位办件: open cases with a task in the actor's units or those below."""
    tasks = Task.objects.filter(state="open", unit__in=_reach(actor)).values("case")
    return Case.objects.filter(pk__in=tasks).select_related("party", "lead", "procedure").order_by("due_at", "pk")


def supervision(now: datetime) -> dict[str, QuerySet[Case]]:
    """督办台: the five counts that are its filters."""
    open_cases = (
        Case.objects.filter(closed_at=None).select_related("party", "lead", "procedure").order_by("due_at", "pk")
    )
    tomorrow = now.astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    silent = now - timedelta(days=3)
    returned = (
        Event.objects.filter(action="return").values("case").annotate(n=Count("pk")).filter(n__gte=2).values("case")
    )
    return {
        "overdue": open_cases.filter(due_at__lt=now, held=False),
        "today": open_cases.filter(due_at__gte=now, due_at__lt=tomorrow, held=False),
        "returned": open_cases.filter(pk__in=returned),
        "silent": open_cases.filter(last_event_at__lt=silent, held=False),
        "handed_up": open_cases.filter(level=4),
    }


SUPERVISION_LABELS = {
    "overdue": Label("已逾期", "Overdue"),
    "today": Label("今天到期", "Due today"),
    "returned": Label("两次退回", "Returned twice"),
    "silent": Label("三日无动静", "Silent for three days"),
    "handed_up": Label("已上提", "Handed up"),
}


def rows_of(cases: Iterable[Case], now: datetime) -> list[Row]:
    """Any cases as lines of a list."""
    return [
        Row(
            case,
            None,
            "",
            clock_of(case, shelf.by_id(case.procedure_id), now),
            kind_of(case),
            _stage(case),
            _tags(case),
            *_last(case),
        )
        for case in cases
    ]


def find_cases(text: str, actor: Actor) -> QuerySet[Case]:
    """办件查询: by number, receipt code, or a fragment of matter or party; only what the person may see."""
    cases = visible(actor).select_related("party", "lead", "procedure").order_by("-opened_at")
    for part in text.split():
        cases = cases.filter(
            Q(number__icontains=part)
            | Q(title__icontains=part)
            | Q(party__name__icontains=part)
            | Q(receipt_code=part.upper())
        )
    return cases


def visible(actor: Actor) -> QuerySet[Case]:
    """The cases a person may open: a party its own; window, supervision, inspection and leaders all; units those that
    were ever on their desks."""
    if actor.kind == "party":
        return Case.objects.filter(party__in=actor.party_ids)
    if holds(actor, capacity("reader"), None, parent_of={}, party_id=None):
        return Case.objects.all()
    mine = Task.objects.filter(unit__in=_reach(actor)).values("case")
    return Case.objects.filter(pk__in=mine)
