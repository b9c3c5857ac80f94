"""评价的数字 (Y6): who was satisfied, out of how many, and which bad ratings are still open. Reads only.

Satisfaction counts the ratings given in a period, of each case the latest that counts; response asks of the cases
closed in the period how many were rated. A rating set aside (误评) stays visible and is not counted, a case without a
rating is never satisfied, and rectifications are left out of both.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models import Case as Choose
from django.db.models.functions import Coalesce

from qinqing.cases import shelf
from qinqing.cases.casefile import CaseFile
from qinqing.cases.models import Case
from qinqing.cases.models import Procedure as ProcedureRow
from qinqing.cases.story import payload_of
from qinqing.directory.models import Unit
from qinqing.evaluation.models import Draw, Rating
from qinqing.evaluation.months import Month, Span
from qinqing.evaluation.rating import AT_THE_WINDOW, BAD, SATISFIED, WINDOW, desk_id
from qinqing.lib.labels import Label

RECTIFICATION = "rectification"
DEFINITION = Label(
    "分母：本期内作出、仍计数的评价，每件取最近一次；认定误评的不计，未评价的不算满意，整改件的评价不计入。"
    "分子：其中评为非常满意、满意、基本满意的。",
    "Of the ratings given in the period that count (the latest of each case; without those set aside and those of "
    "rectifications): very satisfied, satisfied or fairly satisfied. A case without a rating is not satisfied.",
)
RESPONSE = Label(
    "分母：本期内办结、可以评价的办件。分子：其中这次办结已评价的（含误评）。刚办结的仍在30个工作日的评价期内。整改件不计入。",
    "Of the cases closed in the period that may be rated (without rectifications): those whose closing was rated, "
    "mistakes included. The latest still have their 30 working days.",
)


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """满意度: of `counted` ratings given in the period `satisfied` are; of `closed` cases `responded` were rated."""

    counted: int
    satisfied: int
    closed: int
    responded: int


def rateable(period: Span, unit: int | None = None, channel: str | None = None) -> QuerySet[Case]:
    """Cases closed in the period whose party may rate them. `unit`: it or a unit below it answered."""
    closed = Case.objects.filter(ends_with("rate"), closed_at__gte=period[0], closed_at__lt=period[1])
    found: Any = closed.exclude(procedure__code=RECTIFICATION).annotate(answered_by=_answered_by())
    if unit is not None:
        found = found.filter(answered_by__in=_below(unit))
    shown: QuerySet[Case] = found.filter(channel=channel) if channel is not None else found
    return shown


def ratings(period: Span, unit: int | None = None, channel: str | None = None) -> QuerySet[Rating]:
    """All ratings given in the period, those set aside included, rectifications' left out."""
    found = Rating.objects.filter(rated_at__gte=period[0], rated_at__lt=period[1])
    found = found.exclude(case__procedure__code=RECTIFICATION)
    if unit is not None:
        found = found.filter(unit__in=_below(unit))
    return found.filter(case__channel=channel) if channel is not None else found


def counted(found: QuerySet[Rating]) -> QuerySet[Rating]:
    """Of these the ratings that count: not set aside, and no later one of the same case stands."""
    later = Rating.objects.filter(case=OuterRef("case"), round__gt=OuterRef("round"), set_aside_at=None)
    return found.filter(~Exists(later), set_aside_at=None)


def of_closings(cases: QuerySet[Case]) -> QuerySet[Rating]:
    """The ratings of the present closings of these cases."""
    return Rating.objects.filter(case__in=cases.values("pk"), round=F("case__round"))


def satisfied_of(period: Span, unit: int | None = None, channel: str | None = None) -> Satisfaction:
    """The figures of satisfaction and response; definitions: `DEFINITION`, `RESPONSE`."""
    found, closed = counted(ratings(period, unit, channel)), rateable(period, unit, channel)
    satisfied = found.filter(level__in=SATISFIED).count()
    return Satisfaction(found.count(), satisfied, closed.count(), of_closings(closed).count())


