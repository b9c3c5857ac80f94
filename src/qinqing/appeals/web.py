"""“难事帮办”窗口: one intake screen, top to bottom in the order people speak; keyboard first (Y1, Y2)."""

from __future__ import annotations

import uuid
from datetime import datetime, time
from typing import Any

from django import forms as django_forms
from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_GET, require_http_methods

from qinqing.accounts.middleware import actor_of
from qinqing.appeals import intake, near, suggesting
from qinqing.appeals.models import LibraryAnswer
from qinqing.appeals.web_library import urlpatterns as library_patterns
from qinqing.appeals.web_report import urlpatterns as report_patterns
from qinqing.cases import blobs, shelf
from qinqing.cases.actform import LISTS, units
from qinqing.cases.calendars import current
from qinqing.cases.models import Case
from qinqing.cases.rows import rows_of
from qinqing.directory.models import Party
from qinqing.directory.selectors import find_parties, party_summary
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import CHINA
from qinqing.lib.wallclock import now as present
from qinqing.lib.workdays import due
from qinqing.ui import parts
from qinqing.ui.dates import when
from qinqing.ui.errors import NotFound, Problem
from qinqing.ui.forms import Form, LongText, ManyFiles, both, choices

CHANNELS = (
    ("window", Label("窗口", "Window")),
    ("phone", Label("电话", "Phone")),
    ("visit", Label("走访带回", "Visit")),
)
CHANNEL_LABELS = dict(CHANNELS)
KINDS = (
    ("company", Label("企业", "Company")),
    ("sole_trader", Label("个体工商户", "Sole trader")),
    ("person", Label("个人", "Person")),
    ("unnamed", Label("不具名", "Unnamed")),
)
ACTIONS = ("dispatch", "answer_now", "decline", "merge")


