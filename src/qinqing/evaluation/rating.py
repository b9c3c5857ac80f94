"""评价 (Y6): what the act of rating leaves behind, and who decides when a rating is contested. Runs inside the acts."""

from __future__ import annotations

from qinqing.cases.models import Case
from qinqing.cases.registry import Context, effect, guard
from qinqing.directory.models import Unit
from qinqing.evaluation.models import Rating
from qinqing.lib.labels import Label

BAD = frozenset({Rating.Level.BAD, Rating.Level.VERY_BAD})  # 差评


@effect("evaluation.rate")
def rate(context: Context) -> None:
    """Count the rating for the unit that answered (null: answered at the window)."""
    Rating.objects.create(
        case_id=context.case_id,
        round=context.round,
        seq=context.seq,
        level=context.fields["rating"],
        unit_id=context.fields.get("lead"),
        rated_at=context.now,
    )


@guard(
    "evaluation.a_third_unit_decides",
    Label(
        "误评由第三方单位认定；本件的责任单位就是认定单位，不能自己认定",
        "A third unit decides on a mistaken rating; the unit of this case is that very unit",
    ),
)
def a_third_unit_decides(context: Context) -> bool:
    """The unit that was rated is not the inspection desk that decides."""
    return not Unit.objects.filter(pk=context.fields.get("lead"), desk="inspection").exists()


@effect("evaluation.set_aside")
def set_aside(context: Context) -> None:
    """误评: the rating that this rectification comes from is kept and no longer counted."""
    origin = Case.objects.filter(pk=context.case_id).values("predecessor")
    latest = Rating.objects.filter(case__in=origin).order_by("-round").first()
    if latest:
        Rating.objects.filter(pk=latest.pk).update(set_aside_at=context.now)
