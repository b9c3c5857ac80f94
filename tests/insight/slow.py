"""The facts of a case told again, slowly and in another way: from whole states before and after each event, and office
time counted minute by minute. What the read model says must be the same."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from qinqing.cases import calendars, shelf
from qinqing.cases.models import Case
from qinqing.cases.state import State, apply
from qinqing.evaluation.models import Rating
from qinqing.lib.wallclock import CHINA
from qinqing.lib.workdays import Budget, due_at

MINUTE = timedelta(minutes=1)


def facts(case: Case) -> dict[str, Any]:
    """Columns of `CaseFigure` -> values."""
    heads = [json.loads(head) for head in case.events.order_by("seq").values_list("head", flat=True)]
    spec = shelf.by_id(case.procedure_id)
    promised = spec.promise.start if spec.promise else ""
    states, times = [State("")], [datetime.fromisoformat(head["occurred"]) for head in heads]
    for head in heads:
        states.append(apply(states[-1], head["moves"]))
    after = states[1:]
    last = after[-1]
    acts = [head["moves"].get("count") for head in heads]
    told: dict[str, Any] = {
        "procedure": spec.code, "seq": len(heads), "channel": heads[0]["channel"], "opened_at": times[0],
        "level": last.level, "held": "~wait" in last.clocks, "outcome": last.outcome,
        "kind": last.fields.get("class") or "", "result": last.fields.get("result") or "",
        "lead_id": last.fields.get("lead"), "stage": "" if last.outcome else last.stage,
        "returned": acts.count("return"), "sent_back": acts.count("send_back"), "reopened": acts.count("reopen"),
        "urged": acts.count("urge"),
        "written_off": bool(last.outcome) and spec.closed[last.outcome].phase == "write_off",
        "closed_at": next((t for s, n, t in reversed(list(zip(states, after, times, strict=False)))
                           if n.outcome and not s.outcome), None) if last.outcome else None,
        "due_at": min((datetime.fromisoformat(c["due"]) for c in last.clocks.values() if c["due"]), default=None)
        if not last.outcome else None,
        "handed_up_at": next((t for h, t in zip(heads, times, strict=True)
                              if h["action"] != "instruct" and h["moves"].get("level") == 4), None),
    }  # fmt: skip
    told |= _answer(heads, states, times, spec, promised)
    told |= _signing(heads, times, spec, promised, told)
    ratings = Rating.objects.filter(case=case, set_aside_at=None).order_by("-rated_at")
    told["rating"], told["rated_at"] = (ratings[0].level, ratings[0].rated_at) if ratings else ("", None)
    return told


def _answer(heads: Any, states: list[State], times: list[datetime], spec: Any, promised: str) -> dict[str, Any]:
    runs = [promised in state.clocks for state in states]
    begins = [n for n in range(len(heads)) if runs[n + 1] and not runs[n]]
    ends = [n for n in range(len(heads)) if runs[n] and not runs[n + 1]]
    answers = [
        n for n in ends
        if heads[n]["action"] != "rung"
        and (not states[n + 1].outcome or spec.closed[states[n + 1].outcome].phase == "write_off")
    ]  # fmt: skip
    stopped, first = _stopped(states, times, promised), answers[0] if answers else None
    told: dict[str, Any] = {
        "dispatched_at": times[begins[0]] if begins else None,
        "feedback_at": times[first] if first is not None else None,
        "feedback_last_at": times[answers[-1]] if answers else None,
        "suspended_minutes": sum((minutes(a, b) for a, b in stopped if b), 0),
        "working_minutes": None,
        "feedback_due": None,
    }
    if first is not None:
        before = [(a, min(b or times[first], times[first])) for a, b in stopped if a < times[first]]
        told["working_minutes"] = minutes(times[begins[0]], times[first]) - sum(minutes(a, b) for a, b in before)
        clock = states[first].clocks[promised]
        if clock["due"]:
            told["feedback_due"] = datetime.fromisoformat(clock["due"])
        else:
            stops = [
                (datetime.fromisoformat(a), datetime.fromisoformat(b) if b else times[first]) for a, b in clock["stops"]
            ]
            told["feedback_due"] = due_at(
                datetime.fromisoformat(clock["from"]), Budget(**clock["budget"]), calendars.current(), stops
            )[0]
    elif begins:
        latest = next(state for state in reversed(states) if promised in state.clocks).clocks[promised]
        told["feedback_due"] = datetime.fromisoformat(latest["due"]) if latest["due"] else None
    told["on_time"] = _kept(told["feedback_at"], told["feedback_due"], states[-1], states, times)
    return told


def _stopped(states: list[State], times: list[datetime], promised: str) -> list[tuple[datetime, datetime | None]]:
    """When the promised clock was paused, from the states alone."""
    found: list[tuple[datetime, datetime | None]] = []
    begun = None
    for state, time in zip(states[1:], times, strict=True):
        clock = state.clocks.get(promised)
        paused = clock is not None and any(end is None for _, end in clock["stops"])
        if paused and begun is None:
            begun = time
        elif not paused and begun is not None:
            found.append((begun, time))
            begun = None
    return found if begun is None else [*found, (begun, None)]


def _signing(heads: Any, times: list[datetime], spec: Any, promised: str, told: dict[str, Any]) -> dict[str, Any]:
    none = {"sign_due_at": None, "signed_at": None, "signed_on_time": None}
    if told["dispatched_at"] is None:
        return none
    at = times.index(told["dispatched_at"])
    at = next(n for n in range(at, len(heads)) if promised in heads[n]["moves"].get("clocks", {}))
    lead = [tok for tok in heads[at]["moves"].get("open", []) if tok.split("@")[0] in ("lead", "mend", "carry")]
    if not lead:
        return none
    signed = next((t for h, t in zip(heads, times, strict=True) if h["at"] in lead and h["actor"] is not None), None)
    due, left = times[at], 210
    while left:  # half a working day of 420 minutes
        due += MINUTE
        left -= minutes(due - MINUTE, due)
    on_time = None
    if signed is not None:
        on_time = signed <= due
    elif told["closed_at"] is not None and told["closed_at"] > due:
        on_time = False
    return {"sign_due_at": due, "signed_at": signed, "signed_on_time": on_time}


def _kept(done: Any, due: Any, last: State, states: list[State], times: list[datetime]) -> bool | None:
    if due is None:
        return None
    if done is not None:
        return bool(done <= due)
    if not last.outcome:
        return None
    closed = next(
        t for s, n, t in reversed(list(zip(states, states[1:], times, strict=False))) if n.outcome and not s.outcome
    )
    return False if closed > due else None


def minutes(start: datetime, end: datetime) -> int:
    """Office minutes between two moments, day by day, from the opening hours themselves."""
    calendar, total = calendars.current(), timedelta()
    start, end = start.astimezone(CHINA), end.astimezone(CHINA)
    day = start.date()
    while day <= end.date():
        if calendar.is_working(day):
            for opens, closes in (((8, 30), (12, 0)), ((13, 30), (17, 0))):
                a = datetime(day.year, day.month, day.day, *opens, tzinfo=CHINA)
                b = datetime(day.year, day.month, day.day, *closes, tzinfo=CHINA)
                total += max(timedelta(), min(b, end) - max(a, start))
        day += timedelta(days=1)
    return total // MINUTE
