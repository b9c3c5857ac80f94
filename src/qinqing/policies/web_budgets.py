"""预算: the money behind the policies: each book with what is left, its burn-down by day and its statement; the paying
bureau's head sets money aside for a policy and a year, or takes it back, under the number of the document that says so.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET, require_http_methods

from qinqing.accounts.access import capacity, holds
from qinqing.accounts.actor import Actor
from qinqing.accounts.middleware import actor_of
from qinqing.directory.models import Unit
from qinqing.directory.services import day_of
from qinqing.ledger import selectors as reading
from qinqing.ledger import services as ledger
from qinqing.ledger.accounts import KIND_LABELS, Balances
from qinqing.ledger.models import Book
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import now as present
from qinqing.policies import selectors
from qinqing.policies.claims import PAYER
from qinqing.policies.rounds import book_code
from qinqing.ui import charts, sheets
from qinqing.ui.errors import NotAllowed, Problem
from qinqing.ui.flash import say
from qinqing.ui.forms import Form, both, choices
from qinqing.ui.sheets import Column, Sheet

PREFIX = "fund:"
MOVES = {"appropriate": "下达", "reduce": "调减"}  # in the cause, which makes a document count once for each
SHOWN = 500  # lines of a statement on the page; the workbook has all


@dataclass(frozen=True, slots=True)
class Row:
    """One book and what stands on it, in fen."""

    book: Book
    balances: Balances


class Twice(Problem):
    """The document was booked before."""

    status = 409
    code = "budget-twice"
    title = Label("这份文件已经记过账", "This document is booked already")


class Budget(Form):
    """下达或调减."""

    policy = forms.ChoiceField(label=both("政策", "Policy"))
    year = forms.IntegerField(label=both("年度", "Year"), min_value=2020, max_value=2100)
    move = forms.ChoiceField(
        label=both("事项", "What"),
        choices=choices([("appropriate", Label("下达", "Set aside")), ("reduce", Label("调减", "Take back"))]),
        widget=forms.RadioSelect,
        initial="appropriate",
    )
    yuan = forms.DecimalField(
        label=both("金额（元）", "Amount (yuan)"), min_value=Decimal("0.01"), max_digits=15, decimal_places=2
    )
    document = forms.CharField(
        label=both("预算文号", "Document"), max_length=60, help_text=both("如财预〔2026〕12号", "Its number")
    )


@require_http_methods(["GET", "POST"])
def budgets(request: HttpRequest) -> HttpResponse:
    """All books; for the head of the paying bureau the form."""
    actor, now = actor_of(request), present()
    rows = [Row(book, book.balances) for book in reading.books().filter(code__startswith=PREFIX)]
    if sheets.wanted(request):
        return sheets.download(request, _books_sheet(rows), now)
    form, problem = None, None
    if _may_set(actor):
        form = Budget(request.POST or None, initial={"year": day_of(now).year})
        form.fields["policy"].choices = [  # type: ignore[attr-defined]
            (one.policy.code, str(selectors.policy_of(one.pk).title)) for one in selectors.live_versions()
        ]
    if request.method == "POST":
        if form is None:
            raise NotAllowed(Label("只有付款单位负责人可以下达预算", "Only the head of the paying bureau sets budgets"))
        if form.is_valid():
            try:
                book = _set(form.cleaned_data, now)
            except Problem as refused:
                problem = refused
            else:
                say(request, Label("已记账", "Booked"))
                return redirect("policies:budget", book)
    status = problem.status if problem else 422 if form and form.errors else 200
    total = Balances()
    for row in rows:
        total = total.after(asdict(row.balances))
    context = {"rows": rows, "form": form, "problem": problem, "total": total}
    return render(request, "policies/budgets.html", context, status=status)


@require_GET
def budget(request: HttpRequest, code: str) -> HttpResponse:
    """One book from its first day: burn-down and statement."""
    now = present()
    book = reading.book(code)
    since, until = day_of(book.opened_at), day_of(now)
    statement = reading.statement(code, since, until)
    if sheets.wanted(request):
        return sheets.download(request, _statement_sheet(statement), now)
    context = {
        "book": book, "balances": statement.closing, "chart": _burn_down(code, since, until),
        "lines": [(row, KIND_LABELS[row.kind]) for row in reversed(statement.rows[-SHOWN:])],
        "more": max(0, len(statement.rows) - SHOWN),
    }  # fmt: skip
    return render(request, "policies/budget.html", context)


# ── private ──


def _may_set(actor: Actor) -> bool:
    payer = Unit.objects.filter(code=PAYER, closed_on=None).values_list("pk", "parent_id").first()
    if payer is None:
        return False
    return holds(actor, capacity("payer_head"), payer[0], parent_of={payer[0]: payer[1]}, party_id=None)


@transaction.atomic
def _set(said: dict[str, object], now: datetime) -> str:
    """The policy's book of the year, opened where it is new. Raises what the ledger refuses."""
    policy, year, fen = str(said["policy"]), int(str(said["year"])), int(Decimal(str(said["yuan"])) * 100)
    version = next(one for one in selectors.live_versions() if one.policy.code == policy)
    code = book_code(policy, year)
    if not Book.objects.filter(code=code).exists():  # whatever the policy is called later
        ledger.open_book(code, f"{selectors.policy_of(version.pk).title.zh[:60]}（{year}年）", now)
    move = ledger.appropriate if said["move"] == "appropriate" else ledger.reduce
    done = move(code, fen, f"{said['document']}：{MOVES[str(said['move'])]} {code}", now)
    if done.replayed:
        raise Twice(
            Label(
                "同一文号对同一政策、同一年度只记一次，没有重复记账",
                "One document moves one policy's money of a year once; nothing was booked again",
            )
        )
    return code


