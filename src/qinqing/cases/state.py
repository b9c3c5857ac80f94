"""办件状态: what a case is at one moment, and how recorded moves change it. Pure.

`State` is the fold of its events: `apply(state, moves)` for each event in turn gives the state that the row holds,
and `audit verify` checks just that. What people wrote stands in payloads (erasable), never here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

WAIT = "~wait"  # the clock that runs while a stage's clock is held

Moves = dict[str, Any]
"""What one act changes, as canonical JSON stands in the event's head. Keys, all optional:

stage, outcome: where the case is now          level: 1..4, the rung reached
open: [token]   close: [[token, done|void]]     count: name of the act counted
clocks: {name: clock or null}                   propose: {token: {...}}   unpropose: [token]
procedure: id of the version it moved to
set: {field: value} (choices, units, numbers)   handler: user id          sign / assign: [token, user id]
"""


@dataclass(frozen=True, slots=True)
class State:
    """A case at one moment. `marking` holds tokens `node@unit`: `?act` is an approval, `!level` a supervision task."""

    stage: str
    outcome: str = ""
    round: int = 0
    version: int = 0
    level: int = 0
    marking: tuple[str, ...] = ()
    clocks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    proposals: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    handlers: tuple[int, ...] = ()

    @property
    def is_open(self) -> bool:
        return not self.outcome

    @property
    def held(self) -> bool:
        """The stage's clock is suspended."""
        return WAIT in self.clocks

    @property
    def due(self) -> str | None:
        """The earliest due time of the clocks that run, as written (ISO, UTC)."""
        return min((clock["due"] for clock in self.clocks.values() if clock["due"]), default=None)

    @property
    def provisional(self) -> bool:
        return any(clock["provisional"] and clock["due"] == self.due for clock in self.clocks.values())

    @property
    def main(self) -> tuple[str, ...]:
        """Tokens of the stage's own tasks, without approvals and supervision."""
        return tuple(token for token in self.marking if token[0] not in "?!")

    def to_json(self) -> str:
        """What the case row's `state` column holds."""
        return json.dumps(
            {
                "clocks": dict(self.clocks),
                "fields": dict(self.fields),
                "counts": dict(self.counts),
                "proposals": dict(self.proposals),
                "handlers": list(self.handlers),
            },
            ensure_ascii=False,
            sort_keys=True,
            separators=(",", ":"),
        )


def iso(moment: datetime) -> str:
    """A moment as it stands in moves and heads: ISO in UTC, so that texts sort as times do."""
    return moment.astimezone(UTC).isoformat()


def token(node: str, unit: int) -> str:
    return f"{node}@{unit}"


def split(tok: str) -> tuple[str, int]:
    """(node, unit id) of a token."""
    node, _, unit = tok.rpartition("@")
    return node, int(unit)


def restore(*, stage: str, outcome: str, round: int, version: int, level: int, marking: str, state: str) -> State:
    """The state from the columns of a case row."""
    rest = json.loads(state)
    return State(
        stage=stage,
        outcome=outcome,
        round=round,
        version=version,
        level=level,
        marking=tuple(marking.split()),
        clocks=rest["clocks"],
        fields=rest["fields"],
        counts=rest["counts"],
        proposals=rest["proposals"],
        handlers=tuple(rest["handlers"]),
    )


def apply(state: State, moves: Moves) -> State:
    """The state after recorded moves."""
    closed = {tok for tok, _ in moves.get("close", ())}
    marking = tuple(tok for tok in state.marking if tok not in closed) + tuple(moves.get("open", ()))
    clocks = {name: clock for name, clock in {**state.clocks, **moves.get("clocks", {})}.items() if clock is not None}
    counts = dict(state.counts)
    if "count" in moves:
        counts[moves["count"]] = counts.get(moves["count"], 0) + 1
    proposals = {**state.proposals, **moves.get("propose", {})}
    for tok in moves.get("unpropose", ()):
        proposals.pop(tok, None)
    handlers = state.handlers
    if "handler" in moves and moves["handler"] not in handlers:
        handlers = (*handlers, moves["handler"])
    moved = "stage" in moves or "outcome" in moves
    return replace(
        state,
        stage=moves.get("stage", state.stage),
        outcome=moves.get("outcome", state.outcome),
        round=state.round + moved,
        version=state.version + moved,
        level=moves.get("level", state.level),
        marking=marking,
        clocks=clocks,
        fields={**state.fields, **moves.get("set", {})},
        counts=counts,
        proposals=proposals,
        handlers=handlers,
    )
