"""The promise (承诺时限): what a party is told to expect, against the longest way by the clocks.

What counts. From entering `from` until entering `to` (any closed end when none is named), every visit to a stage counts
its largest limit among the choices that can come there. Acts with `max` are used as often as they may be, `beyond` once
more. A stage left by an act that keeps its clock, and entered again, adds nothing: its clock never stopped, so whoever
keeps it has the whole detour inside it. An extension that nobody else approves counts in full.

What does not count, and is reported as information: extensions that somebody else approves, suspensions, and whatever
starts the window anew after the promise has ended (work sent back, reopened).

Kinds of time. Against working days, office hours count up to whole working days, elapsed time up to whole days: so
much at most, wherever in the day a stage begins. Working days cannot be promised as elapsed time: holidays lie between.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from qinqing.cases.checker.finding import Faults, Known
from qinqing.cases.checker.flow import bounded
from qinqing.cases.checker.graph import Edge, Graph
from qinqing.cases.checker.timing import OFFICE_DAY
from qinqing.cases.procedure import Promise, Stage
from qinqing.lib.workdays import Budget
from qinqing.lib.workdays.budget import ELAPSED, OFFICE_HOURS, WORKING_DAYS


class Way(NamedTuple):
    """The longest way: its length in the promise's unit (days or minutes), and the stages passed."""

    length: int
    stages: tuple[str, ...]


class Incomparable(Exception):
    """This stage's limit cannot be compared with the promise."""


def within(graph: Graph, known: Known) -> Faults:
    """The longest way by the clocks is within the promise. Says nothing where the case could go round for ever."""
    promise = graph.procedure.promise
    if promise is None or next(bounded(graph, known), None):
        return
    try:
        way = longest(graph, promise)
    except Incomparable as stage:
        yield (
            "promise",
            f"承诺按自然时间，环节“{stage}”的时限却按工作日或办公时间，遇节假日无法保证。请用同一种时间",
            f"the promise is in elapsed time, but stage {stage} counts working days or office hours, between which "
            "holidays lie; use the same kind",
        )
        return
    if way is None:
        yield (
            "promise",
            "从承诺的起点走不到终点。请改正from和to",
            "the promise's end cannot be reached from its beginning; mend from and to",
        )
    elif way.length > promise.budget.amount:
        length, path = Budget(promise.budget.kind, way.length).text, " → ".join(way.stages)
        yield (
            "promise",
            f"承诺{promise.budget.text.zh}，但按各环节时限最长要{length.zh}（{path}）。请放宽承诺、缩短时限，或给退回写keeps_clock",
            f"the promise is {promise.budget.text.en}, but by the clocks it may take {length.en} ({path}); lengthen "
            "the promise, shorten a limit, or let returns keep the clock",
        )


def longest(graph: Graph, promise: Promise) -> Way | None:
    """The longest way through the promise's window, None if there is none. Needs `bounded` to hold, else it would not
    end. Raises Incomparable."""
    procedure = graph.procedure
    goals = {promise.to} if promise.to else set(procedure.closed)

    @cache
    def onward(node: str, used: frozenset[tuple[str, int]], clocks: frozenset[str]) -> Way | None:
        ways = []
        for edge in graph.out.get(node, ()):
            after = _use(edge, used)
            if edge.target in goals:
                ways.append(Way(0, (edge.target,)))
            elif after is not None and edge.target in procedure.stages and edge.target not in clocks:
                running = clocks | {node} if edge.act and edge.act.keeps_clock else clocks
                ways += [rest] if (rest := onward(edge.target, after, running)) else []
        if not ways:
            return None
        best = max(ways)
        cost = _largest(graph, procedure.stages[node], promise)
        if cost is None:
            raise Incomparable(node)
        return Way(best.length + cost, (node, *best.stages))

    return onward(promise.start or procedure.first.name, frozenset(), frozenset())


