"""The working-day ruler (工作日尺): why a limit ends when it ends, day by day, from the event to the end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from qinqing.lib.labels import Label
from qinqing.lib.wallclock import CHINA
from qinqing.lib.workdays.budget import ELAPSED, WORKING_DAYS, Budget, span_text
from qinqing.lib.workdays.calendar import Calendar
from qinqing.lib.workdays.counting import Suspensions, due_at, in_china, merged

_DAY = timedelta(days=1)
_NOTHING = timedelta()


@dataclass(frozen=True, slots=True)
class Step:
    """One cell of the ruler. `kind`: `start`, `counted`, `off` (one run of days off), `suspended` (one run), `due`.

    `number`: the how manieth working day (counted and due days of a limit in working days; else None).
    `note`: what stands below the date, such as 当日不计, 第4日 调休上班, 国庆节休, 暂停, 到期."""

    first: date
    last: date
    kind: str
    number: int | None
    note: Label


@dataclass(frozen=True, slots=True)
class Due:
    """`at` is None while an open-ended suspension is running; the last step is then that suspension's first day."""

    at: datetime | None
    provisional: bool
    steps: tuple[Step, ...]


def due(start: datetime, budget: Budget, calendar: Calendar, suspensions: Suspensions = ()) -> Due:
    """The end of a limit with its explanation. `due_at` gives the same end, faster. Raises ValueError as it does.

    The steps touch one another: together they are the days from the event to the end, each once (a limit in office
    hours or elapsed time may begin and end on one day, which then stands as two steps)."""
    start = in_china(start)
    at, provisional = due_at(start, budget, calendar, suspensions)
    stops = merged(suspensions)
    if budget.kind == WORKING_DAYS:
        steps = _day_steps(start, at, calendar, stops)
    elif budget.kind == ELAPSED:
        steps = _elapsed_steps(start, at, stops)
    else:
        steps = _hour_steps(start, at, calendar, stops)
    return Due(at, provisional, tuple(_folded(steps)))


def _day_steps(start: datetime, at: datetime | None, calendar: Calendar, stops: Suspensions) -> Iterator[Step]:
    yield _step(start, "start", Label("当日不计", "not counted"))
    day, number = start.date(), 0
    while at is None or day < at.date():
        day += _DAY
        if not calendar.is_working(day):
            yield _off(day, calendar)
        elif stop := _stop_at(calendar.close(day), stops):
            yield _step(day, "suspended", Label("暂停", "suspended"))
            if stop[1] is None:
                return
        else:
            number += 1
            ends = at is not None and day == at.date()
            zh, en = ("到期", "due") if ends else (f"第{number}日", f"day {number}")
            if calendar.name(day):
                zh, en = f"{zh} 调休上班", f"{en}, make-up day"
            yield _step(day, "due" if ends else "counted", Label(zh, en), number)


def _hour_steps(start: datetime, at: datetime | None, calendar: Calendar, stops: Suspensions) -> Iterator[Step]:
    """Each working day with the office time it gave."""
    begins = calendar.moment_at(calendar.office_time(start) + timedelta(microseconds=1))
    clock = f"{start:%H:%M}"
    if begins - start > timedelta(minutes=1):
        yield _step(
            start, "start", Label("办公时间外，下次上班起算", "outside office hours: runs from the next opening")
        )
    else:
        yield _step(start, "start", Label(f"{clock}起算", f"runs from {clock}"))
    day = start.date()
    while at is None or day <= at.date():
        is_start, worked = day == start.date(), _running_office_time(day, start, at, calendar, stops)
        if at and day == at.date():
            yield _step(day, "due", Label(f"{at:%H:%M}到期", f"due {at:%H:%M}"))
        elif worked and not is_start:
            span = span_text(worked // timedelta(minutes=1))
            yield _step(day, "counted", Label(f"计{span.zh}", f"{span.en} counted"))
        elif not calendar.is_working(day) and not is_start:
            yield _off(day, calendar)
        elif not worked and calendar.is_working(day) and (stop := _stop_at(calendar.close(day), stops)):
            if stop[1] is None or not is_start:
                yield _step(day, "suspended", Label("暂停", "suspended"))
            if stop[1] is None:
                return
        day += _DAY


def _elapsed_steps(start: datetime, at: datetime | None, stops: Suspensions) -> Iterator[Step]:
    clock = f"{start:%H:%M}"
    yield _step(start, "start", Label(f"{clock}起算，昼夜连续", f"runs from {clock}, day and night"))
    for begin, end in stops:
        if (end is None or end > start) and (at is None or begin < at):
            until = f"{end:%m-%d %H:%M}" if end else ""
            note = Label(f"暂停 {begin:%H:%M}—{until}", f"suspended {begin:%H:%M} – {until}")
            first = max(begin, start)
            yield Step(first.date(), (end or first).date(), "suspended", None, note)
    if at:
        yield _step(at, "due", Label(f"{at:%H:%M}到期", f"due {at:%H:%M}"))


def _folded(steps: Iterator[Step]) -> Iterator[Step]:
    """Runs of days off become one step; so do runs of suspended days with the days off between them."""
    held: list[Step] = []  # one `off`, one `suspended`, or a `suspended` followed by an `off`
    for step in steps:
        if step.kind == "off" and held and held[-1].kind == "off":
            held[-1] = Step(held[-1].first, step.last, "off", None, _both(held[-1].note, step.note))
        elif step.kind == "suspended" and held and held[0].kind == "suspended" and held[0].note == step.note:
            held = [Step(held[0].first, step.last, "suspended", None, step.note)]
        elif step.kind == "off" and len(held) == 1:
            held.append(step)
        else:
            yield from map(_worded, held)
            held = [step]
            if step.kind not in ("off", "suspended"):
                yield held.pop()
    yield from map(_worded, held)


def _off(day: date, calendar: Calendar) -> Step:
    return _step(day, "off", calendar.name(day) or Label("", ""))  # worded when its run is complete


def _both(one: Label, other: Label) -> Label:
    """The festivals of a run of days off, each once; its plain weekend days need no mention."""
    if not one.zh or other.zh in one.zh:
        return one if one.zh else other
    return Label(f"{one.zh}、{other.zh}", f"{one.en}, {other.en}")


def _worded(step: Step) -> Step:
    if step.kind != "off":
        return step
    note = Label(f"{step.note.zh}休", f"off: {step.note.en}" if step.note.en else "off")
    return Step(step.first, step.last, "off", None, note)


def _step(day: date, kind: str, note: Label, number: int | None = None) -> Step:
    day = day.date() if isinstance(day, datetime) else day
    return Step(day, day, kind, number, note)


def _stop_at(close: datetime, stops: Suspensions) -> tuple[datetime, datetime | None] | None:
    return next((stop for stop in stops if stop[0] < close and (stop[1] is None or close <= stop[1])), None)


def _running_office_time(
    day: date, start: datetime, at: datetime | None, calendar: Calendar, stops: Suspensions
) -> timedelta:
    """Office time of `day` during which the clock ran."""
    midnight = datetime.combine(day, time(), CHINA)
    begin, end = max(start, midnight), calendar.close(day)
    if at and at < end:
        end = at
    if end <= begin:
        return _NOTHING
    worked = calendar.office_time(end) - calendar.office_time(begin)
    for stopped, resumed in stops:
        since, until = max(stopped, begin), min(resumed or end, end)
        if since < until:
            worked -= calendar.office_time(until) - calendar.office_time(since)
    return worked
