"""工作台: the bank's desk, the registry's desk, any list of releases, and what the case page shows of one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Case as Choose
from django.db.models import IntegerField, Prefetch, QuerySet, Value, When, prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.views.decorators.http import require_GET

from qinqing.accounts.actor import Actor
from qinqing.accounts.middleware import actor_of
from qinqing.cases import shelf
from qinqing.cases.models import Case
from qinqing.cases.timing import clock_of
from qinqing.directory.models import Unit
from qinqing.directory.services import day_of
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import now as present
from qinqing.mortgages import places, selectors, selectors_figures, standing
from qinqing.mortgages.desk_sheets import VIAS, events_sheet, releases_sheet, word_of
from qinqing.mortgages.models import BankEvent, RegisterRequest, Release, Settlement
from qinqing.mortgages.models_desks import OwnerMessage
from qinqing.mortgages.register import register
from qinqing.mortgages.selectors_figures import PERIODS, SHOWS
from qinqing.ui import sheets
from qinqing.ui.errors import NotFound
from qinqing.ui.menu import may_open
from qinqing.ui.parts import Clock, Figure, Link
from qinqing.ui.periods import Period, asked, period_of

PAGE = 20
LIST = 50
# the bank's own doors and records, shown to whom they open
DOORS = (
    ("mortgages:entry_new", Label("录入结清或冲正", "Report a settlement or reversal")),
    ("mortgages:upload", Label("文件报送", "Send a file")),
    ("mortgages:entries", Label("录入与复核", "Entries and checks")),
)
RECORDS = (
    ("mortgages:days", Label("日终对账", "End-of-day reconciliation")),
    ("mortgages:aliases", Label("曾用名", "Former names")),
    ("mortgages:authorisations", Label("委托授权", "Authorisations")),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One release in a list. `clock`: to the promised moment; for who must look into it, to the end of that work."""

    release: Release
    clock: Clock
    standing: standing.Standing
    reason: selectors.Reason | None = None
    facts: Sequence[selectors.Fact] = ()
    fitting: Sequence[selectors.Fact] = ()
    creditors: Sequence[selectors.CreditorLine] = ()
    request: RegisterRequest | None = None


@require_GET
def bank_desk(request: HttpRequest) -> HttpResponse:
    """银行工作台: what this bank said today, how long each still has, what went to a person and why."""
    actor, now = actor_of(request), present()
    bank = places.bank_of(actor)
    today, month = period_of("day", day_of(now)), period_of("month", day_of(now))
    events = BankEvent.objects.filter(bank=bank, received_at__gte=today.start).select_related("release__case")
    if sheets.wanted(request):
        return sheets.download(request, events_sheet(bank, events.order_by("received_at")), now)
    mine = selectors.of_bank(bank)
    running = mine.filter(state=Release.State.OPEN, case__stage__in=("matching", "registering", "waiting"))
    doubtful = mine.filter(case__stage__in=selectors.WITH_A_PERSON, case__closed_at=None).order_by("promised_at")
    figures = selectors_figures.figures(month, bank)
    page = Paginator(events.order_by("-received_at", "-pk"), LIST).get_page(request.GET.get("page"))
    context = {
        "bank": bank,
        "running": lines(running.order_by("promised_at")[:LIST], now),
        "exceptions": explained(doubtful[:LIST], now),
        "events": page,
        "said": _said(page.object_list),
        "rate": selectors_figures.unaided_rate(month, figures, bank),
        "in_time": selectors_figures.in_time_rate(month, figures, bank),
        "figures": [
            Figure(Label("今日报送", "Reported today"), events.count()),
            Figure(Label("在办", "Open"), running.count(), selectors_figures.link("open", month, bank)),
            Figure(
                Label("待人工核查", "With a person"), doubtful.count(),
                selectors_figures.link("exception", month, bank), tone="amber" if doubtful.exists() else "",
            ),
            Figure(
                Label("今日注销", "Deregistered today"), selectors_figures.figures(today, bank).released,
                selectors_figures.link("released", today, bank),
            ),
            Figure(
                Label("本月用时中位数", "Median time this month"), str(standing.took_text(figures.median_minutes)),
                selectors_figures.link("released", month, bank), Label("从报送到注销", "from report to registration"),
            ),
        ],
        "doors": links(DOORS, actor), "records": links(RECORDS, actor), "now": now,
    }  # fmt: skip
    return render(request, "mortgages/bank_desk.html", context)


