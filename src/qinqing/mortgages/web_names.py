"""曾用名的页面 (B7): what is filed, filing a name and its end, the number of the provincial platform. One filing:
web_filing.py; the clean-up of old records: web_cleaning.py. Registry and overseers see all, a creditor its own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qinqing.accounts.actor import Actor
from qinqing.accounts.middleware import actor_of
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import now as present
from qinqing.mortgages import aliases, cleaning, filing, name_sheets, names, places, web_filing
from qinqing.mortgages.aliases import Line
from qinqing.mortgages.models_names import Alias
from qinqing.ui import sheets
from qinqing.ui.errors import NotFound, Problem
from qinqing.ui.flash import say
from qinqing.ui.forms import Form, LongText, both, choices

LIST = 30
SHOWN_LINES = 200
_DAY = {"type": "date"}


class NameForm(Form):
    """备案一个曾用名."""

    name = forms.CharField(
        label=both("曾用名", "Former name"), max_length=aliases.NAME_AT_MOST,
        help_text=both("与登记簿上的写法一致", "As the register writes it"),
    )  # fmt: skip
    credit_code = forms.ChoiceField(label=both("现为", "Today"))
    former_code = forms.CharField(
        label=both("原统一社会信用代码", "Former credit code"), max_length=18, required=False,
        help_text=both("合并或重新登记前的代码；代码未变的不填", "Before a merger; leave empty if it is the same"),
    )  # fmt: skip
    starts_on = forms.DateField(
        label=both("使用起日", "Used from"), required=False, widget=forms.DateInput(attrs=_DAY),
        help_text=both("不详的不填", "Leave empty if not known"),
    )  # fmt: skip
    ends_on = forms.DateField(
        label=both("使用止日", "Used until"), required=False, widget=forms.DateInput(attrs=_DAY),
        help_text=both("更名前一日；简称等其他写法不填", "The day before the change; empty for other spellings"),
    )  # fmt: skip
    source = forms.ChoiceField(
        label=both("来源", "Source"), choices=choices(list(name_sheets.SOURCES.items())), widget=forms.RadioSelect,
        initial=aliases.Source.OFFLINE.value,
    )  # fmt: skip
    platform_number = forms.CharField(
        label=both("省平台备案号", "Platform number"), max_length=aliases.NUMBER_AT_MOST, required=False,
        help_text=both("已在省银监平台备案的填写，以后也可补登", "If it is filed there; it can be added later"),
    )  # fmt: skip

    def __init__(self, *args: Any, own: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(code, name) for code, name in names.present().items() if not own or code == own]
        offered = [(code, Label(f"{name}（{code}）", f"{name} ({code})")) for code, name in known]
        blank = [] if own else [("", Label("请选择", "Choose"))]
        self.fields["credit_code"].choices = choices([*blank, *offered])  # type: ignore[attr-defined]
        if own:
            del self.fields["source"]
        self.fields["files"] = web_filing.evidence_field()

    def line(self) -> Line:
        """What was typed, without what only spaces it out."""
        said = self.cleaned_data
        return Line(
            said["name"].strip(), said["credit_code"], said["former_code"].strip().upper(), said["starts_on"],
            said["ends_on"], said["platform_number"].strip(), said.get("source", aliases.Source.OFFLINE.value),
        )  # fmt: skip


class EndForm(Form):
    """终止一个曾用名."""

    how = forms.ChoiceField(
        label=both("如何终止", "How"), widget=forms.RadioSelect, initial="day",
        choices=choices([
            ("day", Label("用到某日为止", "It was used until a day")),
            ("never", Label("备案有误，整条作废", "It was filed by mistake: withdraw it")),
        ]),
    )  # fmt: skip
    last_day = forms.DateField(
        label=both("最后使用日", "Last day"), required=False, widget=forms.DateInput(attrs=_DAY),
        help_text=both("整条作废的不填", "Leave empty to withdraw it"),
    )  # fmt: skip
    reason = LongText(Label("理由", "Reason"), aliases.REASON_AT_MOST)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["files"] = web_filing.evidence_field()

    def clean(self) -> dict[str, Any]:
        """An empty day alone never withdraws a name."""
        said = super().clean() or {}
        if said.get("how") == "day" and not said.get("last_day") and "last_day" not in self.errors:
            self.add_error("last_day", both("请填写最后使用日", "Give the last day"))
        if said.get("how") == "never" and said.get("last_day"):
            self.add_error("last_day", both("整条作废的请勿填写日期", "Leave the day empty to withdraw it"))
        return said


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """曾用名: in force and being checked."""
    actor, now = actor_of(request), present()
    own = own_codes(actor)
    found = aliases.aliases()
    if own is not None:
        found = found.filter(credit_code__in=own)
    if sheets.wanted(request):
        whole = found.prefetch_related("filing__case__attachments")
        return sheets.download(request, name_sheets.platform_sheet(whole, names.present()), now)
    wanted = request.GET.get("q", "").strip()[:80]
    shown = [each for each in found if not wanted or name_sheets.matches(each, wanted)]
    page = Paginator(shown, LIST).get_page(request.GET.get("page"))
    called = names.present()
    context = {
        "page": page, "rows": [_row(each, called) for each in page.object_list], "q": wanted, "total": len(shown),
        "open": web_filing.open_filings(actor, (filing.Kind.ALIAS, filing.Kind.ALIAS_END)),
        "may_clean": places.sees_all(actor), "may_file": _may_file(actor),
    }  # fmt: skip
    return render(request, "mortgages/aliases.html", context)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """备案一个曾用名; from the clean-up desk with the name, and the suggestions beside it."""
    actor, now = actor_of(request), present()
    unit = filing.unit_of(actor)
    own = "" if unit.desk == places.REGISTRY else unit.credit_code
    name = (request.POST or request.GET).get("name", "").strip()[: aliases.NAME_AT_MOST]
    given = {"name": name, "credit_code": request.GET.get("code", own), "source": aliases.Source.OFFLINE.value}
    form = NameForm(request.POST or None, request.FILES or None, own=own, initial=given)
    trouble = None
    if request.method == "POST" and form.is_valid():
        try:
            filed = aliases.file_names([form.line()], web_filing.stored(request), actor, now)
        except Problem as problem:
            trouble = problem
            form.refuse(problem.fields)
        else:
            second = Label("请另一人复核", "now another person approves it") if not own else Label(
                "已送登记机构核对", "now the registry checks it"
            )  # fmt: skip
            say(request, Label(f"已提交，{second.zh}", f"Filed; {second.en}"))
            return redirect("mortgages:filing", filed.case.number)
    beside = cleaning.beside(name) if name and not own else None
    context = {
        "form": form, "name": name, "beside": beside, "own": own, "chosen": form["credit_code"].value(),
        "trouble": trouble if trouble and not trouble.fields else None,
    }  # fmt: skip
    return render(request, "mortgages/alias_new.html", context, status=422 if form.errors or trouble else 200)


@require_GET
def bulk(request: HttpRequest) -> HttpResponse:
    """导入曾用名: the sheet of that kind."""
    return redirect("directory:sheet_kind", name_sheets.KIND)


@require_GET
def one(request: HttpRequest, alias_id: int) -> HttpResponse:
    """One filed name: its days, its papers, who filed and who approved."""
    return _show(request, _alias(request, alias_id), EndForm())


@require_POST
def end(request: HttpRequest, alias_id: int) -> HttpResponse:
    """File the end of a name."""
    found = _alias(request, alias_id)
    form = EndForm(request.POST, request.FILES)
    if not form.is_valid():
        return _show(request, found, form, status=422)
    said = form.cleaned_data
    try:
        filed = aliases.end(
            found, said["last_day"], said["reason"], web_filing.stored(request), actor_of(request), present()
        )
    except Problem as problem:
        form.refuse(problem.fields or {"reason": problem.detail})
        return _show(request, found, form, status=problem.status)
    say(request, Label("已提交，待另一人核对", "Filed; another person checks it"))
    return redirect("mortgages:filing", filed.case.number)


@require_POST
def number(request: HttpRequest, alias_id: int) -> HttpResponse:
    """登记省平台备案号."""
    found = _alias(request, alias_id)
    try:
        aliases.record_number(found, request.POST.get("number", ""), actor_of(request), present())
    except Problem as problem:
        return _show(request, found, EndForm(), status=problem.status, trouble=problem)
    say(request, Label("已登记备案号", "The number is recorded"))
    return redirect("mortgages:alias", alias_id)


def own_codes(actor: Actor) -> set[str] | None:
    """Whose names the actor sees; None: everybody's. Raises NotYours for who is neither bank nor registry."""
    if places.sees_all(actor):
        return None
    own = {bank.credit_code for bank in places.banks_of(actor)}
    if not own:
        raise places.NotYours(
            Label("此页供登记机构、银行和公积金中心使用", "For the registry, banks and the housing fund")
        )
    return own