class IntakeForm(Form):
    """The screen's fields; the kernel checks them again."""

    party = django_forms.IntegerField(required=False, widget=django_forms.HiddenInput)
    new_kind = django_forms.ChoiceField(label=both("类型", "Kind"), choices=choices(KINDS), required=False)
    new_name = django_forms.CharField(label=both("名称或姓名", "Name"), max_length=200, required=False)
    new_credit_code = django_forms.CharField(
        label=both("统一社会信用代码", "Credit code"), max_length=18, required=False
    )
    visitor = django_forms.CharField(label=both("来访人", "Visitor"), max_length=40, required=False)
    phone = django_forms.CharField(label=both("手机", "Mobile phone"), max_length=20, required=False)
    channel = django_forms.ChoiceField(label=both("来源", "Channel"), choices=choices(CHANNELS), initial="window")
    text = LongText(Label("诉求内容", "What is asked"), 500)
    cls = django_forms.ChoiceField(label=both("类别与应反馈时间", "Class and due time"), choices=(), required=False)
    lead = django_forms.ChoiceField(label=both("主办科室", "Lead section"), choices=(), required=False)
    assistants = django_forms.MultipleChoiceField(
        label=both("协办科室", "Assisting sections"), required=False, widget=django_forms.CheckboxSelectMultiple
    )
    answer = LongText(Label("当场答复", "Answer on the spot"), 2000, required=False)
    confirmed = django_forms.BooleanField(label=both("来访人已确认", "The visitor has confirmed"), required=False)
    ground = django_forms.ChoiceField(
        label=both("不予受理的情形", "Ground for not accepting"), choices=(), required=False
    )
    right_door = django_forms.CharField(label=both("应向何处提出", "The right door"), max_length=200, required=False)
    main_no = django_forms.CharField(label=both("主办件编号", "Number of the main case"), max_length=40, required=False)
    library = django_forms.IntegerField(required=False, widget=django_forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields = spec().fields
        named = units()
        self.fields["cls"].choices = choices(fields["class"].choices.items())  # type: ignore[attr-defined]
        self.fields["ground"].choices = [("", "—"), *choices(fields["ground"].choices.items())]  # type: ignore[attr-defined]
        self.fields["lead"].choices = [("", "—"), *named]  # type: ignore[attr-defined]
        self.fields["assistants"].choices = named  # type: ignore[attr-defined]
        self.fields["files"] = django_forms.FileField(
            label=both("附件", "Attachments"), required=False, widget=ManyFiles()
        )


def spec() -> Any:
    """The present version of the window's procedure."""
    return shelf.by_id(shelf.current_id(intake.PROCEDURE))


@require_http_methods(["GET", "POST"])
def window(request: HttpRequest) -> HttpResponse:
    """受理: the intake screen."""
    if request.method == "POST":
        return _take_in(request)
    initial = {"channel": "window", "cls": "general"}
    chosen = request.GET.get("party", "")
    form = IntakeForm(initial={**initial, "party": chosen if chosen.isdigit() else None})
    return _show(request, form, key=uuid.uuid4().hex)


def _take_in(request: HttpRequest) -> HttpResponse:
    form = IntakeForm(request.POST, request.FILES)
    action = request.POST.get("action", "")
    key = request.POST.get("key") or uuid.uuid4().hex
    if action not in ACTIONS:
        action = "answer_now" if request.POST.get("cls") == "simple" else "dispatch"
    try:
        done = intake.take_in(
            actor_of(request), present(), party=_party(request), opening=_values(request, "open"), action=action,
            first=_values(request, action), channel=_channel(request), key=key,
            files=[blobs.store(upload) for upload in request.FILES.getlist("files")],
            library_id=_whole(request.POST.get("library")),
        )  # fmt: skip
    except Problem as problem:
        form.is_valid()
        form.errors.clear()
        form.refuse({"cls" if name == "class" else name: text for name, text in problem.fields.items()})
        return _show(request, form, key=key, action=action, trouble=problem, status=problem.status)
    return redirect("appeals:taken", number=done.number)


def _party(request: HttpRequest) -> dict[str, Any]:
    post = request.POST
    if chosen := _whole(post.get("party")):
        return {"id": chosen}
    return {"kind": post.get("new_kind"), "name": post.get("new_name"), "credit_code": post.get("new_credit_code"),
            "phone": post.get("phone") if post.get("new_kind") in {"person", "unnamed"} else None}  # fmt: skip


def _values(request: HttpRequest, action: str) -> dict[str, Any]:
    """What was typed for one act, by the procedure's own form."""
    procedure = spec()
    act = procedure.opens_with if action == "open" else procedure.first.acts[action]
    posted = {name: "cls" if name == "class" else name for name in act.fields}
    return {
        name: request.POST.getlist(key) if procedure.fields[name].type in LISTS else request.POST.get(key)
        for name, key in posted.items()
        if key in request.POST
    }


def _channel(request: HttpRequest) -> str:
    channel = request.POST.get("channel", "window")
    return channel if channel in CHANNEL_LABELS else "window"


def _whole(raw: str | None) -> int | None:
    return int(raw) if raw and raw.isascii() and raw.isdigit() and len(raw) < 19 else None


def _show(
    request: HttpRequest,
    form: IntakeForm,
    *,
    key: str,
    action: str = "",
    trouble: Problem | None = None,
    status: int = 200,
) -> HttpResponse:
    now = present()
    party = Party.objects.filter(pk=_whole(str(form["party"].value() or "")) or 0).first()
    options, rulers = _classes(now)
    context = {
        "form": form, "key": key, "action": action, "trouble": trouble, "now": now, "options": options,
        "rulers": rulers,
        "summary": party_summary(party) if party else None, "beside": beside(party, now),
        "today": today(now),
        "fresh": rows_of(_today(now).order_by("-pk")[:5], now), "chosen_class": form["cls"].value(),
    }  # fmt: skip
    return render(request, "appeals/window.html", context, status=status)


def _classes(now: datetime) -> tuple[list[parts.Option], list[tuple[str, Label, Any]]]:
    """The three classes with the due time each would have, and the ruler of each that has one."""
    procedure = spec()
    limits = procedure.stages["handling"].clock.limits
    small = {
        "simple": Label("政策明确，当面说清", "The rule is clear; told face to face"),
        "general": Label("单科室可答复", "One section can answer"),
        "complex": Label("需两个以上单位", "Needs two units or more"),
    }
    options, rulers = [], []
    for value, label in procedure.fields["class"].choices.items():
        if value not in limits:
            options.append(parts.Option(value, label, Label("当场答复", "Answered on the spot"), small.get(value, "")))
            continue
        explained = due(now, limits[value], current())
        assert explained.at
        named = Label(f"{label.zh}　{limits[value].text.zh}", f"{label.en}, {limits[value].text.en}")
        by = when(explained.at, now)
        options.append(parts.Option(value, named, Label(f"{by.zh}前", f"by {by.en}"), small.get(value, "")))
        rulers.append((value, label, explained))
    return options, rulers


@require_GET
def parties(request: HttpRequest) -> HttpResponse:
    """Parties for what has been typed so far (htmx)."""
    text = request.GET.get("find", "").strip()[:60]
    hits = find_parties(text, 8) if text else []
    return render(request, "appeals/parties.html", {"hits": hits, "text": text})


@require_GET
def party(request: HttpRequest, party_id: int) -> HttpResponse:
    """The party chosen, with its earlier matters beside (htmx)."""
    found = Party.objects.filter(pk=party_id).first()
    if found is None:
        raise NotFound(Label("没有这个办事主体", "There is no such party"))
    now = present()
    return render(
        request, "appeals/party.html", {"summary": party_summary(found), "beside": beside(found, now), "now": now}
    )


def beside(party: Party | None, now: datetime) -> dict[str, Any] | None:
    """The party's earlier matters: how many are open, how many in a year, the latest five."""
    if party is None:
        return None
    cases = Case.objects.filter(party=party).select_related("party", "lead")
    year = cases.filter(opened_at__gte=now.replace(year=now.year - 1, day=min(now.day, 28)))
    return {
        "open": cases.filter(closed_at=None).count(),
        "year": year.count(),
        "rows": rows_of(cases.order_by("-pk")[:5], now),
    }


@require_GET
def hints(request: HttpRequest) -> HttpResponse:
    """Near-duplicates, sections suggested and library answers for the text typed so far (htmx)."""
    text = request.GET.get("text", "")[:500]
    advice = suggesting.advise(text, settings.COUNTY, settings.HOME)
    return render(request, "appeals/hints.html", {
        "advice": advice, "answers": library(text), "near": near.find(text, present()),
    })  # fmt: skip


def library(text: str, limit: int = 4) -> list[LibraryAnswer]:
    """Answers one of whose keywords stands in the text, or that match when searched; the most used first."""
    kept = LibraryAnswer.objects.filter(withdrawn_at=None).select_related("section").order_by("-uses", "pk")
    return [answer for answer in kept if any(word in text for word in answer.keywords.split())][:limit]


@require_GET
def answer(request: HttpRequest, answer_id: int) -> HttpResponse:
    """One library answer put into the answer's box (htmx)."""
    found = LibraryAnswer.objects.filter(pk=answer_id, withdrawn_at=None).select_related("section").first()
    if found is None:
        raise NotFound(Label("这条答复已撤下", "This answer has been withdrawn"))
    form = IntakeForm(initial={"answer": found.answer, "library": found.pk})
    return render(request, "appeals/answer.html", {"form": form, "found": found})


@require_GET
def taken(request: HttpRequest, number: str) -> HttpResponse:
    """What was taken in: number, due time, receipt with QR, next visitor."""
    case = Case.objects.filter(number=number).select_related("party", "lead").first()
    if case is None:
        raise NotFound(Label("没有这个编号", "There is no such number"))
    address = request.build_absolute_uri(reverse("cases:follow", args=[case.receipt_code]))
    row = rows_of([case], present())[0]
    return render(request, "appeals/taken.html", {"case": case, "row": row, "address": address, "now": present()})


def _today(now: datetime) -> Any:
    midnight = datetime.combine(now.astimezone(CHINA).date(), time(), tzinfo=CHINA)
    return Case.objects.filter(
        opened_at__gte=midnight, channel__in=list(CHANNEL_LABELS), procedure__code=intake.PROCEDURE
    ).select_related("party", "lead")


def today(now: datetime) -> list[parts.Figure]:
    """今日窗口: received, answered on the spot, dispatched; each opens the list."""
    cases = _today(now)
    address = reverse("cases:search")
    return [
        parts.Figure(Label("已接待", "Received"), cases.count(), address),
        parts.Figure(Label("当场答复", "On the spot"), cases.filter(outcome="answered").count(), address),
        parts.Figure(Label("已交办", "Dispatched"), cases.filter(~Q(stage="intake")).count(), address),
    ]


urlpatterns = [
    path("window/", window, name="window"),
    path("window/parties/", parties, name="parties"),
    path("window/parties/<int:party_id>/", party, name="party"),
    path("window/hints/", hints, name="hints"),
    path("window/answers/<int:answer_id>/", answer, name="answer"),
    path("window/taken/<str:number>/", taken, name="taken"),
    *library_patterns,
    *report_patterns,
]