def by_unit(period: Span) -> list[tuple[Unit, Satisfaction]]:
    """The same for each unit that answered, in the order of their names."""
    found, closed = counted(ratings(period)), rateable(period)
    answered: Any = closed
    cases = Counter(answered.values_list("answered_by", flat=True))
    responded = Counter(of_closings(closed).values_list("unit", flat=True))
    rated = Counter(found.values_list("unit", flat=True))
    satisfied = Counter(found.filter(level__in=SATISFIED).values_list("unit", flat=True))
    units = Unit.objects.filter(pk__in={*cases, *rated} - {None}).order_by("name")
    return [
        (unit, Satisfaction(rated[unit.pk], satisfied[unit.pk], cases[unit.pk], responded[unit.pk])) for unit in units
    ]


def bad_ratings(now: datetime) -> QuerySet[Rating]:
    """差评未了: bad, not set aside, and what it opened is still open, or was itself rated badly and not settled. One
    row for each matter, the latest bad rating first; rectifications' own ratings are found by `unresolved`."""
    again = Rating.objects.filter(case=OuterRef("rectification"), level__in=BAD, set_aside_at=None, settled_at=None)
    still = Q(rectification=None) | Q(rectification__closed_at=None) | Q(Exists(again))
    found = _standing(now).exclude(case__procedure__code=RECTIFICATION).filter(still)
    return found.select_related("case__party", "case__lead", "unit", "rectification").order_by("-rated_at", "-pk")


def unresolved(now: datetime) -> QuerySet[Rating]:
    """整改后仍不满意: bad ratings of rectifications that the leader has not settled (the leader's reds)."""
    found = _standing(now).filter(case__procedure__code=RECTIFICATION)
    return found.select_related("case__party", "case__predecessor", "unit").order_by("rated_at", "pk")


def rating_of(case: Case) -> Rating | None:
    """The rating of the case's present closing; None while it is open or unrated."""
    return Rating.objects.filter(case=case, round=case.round).select_related("unit", "rectification").first()


def suggestion_of(file: CaseFile, rating: Rating) -> str:
    """What the party suggested with a rating; empty when nothing, or erased."""
    event = next((event for event in file.events if event.seq == rating.seq), None)
    return str(payload_of(event).get("texts", {}).get("suggestion", "")) if event else ""


def draw_of(month: Month) -> Draw | None:
    """The draw in force for a month of follow-up."""
    return Draw.objects.filter(month=month.first).order_by("-number").first()


def allowing(action: str) -> dict[int, list[str]]:
    """Procedure id -> closed ends after which this act may follow."""
    specs = {pk: shelf.by_id(pk) for pk in ProcedureRow.objects.values_list("pk", flat=True)}
    ends = {pk: [name for name, end in spec.closed.items() if action in end.allows] for pk, spec in specs.items()}
    return {pk: names for pk, names in ends.items() if names}


def ends_with(action: str) -> Q:
    wanted = Q(pk__in=[])
    for procedure, ends in allowing(action).items():
        wanted |= Q(procedure=procedure, outcome__in=ends)
    return wanted


def _answered_by() -> Choose:
    """The unit that answered: the lead, or the window where nobody led or the window itself answered."""
    number = BigIntegerField(null=True)
    window = Value(desk_id(WINDOW), output_field=number)
    lead = Coalesce(F("lead_id"), window, output_field=number)
    return Choose(When(outcome__in=AT_THE_WINDOW, then=window), default=lead, output_field=number)


def _below(unit: int) -> QuerySet[Unit]:
    return Unit.objects.filter(Q(pk=unit) | Q(parent=unit))


def _standing(now: datetime) -> QuerySet[Rating]:
    return Rating.objects.filter(level__in=BAD, set_aside_at=None, settled_at=None, rated_at__lte=now)
