"""流程图: a procedure drawn from data. Places come from Graphviz's layout (`dot`), the drawing is ours.

Graphviz has no metrics for Chinese, so every node brings its own width; only positions and curves are taken from it,
and texts, colours and links follow the stylesheet (`.flow`).
"""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from qinqing.lib.labels import Label
from qinqing.ui.charts import px

Text = Label | str
_INCH = 72.0


@dataclass(frozen=True, slots=True)
class FlowNode:
    """`kind` is start, stage or closed; `note` a second line (its clock); `here` marks where the case is now."""

    name: str
    label: Text
    kind: str = "stage"
    note: Text = ""
    href: str = ""
    here: bool = False


@dataclass(frozen=True, slots=True)
class FlowEdge:
    """`kind` is forward, return (dashed) or expiry (dotted amber: what happens when nobody acts)."""

    source: str
    target: str
    label: Text = ""
    kind: str = "forward"


def draw_flow(nodes: Sequence[FlowNode], edges: Sequence[FlowEdge], *, title: Text, down: bool = False) -> SafeString:
    """The drawing, left to right (or `down`, for phones and tall charts).

    Raises ValueError for an edge to an unknown node, RuntimeError when Graphviz is missing or refuses.
    """
    names = {node.name for node in nodes}
    for edge in edges:
        if not {edge.source, edge.target} <= names:
            raise ValueError(f"the edge {edge.source} → {edge.target} names a node that is not drawn")
    order = {name: f"n{index}" for index, name in enumerate(node.name for node in nodes)}
    return _drawn(_laid_out(_dot(nodes, edges, order, down)), nodes, edges, order, title)


def _dot(nodes: Sequence[FlowNode], edges: Sequence[FlowEdge], order: dict[str, str], down: bool) -> str:
    """Sizes only: names and texts never reach Graphviz, so nothing needs quoting."""
    lines = [
        f"digraph {{ rankdir={'TB' if down else 'LR'}; nodesep=0.45; ranksep=0.55;",
        'node [shape=box fixedsize=true label=""];',
    ]
    for node in nodes:
        width = max(_width(str(node.label), 13), _width(str(node.note), 12)) + 28
        height = 52 if str(node.note) else 36
        lines.append(f"{order[node.name]} [width={width / _INCH:.3f} height={height / _INCH:.3f}];")
    for edge in edges:
        wide = _width(str(edge.label), 12) + 8
        # a table cell of fixed size stands for the label, whose width Graphviz could not know
        box = f'<TABLE BORDER="0" FIXEDSIZE="TRUE" WIDTH="{wide}" HEIGHT="18"><TR><TD></TD></TR></TABLE>'
        label = f"label=<{box}>" if str(edge.label) else ""
        free = "constraint=false" if edge.kind == "return" else ""
        lines.append(f"{order[edge.source]} -> {order[edge.target]} [{label} {free}];")
    return "\n".join([*lines, "}"])


@lru_cache(maxsize=128)
def _laid_out(dot: str) -> str:
    """Graphviz's `plain` layout of `dot`."""
    program = shutil.which("graphviz-pure", path=sysconfig.get_path("scripts")) or shutil.which("graphviz-pure")
    if program is None:
        raise RuntimeError("graphviz-pure is not installed; run ./run once more")
    done = subprocess.run([program, "-Tplain"], input=dot, capture_output=True, text=True, timeout=20, check=False)  # noqa: S603
    if done.returncode:
        raise RuntimeError(f"graphviz-pure: {done.stderr.strip()}")
    return done.stdout


def _drawn(
    plain: str, nodes: Sequence[FlowNode], edges: Sequence[FlowEdge], order: dict[str, str], title: Text
) -> SafeString:
    by_name = {order[node.name]: node for node in nodes}
    waiting = list(edges)
    width = height = 0.0
    boxes: list[SafeString] = []
    curves: list[SafeString] = []
    for line in plain.splitlines():
        words = line.split()
        if words[0] == "graph":
            width, height = float(words[2]) * _INCH, float(words[3]) * _INCH
        elif words[0] == "node":
            x, y, wide, tall = (float(word) * _INCH for word in words[2:6])
            boxes.append(_box(by_name[words[1]], x, height - y, wide, tall))
        elif words[0] == "edge":
            edge = next(one for one in waiting if [order[one.source], order[one.target]] == words[1:3])
            waiting.remove(edge)
            curves.append(_curve(edge, words[3:], height))
    return format_html(
        '<svg class="flow" viewBox="-4 -4 {0} {1}" width="{0}" height="{1}" role="group" aria-label="{2}">{3}{4}</svg>',
        round(width) + 8,
        round(height) + 8,
        title,
        format_html_join("", "{}", ((curve,) for curve in curves)),
        format_html_join("", "{}", ((box,) for box in boxes)),
    )


def _box(node: FlowNode, x: float, y: float, wide: float, tall: float) -> SafeString:
    note = str(node.note)
    shape = format_html(
        '<rect class="box" x="{}" y="{}" width="{}" height="{}" rx="{}"/>',
        px(x - wide / 2),
        px(y - tall / 2),
        px(wide),
        px(tall),
        px(tall / 2) if node.kind != "stage" else "4",
    )
    first = format_html('<text x="{}" y="{}">{}</text>', px(x), px(y - 4 if note else y + 5), node.label)
    second = format_html('<text class="sub" x="{}" y="{}">{}</text>', px(x), px(y + 15), note) if note else ""
    group = format_html('<g class="{}{}">{}{}{}</g>', node.kind, " here" if node.here else "", shape, first, second)
    return format_html('<a href="{}">{}</a>', node.href, group) if node.href else group


def _curve(edge: FlowEdge, words: list[str], height: float) -> SafeString:
    """From `n x1 y1 ... xn yn [label x y] style colour`: a Bézier spline, a tip at its end, the label."""
    number = int(words[0])
    spots = [(float(words[1 + 2 * i]) * _INCH, height - float(words[2 + 2 * i]) * _INCH) for i in range(number)]
    rest = words[1 + 2 * number :]
    path = f"M{px(spots[0][0])} {px(spots[0][1])}C" + " ".join(f"{px(x)} {px(y)}" for x, y in spots[1:])
    label = ""
    if str(edge.label) and len(rest) >= 4:
        x, y = float(rest[-4]) * _INCH, height - float(rest[-3]) * _INCH
        label = format_html('<text class="edge-t" x="{}" y="{}">{}</text>', px(x), px(y + 4), edge.label)
    return format_html(
        '<g class="{}"><path class="edge" d="{}"/><path class="tip" d="{}"/>{}</g>', edge.kind, path, _tip(spots), label
    )


def _tip(spots: list[tuple[float, float]]) -> str:
    """An arrow head of 8 at the spline's end; Graphviz leaves 10 points for it."""
    (x0, y0), (x1, y1) = spots[-2], spots[-1]
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5 or 1.0
    dx, dy = (x1 - x0) / length, (y1 - y0) / length
    corners = ((x1 + 10 * dx, y1 + 10 * dy), (x1 - 4 * dy, y1 + 4 * dx), (x1 + 4 * dy, y1 - 4 * dx))
    return "M" + "L".join(f"{px(x)} {px(y)}" for x, y in corners) + "z"


def _width(text: str, size: int) -> int:
    """The drawn width: a Chinese character is square, others about 0.6 of it."""
    return round(sum(size if ord(letter) > 0x2E7F else size * 0.6 for letter in text))
