"""回访电话 (Y5): what the histories say of calls, and where each sampled case stands. Reads only.

A call is the act `call_back` of the case; those since its present closing count.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from qinqing.accounts.actor import Actor
from qinqing.cases.casefile import state_of
from qinqing.cases.models import Case, Event
from qinqing.directory.models import Unit
from qinqing.evaluation.models import CallDecision, Draw, Rating, Sampled
from qinqing.evaluation.rating import AT_THE_WINDOW, WINDOW
from qinqing.evaluation.sampling import BAD, COMPLEX
from qinqing.lib.labels import Label

ATTEMPTS = 5  # as often as the procedures allow
REACHED = {
    "answered": Label("已接通", "Reached"),
    "no_answer": Label("无人接听", "No answer"),
    "wrong": Label("号码有误", "Wrong number"),
    "declined": Label("不愿回答", "Would not answer"),
}
CONTENT = {
    "yes": Label("满意", "Content"),
    "partly": Label("基本满意", "Partly content"),
    "no": Label("不满意", "Not content"),
}
SATISFIED = frozenset({"yes", "partly"})  # of the call's three answers, as the top three of the rating's five
STANDING = {
    "todo": Label("待拨", "To call"),
    "again": Label("再拨", "Call again"),
    "answered": Label("已接通", "Reached"),
    "declined": Label("不愿回答", "Would not answer"),
    "wrong": Label("号码有误", "Wrong number"),
    "exhausted": Label("五次未接", "Five times no answer"),
    "reopened": Label("已重新办理", "Taken up again"),
}
OPEN = ("todo", "again")  # to be called still
FIRST = {
    BAD: Label("差评", "Rated badly"),
    COMPLEX: Label("复杂件未评价", "Complex, unrated"),
}


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `content` is None where it was not said."""

    seq: int
    at: datetime
    by: int | None
    reached: str
    content: str | None
    remark: str  # empty also when erased

    @property
    def label(self) -> Label:
        return REACHED.get(self.reached, Label(self.reached, self.reached))

    @property
    def content_label(self) -> Label | None:
        return CONTENT.get(self.content or "")


@dataclass(frozen=True, slots=True)
class Line:
    """A sampled case on the call list. `own`: the reader handled it, so somebody else calls."""

    place: int
    case: Case
    unit: int  # that answered
    stratum: str
    standing: str
    calls: tuple[Call, ...]  # the latest first
    rating: Rating | None
    decision: CallDecision | None
    own: bool
    unit_label: Label

    @property
    def label(self) -> Label:
        return STANDING[self.standing]

    @property
    def content(self) -> str | None:
        """What the party said when it was reached."""
        heard = answer_of(self.calls)
        return heard.content if heard and self.standing == "answered" else None

    @property
    def content_label(self) -> Label | None:
        return CONTENT.get(self.content or "")

    @property
    def first(self) -> Label | None:
        """Why it was taken before the others."""
        return FIRST.get(self.stratum)

    @property
    def undecided(self) -> bool:
        """Not content, and nobody has said yet what follows."""
        return self.content == "no" and self.decision is None


def calls_of(cases: Iterable[Case]) -> dict[int, list[Call]]:
    """Case id -> its calls since the present closing, the latest first."""
    closed = {case.pk: case.closed_at for case in cases}
    found: dict[int, list[Call]] = {pk: [] for pk in closed}
    events = Event.objects.filter(case__in=list(closed), action="call_back").select_related("payload")
    for event in events.order_by("-seq"):
        since = closed[event.case_id]
        if since is not None and event.occurred_at >= since:
            found[event.case_id].append(_call(event))
    return found


def _call(event: Event) -> Call:
    form = json.loads(event.head)["form"]
    body = event.payload.body
    remark = json.loads(body).get("texts", {}).get("remark", "") if body else ""
    return Call(event.seq, event.occurred_at, event.actor_id, form.get("reached", ""), form.get("content"), remark)


def answer_of(calls: Sequence[Call]) -> Call | None:
    """The latest call in which the party was reached. `calls`: the latest first."""
    return next((call for call in calls if call.reached == "answered"), None)


def standing_of(case: Case, calls: Sequence[Call]) -> str:
    """Where a sampled case stands: a key of STANDING. `calls`: the latest first."""
    if case.closed_at is None:
        return "reopened"
    if answer_of(calls):
        return "answered"
    if not calls:
        return "todo"
    if calls[0].reached in {"wrong", "declined"}:
        return calls[0].reached
    return "exhausted" if len(calls) >= ATTEMPTS else "again"


def lines(draw: Draw, actor: Actor) -> list[Line]:
    """The call list of a draw, in its order."""
    sampled = list(Sampled.objects.filter(draw=draw).select_related("case__party", "case__lead").order_by("place"))
    cases = [one.case for one in sampled]
    calls = calls_of(cases)
    ratings = {(rating.case_id, rating.round): rating for rating in Rating.objects.filter(case__in=cases)}
    decided = CallDecision.objects.filter(case__in=cases).select_related("rectification")
    decisions = {(one.case_id, one.seq): one for one in decided}
    window = Unit.objects.filter(desk=WINDOW, closed_on=None).first()
    return [_line(one, calls[one.case_id], ratings, decisions, actor, window) for one in sampled]


def _line(
    one: Sampled,
    calls: list[Call],
    ratings: Mapping[tuple[int, int], Rating],
    decisions: Mapping[tuple[int, int], CallDecision],
    actor: Actor,
    window: Unit | None,
) -> Line:
    case = one.case
    heard = answer_of(calls)
    decision = decisions.get((case.pk, heard.seq)) if heard else None
    unit = window if case.outcome in AT_THE_WINDOW or case.lead is None else case.lead
    own = actor.user_id is not None and actor.user_id in state_of(case).handlers
    standing = standing_of(case, calls)
    rating = ratings.get((case.pk, case.round))
    number, label = (unit.pk, unit.label) if unit else (0, Label("—", "—"))
    return Line(one.place, case, number, one.stratum, standing, tuple(calls), rating, decision, own, label)


def next_call(found: Sequence[Line], after: str = "") -> Line | None:
    """The case to call next: first those where a decision is due, then never called ones in their order behind `after`
    (a case number), then those to be tried again, the fewest calls first."""
    mine = [line for line in found if not line.own and line.case.number != after]
    place = next((line.place for line in found if line.case.number == after), 0)
    todo = [line for line in mine if line.standing == "todo"]
    todo = [line for line in todo if line.place > place] + [line for line in todo if line.place < place]
    again = sorted((line for line in mine if line.standing == "again"), key=lambda line: (len(line.calls), line.place))
    return next(iter([line for line in mine if line.undecided] + todo + again), None)
