"""Every act of every procedure that this county runs × every role: the permissions table decides, the kernel obeys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from django.conf import settings

from qinqing.accounts import access
from qinqing.accounts.actor import ANONYMOUS, SYSTEM, Actor, Post
from qinqing.accounts.permissions import At, Capacity, HeldBy
from qinqing.cases import library
from qinqing.cases.decide import STANDARD_ACTS
from qinqing.cases.permitting import SYSTEM_ACTS, may_act
from qinqing.cases.procedure import Act, Procedure
from qinqing.cases.reading import parse
from qinqing.cases.state import State

PARTY, OTHER_PARTY = 1, 2
ABOVE, HERE, ELSEWHERE, DESK = 10, 11, 12, 20  # HERE lies below ABOVE; ELSEWHERE and DESK below nothing
PARENTS = {HERE: ABOVE}
PROCEDURES = [parse(source.text) for source in library.read_all(settings.COUNTY)]
ROLES = list(access.table().roles)
STATE = State("")


class Ask(NamedTuple):
    """One thing that may be done: where, by whom according to the definition, and how the kernel is asked."""

    place: str
    who: str
    unit: int | None  # where the capacity must be held
    state: State
    act: Act | None
    action: str
    token: str


def asks(spec: Procedure) -> Iterator[Ask]:
    """Every act, approval, task and supervision task of a definition."""
    for stage in spec.stages.values():
        for task in stage.tasks.values():
            unit, at = (DESK, State(stage.name)) if task.owner.kind == "desk" else (HERE, State(stage.name))
            for action in sorted({"sign", "assign", "note", "resume"}):
                yield Ask(f"{stage.name}.{task.name}", task.who, unit, at, None, action, f"{task.name}@{unit}")
        for act in [*stage.acts.values(), *spec.anytime.values()]:
            yield from _done(spec, f"{stage.name}.{act.name}", act, State(stage.name))
        for level, ladder in spec.ladder.items():
            if ladder.desk:
                yield Ask(f"ladder.{level}", ladder.who, DESK, State(stage.name), None, "attend", f"!{level}@{DESK}")
    for end in spec.closed.values():
        if end.reopens:
            state = State(spec.first.name, outcome=end.name)
            yield Ask(f"closed.{end.name}", end.reopens.by, _desk(end.reopens), state, end.reopens, "reopen", "")
        for act in (spec.afterwards[name] for name in end.allows):
            state = State(spec.first.name, outcome=end.name)
            yield Ask(f"closed.{end.name}.{act.name}", act.by, _desk(act), state, act, act.name, "")


def _done(spec: Procedure, place: str, act: Act, state: State) -> Iterator[Ask]:
    task = spec.stages[state.stage].tasks.get(act.by)
    if task:
        unit = DESK if task.owner.kind == "desk" else HERE
        yield Ask(place, task.who, unit, state, act, act.name, f"{task.name}@{unit}")
    else:
        yield Ask(place, act.by, _desk(act), state, act, act.name, "")
    if act.approved_by:
        unit = DESK if act.approved_by.owner.kind == "desk" else HERE
        for action in ("approve", "refuse"):
            yield Ask(f"{place}?", act.approved_by.who, unit, state, None, action, f"?{act.name}@{unit}")


def _desk(act: Act) -> int | None:
    return DESK if act.by_desk else None


EVERY = [(spec, ask) for spec in PROCEDURES for ask in asks(spec)]


def kernel_lets(spec: Procedure, ask: Ask, actor: Actor) -> bool:
    desks = {"x": DESK} if ask.act is None else {ask.act.by_desk: DESK}
    return may_act(spec, ask.state, ask.act, ask.action, ask.token, actor, PARTY, desks, PARENTS.get)


def holder(role: str, unit: int, party: int) -> Actor:
    """Somebody with this role and no other: in this unit, acting for this party."""
    kind = access.table().roles[role].held_by
    if kind is HeldBy.KIND:
        return Actor(1, role, role, party_ids=frozenset({party}))
    if kind is HeldBy.APPOINTMENT:
        return Actor(1, role, "officer", extra_roles=frozenset({role}))
    return Actor(1, role, "officer", (Post(unit, role, PARENTS.get(unit)),))


def table_lets(asked: Capacity, role: str, unit: int, where: int | None, party: int) -> bool:
    """What the table says, in its own words."""
    if role not in asked.roles:
        return False
    if asked.at is At.ANYWHERE:
        return True
    if asked.at is At.OWN_CASE:
        return party == PARTY
    right = {where, PARENTS.get(where or 0)} if asked.at is At.UNIT_OR_PARENT else {where}
    return where is not None and unit in right


def test_something_is_tried() -> None:
    assert any(spec.code == "hard_case" for spec in PROCEDURES)
    places = {ask.place for spec, ask in EVERY if spec.code == "hard_case"}
    assert {"handling.feed_back", "handling.feed_back?", "verifying.write_off", "handling.withdraw"} <= places
    assert {"ladder.hand_up", "closed.resolved", "handling.assist"} <= places
    assert {ask.action for _, ask in EVERY} >= STANDARD_ACTS - SYSTEM_ACTS - {"open"}


def test_the_table_holds_every_capacity() -> None:
    unknown = {(spec.code, ask.place, ask.who) for spec, ask in EVERY if ask.who not in access.table().capacities}
    assert not unknown, f"write them under capacities: in config/permissions.yaml: {sorted(unknown)}"


@pytest.mark.parametrize("spec", PROCEDURES, ids=lambda spec: str(spec.code))
def test_the_kernel_lets_whom_the_table_lets(spec: Procedure) -> None:
    """Each role at the right unit, above it, at the desk, elsewhere; for its own party and for another."""
    tried, wrong = 0, []
    for ask in asks(spec):
        asked = access.capacity(ask.who)
        for role in ROLES:
            for unit in (HERE, ABOVE, ELSEWHERE, DESK):
                for party in (PARTY, OTHER_PARTY):
                    tried += 1
                    by_itself = role == "system" and ask.action == "resume"  # a wait that has run out
                    wanted = by_itself or table_lets(asked, role, unit, ask.unit, party)
                    if kernel_lets(spec, ask, holder(role, unit, party)) is not wanted:
                        wrong.append(f"{ask.place} {ask.action}: {role} at {unit} for party {party}: {not wanted}")
    assert not wrong, wrong[:10]
    assert tried > 500


@pytest.mark.parametrize("spec", PROCEDURES, ids=lambda spec: str(spec.code))
def test_somebody_may_do_everything_and_nobody_unknown_anything(spec: Procedure) -> None:
    """A right that nobody can have would leave a task undone; who is not signed in has none."""
    for ask in asks(spec):
        roles = access.capacity(ask.who).roles
        where = ask.unit or HERE
        assert any(kernel_lets(spec, ask, holder(role, where, PARTY)) for role in roles), f"nobody can do {ask.place}"
        assert not kernel_lets(spec, ask, ANONYMOUS), f"anybody can do {ask.place}"
        if "system" not in roles:
            assert kernel_lets(spec, ask, SYSTEM) is (ask.action == "resume"), f"{ask.place} by the system"


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("action", sorted(SYSTEM_ACTS))
def test_what_the_system_does_nobody_else_does(action: str, role: str) -> None:
    spec = PROCEDURES[0]
    state = State(spec.first.name)
    task = next(iter(spec.first.tasks), "x")
    for unit in (HERE, DESK):
        for tok in ("", f"{task}@{unit}"):
            lets = may_act(spec, state, None, action, tok, holder(role, unit, PARTY), PARTY, {}, PARENTS.get)
            assert lets is (role == "system")


@pytest.mark.parametrize("action", ["sign", "assign", "note", "resume", "attend", "approve", "refuse"])
def test_standard_acts_fit_their_kind_of_task(action: str) -> None:
    """Approvals are approved or refused, supervision tasks attended to, the rest signed, assigned and noted."""
    spec = next(spec for spec in PROCEDURES if spec.code == "hard_case")
    state = State("handling")
    everybody = Actor(1, "x", "officer", tuple(Post(HERE, role) for role in ROLES))
    fitting = {"approve": "?", "refuse": "?", "attend": "!"}.get(action, "")
    for tok, kind in ((f"lead@{HERE}", ""), (f"?feed_back@{HERE}", "?"), (f"!hand_up@{HERE}", "!")):
        lets = may_act(spec, state, None, action, tok, everybody, PARTY, {}, PARENTS.get)
        assert lets is (kind == fitting), f"{action} at {tok}"
