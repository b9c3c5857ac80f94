"""兑现批次的页面: what waits for a round, the rounds, and one round: its list before and after the freeze, its money.

What is signed off (approve, refuse) stands on the case's own page like any approval; here officers look and propose.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_POST

from qinqing.accounts.actor import Actor
from qinqing.accounts.middleware import actor_of
from qinqing.cases import desks
from qinqing.cases.acting import act
from qinqing.cases.casefile import CaseFile, state_of
from qinqing.directory.models import Unit
from qinqing.directory.services import day_of
from qinqing.ledger import selectors as ledger_reading
from qinqing.ledger.models import Book
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import now as present
from qinqing.policies import payments, rounds, selectors
from qinqing.policies.models import PolicyVersion
from qinqing.policies.models_money import Batch, Claim, Round, RoundLine, from_text
from qinqing.policies.policy import SHORTS
from qinqing.policies.yuan import yuan
from qinqing.ui import sheets
from qinqing.ui.errors import NotAllowed, NotFound, Problem
from qinqing.ui.figures import money
from qinqing.ui.flash import say
from qinqing.ui.forms import whole
from qinqing.ui.parts import Figure
from qinqing.ui.sheets import Column, Sheet

OVERSEERS = frozenset({"supervisor", "leader", "inspector"})
RESULTS = {
    RoundLine.Result.FUNDED: (Label("列入兑现", "Funded"), "green"),
    RoundLine.Result.SHORT: (Label("资金不足", "Money short"), "amber"),
    RoundLine.Result.BACK: (Label("退回审核", "Back to review"), "red"),
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """Claims of a policy that wait for a round. `available`: fen in its usual book; None: there is no such book."""

    version: PolicyVersion
    title: Label
    count: int
    total: int
    available: int | None
    code: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the list. `note`: where the claim is now, or why it went back."""

    number: str
    company: str
    asked: int
    fixed: int
    result: Label
    tone: str
    note: Label | str
    open_to_reader: bool


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """What waits, and the rounds; the latter as a workbook as well."""
    actor, now = actor_of(request), present()
    found = _rounds(actor)
    if sheets.wanted(request):
        return sheets.download(request, _rounds_sheet(found), now)
    context = {"waiting": _waiting(actor, now), "rounds": [(one, _stage(one, actor, now)) for one in found[:200]]}
    return render(request, "policies/rounds.html", context)


@require_POST
def open_new(request: HttpRequest) -> HttpResponse:
    """建立批次."""
    version = get_object_or_404(PolicyVersion, pk=whole(request.POST.get("version", "")) or 0)
    found = rounds.open_round(version, actor_of(request), present(), book=request.POST.get("book", "").strip())
    return redirect("policies:round", found.case.number)


@require_GET
def one(request: HttpRequest, number: str) -> HttpResponse:
    """One round, or its list as a workbook."""
    return _show(request, _found(request, number))


@require_POST
def freeze(request: HttpRequest, number: str) -> HttpResponse:
    """提请冻结: number and sum are those that were shown."""
    return _do(request, number, "freeze", Label("已提请审批", "Proposed for approval"))


@require_POST
def issue(request: HttpRequest, number: str) -> HttpResponse:
    """提请支付: number and sum are those that were shown."""
    return _do(request, number, "issue_batch", Label("已提请复核", "Proposed for release"))


# ── private ──


def _rounds(actor: Actor) -> list[Round]:
    found = Round.objects.select_related("case__lead", "version__policy").annotate(
        funded=Count("claims"), total=Sum("claims__fixed_fen")
    )
    return [each for each in found.order_by("-pk") if _concerns(each, actor)]


def _concerns(found: Round, actor: Actor) -> bool:
    """Of the department in charge, of who pays, or an overseer."""
    if not OVERSEERS.isdisjoint(actor.roles):
        return True
    fields = state_of(found.case).fields
    near = actor.unit_ids | {post.parent_id for post in actor.posts}
    return bool({fields.get("lead"), fields.get("payer")} & near)


