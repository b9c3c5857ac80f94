"""群众评价 (Y6): the ratings of a month with their figures; a unit sees its own, who oversees sees all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from qinqing.accounts.access import capacity
from qinqing.accounts.actor import SYSTEM
from qinqing.accounts.middleware import actor_of
from qinqing.cases.casefile import CaseFile
from qinqing.cases.sheets import CHANNELS
from qinqing.directory.models import Unit
from qinqing.evaluation import selectors
from qinqing.evaluation.models import Rating
from qinqing.evaluation.months import Month
from qinqing.evaluation.rating import BAD, LEVELS
from qinqing.evaluation.selectors import DEFINITION, RESPONSE, Satisfaction
from qinqing.evaluation.web_month import month_of
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import now as present
from qinqing.ui import sheets
from qinqing.ui.figures import Rate
from qinqing.ui.parts import Cell, Table
from qinqing.ui.sheets import Column, Sheet

OF = {
    "": Label("全部", "All"),
    "bad": Label("不满意", "Dissatisfied"),
    "open": Label("整改未了", "Still being put right"),
    "aside": Label("误评", "Set aside"),
}
TITLE = Label("群众评价", "Ratings")


@dataclass(frozen=True, slots=True)
class Shown:
    """One rating in the list."""

    rating: Rating
    level: Label
    tone: str
    suggestion: str


@require_GET
def ratings(request: HttpRequest) -> HttpResponse:
    """The ratings given in a month, with satisfaction and response."""
    now = present()
    month = month_of(request.GET["month"]) if request.GET.get("month") else Month.of(now)
    mine = _own_units(request)
    of = request.GET.get("of", "") if request.GET.get("of", "") in OF else ""
    given = selectors.bad_ratings(now) if of == "open" else selectors.ratings(month.span)  # of any month
    found = _narrowed(given, of, mine).select_related("case__party", "unit", "rectification")
    if sheets.wanted(request):
        note = Label(f"{month.label.zh}作出的评价，{OF[of].zh}", f"given in {month.label.en}: {OF[of].en}")
        return sheets.download(request, Sheet(TITLE, COLUMNS, _shown(found.order_by("rated_at"), now), note), now)
    page = Paginator(found.order_by("-rated_at", "-pk"), 50).get_page(request.GET.get("page"))
    by_unit = [(unit, one) for unit, one in selectors.by_unit(month.span) if mine is None or unit.pk in mine]
    whole = selectors.satisfied_of(month.span) if mine is None else _sum(one for _, one in by_unit)
    before = selectors.satisfied_of(month.before.span) if mine is None else None
    address = f"{reverse('evaluation:ratings')}?month={month}"
    return render(request, "evaluation/ratings.html", {
        "month": month, "now": now, "rates": _rates(whole, before, address), "page": page, "present": Month.of(now),
        "rows": list(_shown(page.object_list, now)), "tabs": [(name, label, name == of) for name, label in OF.items()],
        "of": of, "by_unit": _table(by_unit) if by_unit else None, "own": mine is not None,
    })  # fmt: skip


def _own_units(request: HttpRequest) -> set[int] | None:
    """The units whose ratings the reader may see; None: all, for those who may open every case."""
    actor = actor_of(request)
    if not capacity("reader").roles.isdisjoint(actor.roles):
        return None
    units = Unit.objects.filter(Q(pk__in=actor.unit_ids) | Q(parent__in=actor.unit_ids))
    return set(units.values_list("pk", flat=True))


def _narrowed(found: QuerySet[Rating], of: str, mine: set[int] | None) -> QuerySet[Rating]:
    if mine is not None:
        found = found.filter(unit__in=mine)
    if of == "bad":
        return found.filter(level__in=BAD, set_aside_at=None)
    return found.exclude(set_aside_at=None) if of == "aside" else found


def _shown(found: Iterable[Rating], now: Any) -> Iterator[Shown]:
    for rating in found:
        suggestion = selectors.suggestion_of(CaseFile(rating.case, SYSTEM, now), rating)
        yield Shown(rating, LEVELS[rating.level], "amber" if rating.level in BAD else "green", suggestion)


def _sum(found: Iterable[Satisfaction]) -> Satisfaction:
    parts = list(found)
    return Satisfaction(
        sum(one.counted for one in parts), sum(one.satisfied for one in parts), sum(one.closed for one in parts),
        sum(one.responded for one in parts),
    )  # fmt: skip


def _rates(whole: Satisfaction, before: Satisfaction | None, address: str) -> list[Rate]:
    def share(hits: int, total: int) -> float | None:
        return hits / total if total else None

    return [
        Rate(Label("满意率", "Satisfied"), whole.satisfied, whole.counted, DEFINITION, total_href=address,
             previous=share(before.satisfied, before.counted) if before else None),
        Rate(Label("评价率", "Rated"), whole.responded, whole.closed, RESPONSE,
             previous=share(before.responded, before.closed) if before else None),
    ]  # fmt: skip


def _table(found: list[tuple[Unit, Satisfaction]]) -> Table:
    columns = (
        Label("单位", "Unit"), Label("评价", "Ratings"), Label("满意", "Satisfied"), Label("办结", "Closed"),
        Label("已评价", "Of these rated"),
    )  # fmt: skip
    rows = tuple(
        (Cell(unit.label), Cell(one.counted), Cell(one.satisfied), Cell(one.closed), Cell(one.responded))
        for unit, one in found
    )
    return Table(Label("各单位评价", "Ratings by unit"), columns, rows)


COLUMNS = (
    Column(Label("编号", "Number"), Label("被评办件的编号", "The case’s number"), lambda x: x.rating.case.number, 16),
    Column(Label("事项", "Matter"), Label("诉求内容的首句", "The first clause of what was asked"),
           lambda x: x.rating.case.title, 40),
    Column(Label("被评单位", "Unit"), Label("答复的单位", "The unit that answered"),
           lambda x: x.rating.unit.label if x.rating.unit else None, 20),
    Column(Label("来源", "Channel"), Label("诉求的来源", "The way it came in"),
           lambda x: CHANNELS.get(x.rating.case.channel, x.rating.case.channel), 10),
    Column(Label("满意度", "Satisfaction"), Label("五级，从非常满意到非常不满意", "One of five levels"),
           lambda x: x.level, 12),
    Column(Label("意见建议", "Suggestion"), Label("当事人的意见建议；没有或已清除的为空", "Empty when none, or erased"),
           lambda x: x.suggestion, 50),
    Column(Label("评价时间", "Rated at"), Label("评价的时间（北京时间）", "When it was rated (China time)"),
           lambda x: x.rating.rated_at, 17, "moment"),
    Column(Label("误评", "Set aside"), Label("由第三方认定误评、不计入的为“是”", "Yes where a third found a mistake"),
           lambda x: x.rating.set_aside_at is not None, 8),
    Column(Label("整改件", "Rectification"), Label("差评发起的整改件编号", "What a bad rating opened"),
           lambda x: x.rating.rectification.number if x.rating.rectification else None, 16),
)  # fmt: skip