# ── private ──


def _may_file(actor: Actor) -> bool:
    return places.is_registry(actor) or places.is_bank(actor)


def _row(alias: Alias, called: dict[str, str]) -> dict[str, Any]:
    counts, until = names.last_day(alias)
    numbers = alias.platform_numbers.all()
    return {
        "alias": alias, "present": called.get(alias.credit_code, ""), "until": until, "counts": counts,
        "source": name_sheets.SOURCES[alias.source], "number": numbers[0].number if numbers else "",
    }  # fmt: skip


def _alias(request: HttpRequest, alias_id: int) -> Alias:
    own = own_codes(actor_of(request))
    found = aliases.aliases().filter(pk=alias_id).first()
    if found is None or (own is not None and found.credit_code not in own):
        raise NotFound(Label("没有这个曾用名", "There is no such former name"))
    return found


def _show(
    request: HttpRequest, found: Alias, form: EndForm, *, status: int = 200, trouble: Problem | None = None
) -> HttpResponse:
    actor = actor_of(request)
    context = {
        **_row(found, names.present()), "form": form, "files": web_filing.files_of(found.filing),
        "may_file": _may_file(actor),
        "trouble": trouble, "numbers": list(found.platform_numbers.all()), "endings": list(found.endings.all()),
    }  # fmt: skip
    return render(request, "mortgages/alias.html", context, status=status)


paths = [
    path("mortgages/names/", index, name="aliases"),
    path("mortgages/names/new/", new, name="alias_new"),
    path("mortgages/names/import/", bulk, name="names_import"),
    path("mortgages/names/<int:alias_id>/", one, name="alias"),
    path("mortgages/names/<int:alias_id>/end/", end, name="alias_end"),
    path("mortgages/names/<int:alias_id>/number/", number, name="alias_number"),
]
