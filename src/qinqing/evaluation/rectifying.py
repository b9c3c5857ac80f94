"""整改 (Y5, Y6): opening the case in which something is put right, linked to the case it comes from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from qinqing.accounts.actor import SYSTEM, Actor
from qinqing.cases.acting import open_case
from qinqing.cases.casefile import CaseFile, state_of
from qinqing.cases.models import Case
from qinqing.directory.models import Unit
from qinqing.evaluation.models import Rating
from qinqing.evaluation.rating import AT_THE_WINDOW, BAD, LEVELS, WINDOW, desk_id
from qinqing.evaluation.selectors import RECTIFICATION, suggestion_of

SUPERVISION = "supervision"
CHANNEL = "follow_up"  # of cases that come neither from the window nor from a card


def badly_rated(case_ids: Iterable[int]) -> set[int]:
    """Those of these cases that have a bad rating."""
    return set(Rating.objects.filter(case__in=list(case_ids), level__in=BAD).values_list("case_id", flat=True))


def put_right(case_id: int, seq: int, now: datetime) -> Case | None:
    """差评整改: the rectification of the bad rating that is event `seq` of the case; None for any other event, and for
    a rating of a rectification (it opens no other). Asked again it opens nothing new and gives the same."""
    with transaction.atomic():
        rating = (
            Rating.objects.select_for_update()
            .filter(case=case_id, seq=seq, level__in=BAD)
            .exclude(case__procedure__code=RECTIFICATION)
            .first()
        )
        if rating is None or rating.rectification_id is not None:
            return None if rating is None else rating.rectification
        case = Case.objects.select_related("party").get(pk=case_id)
        said = suggestion_of(CaseFile(case, SYSTEM, now), rating)
        problem = f"{case.number}“{case.title}”被评为{LEVELS[rating.level].zh}。{said and f'意见建议：{said}'}"
        found = open_for(case, "rating", problem, rating.unit_id, SYSTEM, now)
        Rating.objects.filter(pk=rating.pk).update(rectification=found)
        return found


def open_for(
    case: Case, source: str, problem: str, unit_id: int | None, actor: Actor, now: datetime, **more: Any
) -> Case:
    """A rectification linked to the case, of the same party. `source`: rating or call_back; `unit_id` as by
    `answered_by`. Raises what `open_case` raises."""
    data = {"source": source, "problem": problem[:1000], "lead": responsible(unit_id)}
    done = open_case(
        RECTIFICATION, case.party_id, actor, now, data, title=f"整改：{case.title}", channel=CHANNEL,
        predecessor_id=case.pk, tags=(case.environment, case.action_area), **more,
    )  # fmt: skip
    return Case.objects.get(pk=done.case_id)


def answered_by(case: Case) -> int | None:
    """The unit that answered a closed case: its lead, or the window."""
    lead: int | None = state_of(case).fields.get("lead")
    return desk_id(WINDOW) if case.outcome in AT_THE_WINDOW or lead is None else lead


def responsible(unit_id: int | None) -> int | None:
    """The unit, or where it was closed meanwhile the one above it, in the end the supervision desk."""
    unit = Unit.objects.filter(pk=unit_id or 0).first()
    while unit is not None and unit.closed_on is not None:
        unit = unit.parent
    return unit.pk if unit else desk_id(SUPERVISION)


def open_rectification(case: Case) -> Case | None:
    """A rectification of the case that is not closed yet."""
    found = Case.objects.filter(predecessor=case, procedure__code=RECTIFICATION, closed_at=None)
    return found.order_by("-pk").first()