def _found(request: HttpRequest, number: str) -> Round:
    found = Round.objects.select_related("case__lead", "version__policy").filter(case__number=number).first()
    if found is None:
        raise NotFound(Label("没有这个批次", "There is no such round"))
    if not _concerns(found, actor_of(request)):
        raise NotAllowed(Label("这个批次不属于您的单位", "This round is not of your unit"))
    return found


def _waiting(actor: Actor, now: datetime) -> list[Waiting]:
    """Of the policies that the actor's units lead."""
    led = set(Unit.objects.filter(pk__in=actor.unit_ids).values_list("code", flat=True))
    rows = Claim.objects.filter(state=Claim.State.OPEN, round=None, ready_at__isnull=False, back="")
    found = []
    for row in rows.values("policy").annotate(count=Count("pk"), total=Sum("agreed_fen")).order_by("policy__code"):
        version = PolicyVersion.objects.filter(policy=row["policy"]).select_related("policy").latest("number")
        policy = selectors.policy_of(version.pk)
        if policy.departments[0] in led:
            code = rounds.book_code(policy.code, day_of(now).year)
            available = Book.objects.filter(code=code).values_list("available", flat=True).first()
            found.append(Waiting(version, policy.title, row["count"], row["total"], available, code))
    return found


def _stage(found: Round, actor: Actor, now: datetime) -> Label:
    return CaseFile(found.case, actor, now).stage_label


def _do(request: HttpRequest, number: str, action: str, done: Label) -> HttpResponse:
    found = _found(request, number)
    seen = {name: request.POST.get(name, "") for name in ("claims", "total_fen")}
    try:
        act(found.case_id, action, actor_of(request), present(), seen)
    except Problem as problem:
        return _show(request, found, problem)
    say(request, done)
    return redirect("policies:round", number)


def _show(request: HttpRequest, found: Round, trouble: Problem | None = None) -> HttpResponse:
    actor, now = actor_of(request), present()
    file = CaseFile(found.case, actor, now)
    policy = selectors.policy_of(found.version_id)
    plan = rounds.plan(found, now) if found.case.stage == "preparing" and not found.case.outcome else None
    lines = _planned(plan) if plan else _frozen(found, actor)
    if sheets.wanted(request):
        return sheets.download(request, _lines_sheet(found, lines), now)
    paying = found.case.stage == "paying" and not found.case.outcome
    due, held = payments.due(found) if paying else ([], [])
    offered = {offer.action for offer in file.offers}
    context = {
        "round": found, "case": found.case, "title": policy.title, "stage": file.stage_label, "trouble": trouble,
        "plan": plan, "lines": lines, "figures": _figures(found, plan), "now": now,
        "short": SHORTS[policy.budget.short] if policy.budget else Label("全额兑付", "in full"),
        "may_freeze": "freeze" in offered, "may_issue": "issue_batch" in offered,
        "proposed": any(task.node.startswith("?") for task in file.tasks if task.state == "open"),
        "due": due, "due_total": sum(each.fen for each in due), "held": held, "paying": paying,
        "batches": Batch.objects.filter(round=found).order_by("pk"),
    }  # fmt: skip
    return render(request, "policies/round.html", context, status=trouble.status if trouble else 200)


def _figures(found: Round, plan: rounds.Plan | None) -> list[Figure]:
    if plan is not None:
        return [
            Figure(Label("待列入", "Waiting"), len(plan.lines)),
            Figure(Label("应兑现", "Asked for"), str(money(plan.asked))),
            Figure(Label("账上可用", "Available"), str(money(plan.available)),
                   tone="amber" if plan.available < plan.asked else ""),
            Figure(Label("本批兑现", "This round"), str(money(plan.total))),
        ]  # fmt: skip
    settled = found.claims.filter(state=Claim.State.PAID)
    done, paid = settled.count(), settled.aggregate(sum=Sum("fixed_fen"))["sum"] or 0
    total = found.lines.aggregate(sum=Sum("fixed_fen"))["sum"] or 0
    return [
        Figure(Label("列入兑现", "Funded"), found.lines.filter(result=RoundLine.Result.FUNDED).count()),
        Figure(Label("本批金额", "This round"), str(money(total))),
        Figure(Label("已兑付", "Paid"), str(money(paid)), note=Label(f"{done}件", f"({done})")),
        Figure(Label("账上可用", "Available now"), str(money(ledger_reading.balances(found.book).available))),
    ]  # fmt: skip


