"""时限与级次: what an act did to the clocks, written as rungs that the worker fires when nobody acts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.db.backends.utils import CursorWrapper

from qinqing.cases import writing
from qinqing.cases.procedure import Procedure
from qinqing.cases.state import WAIT, Moves
from qinqing.cases.writing import when
from qinqing.lib.workdays import Budget, Calendar, rung_at


def arm(
    db: CursorWrapper,
    case_id: int,
    spec: Procedure,
    moves: Moves,
    now: datetime,
    calendar: Calendar,
    before: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
) -> None:
    """For each clock the moves changed: forget the rungs still to fire, and set those of its new revision.

    A rung that has fired in this round and would lie in the past again does not fire twice. The rungs of a clock that
    keeps its revision stand (`before`: the clocks until now).
    """
    for name, clock in moves.get("clocks", {}).items():
        if clock and name in before and _identity(clock) == _identity(before[name]):
            continue
        db.execute(writing.DROP_RUNGS, [case_id, name])
        if clock is None or clock["due"] is None:
            continue
        fired: set[str] = set()
        if clock["revision"] > 1:
            db.execute(writing.FIRED_RUNGS, [case_id, name, clock["round"]])
            fired = {row[0] for row in db.fetchall()}
        writing.many(
            db,
            writing.ADD_RUNG,
            (
                [case_id, name, clock["round"], clock["revision"], rung, when(at)]
                for rung, at in _moments(spec, name, clock, calendar)
                if not (rung in fired and at <= now)
            ),
        )


def _identity(clock: Mapping[str, Any]) -> tuple[int, int]:
    return clock["round"], clock["revision"]


def _moments(spec: Procedure, name: str, clock: dict[str, Any], calendar: Calendar) -> list[tuple[str, datetime]]:
    """(rung, moment) of one clock; the wait for a party has only its end."""
    if name == WAIT:
        return [("due", datetime.fromisoformat(clock["due"]))]
    rungs = spec.stages[name].clock
    assert rungs
    start, budget = datetime.fromisoformat(clock["from"]), Budget(**clock["budget"])
    stops = [(datetime.fromisoformat(a), datetime.fromisoformat(b) if b else None) for a, b in clock["stops"]]
    moments = ((rung, rung_at(rung, start, budget, calendar, stops)) for rung in rungs.rungs)
    return [(rung, moment) for rung, moment in moments if moment is not None]
