"""办件页面: desks, the case page with its acts, the party's own page. Every name stands in the permissions
table; which case a person may open is decided here (`desks.visible`), what they may do by the kernel."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import cast

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_GET, require_POST

from qinqing.accounts.actor import Actor
from qinqing.audit.services import log_read
from qinqing.cases import acting, blobs, desks
from qinqing.cases import sheets as case_sheets
from qinqing.cases.actform import ActForm, act_forms, build, new_key, typed
from qinqing.cases.calendars import current
from qinqing.cases.casefile import CaseFile, Offer
from qinqing.cases.history import seal_of
from qinqing.cases.models import Attachment, Case
from qinqing.cases.refusals import Conflict, Incomplete, PartyAlone
from qinqing.cases.rows import Group, grouped, rows_of
from qinqing.cases.story import Happened
from qinqing.directory.models import Unit
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import now as present
from qinqing.ui import parts, sheets
from qinqing.ui.attachments import attachment
from qinqing.ui.errors import NotFound, Problem
from qinqing.ui.flash import say

HIDDEN = frozenset({"csrfmiddlewaretoken", "key", "task", "version"})  # what a form sends besides what was typed


def actor_of(request: HttpRequest) -> Actor:
    """The person at the door, set by the middleware."""
    return cast(Actor, request.actor)  # type: ignore[attr-defined]


# -- desks ------------------------------------------------------------------------------------------------------------


@require_GET
def desk(request: HttpRequest) -> HttpResponse:
    """我的办件."""
    now, actor = present(), actor_of(request)
    if sheets.wanted(request):
        return _desk_sheet(request, now)
    shown = desks.my_desk(actor, request.GET.get("tab", ""), now)
    units = Unit.objects.filter(pk__in=actor.unit_ids)
    tabs = [(name, label, shown.counts[name]) for name, label in desks.TABS.items()]
    return render(request, "cases/desk.html", {"desk": shown, "tabs": tabs, "units": units, "now": now})


def _desk_sheet(request: HttpRequest, now: datetime) -> HttpResponse:
    shown = desks.my_desk(actor_of(request), request.GET.get("tab", ""), now, whole=True)
    cases = [row.case for group in shown.groups for row in group.rows]
    title = Label("我的办件", "My matters")
    return sheets.download(request, case_sheets.sheet(title, cases, desks.TABS[shown.tab], now), now)


@require_GET
def unit(request: HttpRequest) -> HttpResponse:
    """本单位办件: for liaisons and heads."""
    now = present()
    found = desks.unit_cases(actor_of(request), now)
    title = Label("本单位办件", "My unit's matters")
    if sheets.wanted(request):
        note = Label("本单位和下属单位正在办理的全部办件", "All open matters of the unit and those below it")
        return sheets.download(request, case_sheets.sheet(title, found, note, now), now)
    page = Paginator(found, 50).get_page(request.GET.get("page"))
    groups = list(grouped(rows_of(page.object_list, now), now))
    return render(request, "cases/list.html", {"groups": groups, "page": page, "heading": title, "q": "", "now": now})


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """办件查询."""
    now, text, actor = present(), request.GET.get("q", "").strip()[:80], actor_of(request)
    found = desks.find_cases(text, actor) if text else desks.latest(actor)
    if sheets.wanted(request):
        note = _filter(text, found, Label("可查阅的全部办件", "All you may see"))
        return sheets.download(request, case_sheets.sheet(Label("办件查询", "Matters"), found.cases, note, now), now)
    page = Paginator(found.cases, 50).get_page(request.GET.get("page"))
    rows = rows_of(page.object_list, now)
    groups = [Group(Label("查询结果", "Found"), Label("", ""), rows)]
    title = Label("办件查询", "Find matters")
    return render(
        request,
        "cases/list.html",
        {"groups": groups if rows else [], "page": page, "heading": title, "q": text, "more": found.more},
    )


def _filter(text: str, found: desks.Found, everything: Label) -> Label:
    """What an exported list says of its filter."""
    note = Label(f"查询“{text}”", f"found by “{text}”") if text else everything
    return Label(f"{note.zh}{found.note.zh}", f"{note.en}{found.note.en}")


# -- one case ---------------------------------------------------------------------------------------------------------


@require_GET
def case(request: HttpRequest, number: str) -> HttpResponse:
    """The case page: left the story, right the duty."""
    file = CaseFile(_visible(request, number), actor_of(request), present())
    return _show(request, file, act_forms(file))


def _visible(request: HttpRequest, number: str) -> Case:
    found = desks.visible(actor_of(request)).filter(number=number).select_related("party", "lead", "parent").first()
    if found is None:
        raise NotFound(Label(f"没有办件{number}，或不在您的查阅范围", f"No case {number}, or it is not yours to see"))
    return found


def _show(
    request: HttpRequest,
    file: CaseFile,
    forms: list[ActForm],
    *,
    trouble: Problem | None = None,
    kept: Sequence[str] = (),
    status: int = 200,
) -> HttpResponse:
    """`kept`: what was typed for a step that is no longer open."""
    if actor_of(request).kind == "party":
        return _show_party(request, file, forms, trouble=trouble, kept=kept, status=status)
    seal = seal_of(file.case.number)
    return render(request, "cases/case.html", {
        "file": file, "case": file.case, "now": file.now, "stages": stages_of(file), "seal": seal,
        "trouble": trouble, "kept": kept,
        "happenings": [happening(item, file.case) for item in file.story()],
        "main_form": next((f for f in forms if f.open), next((f for f in forms if f.offer.primary), None)),
        "forms": forms, "units": file.units, "print_number": file.case.number, "print_note": _verified(seal),
    }, status=status)  # fmt: skip


def _verified(seal: parts.Seal) -> Label:
    """What the printed page says of the history."""
    if seal.broken_at is None:
        return Label(f"历史完整 · {seal.count}条已校验", f"History whole · {seal.count} records verified")
    return Label(f"历史第{seal.broken_at}条对不上", f"History: record {seal.broken_at} does not fit")


def stages_of(file: CaseFile) -> list[parts.Stage]:
    """The four steps as the page draws them."""
    from qinqing.ui.dates import stamp  # noqa: PLC0415

    ahead = Label("", "") if file.state.is_open else Label("未经此步", "Not taken")
    notes = {"done": Label("", ""), "at": file.stage_label, "ahead": ahead}
    return [
        parts.Stage(label, state, stamp(at, file.now) if at and state != "ahead" else notes[state])
        for label, state, at in file.phases
    ]


def happening(item: Happened, case: Case, code: str = "") -> parts.Happening:
    """One event as a line of the timeline; `code`: files are opened by receipt code."""
    files = tuple(
        parts.FileLink(
            file.name,
            reverse("cases:follow_file", args=[code, file.pk])
            if code
            else reverse("cases:file", args=[case.number, file.pk]),
            file.size,
            image=file.mime.startswith("image/"),
        )
        for file in item.files
    )
    zh = "；".join(f"{one.label.zh}：{one.text.zh}" for one in item.said)
    en = "; ".join(f"{one.label.en}: {one.text.en}" for one in item.said)
    if item.erased:
        zh, en = "（内容已按期清除）", "(erased when its time was over)"
    who = Label(f"{item.unit.zh} {item.who}".strip(), f"{item.unit.en} {item.who}".strip())
    return parts.Happening(item.at, item.title, Label(zh, en), item.kind, who, item.seq, item.hash, files)


@require_POST
def act(request: HttpRequest, number: str, action: str) -> HttpResponse:
    """Do one act from the case page; what was typed is kept when it is refused."""
    shown = _visible(request, number)
    file = CaseFile(shown, actor_of(request), present())
    return _do(request, file, action, lambda: redirect("cases:case", number=number))


def _do(request: HttpRequest, file: CaseFile, action: str, onward) -> HttpResponse:  # type: ignore[no-untyped-def]
    task_id, version, key = _number(request, "task"), _number(request, "version"), request.POST.get("key") or None
    offer = next((o for o in file.offers if o.action == action and (o.task.pk if o.task else None) == task_id), None)
    try:
        if offer is None:
            if key and acting.done_before(file.case.pk, action, file.actor, key):
                return onward()  # type: ignore[no-any-return]
            raise Conflict(
                Label("这一步刚刚已由他人办理，或不再可办", "Somebody has just done this, or it can no longer be done")
            )
        files = [blobs.store(upload) for upload in request.FILES.getlist("files")]
        acting.act(
            file.case.pk, action, file.actor, file.now, typed(offer, request.POST), task_id=task_id,
            expected_version=version, idempotency_key=key, files=files,
        )  # fmt: skip
    except Problem as problem:
        return _refused(request, file.case.pk, action, offer, problem)
    say(request, Label(f"{offer.label.zh}：已办", f"Done: {offer.label.en}"))
    return onward()  # type: ignore[no-any-return]


def _number(request: HttpRequest, name: str) -> int | None:
    sent = request.POST.get(name, "")
    return int(sent) if re.fullmatch("[0-9]{1,18}", sent) else None


def _refused(request: HttpRequest, case_id: int, action: str, offer: Offer | None, problem: Problem) -> HttpResponse:
    """The case as it stands now, with the form as it was typed and what is wrong with it."""
    fresh = CaseFile(
        Case.objects.select_related("party", "lead", "parent").get(pk=case_id), actor_of(request), present()
    )
    again = next((o for o in fresh.offers if o.action == action and (not offer or _same_task(o, offer))), offer)
    forms = [f for f in act_forms(fresh) if f.offer.action != action or not again]
    if again:
        form = build(again, fresh, request.POST)
        form.is_valid()
        if isinstance(problem, Incomplete):
            form.errors.clear()
            form.refuse(problem.fields)
        else:
            form.errors.clear()
        forms.insert(0, ActForm(again, form, new_key(), open=True))
    kept = [] if again else [str(t) for name, t in request.POST.items() if name not in HIDDEN and str(t).strip()]
    return _show(request, fresh, forms, trouble=problem, kept=kept, status=problem.status)


def _same_task(one: Offer, other: Offer) -> bool:
    return (one.task.pk if one.task else None) == (other.task.pk if other.task else None)


@require_POST
def phone(request: HttpRequest, number: str) -> HttpResponse:
    """查看号码: the visitor's phone in full, for a reason that is logged."""
    file = CaseFile(_visible(request, number), actor_of(request), present())
    reason = request.POST.get("reason", "").strip()[:200]
    if not reason:
        raise Incomplete({"reason": Label("请写明查看号码的理由", "Say why you need the number")})
    if not file.texts.get("phone"):
        raise NotFound(Label("本件没有留下手机号", "No phone number was left"))
    log_read(file.actor, "case.phone", number, reason, file.now)
    say(request, Label(f"来访人手机：{file.texts['phone']}", f"The visitor's phone: {file.texts['phone']}"), tone="")
    return redirect("cases:case", number=number)


