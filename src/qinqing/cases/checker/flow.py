"""Rules about the flow (流转): wherever a case is, somebody can move it on, and in the end it closes.

Why no case can strand. In every stage, whatever its fields hold and whichever of its tasks are still open, who holds an
open task can do an act without limit that leaves the stage or closes a task (`onward`); tasks closed without leaving
lead to `join`. So the stage is left. The map without limited acts has no circle (`bounded`), and acts with `max` are
used up at last; so the case comes to a node without a way out, and that is a closed end only.

Assumed of the kernel: a proposal that its approver refuses can in the end be settled; a guard on an act judges what the
form holds, so that who fills it in can satisfy it (a guarded act without a form therefore does not count as a way on).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

from qinqing.cases.checker.finding import Faults, Known, names
from qinqing.cases.checker.graph import Edge, Graph, is_sure
from qinqing.cases.procedure import Act, Branch, Stage


def reachable(graph: Graph, known: Known) -> Faults:
    """Every stage and every closed end can be come to."""
    for kind, nodes in (("stages", graph.procedure.stages), ("closed", graph.procedure.closed)):
        for name, node in nodes.items():
            if name not in graph.values:
                yield (
                    f"{kind}.{name}",
                    f"“{node.label.zh}”没有任何动作能走到。请让某个动作的to指向它，或删去",
                    f"{name} cannot be reached by any act whose conditions can hold; lead an act there or take it out",
                )


def possible(graph: Graph, known: Known) -> Faults:
    """Every act can be done somewhere: its condition can hold."""
    for place, act in graph.procedure.all_acts():
        owner = place.split(".")[1]
        stages = graph.values if place.startswith("anytime.") else [owner] if owner in graph.values else []
        if stages and not any(graph.after(graph.values[stage], act) for stage in stages):
            yield (
                f"{place}.when",
                f"动作“{act.label.zh}”的条件永远不会满足。请改正when，或删去该动作",
                f"the condition of act {act.name} can never hold there; mend `when` or take the act out",
            )


def owned(graph: Graph, known: Known) -> Faults:
    """Every open stage surely lies on a desk, or is run by the system."""
    for stage in graph.procedure.stages.values():
        if stage.name not in graph.values or stage.automatic:
            continue
        if not any(is_sure(stage, task) for task in stage.tasks):
            yield (
                f"stages.{stage.name}.tasks" if stage.tasks else f"stages.{stage.name}",
                f"环节“{stage.label.zh}”不一定有人承办。请加一项由岗位（desk）或单位（unit_in）承办的任务",
                f"stage {stage.name} may be on nobody's desk; add a task with desk or unit_in",
            )
        for task in stage.tasks.values():
            if task.owner.kind == "unit_in" and "" in graph.layout.held(task.owner.ref, graph.values[stage.name]):
                yield (
                    f"stages.{stage.name}.tasks.{task.name}",
                    f"到“{stage.label.zh}”时单位“{task.owner.ref}”可能还没选定。请在前面每条路上把它列入needs",
                    f"task {task.name} of stage {stage.name} belongs to the unit in {task.owner.ref!r}, which may be "
                    "empty; put it into needs on every way there",
                )


def doable(graph: Graph, known: Known) -> Faults:
    """Every task has an act by which it is finished or the stage is left."""
    for stage in graph.procedure.stages.values():
        for task in stage.tasks:
            if not any(act.by == task and (act.to or act.completes) for act in stage.acts.values()):
                yield (
                    f"stages.{stage.name}.tasks.{task}",
                    f"环节“{stage.label.zh}”的任务“{task}”没有办结的动作。请加一个by: {task}、写有to或completes的动作",
                    f"task {task} of stage {stage.name} cannot be finished; add an act by: {task} with to or completes",
                )


def onward(graph: Graph, known: Known) -> Faults:
    """Whatever has happened inside a stage, somebody on whose desk it lies can move it on, however often it came by."""
    for stage in graph.procedure.stages.values():
        if stage.name not in graph.values or stage.automatic:
            continue
        by_itself = stage.clock and any(happening in graph.procedure.stages for happening in stage.clock.rungs.values())
        for marking in _markings(stage):
            if not marking:
                yield (
                    f"stages.{stage.name}.join" if stage.join else f"stages.{stage.name}",
                    f"环节“{stage.label.zh}”的任务都办结后无处可去。请写join，或让某个动作写to",
                    f"stage {stage.name}: when its tasks are all completed the case goes nowhere; write join, "
                    "or give an act a `to`",
                )
            elif not by_itself and (stuck := _stuck(graph, stage, marking)) is not None:
                zh, en = (f"，且{stuck}", f" and {stuck}") if stuck else ("", "")
                yield (
                    f"stages.{stage.name}",
                    f"环节“{stage.label.zh}”在{names(marking)}未办结{zh}时可能走不下去。"
                    "请加一个没有max、before_due、互相等待的动作",
                    f"stage {stage.name} can get stuck while {names(marking)} is open{en}; "
                    "add an act without max and before_due whose conditions hold then",
                )
                break


def _markings(stage: Stage) -> list[frozenset[str]]:
    """Every set of open tasks that can occur in the stage, fullest first; the empty set only if nothing follows it."""
    unsure = [task for task in stage.tasks if not is_sure(stage, task)]
    sure = frozenset(stage.tasks) - frozenset(unsure)
    found = [sure.union(t for t, chosen in zip(unsure, some, strict=True) if chosen) for some in _subsets(unsure)]
    for marking in found:
        for act in stage.acts.values():
            if (act.by in stage.tasks and act.by not in marking) or marking.intersection(act.waits_for):
                continue
            after = marking - {act.by} if act.completes and not act.to else marking
            after |= {act.opens_more} if act.opens_more else set()
            if after not in found:
                found.append(after)
    return sorted((m for m in found if m or not stage.join), key=lambda marking: (-len(marking), names(marking)))


def _subsets(of: list[str]) -> Iterator[tuple[bool, ...]]:
    return product((True, False), repeat=len(of))


def _stuck(graph: Graph, stage: Stage, marking: frozenset[str]) -> str | None:
    """Which field values leave the holders of these tasks without a way on: None when none do, "" when all do."""
    ways = [
        {name: wanted for name, wanted in act.when.items() if name not in act.fields}
        for act in stage.acts.values()
        if act.by in marking and _is_way_on(act, marking)
    ]
    if not all(ways):
        return None
    tested = sorted({name for way in ways for name in way})
    held = graph.values[stage.name]
    for combination in product(*(graph.layout.held(name, held) for name in tested)):
        values = dict(zip(tested, combination, strict=True))
        if not any(all(values[name] in wanted for name, wanted in way.items()) for way in ways):
            return ", ".join(f"{name} = {value or '∅'}" for name, value in values.items())
    return None


def _is_way_on(act: Act, marking: frozenset[str]) -> bool:
    """Whether the act leaves the stage or closes a task, and can be done as often as need be."""
    for_ever = act.max is None and not act.before_due
    free = not marking.intersection(act.waits_for)
    return bool((act.to or act.completes) and for_ever and free and (not act.guards or act.fields))


def closing(graph: Graph, known: Known) -> Faults:
    """From every stage a closed end can be reached, without anybody from outside having to come."""
    towards = set(graph.procedure.closed)
    before = -1
    while before != len(towards):
        before = len(towards)
        towards |= {edge.source for edge in graph.edges if edge.by_owner and edge.target in towards}
    for stage in graph.procedure.stages.values():
        if stage.name in graph.values and stage.name not in towards:
            yield (
                f"stages.{stage.name}",
                f"从环节“{stage.label.zh}”走不到任何办结方式。请加一个通往办结的动作",
                f"from stage {stage.name} no closed end can be reached; add an act that leads towards one",
            )


def branching(graph: Graph, known: Known) -> Faults:
    """Ordered branches end in one without conditions, so that there is always an answer; none stands after it."""
    for place, branches in _all_branches(graph):
        conditional = [bool(branch.when or branch.guards) for branch in branches]
        if conditional[-1]:
            yield (
                place,
                "最后一条去向还带条件，条件都不满足时无处可去。请在最后加一条只写to的",
                "the last branch has a condition, so that none may hold; end with one that only has `to`",
            )
        elif not all(conditional[:-1]):
            yield (
                place,
                "无条件的去向后面还有去向，永远轮不到。请把它移到最后",
                "a branch without conditions stands before others, which it hides; move it to the end",
            )


def _all_branches(graph: Graph) -> Iterator[tuple[str, tuple[Branch, ...]]]:
    for place, act in graph.procedure.all_acts():
        if act.to:
            yield f"{place}.to", act.to
    for stage in graph.procedure.stages.values():
        if stage.next:
            yield f"stages.{stage.name}.next", stage.next


def bounded(graph: Graph, known: Known) -> Faults:
    """Every circle goes through an act with `max`; `beyond` stands only beside one."""
    circle = _circle({name: [e for e in edges if not e.limited] for name, edges in graph.out.items()})
    if circle:
        way = " → ".join([*(edge.source for edge in circle), circle[0].source])
        back = next((edge.place for edge in reversed(circle) if edge.act), circle[-1].place)
        yield (
            back,
            f"可以没完没了地循环：{way}。请给其中一个动作写max（如{back}），并以beyond写明用完后去哪里",
            f"the case can go round for ever: {way}; give one of these acts a max (for example {back}) "
            "and say with beyond where it leads then",
        )
    for place, act in graph.procedure.all_acts():
        if act.beyond and act.max is None:
            yield (
                f"{place}.beyond",
                f"“{act.label.zh}”写了beyond而没有max。请写max，或删去beyond",
                f"act {act.name} has beyond but no max; write max or take beyond out",
            )


def _circle(out: Mapping[str, list[Edge]]) -> list[Edge]:
    """The edges of one circle, in order; empty when there is none."""
    done: set[str] = set()
    for start in out:
        path: list[Edge] = []
        ahead = [iter(out[start])] if start not in done else []
        on_path = [start]
        while ahead:
            edge = next(ahead[-1], None)
            if edge is None:
                ahead.pop()
                done.add(on_path.pop())
                path = path[:-1]
            elif edge.target in on_path:
                return [*path[on_path.index(edge.target) :], edge]
            elif edge.target not in done:
                path.append(edge)
                on_path.append(edge.target)
                ahead.append(iter(out.get(edge.target, ())))
    return []
