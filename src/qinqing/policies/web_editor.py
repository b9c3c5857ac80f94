"""部门管政策的页面: versions by state, one version with all that is known of it, its steps, YAML out and in.

Whose policies: the officer's departments (a county leader sees all). Every step goes through `services`, which asks
again who may. The form for drafting: web_editor_form.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qinqing.accounts.actor import Actor
from qinqing.accounts.middleware import actor_of
from qinqing.directory.facts.dictionary import dictionary
from qinqing.directory.facts.snapshots import snapshot
from qinqing.directory.services import day_of
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import now as present
from qinqing.policies import editor_rights, selectors, services, web_editor_form
from qinqing.policies.checker import Checked, examine
from qinqing.policies.counting import effect_of
from qinqing.policies.departments import named as departments_named
from qinqing.policies.editor_lists import named, note_look, sheet_of
from qinqing.policies.editor_rows import STATES, Row, rows_for
from qinqing.policies.editor_rows import sheet as rows_sheet
from qinqing.policies.editor_version import page_of
from qinqing.policies.models import PolicyVersion
from qinqing.policies.plain_yaml import LARGEST_FILE
from qinqing.policies.policy import REVIEW_RESULTS, ReviewResult
from qinqing.ui import flash, sheets
from qinqing.ui.errors import Invalid, NotFound, Problem
from qinqing.ui.forms import Form, LongText, both, choices

State = PolicyVersion.State
TABS = {
    "draft": Label("起草", "Drafts"), "reviewed": Label("已审查，待批准", "Reviewed, to be approved"),
    "live": Label("生效", "Live"), "superseded": Label("被替代", "Superseded"), "withdrawn": Label("撤回", "Withdrawn"),
}  # fmt: skip
SHOWN, AT_ONCE = 50, 30


class ReviewForm(Form):
    """公平竞争审查的结论."""

    result = forms.ChoiceField(
        label=both("审查结论", "Result"), choices=choices((key.value, label) for key, label in REVIEW_RESULTS.items()),
        widget=forms.RadioSelect,
    )  # fmt: skip
    words = LongText(
        Label("审查意见（适用例外或未通过必填）", "Words (needed for an exception or a refusal)"), 1000, required=False
    )


class WithdrawForm(Form):
    """撤回的理由."""

    reason = LongText(Label("撤回理由", "Why it is withdrawn"), 200, rows=2)


class ImportForm(Form):
    """A definition as a file."""

    file = forms.FileField(label=both("政策文件（YAML）", "Policy (YAML)"))
    note = forms.CharField(label=both("说明", "Note"), max_length=200, required=False)


@never_cache
@require_GET
def versions(request: HttpRequest) -> HttpResponse:
    """本部门的政策和版本, by state."""
    actor = actor_of(request)
    rows = rows_for(actor)
    counts = Counter(row.version.state for row in rows)
    asked = request.GET.get("state", "")
    state = asked if asked in TABS else next((name for name in TABS if counts[name]), "draft")
    words = request.GET.get("q", "").strip()
    shown = [row for row in rows if row.version.state == state and _fits(row, words)]
    if sheets.wanted(request):
        label = STATES[PolicyVersion.State(state)][0]
        note = Label(f"{label.zh}，查询“{words}”", f"{label.en}, “{words}”") if words else label
        return sheets.download(request, rows_sheet(shown, note), present())
    page = Paginator(shown, AT_ONCE).get_page(request.GET.get("page"))
    return render(request, "policies/editor/versions.html", {
        "page": page, "state": state, "q": words, "may_draft": bool(editor_rights.leads(actor)),
        "tabs": [(name, label, counts[name]) for name, label in TABS.items()],
    })  # fmt: skip


@never_cache
@require_GET
def version(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """One version: what it says, what became of it, what may be done now."""
    return _version_page(request, editor_rights.version_for(actor_of(request), code, number), {})


@never_cache
@require_POST
def step(request: HttpRequest, code: str, number: int, name: str) -> HttpResponse:
    """登记审查、批准、撤回."""
    row = editor_rights.version_for(actor_of(request), code, number)
    if name not in _STEPS:
        raise NotFound(Label("没有这一步", "There is no such step"))
    form = _FORMS[name](request.POST)
    if not form.is_valid():
        return _version_page(request, row, {name: form}, 422)
    try:
        said = _STEPS[name](actor_of(request), row.pk, form.cleaned_data)
    except (Invalid, services.Faulty) as problem:
        form.refuse(problem.fields or {"": problem.detail})
        return _version_page(request, row, {name: form}, problem.status)
    flash.say(request, said)
    return redirect("policies:editor_version", code=code, number=number)


@never_cache
@require_GET
def effect(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """谁新符合、谁不再符合: of a version, against the live one; as a workbook too."""
    now, actor = present(), actor_of(request)
    row = editor_rights.version_for(actor, code, number)
    policy = selectors.policy_of(row.pk)
    live = None if row.state == State.LIVE else web_editor_form.live_of(code)
    shift = effect_of(policy, live, dictionary(), snapshot()[1], day_of(now))
    if sheets.wanted(request):
        return sheets.download(request, sheet_of(shift, policy.title), now)
    note_look(actor, policy, now)
    return render(request, "policies/editor/effect.html", {
        "version": row, "policy": policy, "shift": shift, "live": live, "lists": named(shift, SHOWN), "most": SHOWN,
        "more_fen": shift.after.fen - shift.before.fen, "now": now, "budget": policy.budget,
    })  # fmt: skip


@never_cache
@require_GET
def as_yaml(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """The definition as a file: as it came in, comments and all."""
    row = editor_rights.version_for(actor_of(request), code, number)
    response = HttpResponse(row.source, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{code}@{number}.yaml"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@never_cache
@require_http_methods(["GET", "POST"])
def import_yaml(request: HttpRequest) -> HttpResponse:
    """导入YAML: stored as the next draft, or every fault with line, column and mend."""
    actor = actor_of(request)
    if request.method == "GET":
        return render(request, "policies/editor/import.html", {"form": ImportForm(), "checked": None})
    form = ImportForm(request.POST, request.FILES)
    checked = None
    if form.is_valid():
        text = _text_of(form)
        checked = examine(text, selectors.known()) if text is not None else None
        if text is not None and checked is not None and checked.ok:
            done = _imported(actor, form, text, checked)
            if done is not None:
                row, fresh = done
                flash.say(request, _stored(row, fresh), tone="green" if fresh else "amber")
                return redirect("policies:editor_version", code=row.policy.code, number=row.number)
    return render(request, "policies/editor/import.html", {"form": form, "checked": checked}, status=422)


# ── private ──


def _fits(row: Row, words: str) -> bool:
    text = f"{row.policy.title.zh} {row.policy.title.en} {row.policy.code} {row.policy.reference}".casefold()
    return all(word in text for word in words.casefold().split())


def _version_page(request: HttpRequest, row: PolicyVersion, given: dict[str, Form], status: int = 200) -> HttpResponse:
    actor = actor_of(request)
    page = page_of(row, actor)
    context: dict[str, Any] = {
        **page, "version": row, "departments": departments_named(page["policy"].departments),
        "review_form": given.get("review") or ReviewForm(initial={"result": "passed"}),
        "approve_form": given.get("approve") or Form(), "withdraw_form": given.get("withdraw") or WithdrawForm(),
        "open_form": next(iter(given), ""), "print_number": page["policy"].reference,
        "export_url": reverse("policies:editor_yaml", args=[row.policy.code, row.number]),
    }  # fmt: skip
    return render(request, "policies/editor/version.html", context, status=status)


def _review(actor: Actor, version_id: int, data: dict[str, Any]) -> Label:
    services.record_review(actor, version_id, ReviewResult(data["result"]), data["words"], present())
    return Label("公平竞争审查已登记", "The fair-competition review is recorded")


def _approve(actor: Actor, version_id: int, data: dict[str, Any]) -> Label:
    services.approve(actor, version_id, present())
    return Label("已批准生效；原生效版本同时被替代", "Approved and live; the version live before is superseded")


def _withdraw(actor: Actor, version_id: int, data: dict[str, Any]) -> Label:
    services.withdraw(actor, version_id, data["reason"], present())
    return Label("已撤回", "Withdrawn")


_STEPS: dict[str, Callable[[Actor, int, dict[str, Any]], Label]] = {
    "review": _review,
    "approve": _approve,
    "withdraw": _withdraw,
}
_FORMS: dict[str, type[Form]] = {"review": ReviewForm, "approve": Form, "withdraw": WithdrawForm}


def _text_of(form: Form) -> str | None:
    file = form.cleaned_data["file"]
    if file.size > LARGEST_FILE * 4:
        form.refuse({"file": Label("文件过大，不像一项政策，请核对", "Too large for one policy; check the file")})
        return None
    try:
        return str(file.read().decode("utf-8-sig"))
    except UnicodeDecodeError:
        form.refuse({"file": Label("不是UTF-8文字，请另存为UTF-8编码", "Not a text in UTF-8; save it as UTF-8")})
        return None


def _imported(actor: Actor, form: Form, text: str, checked: Checked) -> tuple[PolicyVersion, bool] | None:
    """What was stored; None where it was refused, which the form then says."""
    assert checked.policy is not None  # it is ok
    before = PolicyVersion.objects.filter(policy__code=checked.policy.code).order_by("-number").first()
    if before is not None:
        lead = selectors.policy_of(before.pk).departments[0]
        if not editor_rights.may(actor, "policy_author", lead):
            said = Label("这个代码的政策属于别的部门，请换代码", "The policy of this code is another department's")
            form.refuse({"file": said})
            return None
    try:
        return services.draft(actor, text, present(), note=form.cleaned_data["note"])
    except Problem as problem:
        form.refuse(problem.fields or {"file": problem.detail})
        return None


def _stored(row: PolicyVersion, fresh: bool) -> Label:
    if fresh:
        return Label(f"已导入为第{row.number}版（起草）", f"Imported as version {row.number}, a draft")
    return Label(f"内容与第{row.number}版相同，没有另存", f"The same as version {row.number}; nothing new stored")


urlpatterns = [
    path("policies/editor/", versions, name="editor"),
    path("policies/editor/new/", web_editor_form.new, name="editor_new"),
    path("policies/editor/import/", import_yaml, name="editor_import"),
    path("policies/editor/count/", web_editor_form.count, name="editor_count"),
    path("policies/editor/<str:code>/<int:number>/", version, name="editor_version"),
    path("policies/editor/<str:code>/<int:number>/edit/", web_editor_form.edit, name="editor_edit"),
    path("policies/editor/<str:code>/<int:number>/effect/", effect, name="editor_effect"),
    path("policies/editor/<str:code>/<int:number>/yaml/", as_yaml, name="editor_yaml"),
    path("policies/editor/<str:code>/<int:number>/<str:name>/", step, name="editor_step"),
]
