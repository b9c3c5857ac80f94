"""督办页面: the supervisor's desk, letters, instructions, the inspectors' board, the backstop.

Who may open which stands in the permissions table; what they may do the kernel decides again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_GET, require_POST

from qinqing.accounts.middleware import actor_of
from qinqing.cases import acting, desks
from qinqing.cases import sheets as case_sheets
from qinqing.cases.casefile import PHASE_LABELS, CaseFile
from qinqing.cases.models import Case
from qinqing.cases.rows import rows_of
from qinqing.directory.models import Unit
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import now as present
from qinqing.supervision import backstop as backstop_room
from qinqing.supervision import board as board_room
from qinqing.supervision import desk as desk_room
from qinqing.supervision import instructions as instruction_room
from qinqing.supervision import letters as letter_room
from qinqing.supervision import printing, sheets
from qinqing.supervision.filters import Filter, all_filters, cases_of
from qinqing.supervision.papers import LETTER, paper_number
from qinqing.supervision.steps import PRESSED
from qinqing.ui import papers, parts
from qinqing.ui import sheets as ui_sheets
from qinqing.ui.errors import NotFound, Problem
from qinqing.ui.flash import say
from qinqing.ui.forms import whole

PAGE = 50
PRESSER = "supervisor"

# -- the desk


@dataclass(frozen=True, slots=True)
class Refusal:
    """A press that was refused: at which case, why, and the words that were to be sent."""

    number: str
    at: str  # the filter whose row it was
    problem: Problem
    text: str


@require_GET
def desk(request: HttpRequest) -> HttpResponse:
    """督办台: the counts are the filters; each row has the next rung as its button."""
    now = present()
    chosen = _chosen(request.GET)
    if chosen and ui_sheets.wanted(request):
        cases = cases_of(chosen, now, whole(request.GET.get("unit", "")))
        title = Label("督办台", "Supervision")
        return ui_sheets.download(request, case_sheets.sheet(title, cases, chosen.label, now), now)
    return _desk(request, request.GET, now)


def _chosen(query: QueryDict) -> Filter | None:
    asked = next((one for one in all_filters() if one.name == query.get("of")), None)
    return asked or (all_filters()[0] if query.get("unit") or query.get("format") else None)


def _desk(request: HttpRequest, query: QueryDict, now: datetime, refused: Refusal | None = None) -> HttpResponse:
    actor, chosen = actor_of(request), _chosen(query)
    counts = {one: one.cases(now).count() for one in all_filters()}
    may_press = PRESSER in actor.roles
    unit = Unit.objects.filter(pk=whole(query.get("unit", "")) or 0).first()
    address = reverse("supervision:desk")
    shown: dict[str, object] = {
        "figures": [
            parts.Figure(one.label, n, f"{address}?of={one.name}", one.note, one.tone if n else "")
            for one, n in counts.items()
        ],
        "chosen": chosen, "unit": unit, "now": now, "refused": refused, "back": query.urlencode(),
        "mine": desk_room.mine(actor, now),
    }  # fmt: skip
    if chosen:
        page = Paginator(cases_of(chosen, now, unit.pk if unit else None), PAGE).get_page(query.get("page"))
        rows = desk_room.desk_rows(chosen, page.object_list, now, may_press=may_press)
        shown |= {"page": page, "part": desk_room.Part(chosen, page.paginator.count, rows)}
        template = "supervision/desk_list.html"
    else:
        by_name = {one.name: n for one, n in counts.items()}
        shown |= {"parts": desk_room.parts(by_name, now, may_press=may_press), "piles": desk_room.piles(now)}
        shown |= _letters_open(now)
        template = "supervision/desk.html"
    return render(request, template, shown, status=refused.problem.status if refused else 200)


def _letters_open(now: datetime) -> dict[str, object]:
    """What the rail says of letters: the open ones, the most urgent first."""
    found = letter_room.letters().filter(closed_at=None)
    rows = rows_of(found.order_by("due_at", "pk").select_related("party")[:5], now)
    return {"letters": [(row, paper_number(row.case.number)) for row in rows], "letters_open": found.count()}


@require_POST
def press(request: HttpRequest, number: str, action: str) -> HttpResponse:
    """Urge or hand up by one press; what was to be sent is kept when it is refused."""
    now, actor, back = present(), actor_of(request), QueryDict(request.POST.get("back", "")[:300])
    case = desks.visible(actor).filter(number=number).select_related("party", "lead").first()
    if case is None or action not in PRESSED:
        raise NotFound(Label(f"没有办件{number}，或不能这样办理", f"No case {number}, or no such step"))
    text, at = request.POST.get("reason", ""), request.POST.get("at", "")
    try:
        acting.act(
            case.pk, action, actor, now, {"reason": text}, expected_version=whole(request.POST.get("version", "")),
            idempotency_key=request.POST.get("key") or None,
        )  # fmt: skip
    except Problem as problem:
        return _desk(request, back, now, Refusal(number, at, problem, text))
    word = {"urge": Label("已催办", "Urged"), "hand_up": Label("已上提", "Handed up")}[action]
    say(request, Label(f"{number}{word.zh}", f"{number}: {word.en}"))
    return redirect(f"{reverse('supervision:desk')}?{back.urlencode()}".rstrip("?") + f"#{quote(at)}-{case.pk}")


# -- letters


@require_GET
def letters(request: HttpRequest) -> HttpResponse:
    """督办函: by state and unit."""
    now, query = present(), request.GET
    states = _letter_states(now)
    state = query.get("state", "") if query.get("state", "") in states else "open"
    unit = whole(query.get("unit", ""))
    found = states[state][1]
    if unit:
        found = found.filter(lead=unit)
    label = states[state][0]
    if ui_sheets.wanted(request):
        sheet = sheets.papers_sheet(Label("督办函", "Supervision letters"), found, label)
        return ui_sheets.download(request, sheet, now)
    page = Paginator(found.select_related("party"), PAGE).get_page(query.get("page"))
    rows = [(row, paper_number(row.case.number)) for row in rows_of(page.object_list, now)]
    tabs = [(name, text, cases.count()) for name, (text, cases) in states.items()]
    units = Unit.objects.filter(pk__in=letter_room.letters().order_by().values("lead").distinct()).order_by("pk")
    return render(request, "supervision/letters.html", {
        "rows": rows, "page": page, "tabs": tabs, "state": state, "units": units, "unit": unit, "now": now,
    })  # fmt: skip


def _letter_states(now: datetime) -> dict[str, tuple[Label, QuerySet[Case]]]:
    every = letter_room.letters()
    urgent = every.filter(closed_at=None).order_by("due_at", "pk")
    return {
        "open": (Label("未办结", "Open"), urgent),
        "answering": (Label("待回函", "Awaiting the reply"), urgent.filter(stage="answering")),
        "reviewing": (Label("待审核", "To be judged"), urgent.filter(stage__in=["reviewing", "ruling"])),
        "overdue": (Label("已逾期", "Overdue"), urgent.filter(due_at__lt=now)),
        "closed": (Label("已办结", "Closed"), every.exclude(closed_at=None)),
    }


@require_GET
def letter_paper(request: HttpRequest, number: str) -> HttpResponse:
    """督办函（PDF）."""
    found = desks.visible(actor_of(request)).filter(number=number, procedure__code=LETTER)
    case = found.select_related("party", "lead", "predecessor").first()
    if case is None:
        raise NotFound(
            Label(f"没有督办函{number}，或不在您的查阅范围", f"No letter {number}, or it is not yours to see")
        )
    pdf = printing.letter(CaseFile(case, actor_of(request), present()))
    return papers.answer(pdf, f"{paper_number(number)}.pdf")


# -- instructions


@require_GET
def instructions(request: HttpRequest) -> HttpResponse:
    """批示件: open, overdue, reported back, done."""
    now = present()
    states = instruction_room.STATES
    state = request.GET.get("state", "") if request.GET.get("state", "") in states else ""
    counts = instruction_room.counts(now)
    state = state or ("to_read" if counts["to_read"] and "leader" in actor_of(request).roles else "open")
    found = instruction_room.of_state(state, now)
    if ui_sheets.wanted(request):
        sheet = sheets.papers_sheet(Label("批示件", "Instructions"), found, states[state])
        return ui_sheets.download(request, sheet, now)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    words = instruction_room.texts_of([case.pk for case in page.object_list])
    rows = [(row, paper_number(row.case.number), words.get(row.case.pk, {})) for row in rows_of(page.object_list, now)]
    tabs = [(name, label, counts[name]) for name, label in states.items()]
    return render(request, "supervision/instructions.html", {
        "rows": rows, "page": page, "tabs": tabs, "state": state, "now": now,
    })  # fmt: skip


# -- the inspectors' board


@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """监督看板: the four steps as columns; one step as a list with `step`."""
    now, query = present(), request.GET
    chosen = board_room.Chosen.of(query.dict())
    step = query.get("step", "")
    if step in board_room.DEFINITIONS:
        return _step(request, step, chosen, now)
    narrowed = urlencode(
        {name: value for name, value in query.items() if name in {"unit", "channel", "period"} and value}
    )
    return render(request, "supervision/board.html", {
        "columns": board_room.columns(chosen, now), "chosen": chosen, "now": now, "narrowed": narrowed,
        "week": board_room.written_off(chosen, now), "discards": board_room.discards_waiting()[:10],
        "channels": case_sheets.CHANNELS.items(), "periods": board_room.PERIODS.items(), "units": _leads(),
        **_letters_open(now),
    })  # fmt: skip


def _step(request: HttpRequest, step: str, chosen: board_room.Chosen, now: datetime) -> HttpResponse:
    found, label = board_room.cases_in(step, chosen, now), PHASE_LABELS[step]
    if ui_sheets.wanted(request):
        return ui_sheets.download(request, case_sheets.sheet(label, found, board_room.DEFINITIONS[step], now), now)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    return render(request, "supervision/board_step.html", {
        "rows": rows_of(page.object_list, now), "page": page, "label": label, "now": now,
        "definition": board_room.DEFINITIONS[step],
    })  # fmt: skip


def _leads() -> list[Unit]:
    return list(
        Unit.objects.filter(closed_on=None).exclude(kind=Unit.Kind.DESK).select_related("parent").order_by("pk")
    )


# -- the backstop


@require_GET
def backstop(request: HttpRequest) -> HttpResponse:
    """信访备案兜底: what could not be done, with its number, its explanation and whether that came in time."""
    now = present()
    found = backstop_room.backstops()
    if request.GET.get("state") == "waiting":
        found = found.filter(explained_at=None)
    if ui_sheets.wanted(request):
        note = Label("待解释的", "To be explained") if request.GET.get("state") == "waiting" else Label("全部", "All")
        return ui_sheets.download(request, sheets.backstop_sheet(found, note, now), now)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    waiting = backstop_room.lines(backstop_room.backstops().filter(explained_at=None), now)
    return render(request, "supervision/backstop.html", {
        "lines": backstop_room.lines(page.object_list, now), "page": page, "now": now,
        "waiting": len(waiting), "late": sum(line.state == "late" for line in waiting),
        "only_waiting": request.GET.get("state") == "waiting",
    })  # fmt: skip


urlpatterns = [
    path("supervision/", desk, name="desk"),
    path("supervision/press/<str:number>/<slug:action>/", press, name="press"),
    path("supervision/letters/", letters, name="letters"),
    path("supervision/letters/<str:number>/paper/", letter_paper, name="letter_paper"),
    path("instructions/", instructions, name="instructions"),
    path("inspection/", board, name="board"),
    path("backstop/", backstop, name="backstop"),
]
