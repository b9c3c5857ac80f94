"""工作台: whose desk a case lies on, sorted by working time left. Reads only.

`my_desk` (tasks of the officer), `unit_cases` (liaison and head: all of the unit).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from qinqing.accounts.access import capacity, holds
from qinqing.accounts.actor import Actor
from qinqing.accounts.permissions import At
from qinqing.cases import fulltext, shelf
from qinqing.cases.casefile import state_of
from qinqing.cases.models import Case, Event, Task
from qinqing.cases.permitting import capacity_of
from qinqing.cases.rows import Group, grouped, make_rows
from qinqing.directory.models import Unit
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import CHINA

PAGE = 200  # rows read for one desk; a desk with more is shown by its most urgent

TABS = {
    "sign": Label("待签收", "To sign for"),
    "handle": Label("待办理", "To handle"),
    "assist": Label("待协办", "To assist"),
    "approve": Label("待审批", "To approve"),
    "waiting": Label("等待中", "Waiting"),
    "closed": Label("本月已办结", "Closed this month"),
}


@dataclass(frozen=True, slots=True)
class Desk:
    """A desk: the rows of the chosen tab in groups, and how many each tab holds."""

    tab: str
    counts: dict[str, int]
    groups: list[Group]
    more: int  # rows beyond those shown


def my_desk(actor: Actor, tab: str, now: datetime, *, whole: bool = False) -> Desk:
    """What this officer has to do, most urgent first; `whole`: without end, to be exported."""
    tasks = _open_tasks(actor) if whole else _open_tasks(actor)[: 5 * PAGE]
    tabbed = [(task.case, task, _tab_for(task, actor)) for task in tasks]
    rows = make_rows([found for found in tabbed if found[2]], now)
    counts = {name: sum(row.tab == name for row in rows) for name in TABS}
    counts["closed"] = _closed_by(actor, now).count()
    if tab not in TABS:
        tab = next((name for name in ("sign", "handle", "assist", "approve") if counts[name]), "handle")
    if tab == "closed":
        closed = _closed_by(actor, now) if whole else _closed_by(actor, now)[:PAGE]
        done = make_rows([(case, None, "closed") for case in closed], now)
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
        .order_by("case__due_at", "pk")
    )


def _reach(actor: Actor) -> list[int]:
    """Units whose tasks the actor may see: their own, and those below them where a capacity reaches down."""
    return list(
        Unit.objects.filter(Q(pk__in=actor.unit_ids) | Q(parent__in=actor.unit_ids)).values_list("pk", flat=True)
    )


def _tab_for(task: Task, actor: Actor) -> str:
    """The tab the task belongs to for this actor; empty when it is not theirs to do."""
    case = task.case
    spec, state = shelf.by_id(case.procedure_id), state_of(case)
    if f"{task.node}@{task.unit_id}" not in state.marking:
        return ""
    asked = capacity(capacity_of(spec, state, task.node))
    here = {post.role for post in actor.posts if post.unit_id == task.unit_id}
    if asked.at is At.UNIT_OR_PARENT:
        here |= {post.role for post in actor.posts if post.unit_id == task.unit.parent_id}
    return "" if asked.roles.isdisjoint(here) else _tab(task, case)


def _tab(task: Task, case: Case) -> str:
    if task.node.startswith(("?", "!")):
        return "approve"
    if case.held:
        return "waiting"
    spec = shelf.by_id(case.procedure_id).stages[case.stage].tasks[task.node]
    if task.signed_at is None and task.unit.kind != Unit.Kind.DESK:
        return "sign"
    return "assist" if spec.owner.kind == "each_in" else "handle"


def _closed_by(actor: Actor, now: datetime) -> QuerySet[Case]:
    month = now.astimezone(CHINA).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    mine = Task.objects.filter(closed_by=actor.user_id, closed_at__gte=month).values("case")
    return Case.objects.filter(closed_at__gte=month, pk__in=mine).select_related("party", "lead").order_by("-closed_at")


def unit_cases(actor: Actor, now: datetime) -> QuerySet[Case]:
    """本单位办件: open cases with a task in the actor's units or those below."""
    tasks = Task.objects.filter(state="open", unit__in=_reach(actor)).values("case")
    return Case.objects.filter(pk__in=tasks).select_related("party", "lead", "procedure").order_by("due_at", "pk")


@dataclass(frozen=True, slots=True)
class Found:
    """Cases found, newest first; `more`: beyond these there are others, recorded earlier."""

    cases: QuerySet[Case]
    more: bool = False

    @property
    def note(self) -> Label:
        """What is said beside the number of cases where more were found than are shown."""
        return (
            Label("，只列最近的，请加字词缩小范围", ", the latest of more; add a word") if self.more else Label("", "")
        )


def find_cases(text: str, actor: Actor) -> Found:
    """办件查询: by number (or its end), receipt code, party, or words of what was said; several words mean all of them.
    Only what the person may see: a party searches its own cases, in what it may read (`fulltext`)."""
    typed = "".join(letter if letter.isprintable() else " " for letter in text).strip()
    named = Case.objects.filter(Q(number=typed) | Q(receipt_code=typed.upper().replace("-", "")))
    hits = fulltext.find(typed, _scopes(actor), party=actor.kind == "party")
    seen = list(visible(actor, [*named.values_list("pk", flat=True), *hits.ids]).values_list("pk", flat=True))
    cases = Case.objects.filter(pk__in=seen)  # asked once: the caller counts and turns pages
    return Found(cases.prefetch_related("party", "lead").order_by("-opened_at", "-pk"), hits.more)


def latest(actor: Actor) -> Found:
    """All that the person may see, what moved last first."""
    return Found(visible(actor).select_related("party", "lead").order_by("-last_event_at", "-pk"))


def _scopes(actor: Actor) -> set[str] | None:
    """What `visible` says, in the words of the index; None: everything."""
    if actor.kind == "party":
        return {f"p{party}" for party in actor.party_ids}
    if actor.kind == "program":
        return {f"o{actor.user_id}"}
    if _reads_all(actor):
        return None
    return {f"u{unit}" for unit in _reach(actor)}


def visible(actor: Actor, among: Sequence[int] | None = None) -> QuerySet[Case]:
    """The cases a person may open: a party its own, a program those it raised; window, supervision, inspection and
    leaders all; units those that were ever on their desks. `among`: only of these, which is faster."""
    cases, tasks, events = Case.objects.all(), Task.objects.all(), Event.objects.filter(seq=1)
    if among is not None:
        cases, tasks, events = cases.filter(pk__in=among), tasks.filter(case__in=among), events.filter(case__in=among)
    if actor.kind == "party":
        return cases.filter(party__in=actor.party_ids)
    if actor.kind == "program":  # what it opened itself
        return cases.filter(pk__in=events.filter(actor_id=actor.user_id).values("case"))
    if _reads_all(actor):
        return cases
    return cases.filter(pk__in=tasks.filter(unit__in=_reach(actor)).values("case"))


def _reads_all(actor: Actor) -> bool:
    return holds(actor, capacity("reader"), None, parent_of={}, party_id=None)
