"""起草: the moves in the making, and the few ways in which a case moves: enter and leave a stage, start, hold, resume
and change a clock. Pure. `decide.py` says when each may happen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from qinqing.cases.procedure import LEVELS, Act, Branch, ClockSpec, Owner, Procedure, Stage
from qinqing.cases.state import WAIT, Moves, State, iso, token
from qinqing.lib.labels import Label
from qinqing.lib.workdays import Budget, Calendar, due_at


class NotAllowed(Exception):
    """The table does not allow it; the label says why and what to do."""

    def __init__(self, why: Label, *, gone: bool = False) -> None:
        super().__init__(why.zh)
        self.why = why
        self.gone = gone  # the task is no longer open: somebody was faster


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody asks for. `set` holds the choices, units and numbers of the form; texts stay in the payload."""

    action: str
    actor_id: int | None
    now: datetime
    token: str = ""
    set: Mapping[str, Any] = field(default_factory=dict)
    evidence: int = 0
    seq: int = 0  # of the event this will become
    data: Mapping[str, Any] = field(default_factory=dict)  # of system acts: which rung, which calendar


@dataclass(frozen=True, slots=True)
class World:
    """What a decision may know besides the case: the calendar, the county's desks, and the wings' guards."""

    calendar: Calendar
    desks: Mapping[str, int]
    guard: Callable[[str, Mapping[str, Any]], bool] = lambda name, fields: True
    why: Callable[[str], Label] = lambda name: Label(f"条件不满足：{name}", f"A condition does not hold: {name}")


class Draft:
    """Moves in the making, with the state they start from."""

    def __init__(self, spec: Procedure, state: State, command: Command, world: World) -> None:
        self.spec, self.state, self.command, self.world = spec, state, command, world
        self.moves: Moves = {}
        self.fields: dict[str, Any] = dict(state.fields)

    def put(self, values: Mapping[str, Any]) -> None:
        if values:
            self.moves.setdefault("set", {}).update(values)
            self.fields.update(values)

    def close(self, tok: str, how: str) -> None:
        self.moves.setdefault("close", []).append([tok, how])

    def closed(self) -> set[str]:
        return {tok for tok, _ in self.moves.get("close", ())}

    def open(self, tok: str) -> None:
        self.moves.setdefault("open", []).append(tok)

    def clock(self, name: str, value: Mapping[str, Any] | None) -> None:
        self.moves.setdefault("clocks", {})[name] = value


def matches(when: Mapping[str, tuple[str, ...]], fields: Mapping[str, Any]) -> bool:
    """Whether the fields hold one of the named values each."""
    return all(str(fields.get(name)) in values for name, values in when.items())


def branch(draft: Draft, branches: Iterable[Branch]) -> str:
    for branch in branches:
        if matches(branch.when, draft.fields) and all(draft.world.guard(name, draft.fields) for name in branch.guards):
            return branch.to
    return ""


def leave(draft: Draft, target: str, tok: str, keeps_clock: bool) -> None:
    """Close what the stage had open, stop its clock, and enter the target (a stage or a closed end)."""
    state, ending = draft.state, target in draft.spec.closed
    for name in state.clocks:
        if ending or name == WAIT or (name == state.stage and not keeps_clock):
            draft.clock(name, None)
    if not ending and keeps_clock and state.held:
        resume(draft)
    for open_token in state.marking:
        if open_token not in draft.closed() and (ending or not open_token.startswith("!")):
            draft.close(open_token, "done" if open_token == tok else "void")
    dropped = [p for p in state.proposals if p not in draft.moves.get("unpropose", ())]
    if dropped:
        draft.moves["unpropose"] = [*draft.moves.get("unpropose", ()), *dropped]
    if ending:
        draft.moves["outcome"] = target
    else:
        enter(draft, target)


def enter(draft: Draft, name: str) -> None:
    stage = draft.spec.stages[name]
    draft.moves["stage"] = name
    if draft.state.outcome:
        draft.moves["outcome"] = ""
    for task in stage.tasks.values():
        for unit in _units(draft, task.owner):
            draft.open(token(task.name, unit))
    if stage.clock:
        _start(draft, stage, stage.clock)


def _units(draft: Draft, owner: Owner) -> list[int]:
    if owner.kind == "desk":
        return [draft.world.desks[owner.ref]]
    value = draft.fields.get(owner.ref)
    if owner.kind == "each_in":
        return [int(unit) for unit in value or ()]
    if value is None:
        label = draft.spec.fields[owner.ref].label
        raise NotAllowed(Label(f"请先选定{label.zh}", f"Choose first: {label.en}"))
    return [int(value)]


