"""答复库页面: the list for everybody who handles matters; the head of the window adds, changes and withdraws."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods

from qinqing.accounts.access import may_open
from qinqing.accounts.middleware import actor_of
from qinqing.appeals import library
from qinqing.appeals.models import LibraryAnswer
from qinqing.directory.selectors import sections
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import now as present
from qinqing.ui import flash, sheets
from qinqing.ui.forms import Form, LongText, choices, said


class AnswerForm(Form):
    """One standard answer."""

    question = forms.CharField(label=said(Label("问题", "Question")), max_length=120)
    answer = LongText(Label("答复", "Answer"), 2000, rows=8)
    section = forms.ChoiceField(label=said(Label("科室", "Section")), required=False)
    keywords = forms.CharField(
        label=said(Label("关键词", "Keywords")),
        max_length=200,
        required=False,
        help_text=said(
            Label("用空格分开；诉求中出现其一即提示", "Apart by blanks; one of them in a matter brings the answer up")
        ),
    )
    basis = forms.CharField(label=said(Label("依据", "Basis")), max_length=200, required=False)
    withdrawn = forms.BooleanField(
        label=said(Label("撤下，不再供窗口使用", "Withdrawn, no longer offered")), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        listed = [(str(unit.pk), unit.label) for unit in sections()]
        self.fields["section"].choices = choices([("", Label("（不分科室）", "(none)")), *listed])  # type: ignore[attr-defined]


@require_GET
def answers(request: HttpRequest) -> HttpResponse:
    """The library, the most used first; `?withdrawn=1` those taken down."""
    text, withdrawn = request.GET.get("q", "").strip()[:80], request.GET.get("withdrawn") == "1"
    found = library.find(text, withdrawn)
    if sheets.wanted(request):
        note = Label("已撤下的", "Withdrawn") if withdrawn else Label("在用的", "In use")
        if text:
            note = Label(f"{note.zh}，含“{text}”", f"{note.en}, holding “{text}”")
        return sheets.download(request, library.sheet(found, note), present())
    page = {
        "page": Paginator(found, 30).get_page(request.GET.get("page")),
        "q": text,
        "withdrawn": withdrawn,
        "may_edit": may_open(actor_of(request), "appeals:library_answer"),
    }
    return render(request, "appeals/library.html", page)


@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """A new answer."""
    return _edit(request, None)


@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, answer_id: int) -> HttpResponse:
    """Change or withdraw an answer."""
    return _edit(request, get_object_or_404(LibraryAnswer, pk=answer_id))


def _edit(request: HttpRequest, found: LibraryAnswer | None) -> HttpResponse:
    initial: dict[str, Any] = {}
    if found is not None:
        initial = {name: getattr(found, name) for name in ("question", "answer", "keywords", "basis")}
        initial |= {"section": found.section_id or "", "withdrawn": found.withdrawn_at is not None}
    form = AnswerForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        facts = {**form.cleaned_data, "section_id": int(form.cleaned_data["section"] or 0) or None}
        library.save(found.pk if found else None, facts, present())
        flash.say(request, Label("已保存，窗口即可使用", "Saved; the window can use it now"))
        return redirect("appeals:library")
    page = {"form": form, "found": found}
    return render(request, "appeals/library_answer.html", page, status=422 if form.is_bound else 200)


urlpatterns = [
    path("library/", answers, name="library"),
    path("library/new/", add, name="library_new"),
    path("library/<int:answer_id>/", change, name="library_answer"),
]
