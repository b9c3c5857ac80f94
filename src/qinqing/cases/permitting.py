"""谁可以办: whether an actor may do an act at a task. Pure; the same answer serves the act and the page offering it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from qinqing.accounts.access import capacity, holds
from qinqing.accounts.actor import Actor
from qinqing.accounts.permissions import At
from qinqing.cases.procedure import Act, Procedure
from qinqing.cases.state import State, split

SYSTEM_ACTS = frozenset({"rung", "reproject", "proceed", "move_version"})
TASK_ACTS = frozenset({"sign", "assign", "note", "resume"})

ParentOf = Callable[[int], int | None]


def capacity_of(spec: Procedure, state: State, node: str) -> str:
    """The capacity that works on a node of the marking: a task, an approval `?act` or a supervision task `!level`."""
    if node.startswith("?"):
        act = spec.act(state.stage, state.outcome, node[1:])
        return act.approved_by.who if act and act.approved_by else ""
    if node.startswith("!"):
        return spec.ladder[node[1:]].who
    return spec.stages[state.stage].tasks[node].who


def may_work_on(spec: Procedure, state: State, tok: str, actor: Actor, party_id: int, parent_of: ParentOf) -> bool:
    """Whether the actor holds the capacity that the token's node asks for, in its unit."""
    node, unit = split(tok)
    return _holds(actor, capacity_of(spec, state, node), unit, party_id, parent_of)


def may_act(
    spec: Procedure,
    state: State,
    act: Act | None,
    action: str,
    tok: str,
    actor: Actor,
    party_id: int,
    desks: Mapping[str, int],
    parent_of: ParentOf,
) -> bool:
    """Whether the actor may do this act (None: a standard act), at this token where it is done at a task."""
    if act is None:
        if action in SYSTEM_ACTS or (action == "resume" and actor.kind == "system"):
            return actor.kind == "system"
        return bool(tok) and fits(action, split(tok)[0]) and may_work_on(spec, state, tok, actor, party_id, parent_of)
    if state.is_open and act.by in spec.stages[state.stage].tasks:
        return bool(tok) and may_work_on(spec, state, tok, actor, party_id, parent_of)
    return _holds(actor, act.by, desks.get(act.by_desk), party_id, parent_of)


def fits(action: str, node: str) -> bool:
    """Approvals are approved or refused, supervision tasks attended to, the rest signed, assigned and noted."""
    if action in {"approve", "refuse"}:
        return node.startswith("?")
    if action == "attend":
        return node.startswith("!")
    return action in TASK_ACTS and node[0] not in "?!"


def _holds(actor: Actor, name: str, unit: int | None, party_id: int, parent_of: ParentOf) -> bool:
    if name == "system" or not name:
        return actor.kind == "system"
    asked = capacity(name)
    above = {unit: parent_of(unit)} if unit is not None and asked.at is At.UNIT_OR_PARENT else {}
    return holds(actor, asked, unit, parent_of=above, party_id=party_id)
