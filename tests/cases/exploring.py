"""Brute force against the checker: play every case a procedure can have, and look for one that strands.

Written from the meaning of the language alone; shares nothing with the checker. A case here is its stage, the names of
its open tasks, what the fields that matter hold, and how often each act with `max` has moved it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from qinqing.cases.procedure import LEVELS, Act, Branch, Procedure, Stage

LIMIT = 60_000  # cases played; more than any definition of the tests has


class Case(NamedTuple):
    at: str
    tasks: frozenset[str]
    fields: frozenset[tuple[str, str]]  # what is not here is empty
    counts: frozenset[tuple[str, int]]


class Step(NamedTuple):
    to: Case
    sure: bool  # the owner or the system can do it, whenever they like
    moves: bool  # to another stage


class TooMany(Exception):
    """Not played to the end."""


def strands(procedure: Procedure) -> str:
    """How a case of this procedure can strand; empty when none can."""
    player = _Player(procedure)
    steps: dict[Case, list[Step]] = {}
    waiting = list(player.openings())
    while waiting:
        case = waiting.pop()
        if case in steps:
            continue
        if len(steps) > LIMIT:
            raise TooMany
        fault = player.fault(case)
        if fault:
            return f"{fault}: {case}"
        steps[case] = list(player.steps(case))
        waiting += [step.to for step in steps[case]]
    return _dead(procedure, steps) or _endless(steps)


def _dead(procedure: Procedure, steps: dict[Case, list[Step]]) -> str:
    """A case from which its owners and the system cannot bring it to a closed end."""
    back: dict[Case, list[Case]] = {}
    for case, onward in steps.items():
        for step in onward:
            if step.sure:
                back.setdefault(step.to, []).append(case)
    good = {case for case in steps if case.at in procedure.closed}
    waiting = list(good)
    while waiting:
        for case in back.get(waiting.pop(), ()):
            if case not in good:
                good.add(case)
                waiting.append(case)
    dead = [case for case in steps if case not in good]
    return f"no way to a closed end from {dead[0]}" if dead else ""


def _endless(steps: dict[Case, list[Step]]) -> str:
    """A round trip through stages that comes back to the very same case could be made for ever."""
    component = _components(steps)
    for case, onward in steps.items():
        for step in onward:
            if step.moves and component[step.to] == component[case]:
                return f"round and round: {case} -> {step.to}"
    return ""


def _components(steps: dict[Case, list[Step]]) -> dict[Case, int]:
    """Cases from which one can come back to each other have the same number (Kosaraju: order of leaving, then back)."""
    order: list[Case] = []
    seen: set[Case] = set()
    for root, ways in steps.items():
        work = [(root, iter(ways))] if root not in seen else []
        seen.add(root)
        while work:
            step = next(work[-1][1], None)
            if step is None:
                order.append(work.pop()[0])
            elif step.to not in seen:
                seen.add(step.to)
                work.append((step.to, iter(steps[step.to])))
    back: dict[Case, list[Case]] = {}
    for case, onward in steps.items():
        for step in onward:
            back.setdefault(step.to, []).append(case)
    component: dict[Case, int] = {}
    for number, root in enumerate(reversed(order)):
        waiting = [root]
        while waiting:
            case = waiting.pop()
            if case not in component:
                component[case] = number
                waiting += back.get(case, [])
    return component


class _Player:
    def __init__(self, procedure: Procedure) -> None:
        self.spec = procedure
        whens = [act.when for _, act in procedure.all_acts()]
        branches = [b for _, act in procedure.all_acts() for b in act.to]
        branches += [b for stage in procedure.stages.values() for b in stage.next]
        stages = procedure.stages.values()
        self.matter = {name for when in [*whens, *(b.when for b in branches)] for name in when}
        self.matter |= {stage.clock.by for stage in stages if stage.clock and stage.clock.by}
        self.matter |= {t.owner.ref for s in stages for t in s.tasks.values() if t.owner.kind in {"unit_in", "each_in"}}
        self.matter |= {name for end in procedure.closed.values() for name in end.needs}

    def openings(self) -> Iterator[Case]:
        for fields in self.forms({}, self.spec.opens_with):
            yield from self.enter(self.spec.first.name, fields, {})

    def fault(self, case: Case) -> str:
        """What is wrong with the case as it stands."""
        fields = dict(case.fields)
        if case.at in self.spec.closed:
            missing = [name for name in self.spec.closed[case.at].needs if name not in fields]
            return f"closed without {missing}" if missing else ""
        stage = self.spec.stages[case.at]
        if not case.tasks and not stage.automatic:
            return "on nobody's desk"
        if stage.clock is None or (stage.clock.by and fields.get(stage.clock.by, "") not in stage.clock.limits):
            return "no due time"
        last = list(stage.clock.rungs.values())[-1:]
        return "" if last and (last[0] == "hand_up" or last[0] in self.spec.stages) else "does not climb"

    def steps(self, case: Case) -> Iterator[Step]:
        fields, counts = dict(case.fields), dict(case.counts)
        if case.at in self.spec.closed:
            reopens = self.spec.closed[case.at].reopens
            if reopens:
                yield from self.do(case, reopens, fields, counts, None, False)
            return
        stage = self.spec.stages[case.at]
        for act in [*stage.acts.values(), *self.spec.anytime.values()]:
            own = act.by in stage.tasks and act.name in stage.acts
            if not own or act.by in case.tasks:
                yield from self.do(case, act, fields, counts, stage, own)
        for happening in stage.clock.rungs.values() if stage.clock else ():
            if happening not in LEVELS:
                yield from (Step(to, True, True) for to in self.enter(happening, fields, counts))
        if stage.automatic:
            tested = sorted({name for branch in stage.next for name in branch.when})
            for values in product(*(("", *self.spec.fields[name].choices) for name in tested)):
                found = {**fields, **dict(zip(tested, values, strict=True))}
                for target in self.branch(stage.next, {k: v for k, v in found.items() if v}):
                    after = {k: v for k, v in found.items() if v}
                    yield from (Step(to, True, True) for to in self.enter(target, after, counts))

    def do(
        self, case: Case, act: Act, fields: dict[str, str], counts: dict[str, int], stage: Stage | None, own: bool
    ) -> Iterator[Step]:
        done = counts.get(act.name, 0)
        if case.tasks & set(act.waits_for) or (act.max is not None and done >= act.max + bool(act.beyond)):
            return
        # Acts that do not move the case are not counted: done too often here, they are relied on for nothing.
        counted = {**counts, act.name: done + 1} if act.max is not None and act.to else counts
        sure = own and not act.before_due and not (act.guards and not act.fields) and bool(act.max is None or act.to)
        for form in self.forms(fields, act):
            targets = [act.beyond] if act.beyond and done >= (act.max or 0) else list(self.branch(act.to, form))
            for target in targets:
                yield from (Step(to, sure, True) for to in self.enter(target, form, counted))
            if not targets and stage:
                yield from self.stay(case, act, form, counted, stage, sure)

    def stay(
        self, case: Case, act: Act, form: dict[str, str], counts: dict[str, int], stage: Stage, sure: bool
    ) -> Iterator[Step]:
        tasks = case.tasks - {act.by} if act.completes else case.tasks
        tasks |= {act.opens_more} if act.opens_more else set()
        if act.completes and not tasks and stage.join:
            yield from (Step(to, sure, True) for to in self.enter(stage.join, form, counts))
        else:
            yield Step(self.case(case.at, tasks, form, counts), sure, False)

    def branch(self, branches: tuple[Branch, ...], fields: dict[str, str]) -> Iterator[str]:
        """Every target that may be chosen: guards may hold or not."""
        for item in branches:
            if self.holds(item.when, fields):
                yield item.to
                if not item.guards:
                    return

    def holds(self, when: object, fields: dict[str, str]) -> bool:
        return all(fields.get(name, "") in wanted for name, wanted in dict(when).items())  # type: ignore[call-overload]

    def forms(self, fields: dict[str, str], act: Act) -> Iterator[dict[str, str]]:
        """The fields after each way of filling in the act's form that its condition allows."""
        asked = [name for name in act.fields if name in self.matter]
        choices = [
            [*self.spec.fields[name].choices, *(["set"] if not self.spec.fields[name].choices else [])]
            + ([""] if name in act.may else [])
            for name in asked
        ]
        for values in product(*choices):
            after = {**fields, **{name: value for name, value in zip(asked, values, strict=True) if value}}
            if self.holds(act.when, after):
                yield after

    def enter(self, target: str, fields: dict[str, str], counts: dict[str, int]) -> Iterator[Case]:
        if target in self.spec.closed:
            yield self.case(target, frozenset(), fields, counts)
            return
        stage = self.spec.stages[target]
        sure = {t.name for t in stage.tasks.values() if t.owner.kind in {"desk", "unit_in"}}
        # a unit that was never chosen cannot get a task: the kernel would refuse to enter the stage at all
        if any(t.owner.kind == "unit_in" and t.owner.ref not in fields for t in stage.tasks.values()):
            yield self.case(target, frozenset(), {}, {})
            return
        each = {t.name for t in stage.tasks.values() if t.owner.kind == "each_in" and t.owner.ref in fields}
        yield self.case(target, frozenset(sure | each), fields, counts)

    def case(self, at: str, tasks: frozenset[str], fields: dict[str, str], counts: dict[str, int]) -> Case:
        return Case(at, tasks, frozenset(fields.items()), frozenset(counts.items()))
