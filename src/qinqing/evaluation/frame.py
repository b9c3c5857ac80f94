"""抽样框 (Y5): the closed cases of a month that can be called back, and how many cannot and why. Reads only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet

from qinqing.cases import shelf
from qinqing.cases.models import Case, Payload
from qinqing.cases.procedure import Procedure
from qinqing.evaluation.models import Rating
from qinqing.evaluation.months import Month
from qinqing.evaluation.rating import AT_THE_WINDOW, BAD, WINDOW, desk_id
from qinqing.evaluation.sampling import BAD as BADLY_RATED
from qinqing.evaluation.sampling import COMPLEX, Candidate
from qinqing.evaluation.selectors import ends_with

AT_ONCE = 500  # cases whose payloads are read together


@dataclass(frozen=True, slots=True)
class Frame:
    """`candidates` can be called; the rest of the `closed` cases is counted by what is missing."""

    closed: int
    candidates: tuple[Candidate, ...]
    no_phone: int
    erased: int

    @property
    def left_out(self) -> dict[str, int]:
        return {"no_phone": self.no_phone, "erased": self.erased}


def closed_in(month: Month) -> QuerySet[Case]:
    """Cases closed in the month that a supervisor may call back."""
    start, end = month.span
    return Case.objects.filter(ends_with("call_back"), closed_at__gte=start, closed_at__lt=end)


def frame(month: Month) -> Frame:
    """The frame of the cases closed in the month, as it is now."""
    cases = list(closed_in(month).select_related("party").order_by("number"))
    phones, erased = phones_of(cases)
    reachable = [case for case in cases if case.pk not in erased and phones.get(case.pk)]
    ratings = _ratings(reachable)
    window = desk_id(WINDOW) or 0
    found = tuple(_candidate(case, ratings, window) for case in reachable)
    return Frame(len(cases), found, len(cases) - len(found) - len(erased), len(erased))


def phones_of(cases: Iterable[Case]) -> tuple[dict[int, str], set[int]]:
    """(case id -> phone: the one left with the matter, else the party's own; ids of cases whose opening is erased)."""
    cases = list(cases)
    phones = {case.pk: case.party.phone for case in cases}
    erased: set[int] = set()
    for at in range(0, len(cases), AT_ONCE):
        payloads = Payload.objects.filter(event__case__in=cases[at : at + AT_ONCE], event__action__in=_asks_for_phone())
        rows = payloads.order_by("event__case", "event__seq").values_list("event__case_id", "event__seq", "body")
        for case_id, seq, body in rows:
            if body is None and seq == 1:
                erased.add(case_id)
            elif body and (phone := json.loads(body).get("texts", {}).get("phone")):
                phones[case_id] = phone
    return phones, erased


def _asks_for_phone() -> set[str]:
    """Names of acts in whose form a phone number may stand, in any procedure; always the opening."""
    names = {"open"}
    for spec in _specs():
        phones = {name for name, field in spec.fields.items() if field.type == "phone"}
        names |= {act.name for _, act in spec.all_acts() if phones & set(act.fields)}
    return names


def _specs() -> list[Procedure]:
    from qinqing.cases.models import Procedure as Row  # noqa: PLC0415 - the two share a name

    return [shelf.by_id(pk) for pk in Row.objects.values_list("pk", flat=True)]


def _ratings(cases: list[Case]) -> dict[int, Rating]:
    """The rating of each case's present closing."""
    found: dict[int, Rating] = {}
    for at in range(0, len(cases), AT_ONCE):
        rows = Rating.objects.filter(case__in=cases[at : at + AT_ONCE], round=F("case__round"))
        found |= {rating.case_id: rating for rating in rows}
    return found


def kind_of(case: Case, spec: Procedure, fields: Mapping[str, Any]) -> str:
    """Its class, or how it ended where its procedure has no classes."""
    return str(fields.get("class") or case.outcome) if "class" in spec.fields else case.outcome


def _candidate(case: Case, ratings: Mapping[int, Rating], window: int) -> Candidate:
    fields = json.loads(case.state)["fields"]
    kind = kind_of(case, shelf.by_id(case.procedure_id), fields)
    unit = window if case.outcome in AT_THE_WINDOW or case.lead_id is None else case.lead_id
    rating = ratings.get(case.pk)
    first = ""
    if rating is not None and rating.level in BAD and rating.set_aside_at is None:
        first = BADLY_RATED
    elif rating is None and kind == "complex":
        first = COMPLEX
    return Candidate(case.pk, case.number, unit, case.channel, kind, first)