def open_more(draft: Draft, node: str, values: Mapping[str, Any]) -> None:
    owner = draft.spec.stages[draft.state.stage].tasks[node].owner
    added = [token(node, int(unit)) for unit in values.get(owner.ref, ())]
    for tok in added:
        if tok not in draft.state.marking:
            draft.open(tok)
    earlier = draft.state.fields.get(owner.ref) or []
    draft.put({owner.ref: [*earlier, *(unit for unit in values.get(owner.ref, ()) if unit not in earlier)]})


def raise_level(draft: Draft, level: str, *, to_desk: bool) -> None:
    """The case climbs; `to_desk`: whoever is on that rung gets it on their desk, where the rung has one."""
    number = LEVELS.index(level) + 1
    if number > draft.state.level:
        draft.moves["level"] = number
    desk = draft.spec.ladder[level].desk if to_desk else ""
    if desk and (tok := token(f"!{level}", draft.world.desks[desk])) not in draft.state.marking:
        draft.open(tok)


def _start(draft: Draft, stage: Stage, spec: ClockSpec) -> None:
    """Start the stage's clock; one that was kept runs on, with the budget that the class now has."""
    try:
        budget = spec.budget(draft.fields)
    except KeyError:
        label = draft.spec.fields[spec.by].label
        raise NotAllowed(Label(f"请先选定{label.zh}", f"Choose first: {label.en}")) from None
    kept = {**draft.state.clocks, **draft.moves.get("clocks", {})}.get(stage.name)  # as this act has left it
    if kept:
        draft.clock(stage.name, armed(draft, rebudgeted(kept, budget)))
        return
    plain = _plain(budget)
    start = {"round": draft.state.round + 1, "revision": 0, "base": plain, "budget": plain,
             "from": iso(draft.command.now), "stops": []}  # fmt: skip
    draft.clock(stage.name, armed(draft, start))


def armed(draft: Draft, clock: Mapping[str, Any]) -> dict[str, Any]:
    """The clock's next revision with its due time by the present calendar; None while held."""
    calendar = draft.world.calendar
    stops = [(datetime.fromisoformat(a), datetime.fromisoformat(b) if b else None) for a, b in clock["stops"]]
    due, provisional = due_at(datetime.fromisoformat(clock["from"]), Budget(**clock["budget"]), calendar, stops)
    return {
        **clock,
        "revision": clock["revision"] + 1,
        "due": iso(due) if due else None,
        "provisional": provisional,
        "calendar": calendar.revision,
    }


def hold(draft: Draft, act: Act) -> None:
    state, now = draft.state, iso(draft.command.now)
    assert act.suspends
    clock = state.clocks[state.stage]
    draft.clock(state.stage, armed(draft, {**clock, "stops": [*clock["stops"], [now, None]]}))
    wait = {"round": state.round, "revision": clock["revision"], "base": _plain(act.suspends.at_most),
            "budget": _plain(act.suspends.at_most), "from": now, "stops": []}  # fmt: skip
    draft.clock(WAIT, armed(draft, wait))


def resume(draft: Draft) -> None:
    """End the suspension, if there is one; the stage's clock runs on."""
    state = draft.state
    if not state.held:
        return
    draft.clock(WAIT, None)
    for name, clock in state.clocks.items():
        if clock["stops"] and clock["stops"][-1][1] is None and draft.moves["clocks"].get(name, clock) is not None:
            began = clock["stops"][-1][0]
            ended = [*clock["stops"][:-1], [began, max(began, iso(draft.command.now))]]
            draft.clock(name, armed(draft, {**clock, "stops": ended}))


def change_budget(draft: Draft, act: Act) -> None:
    """An extension granted, or the budget of another class; what was added before is kept."""
    stage = draft.spec.stages[draft.state.stage]
    clock = draft.state.clocks[stage.name]
    assert stage.clock
    if act.rebudgets:
        clock = rebudgeted(clock, stage.clock.budget(draft.fields))
    if act.adds:
        clock = {**clock, "budget": _plain(Budget(**clock["budget"]) + act.adds)}
    draft.clock(stage.name, armed(draft, clock))


def rebudgeted(clock: Mapping[str, Any], new: Budget) -> Mapping[str, Any]:
    """The clock with the budget of another class; extensions granted before are kept where they count the same way."""
    base, budget = Budget(**clock["base"]), Budget(**clock["budget"])
    longer = Budget(new.kind, new.amount + budget.amount - base.amount) if new.kind == base.kind else new
    return {**clock, "base": _plain(new), "budget": _plain(longer)}


def _plain(budget: Budget) -> dict[str, Any]:
    return {"kind": budget.kind, "amount": budget.amount}