@require_GET
def file(request: HttpRequest, number: str, file_id: int) -> HttpResponseBase:
    """An attachment, as a download unless it is an image or PDF."""
    return _send(Attachment.objects.filter(case=_visible(request, number), pk=file_id).first())


def _send(found: Attachment | None) -> HttpResponseBase:
    if found is None:
        raise NotFound(Label("没有这个附件", "There is no such attachment"))
    return attachment(blobs.path(found.sha256), found.name, found.mime)


@require_GET
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """回执: one sheet with the number, the code and a QR to follow the matter."""
    file = CaseFile(_visible(request, number), actor_of(request), present())
    address = request.build_absolute_uri(reverse("cases:follow", args=[file.case.receipt_code]))
    return render(request, "cases/receipt.html", {"file": file, "case": file.case, "address": address, "now": file.now})


# -- the party's own ---------------------------------------------------------------------------------------------------


@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """我的诉求: the matters of the person and the companies they act for; `q`: those that hold these words."""
    now, text, actor = present(), request.GET.get("q", "").strip()[:80], actor_of(request)
    own = desks.visible(actor).select_related("party", "lead").order_by("-opened_at")
    found = desks.find_cases(text, actor) if text else desks.Found(own)
    if sheets.wanted(request):
        title, note = Label("我的诉求", "My matters"), _filter(text, found, Label("全部诉求", "All matters"))
        sheet = case_sheets.sheet(title, found.cases, note, now, case_sheets.PARTY_COLUMNS)
        return sheets.download(request, sheet, now)
    return render(request, "cases/mine.html", {"rows": rows_of(found.cases[:100], now), "now": now, "q": text})


