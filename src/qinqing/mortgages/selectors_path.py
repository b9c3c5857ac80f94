"""改革前后 (B19): the new path as it was really walked, mined from the histories, beside the old one of the source."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from statistics import median

from django.utils.safestring import SafeString

from qinqing.cases import shelf
from qinqing.cases.models import Event
from qinqing.lib.labels import Label
from qinqing.mortgages import selectors_figures
from qinqing.mortgages.before import before
from qinqing.mortgages.models import Release
from qinqing.mortgages.models_desks import OwnerMessage
from qinqing.mortgages.standing import took_text
from qinqing.mortgages.taking import PROCEDURE
from qinqing.ui.flow import FlowEdge, FlowNode, draw_flow
from qinqing.ui.periods import Period

MOST = 2_000  # releases read for one drawing, the latest
SAID, TOLD = "~said", "~told"
ORDER = (SAID, "matching", "waiting", "exception", "ruling", "registering", "undoing", "released", TOLD)


@dataclass(frozen=True, slots=True)
class Stop:
    """A stage as it was passed: how often, and how long half of them took at most (minutes)."""

    name: str
    label: Label
    times: int
    minutes: float | None


@dataclass(frozen=True, slots=True)
class Path:
    """`stops` in order; `moves` (from, to) -> how many times; `cases`: releases read; `more`: there were others."""

    stops: tuple[Stop, ...]
    moves: dict[tuple[str, str], int]
    cases: int
    more: bool


def mine(of: Period) -> Path:
    """From the histories of what was deregistered in the period."""
    rows = selectors_figures.listed("released", of)
    chosen: list[Release] = list(rows[: MOST + 1])
    more, chosen = len(chosen) > MOST, chosen[:MOST]
    times: Counter[str] = Counter()
    moves: Counter[tuple[str, str]] = Counter()
    minutes: dict[str, list[float]] = defaultdict(list)
    for began, walk in _walks(chosen):
        moves[SAID, walk[0][0]] += 1
        minutes[SAID].append((walk[0][1] - began).total_seconds() / 60)
        for (here, since), (there, until) in pairwise(walk):
            times[here] += 1
            moves[here, there] += 1
            minutes[here].append((until - since).total_seconds() / 60)
        times[walk[-1][0]] += 1
    told = OwnerMessage.objects.filter(release__in=[row.pk for row in chosen], kind=OwnerMessage.Kind.RELEASED)
    times[SAID], times[TOLD] = len(chosen), told.values("release").distinct().count()
    if times[TOLD]:
        moves["released", TOLD] = times[TOLD]
    labels = _labels()
    stops = tuple(
        Stop(name, labels[name], times[name], median(minutes[name]) if minutes[name] else None)
        for name in ORDER
        if times[name]
    )
    return Path(stops, dict(moves), len(chosen), more)


def draw_new(path: Path, *, down: bool = False) -> SafeString:
    """The path mined; how many went along each arrow. Raises RuntimeError when it cannot be drawn."""
    place = {name: n for n, name in enumerate(ORDER)}
    nodes = [FlowNode(stop.name, stop.label, _kind(stop.name), _note(stop)) for stop in path.stops]
    known = {stop.name for stop in path.stops}
    edges = [
        FlowEdge(
            here, there, Label(f"{n}件", str(n)), "return" if place[there] <= place[here] else "forward",
        )
        for (here, there), n in sorted(path.moves.items(), key=lambda move: (place[move[0][0]], place[move[0][1]]))
        if {here, there} <= known
    ]  # fmt: skip
    return draw_flow(nodes, edges, title=Label("改革后：本平台记录", "Now: as recorded here"), down=down)


def draw_old(*, down: bool = False) -> SafeString:
    """The path of the source. Raises RuntimeError when it cannot be drawn."""
    steps = before().steps
    nodes = [FlowNode(step.name, step.label, step.kind, step.note) for step in steps]
    edges = [FlowEdge(here.name, there.name) for here, there in pairwise(steps)]
    return draw_flow(
        nodes, edges, title=Label("改革前：根据来源文件还原", "Before: reconstructed from the source"), down=down
    )


# ── private ──


def _walks(chosen: Iterable[Release]) -> Iterable[tuple[datetime, list[tuple[str, datetime]]]]:
    """Of each release: when its hour began, and (stage or end, entered at) until it was first deregistered."""
    began = {row.case_id: row for row in chosen}
    walks: dict[int, list[tuple[str, datetime]]] = defaultdict(list)
    events = Event.objects.filter(case__in=began).order_by("case", "seq").values_list("case", "occurred_at", "head")
    for case, at, head in events:
        moves = json.loads(head)["moves"]
        entered = moves.get("outcome") or moves.get("stage")
        walk = walks[case]
        if entered in ORDER and (not walk or walk[-1][0] not in {entered, "released"}):
            walk.append((entered, at))
    for case, walk in walks.items():
        if walk:
            yield min(began[case].started_at, walk[0][1]), walk


def _labels() -> dict[str, Label]:
    spec = shelf.by_id(shelf.current_id(PROCEDURE))
    return {
        SAID: Label("银行报送结清", "The bank reports"),
        TOLD: Label("告知权利人", "The owner is told"),
        **{name: stage.label for name, stage in spec.stages.items()},
        **{name: end.label for name, end in spec.closed.items()},
    }


def _kind(name: str) -> str:
    return {SAID: "start", TOLD: "closed"}.get(name, "stage")


def _note(stop: Stop) -> Label:
    count = Label(f"{stop.times}件", f"{stop.times}")
    if stop.minutes is None:
        return count
    took = took_text(stop.minutes)
    return Label(f"{count.zh} · 中位{took.zh}", f"{count.en} · median {took.en}")