def _use(edge: Edge, used: frozenset[tuple[str, int]]) -> frozenset[tuple[str, int]] | None:
    """How often the limited acts have been used after this edge; None if it is used up."""
    act = edge.act
    if act is None or act.max is None:
        return used
    times = dict(used).get(act.name, 0)
    if times >= act.max + edge.beyond:
        return None
    return used - {(act.name, times)} | {(act.name, act.max + 1 if edge.beyond else times + 1)}


def _largest(graph: Graph, stage: Stage, promise: Promise) -> int | None:
    """The stage's largest limit in the promise's unit, with extensions nobody else approves; None: incomparable."""
    if stage.clock is None:
        return 0  # the rule `clocked` says so
    unit, limits = promise.budget.kind, stage.clock.limits
    values = graph.layout.held(stage.clock.by, graph.values[stage.name]) if stage.clock.by else [""]
    spans = [_measure(limits[value], unit) for value in values if value in limits]
    if None in spans:
        return None
    acts = (*stage.acts.values(), *graph.procedure.anytime.values())
    own = [(_measure(act.adds, unit) or 0) * (act.max or 1) for act in acts if act.adds and not act.approved_by]
    return max((span for span in spans if span), default=0) + sum(own)


def _measure(budget: Budget, unit: str) -> int | None:
    """A limit in another unit, at most; None where holidays make that unbounded."""
    if budget.kind == unit:
        return budget.amount
    if unit == ELAPSED:
        return None
    if unit == WORKING_DAYS:
        return -(-budget.amount // (OFFICE_DAY if budget.kind == OFFICE_HOURS else 1440))
    return budget.amount if budget.kind == ELAPSED else (budget.amount + 1) * OFFICE_DAY


def information(graph: Graph) -> Faults:
    """What a reader should know besides, though it is no fault."""
    for place, act in graph.procedure.all_acts():
        if act.adds and act.approved_by:
            span = act.adds.text
            yield (
                place,
                f"经批准最多延长{act.max}次，每次{span.zh}，不计入承诺",
                f"may lengthen the limit {act.max} time(s) by {span.en} if approved; not counted in the promise",
            )
        if act.suspends:
            span = act.suspends.at_most.text
            yield (
                place,
                f"最多中止{act.max}次，每次至多{span.zh}，不计入承诺",
                f"may suspend the clock {act.max} time(s), for {span.en} at most; not counted in the promise",
            )
    for place, edge in _reworks(graph).items():
        times = edge.act.max if edge.act else 0
        yield (
            place,
            f"承诺期之后，最多{times}次使“{edge.target}”的时限重新起算",
            f"after the promise has ended, starts the limit of {edge.target} anew, {times} time(s) at most",
        )
    top = graph.procedure.ladder.get("hand_up")
    for stage in graph.procedure.stages.values():
        if top and any((task.owner.kind, task.owner.ref) == ("desk", top.desk) for task in stage.tasks.values()):
            yield (
                f"stages.{stage.name}",
                f"承办人已在最高一级（{top.desk}），上提只是再次提醒",
                f"its owner is the top of the ladder ({top.desk}): handing up only reminds it again",
            )


def _reworks(graph: Graph) -> dict[str, Edge]:
    """Limited acts that lead from after the promise's end back into its window, by place."""
    promise = graph.procedure.promise
    if promise is None:
        return {}
    ends = {promise.to} if promise.to else set(graph.procedure.closed)
    before = _ahead(graph, {promise.start or graph.procedure.first.name}, ends)
    after = _ahead(graph, ends, before)
    return {e.place: e for e in graph.edges if e.limited and e.source in after and e.target in before}


def _ahead(graph: Graph, starts: set[str], stops: set[str]) -> set[str]:
    """Where a case can come to from `starts` without passing `stops`."""
    found, waiting = set(starts), list(starts)
    while waiting:
        for edge in graph.out.get(waiting.pop(), ()):
            if edge.target not in found and edge.target not in stops:
                found.add(edge.target)
                waiting.append(edge.target)
    return found