@require_GET
def follow(request: HttpRequest, code: str) -> HttpResponse:
    """Whoever has the receipt follows the matter, without signing in."""
    file = _by_code(code)
    return _show_party(request, file, act_forms(file))


def _by_code(code: str) -> CaseFile:
    found = Case.objects.filter(receipt_code=code.upper().replace("-", "")).select_related("party", "lead").first()
    if found is None:
        raise NotFound(Label("没有这个回执码，请核对后重新输入", "No such receipt code; check it and type it again"))
    holder = Actor(None, "回执持有人", "party", party_ids=frozenset({found.party_id}))
    return CaseFile(found, holder, present())


def _show_party(
    request: HttpRequest,
    file: CaseFile,
    forms: list[ActForm],
    *,
    trouble: Problem | None = None,
    kept: Sequence[str] = (),
    status: int = 200,
) -> HttpResponse:
    code = file.case.receipt_code
    by_code = file.actor.user_id is None
    last_word = [form for form in forms if form.offer.action in file.spec.afterwards]
    return render(request, "cases/follow.html", {
        "file": file, "case": file.case, "now": file.now, "stages": stages_of(file), "trouble": trouble,
        "forms": [form for form in forms if form not in last_word], "last_word": last_word, "kept": kept,
        "happenings": [happening(item, file.case, code) for item in file.story(party=True)], "by_code": by_code,
        "officer": _is_officer(request),
    }, status=status)  # fmt: skip