def _planned(plan: rounds.Plan) -> list[Line]:
    return [
        Line(
            each.claim.case.number, each.claim.party.name, each.asked, each.fixed, *RESULTS[each.result],
            from_text(each.reason),
            open_to_reader=True,
        )
        for each in plan.lines
    ]  # fmt: skip


def _frozen(found: Round, actor: Actor) -> list[Line]:
    rows = list(found.lines.select_related("claim__case__party", "claim__case__lead").order_by("place"))
    visible = set(desks.visible(actor).filter(pk__in=[row.claim.case_id for row in rows]).values_list("pk", flat=True))
    return [
        Line(
            row.claim.case.number, row.claim.case.party.name, row.asked_fen, row.fixed_fen,
            *RESULTS[RoundLine.Result(row.result)],
            row.reason_label if row.reason else CaseFile(row.claim.case, actor, found.case.last_event_at).stage_label,
            row.claim.case_id in visible,
        )
        for row in rows
    ]  # fmt: skip


def _rounds_sheet(found: list[Round]) -> Sheet:
    def column(zh: str, en: str, means: tuple[str, str], value: object, width: int = 18, kind: str = "text") -> Column:
        return Column(Label(zh, en), Label(*means), value, width, kind)  # type: ignore[arg-type]

    columns = [
        column("批次", "Round", ("批次编号", "The round's number"), lambda x: x.case.number),
        column("事项", "Policy", ("所兑现的政策", "The policy it pays"), lambda x: x.case.title, 40),
        column("账本", "Book", ("资金所在账本", "The ledger's book"), lambda x: x.book, 26),
        column(
            "冻结时间", "Frozen", ("名单冻结的时间", "When the list was frozen"), lambda x: x.frozen_at, 18, "moment"
        ),
        column("件数", "Claims", ("列入兑现的件数", "Claims funded"), lambda x: x.funded, 10, "number"),
        column("金额", "Amount", ("列入兑现的金额（元）", "Yuan reserved"), lambda x: x.total, 18, "yuan"),
    ]
    return Sheet(Label("兑现批次", "Funding rounds"), columns, found, Label("本单位有关的全部批次", "All of one's own"))


def _lines_sheet(found: Round, lines: list[Line]) -> Sheet:
    def column(zh: str, en: str, means: tuple[str, str], value: object, width: int = 18) -> Column:
        return Column(Label(zh, en), Label(*means), value, width)  # type: ignore[arg-type]

    columns = [
        column("编号", "Number", ("申领编号", "The claim's number"), lambda x: x.number),
        column("企业", "Company", ("申领企业", "Who claims"), lambda x: x.company, 36),
        column("核定金额（元）", "Agreed (yuan)", ("审核签发的金额", "As signed off"), lambda x: yuan(x.asked)),
        column("兑现金额（元）", "Given (yuan)", ("本批兑现的金额", "By this round"), lambda x: yuan(x.fixed)),
        column("结果", "Result", ("是否列入", "Whether it is in"), lambda x: x.result),
        column(
            "情况", "Standing", ("现在的环节，或退回原因", "Where it is, or why it went back"), lambda x: x.note, 40
        ),
    ]
    number = found.case.number
    return Sheet(Label(f"名单{number}", f"List of {number}"), columns, lines, Label("全部", "All"))


urlpatterns = [
    path("policies/rounds/", index, name="rounds"),
    path("policies/rounds/open/", open_new, name="round_open"),
    path("policies/rounds/<str:number>/", one, name="round"),
    path("policies/rounds/<str:number>/freeze/", freeze, name="round_freeze"),
    path("policies/rounds/<str:number>/issue/", issue, name="round_issue"),
]
