"""流程图: a procedure as a picture. Stages by phase from left to right, closed ends rounded, acts on the arrows; what
leads back is dashed, what time does by itself dotted.

Graphviz lays it out (graphviz-pure, a program without system libraries). It knows no Chinese font, so that every text
gets its width from here. The SVG has no style attributes and may stand inline in a page.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from unicodedata import east_asian_width

from qinqing.cases.procedure import LEVELS, PHASES, Act, ClockSpec, Procedure, Stage
from qinqing.lib.labels import Label, speaking

PHASE_LABELS = {
    "find": Label("发现", "Find"),
    "assign": Label("交办", "Assign"),
    "supervise": Label("督办", "Supervise"),
    "write_off": Label("核销", "Write off"),
}
FONT = "PingFang SC, Microsoft YaHei, Noto Sans CJK SC, Source Han Sans SC, sans-serif"
INK, INK_2, INK_3, EDGE, LINE = "#182225", "#435156", "#5b6a70", "#7b8a90", "#cbd4d6"
PAPER, GROUND, QING, QING_TINT = "#ffffff", "#f5f7f8", "#0e5a72", "#e8f2f5"
CELL = "#fefefd"  # marks the cells of labels in Graphviz's answer; never seen
_CELL = re.compile(
    rf'<polygon fill="{CELL}"[^>]* points="(?P<points>[^"]+)"/>\s*'
    r'<text (?P<before>[^>]*?)text-anchor="start" x="[^"]+"'
)
GREEN_TINT, GREEN_LINE, AMBER, RED = "#eaf4ee", "#b4d8c3", "#855000", "#b0241b"


class DrawingError(RuntimeError):
    """The picture cannot be made: what is missing and what to do."""


@dataclass(frozen=True, slots=True)
class _Arrow:
    """One or more acts from one node to another, drawn alike: `kind` is onward, back or time."""

    source: str
    target: str
    kind: str
    texts: tuple[str, ...]


def draw(procedure: Procedure, *, language: str) -> str:
    """The picture as SVG, to stand in a page or a file. Raises DrawingError."""
    program = Path(sys.executable).with_name("graphviz-pure")
    found = str(program) if program.exists() else shutil.which("graphviz-pure")
    if found is None:
        raise DrawingError(
            Label("没有graphviz-pure，请重新安装依赖", "graphviz-pure is missing; install the requirements again")
        )
    text = dot(procedure, language=language)
    done = subprocess.run(  # noqa: S603 - no shell, a program of our own environment
        [found, "-Tsvg"], input=text, capture_output=True, text=True, encoding="utf-8", timeout=30, check=False
    )
    if done.returncode:
        raise DrawingError(Label(f"画图失败：{done.stderr}", f"drawing failed: {done.stderr}"))
    svg = _CELL.sub(_centre, done.stdout[done.stdout.index("<svg") :])
    with speaking(language):
        title = escape(str(procedure.title), quote=True)
    return svg.replace("<svg ", f'<svg class="procedure" role="img" aria-label="{title}" ', 1)


def _centre(cell: re.Match[str]) -> str:
    """Graphviz places a text by a width it guesses; the middle of the cell it drew is the true place."""
    across = [float(point.split(",")[0]) for point in cell["points"].split()]
    return f'<text {cell["before"]}text-anchor="middle" x="{(min(across) + max(across)) / 2:.2f}"'


def dot(procedure: Procedure, *, language: str) -> str:
    """The picture as text in Graphviz's DOT language."""
    with speaking(language):
        return "\n".join(_lines(procedure)) + "\n"


def _lines(procedure: Procedure) -> Iterator[str]:
    yield "digraph procedure {"
    yield f'  graph [rankdir=LR, nodesep=0.35, ranksep=0.55, bgcolor="{PAPER}", fontname="{FONT}"]'
    yield f'  node [shape=box, fixedsize=true, style=filled, fontname="{FONT}", fontsize=14, fontcolor="{INK}"]'
    yield f'  edge [fontname="{FONT}", arrowsize=0.7, color="{EDGE}", fontcolor="{INK_2}"]'
    yield f'  "~open" [shape=circle, label="", width=0.16, height=0.16, color="{QING}", fillcolor="{QING}"]'
    for phase in PHASES:
        yield from _phase(procedure, phase)
    if any(act.to for act in procedure.anytime.values()):
        yield _node("~any", [str(Label("任一环节", "Any stage"))], fill=PAPER, line=LINE, rounded=False, dashed=True)
    yield f'  "~open" -> "{procedure.first.name}"'
    yield from (_arrow(arrow) for arrow in _arrows(procedure))
    yield "}"


def _phase(procedure: Procedure, phase: str) -> Iterator[str]:
    stages = [stage for stage in procedure.stages.values() if stage.phase == phase]
    ends = [end for end in procedure.closed.values() if end.phase == phase]
    if not stages and not ends:
        return
    yield f"  subgraph cluster_{phase} {{"
    label = _table([str(PHASE_LABELS[phase])], INK_3)
    yield f'    graph [style=filled, color="{GROUND}", fillcolor="{GROUND}", margin=14, labeljust=l, label={label}]'
    for stage in stages:
        yield "  " + _node(stage.name, _stage_text(procedure, stage), fill=PAPER, line=EDGE, rounded=False)
    for end in ends:
        yield "  " + _node(end.name, [str(end.label)], fill=GREEN_TINT, line=GREEN_LINE, rounded=True)
    yield "  }"


