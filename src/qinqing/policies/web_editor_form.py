"""起草政策的页面: the form for a new version, and the count that goes with it while it is written.

Every button of the form sends all of it and gets all of it back: nothing typed is lost, and no script is needed. The
live count shows numbers only; names of companies come at a press of their own, which the read log notes, for whoever
writes conditions could otherwise ask for anybody's figures unseen.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from qinqing.accounts.middleware import actor_of
from qinqing.directory.facts.dictionary import dictionary
from qinqing.directory.facts.snapshots import snapshot
from qinqing.directory.models import Unit
from qinqing.directory.services import day_of
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import now as present
from qinqing.policies import editing, editor_rights, selectors, services
from qinqing.policies.counting import effect_of
from qinqing.policies.editing import Fields, Read
from qinqing.policies.editing_view import GROUPS, HOW_OPTIONS, Sheet, blank_fields, in_words, press
from qinqing.policies.editor_lists import Named, named, note_look, sheet_of
from qinqing.policies.models import PolicyVersion
from qinqing.policies.policy import ORIGINS, REVIEW_RESULTS, SHORTS, Policy
from qinqing.policies.to_yaml import to_yaml
from qinqing.policies.words import VERDICTS
from qinqing.ui import flash, sheets
from qinqing.ui.errors import BadRequest, NotAllowed, Problem

SHOWN = 20
_ORDERS = {"highest_first": Label("从高到低", "highest first"), "lowest_first": Label("从低到高", "lowest first")}
_TOO_FEW = Label("只有部门的经办人员可以起草政策", "Only officers of a department draft policies")


@never_cache
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """起草一项新政策. Whether it may be stored is decided by the department that leads it."""
    leads = editor_rights.leads(actor_of(request))
    return _form(request, None, blank_fields(leads[0].code if leads else ""))


@never_cache
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """起草下一版, starting from this version."""
    version = editor_rights.version_for(actor_of(request), code, number)
    policy = selectors.policy_of(version.pk)
    if not editor_rights.may(actor_of(request), "policy_author", policy.departments[0]):
        raise NotAllowed(Label("只有牵头部门的经办人员可以起草", "Only officers of the leading department draft it"))
    return _form(request, version, editing.fields_of(policy, dictionary()))


@never_cache
@require_POST
def count(request: HttpRequest) -> HttpResponse:
    """How many companies would match what stands in the form now; `names` lists who enters and drops out, `xlsx` gives
    them all."""
    now, actor = present(), actor_of(request)
    fields = _sent(request)
    if not any(editor_rights.may(actor, "policy_author", code) for code in fields["departments"][:1]):
        raise NotAllowed(_TOO_FEW)
    found = editing.read(fields, selectors.known())
    wanted = request.POST.get("show", "")
    if found.policy is None or not found.usable:
        return render(request, "policies/editor/count.html", {"shift": None})
    live = live_of(found.policy.code)
    shift = effect_of(found.policy, live, dictionary(), snapshot()[1], day_of(now))
    if wanted == "xlsx":
        return sheets.download(request, sheet_of(shift, found.policy.title), now)
    lists: dict[str, list[Named]] = {}
    if wanted == "names":
        note_look(actor, found.policy, now)
        lists = named(shift, SHOWN)
    return render(request, "policies/editor/count.html", {
        "shift": shift, "live": live, "lists": lists, "most": SHOWN, "now": now,
        "more_fen": shift.after.fen - shift.before.fen, "budget": found.policy.budget,
    })  # fmt: skip


def live_of(code: str) -> Policy | None:
    """The live version of a policy, if there is one."""
    row = selectors.live_versions().filter(policy__code=code).first()
    return selectors.policy_of(row.pk) if row else None


# ── private ──


def _form(request: HttpRequest, version: PolicyVersion | None, start: Fields) -> HttpResponse:
    facts = dictionary()
    newest = _newest(version)
    if request.method == "GET":
        return _page(request, version, Sheet(in_words(start, facts), facts), newest)
    fields = _sent(request)
    if version is not None:
        fields["policy"] = version.policy.code  # a policy keeps its code
    button = request.POST.get("do", "")
    if button not in {"save", "check"}:
        focus = press(fields, button)
        return _page(request, version, Sheet(in_words(fields, facts), facts, focus=focus), newest)
    found = editing.read(fields, selectors.known())
    sheet = Sheet(in_words(fields, facts), facts, found.errors)
    if button == "save" and found.sound:
        stale = _stale(request, version, fields["policy"], newest)
        if stale is None:
            return _save(request, version, found, sheet, newest)
        sheet.errors = {"": (stale,)}
    return _page(request, version, sheet, newest, found, checked=button == "check" and found.sound)


def _save(request: HttpRequest, version: PolicyVersion | None, found: Read, sheet: Sheet, newest: int) -> HttpResponse:
    assert found.policy is not None  # it is sound
    note = request.POST.get("note", "")
    try:
        stored, fresh = services.draft(actor_of(request), to_yaml(found.policy), present(), note=note)
    except Problem as problem:
        sheet.errors = {(name if name == "note" else ""): (text,) for name, text in problem.fields.items()} or {
            "": (problem.detail,)
        }
        return _page(request, version, sheet, newest, found, status=problem.status)
    said = Label(f"已存为第{stored.number}版（起草）", f"Stored as version {stored.number}, a draft")
    same = Label(f"内容与第{stored.number}版相同，没有另存", f"The same as version {stored.number}; nothing new stored")
    flash.say(request, said if fresh else same, tone="green" if fresh else "amber")
    return redirect("policies:editor_version", code=stored.policy.code, number=stored.number)


def _newest(version: PolicyVersion | None) -> int:
    return selectors.newest(version.policy.code).number if version else 0


def _stale(request: HttpRequest, version: PolicyVersion | None, code: str, newest: int) -> Label | None:
    """Somebody stored a version meanwhile, or the code of a new policy is taken. Sent again, it is meant."""
    if version is None:
        taken = PolicyVersion.objects.filter(policy__code=code).exists()
        said = Label(
            f"政策代码“{code}”已有政策在用，请换一个", f"There is a policy {code} already; choose another code"
        )
        return said if taken else None
    if request.POST.get("newest", "") == str(newest):
        return None
    return Label(
        f"您填写期间有人存了第{newest}版。请先对照该版；再按一次“存为新版”即在其后另存",
        f"Somebody stored version {newest} meanwhile. Compare first; press save again to store yours after it",
    )


def _sent(request: HttpRequest) -> Fields:
    names = [name for name in request.POST if name not in {"csrfmiddlewaretoken", "do", "note", "newest", "show"}]
    if len(names) > 900:
        raise BadRequest(Label("表单的字段过多，请改用导入YAML", "Too many fields for a form; import it as YAML"))
    return editing.from_names((name, request.POST.get(name, "")) for name in names)


def _page(
    request: HttpRequest,
    version: PolicyVersion | None,
    sheet: Sheet,
    newest: int,
    found: Read | None = None,
    *,
    checked: bool = False,
    status: int | None = None,
) -> HttpResponse:
    wrong = bool(sheet.errors)
    context = {
        "version": version, "sheet": sheet, "newest": newest, "checked": checked,
        "warnings": found.warnings if found else (), "note": request.POST.get("note", ""),
        "hows": HOW_OPTIONS, "groups": GROUPS, "text_only": sheet.value("conditions.text"),
        "examples_text": sheet.value("examples.text"),
        "units": _units(sheet), "origins": list(ORIGINS.items()), "shorts": list(SHORTS.items()),
        "results": [("", Label("没有写", "not said")), *REVIEW_RESULTS.items()],
        "verdicts": [(verdict.name.lower(), label) for verdict, label in VERDICTS.items()],
        "orders": list(_ORDERS.items()),
        "bounds": [("from", Label("达到（含）", "from")), ("above", Label("超过", "above"))],
        "pays": [("yuan", Label("元", "yuan")), ("rate", Label("比例", "a rate"))],
    }  # fmt: skip
    return render(request, "policies/editor/form.html", context, status=status or (422 if wrong else 200))


def _units(sheet: Sheet) -> list[tuple[str, Label]]:
    rows = Unit.objects.filter(closed_on=None).exclude(kind="section").order_by("name")
    found = [("", Label("（无）", "(none)")), *((unit.code, unit.label) for unit in rows)]
    known = {code for code, _ in found}
    return [*found, *((code, Label(code, code)) for code in sheet.fields["departments"] if code not in known)]
