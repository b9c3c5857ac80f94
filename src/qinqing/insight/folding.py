"""计数: what one case counts for, from its events and ratings alone. Pure: no database, no clock of its own.

Figures differ from the case's state in one thing: they remember. When the matter was first dispatched, signed for and
answered, how long that took of office time, how often it was returned. Terms:

- The *promised stage* is where the procedure's promise begins (`promise: from`; 办理). Its clock runs on while the case
  is returned and dispatched again, so that nobody wins time by that.
- *Dispatched* (交办): that clock starts. *Signed for* (签收): the lead unit signs or does anything at its task.
- *Answered* (反馈): that clock ends because the unit answered, also by saying that it cannot be done; not because the
  party withdrew or time ran out. The first answer is held against the limit, an answer after a sending-back is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

from qinqing.cases.procedure import Procedure
from qinqing.cases.state import State, apply, split
from qinqing.lib.workdays import Budget, Calendar, due_at, in_china, merged

HAND_UP = 4
Head = Mapping[str, Any]  # of an event, as JSON
Stops = list[tuple[datetime, datetime | None]]


@dataclass(frozen=True, slots=True)
class Rated:
    """One rating of the case; `set_aside`: found to be a mistake, not counted."""

    level: str
    at: datetime
    set_aside: bool


@dataclass(slots=True)
class Facts:
    """What a case counts for; columns as in `columns.py`. Units are ids; the authority above is not known here."""

    opened_at: datetime
    channel: str
    seq: int = 0
    kind: str = ""
    stage: str = ""
    lead: int | None = None
    dispatched_at: datetime | None = None
    sign_due_at: datetime | None = None
    signed_at: datetime | None = None
    signed_on_time: bool | None = None
    feedback_due: datetime | None = None
    feedback_at: datetime | None = None
    feedback_last_at: datetime | None = None
    on_time: bool | None = None
    working_minutes: int | None = None
    suspended_minutes: int | None = None
    result: str = ""
    outcome: str = ""
    written_off: bool = False
    closed_at: datetime | None = None
    due_at: datetime | None = None
    held: bool = False
    level: int = 0
    handed_up_at: datetime | None = None
    returned: int = 0
    sent_back: int = 0
    reopened: int = 0
    urged: int = 0
    rating: str = ""
    rated_at: datetime | None = None


FACTS = tuple(item.name for item in fields(Facts))
_COUNTED = {"return": "returned", "send_back": "sent_back", "reopen": "reopened", "urge": "urged"}


def fold(heads: Sequence[Head], ratings: Iterable[Rated], spec: Procedure, calendar: Calendar) -> Facts:
    """The facts of one case from all its events in order, under the version it runs by now.

    Moments that the calendar does not hold leave what depends on them unknown."""
    folding = _Folding(spec, calendar, Facts(_time(heads[0]["occurred"]), heads[0]["channel"]))
    for head in heads:
        folding.take(head)
    counted = [rating for rating in ratings if not rating.set_aside]
    if counted:
        latest = max(counted, key=lambda rating: rating.at)
        folding.facts.rating, folding.facts.rated_at = latest.level, latest.at
    return folding.end()


@dataclass(slots=True)
class _Folding:
    spec: Procedure
    calendar: Calendar
    facts: Facts
    state: State = field(default_factory=lambda: State(""))
    stops: Stops = field(default_factory=list)  # of promised clocks that have ended
    leads: set[str] = field(default_factory=set)  # the lead unit's tokens of the first dispatch

    @property
    def promised(self) -> str:
        return self.spec.promise.start if self.spec.promise else ""

    def take(self, head: Head) -> None:
        was, moves, at = self.state, head["moves"], _time(head["occurred"])
        self.state = apply(was, moves)
        self.facts.seq += 1
        self._clock(was, head, at)
        self._sign(head, at)
        if self.state.is_open:
            self.facts.closed_at = None
        elif was.is_open:
            self.facts.closed_at = at
        if moves.get("level") == HAND_UP and head["action"] != "instruct":  # the leader's own word is no handing up
            self.facts.handed_up_at = at
        if name := _COUNTED.get(moves.get("count", "")):
            setattr(self.facts, name, getattr(self.facts, name) + 1)

    def _clock(self, was: State, head: Head, at: datetime) -> None:
        """The promised clock: starts, changes, or ends with this event."""
        before, now = was.clocks.get(self.promised), self.state.clocks.get(self.promised)
        facts = self.facts
        if now is not None:
            if before is not None and before["round"] != now["round"]:  # left and entered again, not kept
                self.stops += _stops(before, at)
            if facts.dispatched_at is None:
                self._dispatched(head, _time(now["from"]))
            if facts.feedback_at is None:
                facts.feedback_due = _time(now["due"]) if now["due"] else None
        elif before is not None:
            stops = _stops(before, at)
            if facts.feedback_at is None and facts.feedback_due is None and self._answers(head):
                budget, start = Budget(**before["budget"]), _time(before["from"])
                facts.feedback_due = due_at(start, budget, self.calendar, stops)[0]
            self.stops += stops
            if self._answers(head):
                self._answered(at)

    def _answers(self, head: Head) -> bool:
        """Whether the end of the promised clock is an answer."""
        end = self.spec.closed.get(self.state.outcome)
        return head["action"] != "rung" and (end is None or end.phase == "write_off")

    def _dispatched(self, head: Head, at: datetime) -> None:
        facts, tasks = self.facts, self.spec.stages[self.promised].tasks
        facts.dispatched_at = at
        nodes = {name for name, task in tasks.items() if task.owner.kind == "unit_in"}
        self.leads = {tok for tok in head["moves"].get("open", ()) if split(tok)[0] in nodes}
        if self.leads:
            facts.sign_due_at = self._half_a_day_after(at)

    def _answered(self, at: datetime) -> None:
        facts = self.facts
        facts.feedback_last_at = at
        if facts.feedback_at is None and facts.dispatched_at is not None:
            facts.feedback_at = at
            facts.working_minutes = self._minutes(facts.dispatched_at, at)

    def _sign(self, head: Head, at: datetime) -> None:
        """Signing, or doing anything at the task: who answers without signing has received it."""
        if self.facts.signed_at is None and head["at"] in self.leads and head["actor"] is not None:
            self.facts.signed_at = at

    def end(self) -> Facts:
        facts, state = self.facts, self.state
        clock = state.clocks.get(self.promised)
        facts.kind, facts.lead = str(state.fields.get("class") or ""), state.fields.get("lead")
        facts.result, facts.outcome = str(state.fields.get("result") or ""), state.outcome
        end = self.spec.closed.get(state.outcome)
        facts.written_off = end is not None and end.phase == "write_off"
        facts.stage = state.stage if state.is_open else ""
        facts.level, facts.held = state.level, state.held
        facts.due_at = _time(state.due) if state.due and state.is_open else None
        facts.on_time = _kept(facts.feedback_at, facts.feedback_due, facts.closed_at)
        facts.signed_on_time = _kept(facts.signed_at, facts.sign_due_at, facts.closed_at)
        finished = [stop for stop in [*self.stops, *(_stops(clock) if clock else ())] if stop[1]]
        facts.suspended_minutes = self._suspended(finished)
        return facts

    # -- office time

    def _minutes(self, start: datetime, end: datetime) -> int | None:
        """Office minutes from one moment to another without the suspensions so far; None outside the calendar."""
        try:
            whole = self._office(end) - self._office(start)
            stopped = [(max(a, start), min(b, end)) for a, b in merged(self.stops) if b and b > start and a < end]
            return (whole - sum((self._office(b) - self._office(a) for a, b in stopped), timedelta())) // _MINUTE
        except ValueError:
            return None

    def _suspended(self, stops: Stops) -> int | None:
        try:
            return sum((self._office(b) - self._office(a) for a, b in merged(stops) if b), timedelta()) // _MINUTE
        except ValueError:
            return None

    def _half_a_day_after(self, at: datetime) -> datetime | None:
        try:
            return self.calendar.moment_at(self._office(at) + timedelta(minutes=self.calendar.minutes_per_day) / 2)
        except ValueError:
            return None

    def _office(self, moment: datetime) -> timedelta:
        return self.calendar.office_time(in_china(moment))


_MINUTE = timedelta(minutes=1)


def _kept(done: datetime | None, due: datetime | None, closed: datetime | None) -> bool | None:
    """Whether a limit was kept: None while it may still be, or where the matter ended before it mattered."""
    if due is None:
        return None
    if done is not None:
        return done <= due
    return False if closed is not None and closed > due else None


def _stops(clock: Mapping[str, Any], ended: datetime | None = None) -> Stops:
    """The suspensions of a clock; one still running ends at `ended`."""
    return [(_time(a), _time(b) if b else ended) for a, b in clock["stops"]]


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