@require_GET
def bank_release(request: HttpRequest, number: str) -> HttpResponse:
    """One release as its bank may see it: what the bank said, what stands against it, where it is."""
    bank, now = places.bank_of(actor_of(request)), present()
    release = selectors.of_bank(bank).filter(case__number=number).first()
    if release is None:
        raise NotFound(Label("贵行没有这一件", "Your bank has no such release"))
    return render(request, "mortgages/bank_release.html", {
        **_story(release, now), "bank": bank,
        "events": _said(BankEvent.objects.filter(bank=bank, release=release).order_by("received_at")),
    })  # fmt: skip


@require_GET
def registry_desk(request: HttpRequest) -> HttpResponse:
    """登记工作台: what a person must look into, urgent reversals first, and what lies with the register now."""
    actor, now = actor_of(request), present()
    places.check_sees_all(actor)
    if sheets.wanted(request):
        note = Label(
            "待人工核查、领导裁定和冲正核查的全部解押", "All releases with a person, the leader, or reversed afterwards"
        )
        return sheets.download(request, releases_sheet(Label("待核查", "To look into"), _urgent_first(), note), now)
    today = period_of("day", day_of(now))
    waiting = Paginator(_urgent_first(), PAGE).get_page(request.GET.get("page"))
    asked = {
        one.release_id: one for one in RegisterRequest.objects.filter(state__in=("pending", "sent")).order_by("made_at")
    }
    at_register = selectors.releases().filter(pk__in=asked).order_by("requests__made_at").distinct()
    owed = selectors_figures.listed("waiting", None)
    untold = OwnerMessage.objects.filter(sms=OwnerMessage.Sms.FAILED).count()
    context = {
        "exceptions": explained(waiting.object_list, now, whole=True), "page": waiting,
        "at_register": [
            Line(one, standing.clock(one, now), standing.standing(one), request=asked[one.pk])
            for one in at_register[:LIST]
        ],
        "owed": _waiting(owed[:LIST], now), "owed_count": owed.count(),
        "figures": _registry_figures(today),
        "simulated": register().simulated, "untold": untold, "now": now, "can_work": places.is_registry(actor),
    }  # fmt: skip
    return render(request, "mortgages/registry_desk.html", context)


@require_GET
def releases(request: HttpRequest) -> HttpResponse:
    """The list behind a figure, its definition on top; a bank sees its own."""
    actor, now = actor_of(request), present()
    bank = _asked_bank(request, actor)
    show = request.GET.get("show", "released")
    if show not in SHOWS:
        raise NotFound(Label("没有这个清单", "There is no such list"))
    of = asked(request.GET.get("of"), tuple(PERIODS), "month", now)
    told, rows = SHOWS[show], selectors_figures.listed(show, of, bank)
    said = _scope(told, of, bank, now)
    if sheets.wanted(request):
        note = Label(f"{said.zh}。{told.definition.zh}", f"{said.en}. {told.definition.en}")
        return sheets.download(request, releases_sheet(told.label, rows, note), now)
    page = Paginator(rows, LIST).get_page(request.GET.get("page"))
    return render(request, "mortgages/releases.html", {
        "told": told, "page": page, "lines": lines(page.object_list, now), "scope": said,
        "tabs": [(label, selectors_figures.link(show, period_of(kind, day_of(now)), bank), kind == of.present_kind(now))
                 for kind, label in PERIODS.items()] if told.timed else [],
        "to": "mortgages:bank_release" if not places.sees_all(actor) else "cases:case",
    })  # fmt: skip


def for_officers(request: HttpRequest, case: object) -> str | None:
    """On the case page: settlements, the register's entry, each creditor settled or owed, requests with their tries."""
    assert isinstance(case, Case)
    release = Release.objects.select_related("case", "first_bank").filter(case=case.pk).first()
    if release is None or actor_of(request).kind != "officer":
        return None
    return render_to_string("mortgages/panel.html", _story(release, present()), request=request)


def stuck(actor: Actor) -> int | None:
    """For the registry's menu: how many wait for a person."""
    if not places.is_registry(actor):
        return None
    return selectors.releases().filter(case__stage__in=selectors.WITH_A_PERSON, case__closed_at=None).count()


# ── lists ──


def lines(found: Iterable[Release], now: datetime) -> list[Line]:
    """Each with its clock and standing."""
    return [Line(one, standing.clock(one, now), standing.standing(one)) for one in found]


