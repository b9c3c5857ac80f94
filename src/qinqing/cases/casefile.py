"""案卷: everything the case page says about one case, for officers and, narrower, for the party.

The story (what happened), the duty (who holds it, why this due time, what may be done next). Reads only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from qinqing.accounts.actor import Actor
from qinqing.accounts.models import User
from qinqing.cases import shelf
from qinqing.cases.calendars import current
from qinqing.cases.decide import counted_as
from qinqing.cases.forms import fields_of
from qinqing.cases.models import Case, Event, Task
from qinqing.cases.permitting import may_act, may_work_on
from qinqing.cases.procedure import PHASES, Act, Field, Procedure
from qinqing.cases.state import WAIT, State, restore
from qinqing.cases.story import STANDARD_LABELS, Happened, payload_of, tell
from qinqing.cases.timing import clock_of
from qinqing.directory.models import Unit
from qinqing.lib.labels import Label
from qinqing.lib.workdays import Budget, Due, due, due_at
from qinqing.ui.parts import Clock

PHASE_LABELS = {
    "find": Label("发现", "Found"),
    "assign": Label("交办", "Assigned"),
    "supervise": Label("督办", "Supervised"),
    "write_off": Label("核销", "Written off"),
}


@dataclass(frozen=True, slots=True)
class TaskLine:
    """One task: who does what by when."""

    task: Task
    label: Label
    role: Label
    clock: Clock
    assignee: str
    mine: bool
    to_sign: bool  # open, and nobody has signed for it yet


@dataclass(frozen=True, slots=True)
class Offer:
    """An act the person at the door may do now, with its form. `primary`: it moves the case on; `until`: no later."""

    action: str
    label: Label
    task: Task | None
    fields: tuple[Field, ...]
    optional: frozenset[str]
    evidence: int
    version: int
    primary: bool
    approval: Label | None
    danger: bool
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Why:
    """为什么是这个时间: the due time of one clock with every day explained."""

    stage: Label
    due: Due
    budget: Budget
    stops: int


class CaseFile:
    """One case read for one person at one moment."""

    def __init__(self, case: Case, actor: Actor, now: datetime) -> None:
        self.case, self.actor, self.now = case, actor, now
        self.spec: Procedure = shelf.by_id(case.procedure_id)
        self.state: State = state_of(case)

    @cached_property
    def units(self) -> dict[int, Unit]:
        return Unit.objects.in_bulk()

    @cached_property
    def desks(self) -> dict[str, int]:
        return {unit.desk: pk for pk, unit in self.units.items() if unit.desk and unit.closed_on is None}

    def parent_of(self, unit: int) -> int | None:
        return self.units[unit].parent_id

    @cached_property
    def tasks(self) -> list[Task]:
        return list(self.case.tasks.order_by("opened_at", "pk"))

    @cached_property
    def events(self) -> list[Event]:
        return list(self.case.events.select_related("payload").order_by("seq"))

    @cached_property
    def names(self) -> dict[int, str]:
        ids = {pk for pk in [e.actor_id for e in self.events] + [t.assignee_id for t in self.tasks] if pk is not None}
        return dict(User.objects.filter(pk__in=ids).values_list("pk", "name"))

    @cached_property
    def texts(self) -> dict[str, str]:
        """The latest text of each field; empty where erased."""
        texts: dict[str, str] = {}
        for event in self.events:
            texts.update(payload_of(event).get("texts", {}))
        return texts

    # -- the duty -----------------------------------------------------------------------------------------------------

    @property
    def stage_label(self) -> Label:
        end = self.spec.closed.get(self.state.outcome)
        return end.label if end else self.spec.stages[self.state.stage].label

    @property
    def phases(self) -> list[tuple[Label, str, datetime | None]]:
        """(label, done | at | ahead, when it was entered) for the four steps, always the same (P4)."""
        entered: dict[str, datetime] = {}
        for event in self.events:
            moves = json.loads(event.head)["moves"]
            if moves.get("outcome"):
                entered.setdefault(self.spec.closed[moves["outcome"]].phase, event.occurred_at)
            elif "stage" in moves:
                entered.setdefault(self.spec.stages[moves["stage"]].phase, event.occurred_at)
        if not self.state.is_open:  # a matter withdrawn or answered at once has not been through all four
            states = ["done" if phase in entered else "ahead" for phase in PHASES]
        else:
            position = PHASES.index(self.spec.stages[self.state.stage].phase)
            states = ["done" if i < position else "at" if i == position else "ahead" for i in range(len(PHASES))]
        return [(PHASE_LABELS[phase], state, entered.get(phase)) for phase, state in zip(PHASES, states, strict=True)]

    @property
    def clock(self) -> Clock:
        return clock_of(self.case, self.spec, self.now)

    @cached_property
    def whys(self) -> list[Why]:
        """Each clock that runs, explained by the calendar of its revision."""
        found = []
        for name, clock in self.state.clocks.items():
            stops = [(datetime.fromisoformat(a), datetime.fromisoformat(b) if b else None) for a, b in clock["stops"]]
            budget = Budget(**clock["budget"])
            explained = due(datetime.fromisoformat(clock["from"]), budget, current(), stops)
            label = Label("等待补充", "Waiting for the party") if name == WAIT else self.spec.stages[name].label
            found.append(Why(label, explained, budget, len(stops)))
        return found

    def story(self, *, party: bool = False) -> list[Happened]:
        """What happened, newest first."""
        return tell(self, party=party)

    @cached_property
    def task_lines(self) -> list[TaskLine]:
        """Tasks of this round and everything still open, the open ones first."""
        rounds = [task.round for task in self.tasks if task.node[0] not in "?!"]
        latest = max(rounds, default=0)
        shown = [t for t in self.tasks if t.state == "open" or (t.round == latest and t.state == "done")]
        return [self._line(task) for task in sorted(shown, key=lambda t: (t.state != "open", t.pk))]

    @property
    def holders(self) -> list[tuple[Label, bool]]:
        """(unit, whether it is the reader's) for every unit that has something to do now."""
        found: dict[Label, bool] = {}
        for line in self.task_lines:
            if line.task.state == "open":
                name = self.units[line.task.unit_id].label
                found[name] = found.get(name, False) or line.mine
        return list(found.items())

    def _line(self, task: Task) -> TaskLine:
        role, label = self._task_labels(task.node)
        mine = task.state == "open" and may_work_on(
            self.spec, self.state, f"{task.node}@{task.unit_id}", self.actor, self.case.party_id, self.parent_of
        )
        clock = self.clock if task.state == "open" else Clock("done", Label("已办", "Done"))
        to_sign = task.state == "open" and task.signed_at is None and not self._on_desk(task)
        return TaskLine(task, label, role, clock, self.names.get(task.assignee_id or 0, ""), mine, to_sign)

    def _task_labels(self, node: str) -> tuple[Label, Label]:
        """(role, what is to be done)."""
        if node.startswith("?"):
            act = next((a for _, a in self.spec.all_acts() if a.name == node[1:] and a.approved_by), None)
            label = act.approved_by.label if act and act.approved_by else Label(node, node)
            return Label("审批", "Approval"), Label(
                f"{label.zh}：{act.label.zh}", f"{label.en}: {act.label.en}"
            ) if act else label
        if node.startswith("!"):
            return Label("督办", "Supervision"), self.spec.ladder[node[1:]].label
        spec = next((stage.tasks[node] for stage in self.spec.stages.values() if node in stage.tasks), None)
        label = spec.label if spec else Label(node, node)
        role = Label("协办", "Assisting") if spec and spec.owner.kind == "each_in" else Label("主办", "Lead")
        return role, label

    @cached_property
    def offers(self) -> list[Offer]:
        """What this person may do now, the acts that move the case on first."""
        found: list[Offer] = []
        for task in self.tasks if self.state.is_open else []:
            if task.state == "open":
                found += self._offers_at(task)
        for act in self.spec.offered(self.state.stage, self.state.outcome):
            outside = not self.state.is_open or act.by not in self.spec.stages[self.state.stage].tasks
            if outside and self._possible(act) and self._may(act, act.name, ""):
                found.append(self._offer(act, act.name, None))
        return sorted(found, key=lambda offer: not offer.primary)

    def _offers_at(self, task: Task) -> Iterable[Offer]:
        tok = f"{task.node}@{task.unit_id}"
        standard = {"?": ("approve", "refuse"), "!": ("attend",)}.get(task.node[0])
        if standard:
            for action in standard:
                if self._may(None, action, tok) and not self._barred(action, tok):
                    yield self._offer(None, action, task)
            return
        if self._may(None, "note", tok):
            for action in ("sign", "assign", "note", *(["resume"] if self.state.held else [])):
                if action != "sign" or (task.signed_at is None and not self._on_desk(task)):
                    yield self._offer(None, action, task)
        proposed = any(p["from"] == tok for p in self.state.proposals.values())
        for act in self.spec.stages[self.state.stage].acts.values():
            if act.by == task.node and not proposed and self._possible(act) and self._may(act, act.name, tok):
                yield self._offer(act, act.name, task)

    def _on_desk(self, task: Task) -> bool:
        """Work of a desk (岗位) needs no signing for: whoever sits there does it."""
        found = self.spec.stages[self.state.stage].tasks.get(task.node)
        return found is None or self.units[task.unit_id].kind == Unit.Kind.DESK

    def _barred(self, action: str, tok: str) -> bool:
        """Who proposed does not decide, and a handler does not approve what a handler may not do."""
        proposal = self.state.proposals.get(tok)
        if proposal is None:
            return False
        act = self.spec.act(self.state.stage, self.state.outcome, proposal["act"])
        handled = bool(act and "handler" in act.never and self.actor.user_id in self.state.handlers)
        return proposal["by"] == self.actor.user_id or (action == "approve" and handled)

    def _possible(self, act: Act) -> bool:
        """Leave out what is used up; what is refused for another reason is offered, and says why when tried."""
        done = self.state.counts.get(counted_as(self.spec, self.state, act), 0)
        used_up = act.max is not None and done >= act.max + bool(act.beyond)
        at_desk = act.approved_by and act.approved_by.owner.kind == "desk"
        waiting = at_desk and any(proposal["act"] == act.name for proposal in self.state.proposals.values())
        until = self._until(act)
        too_late = until is not None and self.now > until
        return not (used_up or waiting or too_late or (act.suspends and self.state.held))

    def _until(self, act: Act | None) -> datetime | None:
        """The last moment for what may follow the closing; None: without end."""
        if act is None or act.within is None or self.case.closed_at is None:
            return None
        return due_at(self.case.closed_at, act.within, current())[0]

    def _may(self, act: Act | None, action: str, tok: str) -> bool:
        if act and "handler" in act.never and self.actor.user_id in self.state.handlers:
            return False
        return may_act(
            self.spec, self.state, act, action, tok, self.actor, self.case.party_id, self.desks, self.parent_of
        )

    def _offer(self, act: Act | None, action: str, task: Task | None) -> Offer:
        fields, optional = fields_of(self.spec, act, action)
        moves_on = bool(act and (act.to or act.completes)) and not (
            act and (act.max or act.name in {"decline", "withdraw", "cannot", "recall"})
        )
        return Offer(
            action=action,
            label=act.label if act else self._standard_label(action, task),
            task=task,
            fields=fields,
            optional=optional,
            evidence=act.evidence if act else 0,
            version=task.version if task else self.case.version,
            primary=moves_on or action in {"approve", "attend", "sign"},
            approval=act.approved_by.label if act and act.approved_by else None,
            danger=bool(act and act.to and not moves_on),
            until=self._until(act),
        )

    def _standard_label(self, action: str, task: Task | None) -> Label:
        """An approval is called what the procedure calls it: 审核签发, 批准延期."""
        proposal = self.state.proposals.get(f"{task.node}@{task.unit_id}") if task and action == "approve" else None
        act = self.spec.act(self.state.stage, self.state.outcome, proposal["act"]) if proposal else None
        return act.approved_by.label if act and act.approved_by else STANDARD_LABELS[action]


def state_of(case: Case) -> State:
    """The state from the row."""
    return restore(
        stage=case.stage, outcome=case.outcome, round=case.round, version=case.version, level=case.level,
        marking=case.marking, state=case.state,
    )  # fmt: skip
