"""时钟显示: a case's clock as lists and pages show it. Reads only."""

from __future__ import annotations

import json
from datetime import datetime

from qinqing.cases.calendars import current
from qinqing.cases.models import Case
from qinqing.cases.procedure import Procedure
from qinqing.cases.state import WAIT
from qinqing.lib.labels import Label
from qinqing.lib.workdays import Budget, left
from qinqing.ui.parts import Clock, done_clock, held_clock, running_clock


def clock_of(case: Case, spec: Procedure, now: datetime) -> Clock:
    """What is left, paused, or closed (and with which outcome)."""
    if case.closed_at:
        end = spec.closed.get(case.outcome)
        return done_clock(end.label if end else Label("已办结", "Closed"))
    clocks = json.loads(case.state)["clocks"]
    if WAIT in clocks:
        return held_clock(Label("等补充", "waiting for the party"))
    if case.due_at is None:
        return held_clock()
    running = min((clock for clock in clocks.values() if clock["due"]), key=lambda clock: str(clock["due"]))
    budget, calendar = Budget(**running["budget"]), current()
    minutes = budget.amount * calendar.minutes_per_day if budget.kind == "working_days" else budget.amount
    return running_clock(left(now, case.due_at, calendar, budget.kind), minutes, provisional=case.provisional)