def _is_officer(request: HttpRequest) -> bool:
    """Whether an officer is signed in in this browser, whoever's receipt lies open."""
    return getattr(request.user, "kind", "") == "officer"


@require_POST
def follow_act(request: HttpRequest, code: str, action: str) -> HttpResponse:
    """Supplement, withdraw, say “not solved”, rate with the receipt code; rating is not for an officer's browser."""
    file = _by_code(code)
    request.actor = file.actor  # type: ignore[attr-defined]  # the receipt is the right
    if _is_officer(request) and action in file.spec.afterwards:
        offer = next((offer for offer in file.offers if offer.action == action), None)
        return _refused(request, file.case.pk, action, offer, PartyAlone())
    return _do(request, file, action, lambda: redirect("cases:follow", code=file.case.receipt_code))


@require_GET
def follow_file(request: HttpRequest, code: str, file_id: int) -> HttpResponseBase:
    """An attachment the party may see: those of events told to the party."""
    shown = _by_code(code)
    told = {attachment.pk for item in shown.story(party=True) for attachment in item.files}
    return _send(Attachment.objects.filter(pk=file_id).first() if file_id in told else None)


@require_GET
def calendar(request: HttpRequest) -> HttpResponse:
    """工作日历: this year and the next, and which revision is in force."""
    from qinqing.cases.calendar_page import months  # noqa: PLC0415

    in_force, now = current(), present()
    return render(request, "cases/calendar.html", {"years": months(in_force, now), "calendar": in_force, "now": now})


urlpatterns = [
    path("desk/", desk, name="desk"),
    path("unit/", unit, name="unit"),
    path("cases/", search, name="search"),
    path("cases/<str:number>/", case, name="case"),
    path("cases/<str:number>/receipt/", receipt, name="receipt"),
    path("cases/<str:number>/phone/", phone, name="phone"),
    path("cases/<str:number>/files/<int:file_id>/", file, name="file"),
    path("cases/<str:number>/<slug:action>/", act, name="act"),
    path("my/", mine, name="mine"),
    path("calendar/", calendar, name="calendar"),
    path("r/<str:code>/", follow, name="follow"),
    path("r/<str:code>/files/<int:file_id>/", follow_file, name="follow_file"),
    path("r/<str:code>/<slug:action>/", follow_act, name="follow_act"),
]