def explained(found: Iterable[Release], now: datetime, *, whole: bool = False) -> list[Line]:
    """Each with the reason; `whole`: and with what stands against what."""
    rows = _with_settlements(found) if whole else list(found)
    why, known = selectors.reasons(rows), selectors.known_now() if whole else None
    made = []
    for one in rows:
        facts = selectors.compare(one, list(one.settlements.all()), known) if known else []
        work = clock_of(one.case, shelf.by_id(one.case.procedure_id), now) if whole else None
        fits = [fact for fact in facts if fact.same]
        differs = [fact for fact in facts if not fact.same and str(fact.said) != str(fact.registered)]
        until = work or standing.clock(one, now)
        made.append(Line(one, until, standing.standing(one), why[one.pk], differs, fits))
    return made


def links(among: Iterable[tuple[str, Label]], actor: Actor) -> list[Link]:
    """Of these routes the ones open to the reader."""
    return [Link(label, reverse(route)) for route, label in among if may_open(actor, route)]


# ── private ──


def _said(events: Iterable[BankEvent]) -> list[tuple[BankEvent, Label, Label]]:
    """Each event with what became of it and the door it came through."""
    found = []
    for event in events:
        found.append((event, word_of(event), VIAS[event.via]))
    return found


def _registry_figures(today: Period) -> list[Figure]:
    """What waits, and what was done today: each opens its list."""
    names = {"urgent": "red", "exception": "", "registering": "", "waiting": "", "released": ""}
    found = []
    for show, tone in names.items():
        count = selectors_figures.listed(show, today).count()
        label = Label("今日注销", "Deregistered today") if show == "released" else SHOWS[show].label
        found.append(Figure(label, count, selectors_figures.link(show, today), tone=tone if count else ""))
    return found


def _urgent_first() -> QuerySet[Release]:
    """Reversals after deregistration, then the rest, each by working time left; suspended ones last."""
    rank = Choose(When(case__stage="undoing", then=Value(0)), default=Value(1), output_field=IntegerField())
    stuck = selectors.releases().filter(case__stage__in=selectors.WITH_A_PERSON, case__closed_at=None)
    return stuck.annotate(rank=rank).order_by("rank", "case__held", "case__due_at", "pk")


def _with_settlements(found: Iterable[Release]) -> list[Release]:
    """Read for all of them at once."""
    rows = list(found)
    settled = Settlement.objects.select_related("event__bank", "reversed_by").order_by("pk")
    prefetch_related_objects(rows, Prefetch("settlements", settled))
    return rows


def _waiting(found: Iterable[Release], now: datetime) -> list[Line]:
    """Each with its creditors, settled or owed."""
    known, made = selectors.known_now(), []
    for one in _with_settlements(found):
        named = selectors.creditors(one, list(one.settlements.all()), known)
        made.append(Line(one, standing.clock(one, now), standing.standing(one), creditors=named))
    return made


def _story(release: Release, now: datetime) -> dict[str, Any]:
    """Everything a page says of one release."""
    settled = list(release.settlements.select_related("event__bank", "reversed_by__bank").order_by("pk"))
    known = selectors.known_now()
    asked = release.case.stage in selectors.WITH_A_PERSON and not release.case.outcome
    return {
        "release": release, "standing": standing.standing(release), "clock": standing.clock(release, now),
        "settled": [(each, known.units.get(each.creditor_code), VIAS[each.event.via]) for each in settled],
        "facts": selectors.compare(release, settled, known),
        "creditors": selectors.creditors(release, settled, known),
        "requests": release.requests.order_by("pk"),
        "reason": selectors.reasons([release])[release.pk] if asked else None,
        "messages": release.owner_messages.order_by("pk"),
        "simulated": register().simulated, "now": now,
    }  # fmt: skip


def _asked_bank(request: HttpRequest, actor: Actor) -> Unit | None:
    """The bank whose list is wanted: one's own for a bank, any or none (all) for registry and overseers."""
    if not places.sees_all(actor):
        return places.bank_of(actor)
    code = request.GET.get("bank", "")
    found = Unit.objects.exclude(credit_code="").filter(code=code).first() if code else None
    if code and found is None:
        raise NotFound(Label("没有这家银行", "There is no such bank"))
    return found


def _scope(told: selectors_figures.Show, of: Period, bank: Unit | None, now: datetime) -> Label:
    """本月 · 某银行."""
    parts = [of.so_far(now).label(day_of(now)) if told.timed else Label("此刻", "now")]
    if bank is not None:
        parts.append(bank.label)
    return Label(" · ".join(part.zh for part in parts), " · ".join(part.en for part in parts))


paths = [
    path("mortgages/bank/", bank_desk, name="bank_desk"),
    path("mortgages/bank/releases/<str:number>/", bank_release, name="bank_release"),
    path("mortgages/registry/", registry_desk, name="registry_desk"),
    path("mortgages/releases/", releases, name="releases"),
]
