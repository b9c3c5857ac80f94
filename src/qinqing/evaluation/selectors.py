"""评价的数字 (Y6): who was satisfied, out of how many, and which bad ratings are still open. Reads only.

The cases counted are those whose present closing lies in the period and whose procedure lets the party rate that end;
of each, the rating of that closing. So a matter reopened counts once, with its last closing; rectifications are counted
by themselves nowhere here. A rating set aside (误评) stays visible and is not counted, a case without a rating is never
satisfied.
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
    "分母：办结时间在本期内、可以评价的办件中已评价的件数，误评不计。分子：其中评为非常满意、满意、基本满意的件数。"
    "未评价的不算满意。重新办理后又办结的，以最后一次办结的评价为准；整改件不计入。",
    "Of the cases closed in the period that may be rated: those that were rated, without ratings set aside. Counted as "
    "satisfied: very satisfied, satisfied, fairly satisfied. A case without a rating is not satisfied. A case reopened "
    "counts with its last closing; rectifications are left out.",
)
RESPONSE = Label(
    "分母：办结时间在本期内、可以评价的办件。分子：其中已评价的件数（含误评）。刚办结的仍在30个工作日的评价期内。",
    "Of the cases closed in the period that may be rated: those that were rated (ratings set aside included). "
    "The latest still have their 30 working days.",
)


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """满意度: `closed` cases could be rated, `rated` were, `aside` of these are set aside, `satisfied` of the rest."""

    closed: int
    rated: int
    aside: int
    satisfied: int

    @property
    def counted(self) -> int:
        """The denominator of satisfaction."""
        return self.rated - self.aside


def rateable(period: Span, unit: int | None = None, channel: str | None = None) -> QuerySet[Case]:
    """Cases closed in the period whose party may rate them. `unit`: it or a unit below it answered."""
    closed = Case.objects.filter(ends_with("rate"), closed_at__gte=period[0], closed_at__lt=period[1])
    found: Any = closed.exclude(procedure__code=RECTIFICATION).annotate(answered_by=_answered_by())
    if unit is not None:
        found = found.filter(answered_by__in=Unit.objects.filter(Q(pk=unit) | Q(parent=unit)).values("pk"))
    shown: QuerySet[Case] = found.filter(channel=channel) if channel is not None else found
    return shown


def ratings(period: Span, unit: int | None = None, channel: str | None = None) -> QuerySet[Rating]:
    """The ratings of those cases, each that of the present closing, those set aside included."""
    return Rating.objects.filter(case__in=rateable(period, unit, channel).values("pk"), round=F("case__round"))


def satisfied_of(period: Span, unit: int | None = None, channel: str | None = None) -> Satisfaction:
    """The figures of satisfaction and response; definitions: `DEFINITION`, `RESPONSE`."""
    found = ratings(period, unit, channel)
    counted = found.filter(set_aside_at=None)
    rated, satisfied = found.count(), counted.filter(level__in=SATISFIED).count()
    return Satisfaction(rateable(period, unit, channel).count(), rated, rated - counted.count(), satisfied)


def by_unit(period: Span) -> list[tuple[Unit, Satisfaction]]:
    """The same for each unit that answered, in the order of their names."""
    cases: Any = rateable(period)
    closed = Counter(cases.values_list("answered_by", flat=True))
    rated: Counter[int | None] = Counter()
    aside: Counter[int | None] = Counter()
    satisfied: Counter[int | None] = Counter()
    for unit, level, mistaken in ratings(period).values_list("unit", "level", "set_aside_at"):
        rated[unit] += 1
        aside[unit] += mistaken is not None
        satisfied[unit] += mistaken is None and level in SATISFIED
    units = Unit.objects.filter(pk__in={*closed, *rated} - {None}).order_by("name")
    return [(unit, Satisfaction(closed[unit.pk], rated[unit.pk], aside[unit.pk], satisfied[unit.pk])) for unit in units]


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


def _standing(now: datetime) -> QuerySet[Rating]:
    return Rating.objects.filter(level__in=BAD, set_aside_at=None, settled_at=None, rated_at__lte=now)
