"""支付的页面: a batch with its files out, the bank's results in, what is unknown reconciled; paid claims in doubt."""

from __future__ import annotations

from typing import TypeVar

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_POST

from qinqing.accounts.middleware import actor_of
from qinqing.audit.services import log_read
from qinqing.cases import blobs
from qinqing.cases.casefile import CaseFile, state_of
from qinqing.cases.refusals import Incomplete
from qinqing.directory.models import Unit
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import now as present
from qinqing.policies import by_hand, clawing, finance, payment_files
from qinqing.policies.models_money import Batch, Payment
from qinqing.policies.payees import masked
from qinqing.policies.yuan import yuan
from qinqing.ui import sheets
from qinqing.ui.errors import NotAllowed, NotFound, Problem
from qinqing.ui.figures import money
from qinqing.ui.flash import say
from qinqing.ui.forms import Form, LongText, both, choices
from qinqing.ui.parts import Figure
from qinqing.ui.sheets import Column, Sheet

TONES = {"sent": "line", "paid": "green", "failed": "red", "unknown": "amber", "returned": "red"}
STATES = {
    "sent": Label("已送银行", "With the bank"),
    "paid": Label("支付成功", "Paid"),
    "failed": Label("支付失败", "Failed"),
    "unknown": Label("结果不明", "Unknown"),
    "returned": Label("已退汇", "Returned"),
}
MOST_SHOWN = 500
F = TypeVar("F", bound=Form)


class ReconcileForm(Form):
    """核对不明结果, with the bank's statement."""

    payment = django_forms.ChoiceField(label=both("支付", "Payment"), choices=())
    state = django_forms.ChoiceField(
        label=both("核对结果", "Found"),
        choices=choices([("paid", Label("已支付", "Paid")), ("failed", Label("未支付", "Not paid"))]),
    )
    bank_ref = django_forms.CharField(label=both("银行流水号", "The bank's reference"), max_length=60)
    finding = LongText(Label("核对情况", "What was found"), 1000, rows=2)
    file = django_forms.FileField(label=both("银行对账单", "The bank's statement"))


class ReturnForm(Form):
    """登记退汇, with the bank's notice."""

    payment = django_forms.ChoiceField(label=both("支付", "Payment"), choices=())
    return_ref = django_forms.CharField(label=both("退汇流水号", "The return's reference"), max_length=60)
    finding = LongText(Label("退汇原因", "Why it came back"), 200, rows=2)
    file = django_forms.FileField(label=both("银行退汇通知", "The bank's notice"))


@require_GET
def batch(request: HttpRequest, number: str) -> HttpResponse:
    """A batch; `?format=xlsx` is the payment file."""
    found = _found(request, number)
    if sheets.wanted(request):
        return sheets.download(request, payment_files.sheet(found), present())
    return _show(request, found)


@require_GET
def batch_csv(request: HttpRequest, number: str) -> HttpResponse:
    """The payment file as CSV; noted in the read log like the workbook."""
    found = _found(request, number)
    rows = Label(f"{found.count}行", f"{found.count} rows")
    log_read(actor_of(request), "export", "policies:batch_csv", f"{found.number} · {rows}", present())
    response = HttpResponse(payment_files.csv_bytes(found), content_type=payment_files.CSV)
    response["Content-Disposition"] = content_disposition_header(True, f"{found.number}.csv")
    return response


@require_POST
def reconcile(request: HttpRequest, number: str) -> HttpResponse:
    """核对不明结果."""
    found = _found(request, number)
    form = _form(found, request)
    if not form.is_valid():
        return _show(request, found, form=form, status=422)
    data = form.cleaned_data
    payment = found.payments.select_related("claim", "batch__round").get(pk=int(data["payment"]))
    try:
        stored = blobs.store(data["file"])
        by_hand.reconcile(
            payment, data["state"], data["bank_ref"], data["finding"], actor_of(request), present(), [stored]
        )
    except Incomplete as problem:
        form.refuse(problem.fields)
        return _show(request, found, form=form, status=422)
    except Problem as problem:
        return _show(request, found, form=form, trouble=problem, status=problem.status)
    say(request, Label("已核对登记", "Reconciled"))
    return redirect("policies:batch", number)


@require_POST
def record_return(request: HttpRequest, number: str) -> HttpResponse:
    """登记退汇: the bank sent back what it had paid."""
    found = _found(request, number)
    form = _return_form(found, request)
    if not form.is_valid():
        return _show(request, found, returning=form, status=422)
    data = form.cleaned_data
    payment = found.payments.select_related("claim", "batch__round__case").get(pk=int(data["payment"]))
    try:
        stored = blobs.store(data["file"])
        by_hand.record_return(payment, data["return_ref"], data["finding"], actor_of(request), present(), [stored])
    except Problem as problem:
        return _show(request, found, returning=form, trouble=problem, status=problem.status)
    say(
        request,
        Label("已登记退汇，企业更正账户后可再次支付", "Recorded; it can be paid again once the account is mended"),
    )
    return redirect("policies:batch", number)


@require_POST
def fetch(request: HttpRequest, number: str) -> HttpResponse:
    """向支付系统取结果: where one is connected."""
    found = _found(request, number)
    counts, differing = finance.fetch(found, actor_of(request), present())
    got = sum(counts.values())
    say(request, Label(f"取回{got}笔结果，{len(differing)}笔不符", f"{got} results, {len(differing)} differ"))
    return _show(request, found, differing=[(result.number, why) for result, why in differing])


@require_GET
def bank_results(request: HttpRequest) -> HttpResponse:
    """导入银行结果: the sheet of that kind."""
    return redirect("directory:sheet_kind", payment_files.KIND)


