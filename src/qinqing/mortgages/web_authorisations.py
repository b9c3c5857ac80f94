"""委托授权的页面 (B6): which bank may speak for whom, filing and revoking it. Registry and overseers see all, a
creditor what it gave, a bank what it was given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qinqing.accounts.actor import Actor
from qinqing.accounts.middleware import actor_of
from qinqing.directory.services import day_of
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import now as present
from qinqing.mortgages import authorisations, authorising, filing, names, places, web_filing
from qinqing.mortgages.authorising import Paper
from qinqing.mortgages.models_names import Authorisation
from qinqing.mortgages.web_names import own_codes
from qinqing.ui import sheets
from qinqing.ui.errors import NotFound, Problem
from qinqing.ui.flash import say
from qinqing.ui.forms import Form, LongText, both, choices
from qinqing.ui.sheets import Column, Sheet

_DAY = {"type": "date"}
COVERS = {
    Authorisation.Covers.SETTLED.value: Label("报送结清", "settlements"),
    Authorisation.Covers.BOTH.value: Label("报送结清和冲正", "settlements and reversals"),
}


class PaperForm(Form):
    """授权书 as it reads."""

    grantor_code = forms.ChoiceField(label=both("授权人", "Given by"))
    number = forms.CharField(label=both("授权书编号", "Number of the paper"), max_length=60)
    grantee_name = forms.CharField(
        label=both("被授权银行", "Bank"), max_length=200,
        help_text=both("按授权书上的名称，可为曾用名", "As the paper names it, be it by a former name"),
    )  # fmt: skip
    grantee_code = forms.CharField(
        label=both("银行统一社会信用代码", "Bank's credit code"), max_length=18, required=False,
        help_text=both("授权书未写明的不填", "Leave empty if the paper has none"),
    )  # fmt: skip
    covers = forms.ChoiceField(
        label=both("授权事项", "What it covers"), choices=choices(list(COVERS.items())), widget=forms.RadioSelect,
        initial=Authorisation.Covers.BOTH.value,
    )  # fmt: skip
    starts_on = forms.DateField(label=both("授权起日", "From"), widget=forms.DateInput(attrs=_DAY))
    ends_on = forms.DateField(
        label=both("授权止日", "Until"), required=False, widget=forms.DateInput(attrs=_DAY),
        help_text=both("长期有效的不填", "Leave empty if it has no end"),
    )  # fmt: skip

    def __init__(self, *args: Any, own: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(code, name) for code, name in names.present().items() if not own or code == own]
        offered = [(code, Label(name, name)) for code, name in known]
        blank = [] if own else [("", Label("请选择", "Choose"))]
        self.fields["grantor_code"].choices = choices([*blank, *offered])  # type: ignore[attr-defined]
        self.fields["files"] = web_filing.evidence_field()

    def paper(self) -> Paper:
        """What was typed, without what only spaces it out."""
        said = self.cleaned_data
        return Paper(
            said["number"].strip(), said["grantor_code"], said["grantee_name"].strip(),
            said["grantee_code"].strip().upper(), said["covers"], said["starts_on"], said["ends_on"],
        )  # fmt: skip


class RevokeForm(Form):
    """撤销授权."""

    revoked_from = forms.DateField(
        label=both("自何日起撤销", "Revoked from"), widget=forms.DateInput(attrs=_DAY),
        help_text=both("当日起不再有效", "From this day on it does not count"),
    )  # fmt: skip
    reason = LongText(Label("理由", "Reason"), authorising.REASON_AT_MOST)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["files"] = web_filing.evidence_field()


@dataclass(frozen=True, slots=True)
class Row:
    """One authorisation as a list shows it. `bank`: who is meant today, empty where that is not certain."""

    given: Authorisation
    bank: str
    state: Label
    tone: str
    covers: Label
    revoked_from: date | None


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """委托授权: in force, to come, over, and being checked."""
    actor, now = actor_of(request), present()
    rows = _rows(_visible(actor), day_of(now))
    if sheets.wanted(request):
        return sheets.download(request, _sheet(rows), now)
    context = {
        "rows": rows, "may_file": places.is_registry(actor) or places.is_bank(actor),
        "open": web_filing.open_filings(actor, (filing.Kind.AUTHORISATION, filing.Kind.REVOCATION)),
    }  # fmt: skip
    return render(request, "mortgages/authorisations.html", context)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """备案一份授权书."""
    actor, now = actor_of(request), present()
    unit = filing.unit_of(actor)
    own = "" if unit.desk == places.REGISTRY else unit.credit_code
    form = PaperForm(request.POST or None, request.FILES or None, own=own, initial={"grantor_code": own})
    trouble = None
    if request.method == "POST" and form.is_valid():
        try:
            filed = authorising.file_authorisation(form.paper(), web_filing.stored(request), actor, now)
        except Problem as problem:
            trouble = problem
            form.refuse(problem.fields)
        else:
            say(request, Label("已提交，待另一人核对", "Filed; another person checks it"))
            return redirect("mortgages:filing", filed.case.number)
    context = {"form": form, "own": own, "trouble": trouble if trouble and not trouble.fields else None}
    return render(request, "mortgages/authorisation_new.html", context, status=422 if form.errors or trouble else 200)


@require_GET
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """One authorisation: scope, term, papers, both people."""
    return _show(request, _authorisation(request, pk), RevokeForm())


@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """File that it is revoked."""
    found = _authorisation(request, pk)
    form = RevokeForm(request.POST, request.FILES)
    if not form.is_valid():
        return _show(request, found, form, status=422)
    said, papers = form.cleaned_data, web_filing.stored(request)
    try:
        filed = authorising.revoke(found, said["revoked_from"], said["reason"], papers, actor_of(request), present())
    except Problem as problem:
        form.refuse(problem.fields or {"reason": problem.detail})
        return _show(request, found, form, status=problem.status)
    say(request, Label("已提交，待另一人核对", "Filed; another person checks it"))
    return redirect("mortgages:filing", filed.case.number)


# ── private ──


def _visible(actor: Actor) -> list[Authorisation]:
    """A bank sees what it gave and what it was given, by whatever name the paper has it."""
    own = own_codes(actor)
    found = authorising.authorisations()
    if own is None:
        return list(found)
    return [
        each for each in found
        if each.grantor_code in own or each.grantee_code in own or not own.isdisjoint(authorisations.bank_meant(each))
    ]  # fmt: skip


def _rows(found: list[Authorisation], today: date) -> list[Row]:
    called = names.present()
    rows = []
    for each in found:
        meant = authorisations.bank_meant(each)
        bank = called.get(next(iter(meant)), "") if len(meant) == 1 else ""
        revoked = min((one.revoked_from for one in each.revocations.all()), default=None)
        rows.append(Row(each, bank, *_state(each, revoked, today), COVERS[each.covers], revoked))
    return rows


def _state(given: Authorisation, revoked_from: date | None, today: date) -> tuple[Label, str]:
    if revoked_from is not None and revoked_from <= today:
        return Label("已撤销", "revoked"), ""
    if given.ends_on is not None and given.ends_on < today:
        return Label("已到期", "over"), ""
    if given.starts_on > today:
        return Label("未到起日", "to come"), "amber"
    return Label("有效", "in force"), "green"


def _authorisation(request: HttpRequest, pk: int) -> Authorisation:
    found = next((each for each in _visible(actor_of(request)) if each.pk == pk), None)
    if found is None:
        raise NotFound(Label("没有这份授权，或不在您的查阅范围", "No such authorisation, or not yours to see"))
    return found


def _show(request: HttpRequest, found: Authorisation, form: RevokeForm, *, status: int = 200) -> HttpResponse:
    actor = actor_of(request)
    own = {bank.credit_code for bank in places.banks_of(actor)}
    context = {
        "row": _rows([found], day_of(present()))[0], "given": found, "files": web_filing.files_of(found.filing),
        "form": form, "may_revoke": places.is_registry(actor) or found.grantor_code in own,
    }  # fmt: skip
    return render(request, "mortgages/authorisation.html", context, status=status)


def _sheet(rows: list[Row]) -> Sheet:
    def column(zh: str, en: str, value: Any, width: int = 24, kind: str = "text") -> Column:
        return Column(Label(zh, en), Label("授权备案登记的内容", "As filed"), value, width, kind)

    columns = [
        column("授权书编号", "Number", lambda row: row.given.number),
        column("授权人", "Given by", lambda row: row.given.grantor_name, 34),
        column("授权人代码", "Its code", lambda row: row.given.grantor_code),
        column("被授权银行", "Bank", lambda row: row.given.grantee_name, 40),
        column("银行代码", "Its code", lambda row: row.given.grantee_code),
        column("现为", "Today", lambda row: row.bank, 40),
        column("授权事项", "Covers", lambda row: row.covers),
        column("授权起日", "From", lambda row: row.given.starts_on, 14, "day"),
        column("授权止日", "Until", lambda row: row.given.ends_on, 14, "day"),
        column("撤销日", "Revoked from", lambda row: row.revoked_from, 14, "day"),
        column("状态", "State", lambda row: row.state, 12),
    ]
    return Sheet(Label("委托授权", "Authorisations"), columns, rows, Label("全部已备案的授权", "All that were filed"))


paths = [
    path("mortgages/authorisations/", index, name="authorisations"),
    path("mortgages/authorisations/new/", new, name="authorisation_new"),
    path("mortgages/authorisations/<int:pk>/", one, name="authorisation"),
    path("mortgages/authorisations/<int:pk>/revoke/", revoke, name="authorisation_revoke"),
]
