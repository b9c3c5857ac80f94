"""差评上督办台 (Y6): the bad ratings that are not put right yet, as a count of the supervisor's desk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet

from qinqing.cases.models import Case
from qinqing.evaluation.rating import LEVELS
from qinqing.evaluation.selectors import bad_ratings
from qinqing.lib.labels import Label
from qinqing.supervision import filters

DEFINITION = Label(
    "评为不满意、非常不满意，没有认定误评，整改还没有销号、或整改本身又被评为不满意而领导尚未阅处的",
    "Rated dissatisfied or very dissatisfied, not set aside, whose rectification is still open, or was itself rated "
    "badly and not settled by the leader",
)


def badly_rated(now: datetime) -> QuerySet[Case]:
    """The rated cases, closed ones."""
    return Case.objects.filter(pk__in=bad_ratings(now).order_by().values("case"))


def marks(cases: Sequence[Case], now: datetime) -> dict[int, Label]:
    """What the desk says of each: the level, and the rectification by number."""
    found = {}
    for rating in bad_ratings(now).filter(case__in=cases).order_by("rated_at"):
        level, righted = LEVELS[rating.level], rating.rectification
        if righted is None:
            found[rating.case_id] = level
        else:
            again = Label("，整改后仍不满意", ", still not content") if righted.closed_at else Label("", "")
            found[rating.case_id] = Label(
                f"{level.zh} · {righted.number}{again.zh}", f"{level.en} · {righted.number}{again.en}"
            )
    return found


def add_filter() -> None:
    """Called at start-up."""
    filters.register(
        "bad_ratings", Label("差评未了", "Bad ratings"), badly_rated, DEFINITION, order=45, tone="amber",
        note=Label("整改未销号", "not put right yet"), marks=marks,
    )  # fmt: skip