def _stage_text(procedure: Procedure, stage: Stage) -> list[str]:
    lines = [str(stage.label)]
    lines += [str(task.label) for task in stage.tasks.values() if str(task.label) != str(stage.label)]
    if stage.automatic:
        lines.append(str(Label("系统自动", "Automatic")))
    if stage.clock:
        lines.append(_limit(stage.clock))
    return lines


def _limit(clock: ClockSpec) -> str:
    """3个工作日 / 5个工作日: each limit once."""
    return " / ".join(dict.fromkeys(str(budget.text) for budget in clock.limits.values()))


def _arrows(procedure: Procedure) -> list[_Arrow]:
    """Acts between the same two nodes share an arrow, dotted only if nothing but time leads there."""
    order = {name: number for number, name in enumerate([*procedure.stages, *procedure.closed])}
    moves: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for source, target, kind, text in _moves(procedure):
        moves.setdefault((source, target), []).append((kind, text))
    arrows = []
    for (source, target), found in moves.items():
        back = order[target] <= order.get(source, -1)
        kind = "time" if all(kind == "time" for kind, _ in found) else "back" if back else "onward"
        arrows.append(_Arrow(source, target, kind, tuple(dict.fromkeys(text for _, text in found))))
    return arrows


def _moves(procedure: Procedure) -> Iterator[tuple[str, str, str, str]]:
    """(from, to, kind, text) of every move."""
    for stage in procedure.stages.values():
        for act in stage.acts.values():
            yield from _of_act(stage.name, act, stage.join if act.completes else "")
        for branch in stage.next:
            yield stage.name, branch.to, "onward", str(Label("自动", "automatic"))
        for moment, happening in stage.clock.rungs.items() if stage.clock else ():
            if happening not in LEVELS:
                yield (
                    stage.name,
                    happening,
                    "time",
                    str(Label("逾期自动转入", "when time is up")) if moment == "due" else moment,
                )
    for act in procedure.anytime.values():
        yield from _of_act("~any", act, "")
    for end in procedure.closed.values():
        if end.reopens:
            yield from _of_act(end.name, end.reopens, "")


def _of_act(source: str, act: Act, join: str) -> Iterator[tuple[str, str, str, str]]:
    times = str(Label(f"（至多{act.max}次）", f" (at most {act.max}×)")) if act.max else ""
    signed = str(Label("（须审批）", " (needs approval)")) if act.approved_by else ""
    for branch in act.to:
        yield source, branch.to, "onward", f"{act.label}{times}{signed}"
    if act.beyond:
        yield (
            source,
            act.beyond,
            "onward",
            str(Label(f"{act.label.zh}超过{act.max}次", f"{act.label.en} beyond {act.max}×")),
        )
    if join:
        yield source, join, "onward", str(Label("各项任务办结", "all tasks done"))


def _node(name: str, lines: list[str], *, fill: str, line: str, rounded: bool, dashed: bool = False) -> str:
    width = max(_width(text) * (1 if number == 0 else 12 / 14) for number, text in enumerate(lines)) + 28
    height = 22 * len(lines) + 14 if len(lines) > 1 else 38
    style = ",".join(["filled", *(["rounded"] if rounded else []), *(["dashed"] if dashed else [])])
    label = _table(lines, INK_3, head=True)
    return (
        f'  "{name}" [label={label}, width={width / 72:.2f}, height={height / 72:.2f}, '
        f'style="{style}", fillcolor="{fill}", color="{line}"]'
    )


def _arrow(arrow: _Arrow) -> str:
    style = {"onward": "solid", "back": "dashed", "time": "dotted"}[arrow.kind]
    colour = {"onward": INK_2, "back": AMBER, "time": RED}[arrow.kind]
    line = EDGE if arrow.kind == "onward" else colour
    free = ", constraint=false" if arrow.kind == "back" else ""
    label = _table(arrow.texts, colour)
    return f'  "{arrow.source}" -> "{arrow.target}" [style={style}, color="{line}", label={label}{free}]'


def _table(lines: Iterable[str], colour: str, *, head: bool = False) -> str:
    """A label of fixed size: one row for each line; with `head` the first is larger and in ink."""
    rows = []
    for number, text in enumerate(lines):
        first = head and number == 0
        size, tint = (14, INK) if first else (12, colour)
        width = round(_width(text) * size / 14) + 6
        rows.append(
            f'<TR><TD FIXEDSIZE="TRUE" BGCOLOR="{CELL}" WIDTH="{width}" HEIGHT="{size + 6}">'
            f'<FONT POINT-SIZE="{size}" COLOR="{tint}">{escape(text)}</FONT></TD></TR>'
        )
    return f'<<TABLE BORDER="0" CELLBORDER="0" CELLPADDING="0" CELLSPACING="0">{"".join(rows)}</TABLE>>'


def _width(text: str) -> float:
    """Points that the text takes at 14 points: 14 for a Chinese character, about half for others."""
    return sum(14 if east_asian_width(character) in "WF" else 7.6 for character in text)
