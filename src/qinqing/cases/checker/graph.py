"""The map of a procedure (流程图): every way a case can move, and what its fields can hold on the way. Pure.

A case is abstracted to its stage and, for each field, the set of values it may hold (a choice: each value or none; any
other field: something or nothing). One whole number holds these sets, a bit for each field and value, so that one pass
along the edges costs microseconds. Sets only grow until nothing changes: what a stage's number excludes cannot happen.

Assumed of the wings: an effect of an *act* does not change a field that a clock or a condition depends on. The effect
of an automatic stage may set whatever its `next` tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from qinqing.cases.procedure import LEVELS, Act, Branch, Procedure, Stage


class Edge(NamedTuple):
    """A move. `values` are those the case may hold when it arrives. `by_owner`: done by who holds a task of the stage,
    or by the system, so that nobody outside need come. `act` is None where the system moves (rung, automatic)."""

    source: str
    target: str
    place: str
    values: int
    by_owner: bool
    act: Act | None = None
    beyond: bool = False

    @property
    def limited(self) -> bool:
        """Cannot be taken for ever."""
        return self.act is not None and self.act.max is not None


class Layout:
    """Which bit stands for which value of which field; bit 0 is always set, so that 0 means: cannot happen."""

    def __init__(self, procedure: Procedure) -> None:
        self.absent: dict[str, int] = {}
        self.present: dict[str, int] = {}
        self.choices: dict[str, dict[str, int]] = {}
        self.nothing = bit = 1
        for name, field in procedure.fields.items():
            bit <<= 1
            self.absent[name] = bit
            self.nothing |= bit
            self.choices[name], present = {}, 0
            for choice in field.choices or ("*",):
                bit <<= 1
                self.choices[name][choice] = bit
                present |= bit
            self.present[name] = present

    def whole(self, name: str) -> int:
        return self.absent[name] | self.present[name]

    def bits(self, name: str, values: Iterable[str]) -> int:
        return sum(self.choices[name].get(value, 0) for value in values)

    def held(self, name: str, values: int) -> list[str]:
        """What a field may hold: "" for nothing, then its choices in order ("*" where it has none)."""
        nothing = [""] if values & self.absent[name] else []
        return nothing + [choice for choice, bit in self.choices[name].items() if values & bit]

    def cut(self, values: int, when: Mapping[str, tuple[str, ...]]) -> int:
        """What is left of the values where the condition holds; 0 where it cannot."""
        for name, wanted in when.items():
            fitting = values & self.bits(name, wanted)
            if not fitting:
                return 0
            values = values & ~self.whole(name) | fitting
        return values

    def without(self, values: int, when: Mapping[str, tuple[str, ...]]) -> int:
        """What is left where the condition does not hold (told exactly for one field, else everything)."""
        if len(when) != 1:
            return values if when else 0
        ((name, wanted),) = when.items()
        rest = values & ~self.bits(name, wanted)
        return rest if rest & self.whole(name) else 0


class Graph:
    """All edges that can happen, and `values`: stage or end -> what its fields may hold there (absent: unreachable)."""

    def __init__(self, procedure: Procedure) -> None:
        self.procedure = procedure
        self.layout = Layout(procedure)
        self._forms: dict[int, tuple[dict[str, tuple[str, ...]], int, int]] = {}
        self.values: dict[str, int] = {}
        self.out: dict[str, list[Edge]] = {}
        self.values[procedure.first.name] = self.after(self.layout.nothing, procedure.opens_with)
        waiting = [procedure.first.name]
        while waiting:
            name = waiting.pop(0)
            self.out[name] = list(self._leaving(name))
            for edge in self.out[name]:
                old = self.values.get(edge.target, 0)
                if old | edge.values != old:
                    self.values[edge.target] = old | edge.values
                    waiting += [] if edge.target in waiting else [edge.target]
        self.edges: list[Edge] = [edge for edges in self.out.values() for edge in edges]

    def after(self, values: int, act: Act) -> int:
        """What fields may hold after the act's form; 0 where its condition cannot hold."""
        form = self._forms.get(id(act))
        if form is None:
            form = self._forms[id(act)] = self._form(act)
        when, clears, sets = form
        if when:
            values = self.layout.cut(values, when)
        return values and values & ~clears | sets

    def _form(self, act: Act) -> tuple[dict[str, tuple[str, ...]], int, int]:
        """(conditions on fields that the form does not ask, bits the form clears, bits it sets)."""
        layout, clears, sets = self.layout, 0, 0
        for name in act.fields:
            if name in act.when:
                clears |= layout.whole(name)
                sets |= layout.bits(name, act.when[name])
            else:
                clears |= layout.absent[name] if name in act.needs else 0
                sets |= layout.present[name]
        return {name: wanted for name, wanted in act.when.items() if name not in act.fields}, clears, sets

    def _leaving(self, name: str) -> Iterator[Edge]:
        """The edges out of a stage or end with the values known so far. Acts that stay first widen these values."""
        procedure = self.procedure
        if name in procedure.closed:
            reopens = procedure.closed[name].reopens
            if reopens:
                yield from self._by_act(name, f"closed.{name}.reopens", reopens, False)
            return
        stage = procedure.stages[name]
        acts = [
            *((f"stages.{name}.acts.{act.name}", act, act.by in stage.tasks) for act in stage.acts.values()),
            *((f"anytime.{act.name}", act, False) for act in procedure.anytime.values()),
        ]
        self._stay([act for _, act, _ in acts if not act.to], name)
        for place, act, by_owner in acts:
            yield from self._by_act(name, place, act, by_owner)
        yield from self._by_system(stage)

    def _stay(self, acts: list[Act], name: str) -> None:
        values, before = self.values[name], 0
        while values != before:
            before = values
            for act in acts:
                values |= self.after(values, act)
        self.values[name] = values

    def _by_act(self, name: str, place: str, act: Act, by_owner: bool) -> Iterator[Edge]:
        values = self.after(self.values[name], act)
        if not values:
            return
        if act.waits_for:
            values &= ~self.surely_filled(self.procedure.stages[name], act.waits_for)
        for target, left in self._branches(values, act.to):
            yield Edge(name, target, place, left, by_owner, act)
        if act.beyond:
            yield Edge(name, act.beyond, place, values, by_owner, act, True)
        if act.completes and name in self.procedure.stages:
            yield from self._joining(self.procedure.stages[name], place, act)

    def _joining(self, stage: Stage, place: str, act: Act) -> Iterator[Edge]:
        """The act that completes the last task moves the case on."""
        if stage.join and all(_completing(stage, task) for task in stage.tasks if is_sure(stage, task)):
            values = self.values[stage.name] & ~self.surely_filled(stage, stage.tasks)
            yield Edge(stage.name, stage.join, place, values, True, act)

    def _by_system(self, stage: Stage) -> Iterator[Edge]:
        values = self.values[stage.name]
        for moment, happening in stage.clock.rungs.items() if stage.clock else ():
            if happening not in LEVELS:
                yield Edge(stage.name, happening, f"stages.{stage.name}.clock.rungs.{moment}", values, True)
        for branch in stage.next:
            for name in branch.when:
                values |= self.layout.whole(name)
        for target, left in self._branches(values, stage.next):
            yield Edge(stage.name, target, f"stages.{stage.name}.next", left, True)

    def _branches(self, values: int, branches: Iterable[Branch]) -> Iterator[tuple[str, int]]:
        for branch in branches:
            fitting = self.layout.cut(values, branch.when)
            if fitting:
                yield branch.to, fitting
            if not branch.guards:
                values = self.layout.without(values, branch.when)
            if not values:
                return

    def surely_filled(self, stage: Stage, tasks: Iterable[str]) -> int:
        """The `absent` bits of fields that somebody must have filled in when these tasks are completed."""
        bits = 0
        for name in tasks:
            acts = _completing(stage, name)
            if acts and is_sure(stage, name):
                for needed in set.intersection(*(set(act.needs) for act in acts)):
                    bits |= self.layout.absent[needed]
        return bits


def is_sure(stage: Stage, task: str) -> bool:
    """Whether the task surely opens: `each_in` may name nobody."""
    return stage.tasks[task].owner.kind != "each_in"


def _completing(stage: Stage, task: str) -> list[Act]:
    return [act for act in stage.acts.values() if act.by == task and act.completes and not act.to]
