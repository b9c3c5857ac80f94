"""管卡的页面: the cards of one's offices, issuing, printing, revoking; and the outcomes. (Phone page: web_card.py.)"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qinqing.accounts.middleware import actor_of
from qinqing.cards import printing, results, selectors, services, sheets
from qinqing.cards.web_card import address_of_card, card, promise, receipt
from qinqing.cases.models import Case
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import now as present
from qinqing.ui import flash, papers
from qinqing.ui import sheets as workbooks
from qinqing.ui.errors import Problem
from qinqing.ui.forms import Form, LongText, both, choices, whole

PAGE = 60


class IssueForm(Form):
    """A batch of cards: one for each place."""

    unit = forms.ChoiceField(label=both("发卡单位", "Issuing office"))
    batch = forms.CharField(
        label=both("批次", "Batch"), max_length=40, help_text=both("如：2026年秋", "Such as: autumn 2026")
    )
    places = LongText(
        Label("放置地点", "Places"), 4000, rows=6,
        help_text=both(
            f"每行一处，每处发一张卡，最多{services.MOST}处", f"One a line; a card for each, {services.MOST} at most"
        ),
    )  # fmt: skip

    def __init__(self, offices: list[tuple[str, Label]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].choices = choices(offices)  # type: ignore[attr-defined]


@require_GET
def cards(request: HttpRequest) -> HttpResponse:
    """The cards of one's offices; `?state=ended` those revoked."""
    state, words = request.GET.get("state", "use"), request.GET.get("q", "").strip()[:60]
    state = state if state in selectors.STATES else "use"
    found = selectors.cards_of(actor_of(request), ended=state == "ended", words=words)
    if workbooks.wanted(request):
        note = selectors.STATES[state]
        note = Label(f"{note.zh}，含“{words}”", f"{note.en}, holding “{words}”") if words else note
        return workbooks.download(request, sheets.sheet(list(found), note), present())
    context = {
        "page": Paginator(found, PAGE).get_page(request.GET.get("page")), "state": state, "states": selectors.STATES,
        "q": words, "copies": printing.ON_A_PAGE,
    }  # fmt: skip
    return render(request, "cards/cards.html", context)


@require_http_methods(["GET", "POST"])
def issue(request: HttpRequest) -> HttpResponse:
    """发卡."""
    actor, now = actor_of(request), present()
    offices = [(str(unit.pk), unit.label) for unit in services.offices_of(actor) if services.can_answer(unit, now)]
    form = IssueForm(offices, request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            made = services.issue(actor, int(said["unit"]), said["batch"], said["places"].split("\n"), now)
        except Problem as problem:
            form.refuse(problem.fields or {"": problem.detail})
        else:
            flash.say(request, Label(f"已发{len(made)}张卡，可打印", f"{len(made)} cards issued; print them next"))
            return redirect(
                f"{reverse('cards:cards')}?q={made[0].batch}"
                if len(made) > 1
                else reverse("cards:card_page", args=[made[0].pk])
            )
    if form.errors:
        status = 422
    return render(request, "cards/issue.html", {"form": form, "offices": offices}, status=status)


@require_POST
def print_cards(request: HttpRequest) -> HttpResponse:
    """印制: the chosen cards as A4 sheets."""
    ids = [pk for pk in map(whole, request.POST.getlist("card")) if pk is not None]
    number = whole(request.POST.get("copies", "1")) or 0
    printed = services.note_printed(actor_of(request), ids, number, present())
    root = request.build_absolute_uri("/")[:-1]
    lines = [(one, root + reverse("cards:card", args=[token])) for one, token in printed]
    name = Label(f"廉心卡-{printed[0][0].number}.pdf", f"cards-{printed[0][0].number}.pdf")
    return papers.answer(printing.sheet(lines, number, promise()), str(name))


@require_GET
def card_page(request: HttpRequest, card_id: int) -> HttpResponse:
    """One card: where it lies, what it brought in, its history, and how it ends."""
    return _card(request, card_id)


@require_POST
def revoke(request: HttpRequest, card_id: int) -> HttpResponse:
    """停用."""
    try:
        services.revoke(actor_of(request), card_id, request.POST.get("reason", ""), present())
    except Problem as problem:
        return _card(request, card_id, problem)
    flash.say(request, Label("已停用，扫码页面即时生效", "Revoked; the page behind the code says so at once"))
    return redirect("cards:card_page", card_id=card_id)


@require_POST
def replace(request: HttpRequest, card_id: int) -> HttpResponse:
    """换卡."""
    try:
        made = services.replace(actor_of(request), card_id, request.POST.get("reason", ""), present())
    except Problem as problem:
        return _card(request, card_id, problem)
    said = Label(f"已换发第{made.number}号卡，旧卡即时停用", f"Card {made.number} issued; the old one ended")
    flash.say(request, said)
    return redirect("cards:card_page", card_id=made.pk)


def _card(request: HttpRequest, card_id: int, problem: Problem | None = None) -> HttpResponse:
    found = selectors.card_page(actor_of(request), card_id)
    matters = Case.objects.filter(card_use__card=found).select_related("lead").order_by("-opened_at")
    context = {
        "card": found, "steps": selectors.steps(found),
        "page": Paginator(matters, 20).get_page(request.GET.get("page")),
        "problem": problem, "reason": request.POST.get("reason", ""), "copies": printing.ON_A_PAGE,
        "answers": services.can_answer(found.unit, present()),
        "successor": getattr(found, "successor", None), "address": address_of_card(found),
    }  # fmt: skip
    return render(request, "cards/one.html", context, status=problem.status if problem else 200)


@require_GET
def outcomes(request: HttpRequest) -> HttpResponse:
    """成果: quantities by month, office and unit of count, with the matters behind them."""
    found = results.outcomes(actor_of(request))
    if workbooks.wanted(request):
        note = Label("已核销且您可查阅的办件", "Matters written off that you may see")
        return workbooks.download(request, sheets.outcome_sheet(list(found), note), present())
    context = {
        "lines": results.sums(found),
        "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "cards/outcomes.html", context)


urlpatterns = [
    path("card/receipt/<str:code>/", receipt, name="receipt"),
    path("card/<str:token>/", card, name="card"),
    path("cards/", cards, name="cards"),
    path("cards/new/", issue, name="issue"),
    path("cards/print/", print_cards, name="print"),
    path("cards/<int:card_id>/", card_page, name="card_page"),
    path("cards/<int:card_id>/revoke/", revoke, name="revoke"),
    path("cards/<int:card_id>/replace/", replace, name="replace"),
    path("outcomes/", outcomes, name="outcomes"),
]