def _burn_down(code: str, since: date, until: date) -> SafeString:
    """What is still available at the end of each day, in units of ten thousand yuan; about sixty points."""
    days = reading.burn_down(code, since, until)
    step = max(1, len(days) // 60)
    marks = [
        charts.Mark(f"{one.day:%m-%d}", float(Decimal(one.balances.available) / 1_000_000))
        for one in [*days[:-1:step], days[-1]]
    ]
    return charts.line(marks, title=Label("每日可用余额", "Available by day"), unit=Label("万元", "CNY 10,000"))


def _column(zh: str, en: str, means: tuple[str, str], value: object, kind: str = "yuan") -> Column:
    return Column(Label(zh, en), Label(*means), value, 18, kind)  # type: ignore[arg-type]


def _of_balances(get: object) -> list[Column]:
    names = (
        ("可用", "Available", "available", ("尚未预留", "not reserved yet")),
        ("预留", "Reserved", "reserved", ("已列入批次", "frozen in a round")),
        ("待付", "Committed", "committed", ("公示期满，等待支付", "published, to be paid")),
        ("已付", "Paid", "paid", ("银行已付，扣除追回", "paid by the bank, less what was recovered")),
    )
    return [
        _column(zh, en, means, lambda row, field=field: getattr(get(row), field))  # type: ignore[operator]
        for zh, en, field, means in names
    ]


def _books_sheet(rows: list[Row]) -> Sheet:
    columns = [
        _column("账本", "Book", ("代码", "its code"), lambda row: row.book.code, "text"),
        _column("名称", "Title", ("政策和年度", "policy and year"), lambda row: row.book.title, "text"),
        _column("下达", "Set aside", ("下达减调减", "less what was taken back"), lambda row: row.balances.appropriated),
        *_of_balances(lambda row: row.balances),
    ]
    return Sheet(Label("政策资金", "Policy budgets"), columns, rows, Label("全部账本", "All books"))


def _statement_sheet(statement: reading.Statement) -> Sheet:
    columns = [
        _column("时间", "When", ("记账时间", "when it was booked"), lambda row: row.at, "moment"),
        _column("事项", "What", ("记账种类", "kind of transfer"), lambda row: KIND_LABELS[row.kind], "text"),
        _column("依据", "Cause", ("文号或办件经过", "document, or act on a case"), lambda row: row.cause, "text"),
        _column("资金编号", "Reference", ("申领和批次", "claim and round"), lambda row: row.ref, "text"),
        _column("金额", "Amount", ("本笔金额", "of this transfer"), lambda row: row.amount),
        *_of_balances(lambda row: row.balances),
    ]
    title = Label(f"对账单 {statement.book.code.removeprefix(PREFIX)}", f"Statement {statement.book.code}")
    return Sheet(title, columns, statement.rows, Label("开账以来全部", "Since it was opened"))


urlpatterns = [
    path("policies/budgets/", budgets, name="budgets"),
    path("policies/budgets/<str:code>/", budget, name="budget"),
]
