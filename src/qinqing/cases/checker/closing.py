"""Rules about closed ends (办结): none without what must stand in it, by somebody who may not, or silently."""

from __future__ import annotations

from collections import deque

from qinqing.cases.checker.finding import Faults, Known
from qinqing.cases.checker.graph import Edge, Graph
from qinqing.cases.procedure import End


def needed(graph: Graph, known: Known) -> Faults:
    """On every path into a closed end, some act has asked for each field that the end needs."""
    for edge in graph.edges:
        end = graph.procedure.closed.get(edge.target)
        for name in end.needs if end else ():
            if edge.values & graph.layout.absent[name]:
                way = " → ".join(_path_without(graph, name, edge))
                yield (
                    edge.place,
                    f"办结“{graph.procedure.closed[edge.target].label.zh}”须有字段“{name}”，但沿{way}可以不填。"
                    f"请把它列入{edge.place}的needs，或从closed.{edge.target}.needs删去",
                    f"closed end {edge.target} needs field {name!r}, but by {way} it may be missing; "
                    f"put it into needs of {edge.place}, or take it out of closed.{edge.target}.needs",
                )


def _path_without(graph: Graph, field: str, last: Edge) -> list[str]:
    """A shortest way along which nobody is asked for the field (for the reader; the proof is in the values)."""
    absent = graph.layout.absent[field]
    came: dict[str, str] = {graph.procedure.first.name: ""}
    waiting = deque(came)
    while waiting and last.source not in came:
        source = waiting.popleft()
        for edge in graph.out.get(source, ()):
            if edge.values & absent and edge.target not in came:
                came[edge.target] = source
                waiting.append(edge.target)
    way, node = [last.target], last.source
    while node:
        way.append(node)
        node = came.get(node, "")
    return way[::-1]


def witnessed(graph: Graph, known: Known) -> Faults:
    """Every act into a closed end asks for the evidence the end must carry, and keeps out whom the end keeps out."""
    for edge in graph.edges:
        end = graph.procedure.closed.get(edge.target)
        if end:
            yield from _evidence(edge, end)
            yield from _never(edge, end)


def _evidence(edge: Edge, end: End) -> Faults:
    given = edge.act.evidence if edge.act else 0
    if given < end.evidence:
        yield (
            edge.place,
            f"办结“{end.label.zh}”须有佐证{end.evidence}件，{edge.place}只要求{given}件。请写evidence: {end.evidence}",
            f"closed end {end.name} must carry {end.evidence} piece(s) of evidence, {edge.place} asks for {given}; "
            f"write evidence: {end.evidence} there",
        )


def _never(edge: Edge, end: End) -> Faults:
    missing = set(end.never) - set(edge.act.never) if edge.act else set()
    if missing:
        yield (
            edge.place,
            f"办结“{end.label.zh}”不得由经办人办理，{edge.place}没有写明。请加never: [handler]",
            f"closed end {end.name} must never be reached by the handler, but {edge.place} allows it; "
            "add never: [handler] there",
        )


def spoken(graph: Graph, known: Known) -> Faults:
    """No case closes silently: when time runs out it goes to somebody, never to a closed end."""
    for edge in graph.edges:
        if edge.target in graph.procedure.closed and ".clock.rungs." in edge.place:
            yield (
                edge.place,
                f"“{edge.source}”到时自动办结为“{edge.target}”，等于无声关闭。请改为hand_up或另一环节",
                f"when time runs out, {edge.source} closes silently as {edge.target}; write hand_up or a stage",
            )


def reopening(graph: Graph, known: Known) -> Faults:
    """Reopening leads back to a stage, so often and within so long."""
    for end in graph.procedure.closed.values():
        if not end.reopens:
            continue
        if end.reopens.max is None or end.reopens.within is None:
            yield (
                f"closed.{end.name}.reopens",
                f"“{end.label.zh}”的重开没有限次数或限时间。请写max和within",
                f"reopening of {end.name} is not bounded; write max and within",
            )
        if any(branch.to in graph.procedure.closed for branch in end.reopens.to):
            yield (
                f"closed.{end.name}.reopens.to",
                f"“{end.label.zh}”重开后又直接办结。请指向一个环节",
                f"reopening of {end.name} leads to a closed end; lead it to a stage",
            )