@require_GET
def doubtful(request: HttpRequest) -> HttpResponse:
    """存疑的已兑付: paid claims whose facts give no yes now; of one's own departments, all for the overseers."""
    actor, now = actor_of(request), present()
    own = frozenset(Unit.objects.filter(pk__in=actor.unit_ids).values_list("code", flat=True))
    everybody = not {"supervisor", "inspector", "leader"}.isdisjoint(actor.roles)
    found = list(clawing.doubtful(now, None if everybody else own))
    if sheets.wanted(request):
        return sheets.download(request, _doubtful_sheet(found), now)
    return render(request, "policies/doubtful.html", {"found": found[:MOST_SHOWN], "total": len(found)})


# ── private ──


def _found(request: HttpRequest, number: str) -> Batch:
    """Account numbers stand here: for the paying unit only."""
    found = Batch.objects.select_related("round__case", "round__version", "made_by").filter(number=number).first()
    if found is None:
        raise NotFound(Label("没有这个支付批次", "There is no such batch"))
    actor = actor_of(request)
    payer = state_of(found.round.case).fields.get("payer")
    if payer not in actor.unit_ids | {post.parent_id for post in actor.posts}:
        raise NotAllowed(Label("支付批次只对付款单位开放", "Batches are open to the paying unit only"))
    return found


def _form(found: Batch, request: HttpRequest | None = None) -> ReconcileForm:
    form = ReconcileForm(request.POST, request.FILES) if request else ReconcileForm()
    return _among(form, found, "unknown", "sent")


def _return_form(found: Batch, request: HttpRequest | None = None) -> ReturnForm:
    named = {"auto_id": "return_%s"}  # the page has another form with the same names
    form = ReturnForm(request.POST, request.FILES, **named) if request else ReturnForm(**named)
    return _among(form, found, "paid")


def _among(form: F, found: Batch, *states: str) -> F:
    """The form with the batch's payments in these states to choose from."""
    open_ones = found.payments.filter(state__in=states).order_by("-state", "line")
    named = [(str(each.pk), f"{each.number} {each.name} {yuan(each.fen)}") for each in open_ones]
    form.fields["payment"].choices = named  # type: ignore[attr-defined]
    return form


def _show(
    request: HttpRequest, found: Batch, *, form: ReconcileForm | None = None, returning: ReturnForm | None = None,
    trouble: Problem | None = None, differing: list[tuple[str, Label]] | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    rows = list(found.payments.select_related("claim__case").order_by("line")[:MOST_SHOWN])
    counts = {state: found.payments.filter(state=state).count() for state in STATES}
    offered = {offer.action for offer in CaseFile(found.round.case, actor_of(request), present()).offers}
    context = {
        "batch": found, "round": found.round, "rows": [_row(row) for row in rows], "trouble": trouble,
        "figures": [
            Figure(Label(f"合计{found.count}笔", f"Total of {found.count}"), str(money(found.total_fen))),
            *(Figure(label, counts[state], tone="amber" if state == "unknown" and counts[state] else "")
              for state, label in STATES.items() if state != "returned" or counts[state]),
        ],
        "form": form or _form(found), "may_reconcile": "reconcile" in offered and counts["unknown"] + counts["sent"],
        "open": form is not None or bool(counts["unknown"]), "differing": differing or [],
        "may_take": "record_results" in offered, "connected": finance.connected(),
        "returning": returning or _return_form(found), "open_returning": returning is not None,
        "may_return": not offered.isdisjoint({"record_return", "reopen"}) and counts["paid"],
    }  # fmt: skip
    return render(request, "policies/batch.html", context, status=status)


def _row(payment: Payment) -> dict[str, object]:
    return {
        "payment": payment, "case": payment.claim.case, "account": masked(payment.account),
        "state": STATES[payment.state], "tone": TONES[payment.state],
    }  # fmt: skip


def _doubtful_sheet(found: list[clawing.Doubtful]) -> Sheet:
    def column(zh: str, en: str, means: tuple[str, str], value: object, width: int = 20, kind: str = "text") -> Column:
        return Column(Label(zh, en), Label(*means), value, width, kind)  # type: ignore[arg-type]

    columns = [
        column("编号", "Number", ("申领编号", "The claim's number"), lambda x: x.claim.case.number),
        column("企业", "Company", ("已兑付的企业", "Who was paid"), lambda x: x.claim.party.name, 36),
        column("已兑付", "Paid", ("已兑付金额（元）", "Yuan paid"), lambda x: x.claim.fixed_fen, 16, "yuan"),
        column("现有数据", "By the facts of now", ("为何不再符合", "Why it is no yes now"), lambda x: x.why, 50),
        column("更正的数据", "Corrected", ("申领后被更正的数据", "Facts put right since"),
               lambda x: Label("、".join(c.zh for c in x.corrected), ", ".join(c.en for c in x.corrected)), 30),
    ]  # fmt: skip
    return Sheet(Label("兑付后存疑", "Paid and in doubt"), columns, found, Label("全部", "All"))


urlpatterns = [
    path("policies/batches/<str:number>/", batch, name="batch"),
    path("policies/batches/<str:number>/csv/", batch_csv, name="batch_csv"),
    path("policies/batches/<str:number>/reconcile/", reconcile, name="reconcile"),
    path("policies/batches/<str:number>/returned/", record_return, name="record_return"),
    path("policies/batches/<str:number>/fetch/", fetch, name="fetch"),
    path("policies/bank-results/", bank_results, name="bank_results"),
    path("policies/doubtful/", doubtful, name="doubtful"),
]
