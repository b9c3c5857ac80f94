"""评价 (Y6, 群众满意度测评表): what the act of rating leaves behind, and who decides on a contested one (误评申诉).

Guards and effects, inside the acts. Who may rate, how often and how long stands in the procedures.
"""

from __future__ import annotations

from django.db.models import Q, QuerySet

from qinqing.cases.casefile import state_of
from qinqing.cases.models import Case
from qinqing.cases.refusals import Conflict
from qinqing.cases.registry import Context, effect, guard
from qinqing.directory.models import Unit
from qinqing.evaluation.models import Rating
from qinqing.lib.labels import Label

LEVELS = {
    "very_good": Label("非常满意", "Very satisfied"),
    "good": Label("满意", "Satisfied"),
    "fair": Label("基本满意", "Fairly satisfied"),
    "bad": Label("不满意", "Dissatisfied"),
    "very_bad": Label("非常不满意", "Very dissatisfied"),
}
SATISFIED = ("very_good", "good", "fair")  # the top three of the five levels of the good/bad rating (好差评)
BAD = ("bad", "very_bad")  # 差评
AT_THE_WINDOW = ("answered",)  # closed ends at which the window itself answered, whoever led before
WINDOW, INSPECTION = "window", "inspection"  # desk codes


def desk_id(code: str) -> int | None:
    """The unit that is this desk today."""
    return Unit.objects.filter(desk=code, closed_on=None).values_list("pk", flat=True).first()


@effect("evaluation.rate")
def rate(context: Context) -> None:
    """Count the rating for the unit that answered."""
    assert context.case_id is not None
    Rating.objects.create(
        case_id=context.case_id,
        round=context.round,
        seq=context.seq,
        level=context.fields["rating"],
        unit_id=_answered_by(context),
        rated_at=context.now,
    )


def _answered_by(context: Context) -> int | None:
    lead: int | None = context.fields.get("lead")
    here = Case.objects.filter(pk=context.case_id or 0, outcome__in=AT_THE_WINDOW).exists()
    return desk_id(WINDOW) if here or lead is None else lead


@guard(
    "evaluation.inspection_is_a_third",
    Label("本件的责任单位就是纪检监察组，误评由县领导认定", "The unit is the inspection desk; the leader decides"),
)
def inspection_is_a_third(context: Context) -> bool:
    """The unit that was rated is not the inspection desk, so that may decide."""
    return context.fields.get("lead") != desk_id(INSPECTION)


@guard(
    "evaluation.a_third_decides",
    Label(
        "误评由第三方认定：您在被评单位任职或经办过原件，请由同岗位的其他人认定",
        "A third decides: you hold a post in the unit that was rated, or handled the case; leave it to a colleague",
    ),
)
def a_third_decides(context: Context) -> bool:
    """Who decides holds no post in the unit rated or the one above it, and handled neither case."""
    lead = context.fields.get("lead")
    units = Unit.objects.filter(Q(pk=lead) | Q(children=lead)).values_list("pk", flat=True)
    rated = Case.objects.filter(successors=context.case_id or 0).first()
    handlers = state_of(rated).handlers if rated else ()
    return context.actor.unit_ids.isdisjoint(units) and context.actor.user_id not in handlers


@effect("evaluation.set_aside")
def set_aside(context: Context) -> None:
    """认定误评: exactly the rating that this rectification puts right is kept and no longer counted."""
    found = Rating.objects.filter(rectification=context.case_id, set_aside_at=None)
    if not found.update(set_aside_at=context.now):
        raise Conflict(Label("本件没有可认定的评价", "There is no rating here to set aside"))


@guard(
    "evaluation.badly_rated",
    Label("整改没有被评为不满意，无须阅处", "The rectification was not rated badly; there is nothing to settle"),
)
def badly_rated(context: Context) -> bool:
    """The rectification itself was rated badly, and nobody has settled it."""
    return _unsettled(context).exists()


@effect("evaluation.settle")
def settle(context: Context) -> None:
    """领导阅处: a bad rating of a rectification opens no other; the leader says how the matter ends."""
    _unsettled(context).update(settled_at=context.now)


def _unsettled(context: Context) -> QuerySet[Rating]:
    return Rating.objects.filter(case=context.case_id, level__in=BAD, set_aside_at=None, settled_at=None)
