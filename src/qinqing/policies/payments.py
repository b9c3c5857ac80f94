"""支付: payment batches, what the bank says of them, and what was unknown and is reconciled.

A batch is an act of its round (proposed by one officer of the paying unit, released by another); results are acts too.
A claim that a live payment stands for (sent, paid, unknown) is never paid again: the database holds that. What does not
fit the payment (number, name, account, sum) is a difference: listed, and not applied. What the bank sends back after it
was paid (退汇) is undone by `returning.py`; a round that was settled by then is opened again for it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from qinqing.accounts.actor import SYSTEM, Actor
from qinqing.audit.chain import canonical
from qinqing.cases.acting import Done, act
from qinqing.cases.casefile import CaseFile, state_of
from qinqing.cases.models import Case
from qinqing.cases.refusals import Conflict, Refused
from qinqing.cases.registry import Context, effect, guard, prefill
from qinqing.ledger import services as ledger
from qinqing.ledger.accounts import Kind
from qinqing.ledger.services import Entry
from qinqing.lib.labels import Label
from qinqing.lib.names import normal
from qinqing.policies import payees, returning
from qinqing.policies.claim_acts import last_returned
from qinqing.policies.models_money import LIVE, Batch, Claim, PayeeAccount, Payment, Round
from qinqing.policies.rounds import round_of, unsettled
from qinqing.ui.figures import money

State = Payment.State
MAY_BECOME: Mapping[str, frozenset[str]] = {  # what a result may make of a payment
    State.SENT: frozenset({State.PAID, State.FAILED, State.UNKNOWN}),
    State.UNKNOWN: frozenset({State.PAID, State.FAILED}),
    State.PAID: frozenset({State.RETURNED}),
    State.FAILED: frozenset(),
    State.RETURNED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Due:
    """A claim whose money may go out now, and where to."""

    claim: Claim
    account: PayeeAccount
    fen: int


@dataclass(frozen=True, slots=True)
class Held:
    """A claim of the round that cannot be paid now, and why."""

    claim: Claim
    why: Label


@dataclass(frozen=True, slots=True)
class Result:
    """One line of what the bank says. `name`, `account`, `fen` as the bank has them; `state`: paid, failed, unknown,
    returned; `bank_ref`: of the payment, or of its return."""

    number: str
    name: str
    account: str
    fen: int
    state: str
    bank_ref: str = ""
    reason: str = ""


# ── what is due ──


def due(found: Round) -> tuple[list[Due], list[Held]]:
    """What the next batch of the round would pay, and what it leaves out."""
    pay: list[Due] = []
    held: list[Held] = []
    live = set(Payment.objects.filter(claim__round=found, state__in=LIVE).values_list("claim_id", flat=True))
    unknown = set(Payment.objects.filter(claim__round=found, state=State.UNKNOWN).values_list("claim_id", flat=True))
    for claim in unsettled(found).select_related("case", "party", "account").order_by("pk"):
        why = _why_held(claim, live, unknown)
        if why is not None:
            held.append(Held(claim, why))
        elif claim.account is not None and claim.fixed_fen is not None:
            pay.append(Due(claim, claim.account, claim.fixed_fen))
    return pay, held


def _why_held(claim: Claim, live: set[int], unknown: set[int]) -> Label | None:
    if claim.pk in unknown:
        return Label("上一笔结果不明，核对之前不再支付", "The last payment's result is unknown; reconcile it first")
    if claim.pk in live:
        return Label("已送银行，等待结果", "With the bank, no result yet")
    if claim.case.stage != "paying":
        return Label("公示异议核查中", "An objection is being looked into")
    if claim.account is None:
        return Label("企业尚未填报收款账户", "The company has given no account")
    if claim.to_mend and last_returned(claim):
        return Label("银行已退汇，账户待更正", "The bank sent the last payment back; the account must be mended")
    if claim.to_mend:
        return Label("上一笔支付失败，账户待更正", "The last payment failed; the account must be mended")
    if not payees.fits(claim.account, claim.party):
        return Label("户名与企业现名称不一致，须核实后更正", "The account's name is not the company's; mend it")
    return None


# ── the batch ──


def _batch_moved(context: Context) -> Label:
    pay, _ = due(round_behind(context))
    total = sum(each.fen for each in pay)
    return Label(
        f"待付与提请时不同：现为{len(pay)}笔、{money(total).zh}。请核对后重新提请",
        f"What is due is another now: {len(pay)} payments, {money(total).en}. Look again and propose it anew",
    )


@guard("policies.batch_as_seen", _batch_moved)
def batch_as_seen(context: Context) -> bool:
    pay, _ = due(round_behind(context))
    return bool(pay) and _as_seen(context, pay)


@effect("policies.issue_batch")
def issue_batch(context: Context) -> None:
    """生成支付批次: the claims are locked, so that nobody mends an account or stops one meanwhile."""
    found = round_behind(context)
    list(unsettled(found).select_for_update(no_key=True, of=("self",)).order_by("pk"))
    pay, _ = due(found)
    if not pay or not _as_seen(context, pay):
        raise Conflict(_batch_moved(context))
    number = f"{context.number}-{found.batches.count() + 1}"
    payments = [
        Payment(
            line=line, number=f"{number}-{line:04}", claim=each.claim, name=each.account.name,
            account=each.account.number, bank=each.account.bank, fen=each.fen,
        )
        for line, each in enumerate(pay, 1)
    ]  # fmt: skip
    assert context.actor.user_id is not None  # a person released it
    batch = Batch.objects.create(
        round=found, number=number, made_at=context.now, made_by_id=context.actor.user_id, count=len(payments),
        total_fen=sum(each.fen for each in payments), sha256=fingerprint(payments),
    )  # fmt: skip
    for payment in payments:
        payment.batch = batch
    Payment.objects.bulk_create(payments)


@prefill("issue_batch", "claims")
def _count_now(file: CaseFile) -> int | None:
    """What the form on the case page proposes: what is due at this moment."""
    found = round_of(file.case.pk)
    return len(due(found)[0]) if found else None


@prefill("issue_batch", "total_fen")
def _sum_now(file: CaseFile) -> int | None:
    found = round_of(file.case.pk)
    return sum(each.fen for each in due(found)[0]) if found else None


def fingerprint(payments: Iterable[Payment]) -> str:
    """SHA-256 of what is to be paid to whom: the same whatever format the file is written in."""
    lines = [[each.number, each.name, each.account, each.bank, each.fen] for each in payments]
    return hashlib.sha256(canonical({"payments": lines}).encode()).hexdigest()


# ── results ──


def difference(payment: Payment | None, result: Result) -> Label | None:
    """Why a result is not applied; None: it fits its payment (also where it says again what is known)."""
    if payment is None:
        return Label("没有这个支付编号", "There is no such payment")
    if names_differ(payment, result):
        return Label(f"户名应为{payment.name}", f"The name should be {payment.name}")
    if result.account != payment.account:
        return Label(f"账号应为{payment.account}", f"The account should be {payment.account}")
    if result.fen != payment.fen:
        return Label(f"金额应为{money(payment.fen).zh}", f"The sum should be {money(payment.fen).en}")
    if not is_known(payment, result) and result.state not in MAY_BECOME[payment.state]:
        return _cannot_become(payment, result)
    if result.state == State.RETURNED != payment.state and (spent := returning.recovered_already(payment)):
        return spent
    return None


def is_known(payment: Payment, result: Result) -> bool:
    """Whether the bank says nothing new: the same again, or of a returned payment once more that it had been paid."""
    same_first_word = result.state == State.PAID and result.bank_ref == payment.bank_ref
    return payment.state == result.state or (payment.state == State.RETURNED and same_first_word)


def _cannot_become(payment: Payment, result: Result) -> Label:
    if result.state == State.RETURNED:
        return Label(
            "退汇只适用于已登记支付成功的；未付出的请登记为失败",
            "Only what was recorded as paid can be returned; what never went out has failed",
        )
    known = State(payment.state)
    return Label(
        f"已登记为“{known.label}”，不能改为另一结果；请与银行核对",
        f"Recorded as {known.value} before; it cannot become {result.state}. Ask the bank",
    )


def names_differ(payment: Payment, result: Result) -> bool:
    """Whether the bank names another account; spellings of one name are the same (`lib.names.normal`)."""
    return normal(result.name) != normal(payment.name)


def take(results: Sequence[Result], actor: Actor, now: datetime) -> Counter[str]:
    """登记银行结果: apply what fits, all in one transaction; the counts by state. What is known already is left.

    Raises Conflict where one does not fit (see `difference`), and what the round's act raises: the paying unit's
    officers only, and nobody who drew the list up."""
    with transaction.atomic():
        by_number = {result.number: result for result in results}
        if len(by_number) != len(results):
            raise Conflict(Label("同一支付编号出现了两次", "A payment stands there twice"))
        rounds = _rounds_of(by_number)
        counts: Counter[str] = Counter()
        acts: list[tuple[Round, Done, list[Payment]]] = []
        for found in rounds:
            mine = news_of(found, by_number)
            if mine:
                open_again(found, [by_number[payment.number] for payment in mine], actor, now)
                done = act(found.case_id, "record_results", actor, now, _counted(by_number[p.number] for p in mine))
                acts.append((found, done, mine))
        lock_cases(payment for _, _, mine in acts for payment in mine)
        for found, done, mine in acts:
            counts += apply(found, done, mine, by_number, actor, now)
        return counts


# ── private ──


def round_behind(context: Context) -> Round:
    """The round behind the act's case. Raises Refused for any other case."""
    found = round_of(context.case_id)
    if found is None:
        raise Refused(Label("这件办件没有批次记录，不能办理", "No round stands behind this case"))
    return found


def payer_of(found: Round) -> int | None:
    """付款单位 of a round: its unit's id."""
    return state_of(found.case).fields.get("payer")


@guard(
    "policies.of_the_payer",
    Label("由付款单位登记", "Recorded by the paying unit"),
)
def of_the_payer(context: Context) -> bool:
    """付款单位的人; asked where a settled round is opened again, when it is on nobody's desk."""
    return context.fields.get("payer") in context.actor.unit_ids


def open_again(found: Round, results: Iterable[Result], actor: Actor, now: datetime) -> None:
    """A settled round, for what comes back."""
    found.case.refresh_from_db()
    back = [result.number for result in results if result.state == State.RETURNED]
    if back and found.case.outcome == "settled":
        act(found.case_id, "reopen", actor, now, {"reason": f"银行退汇：{'、'.join(back)}"[:1000]})


def _as_seen(context: Context, pay: Sequence[Due]) -> bool:
    seen = (context.fields.get("claims"), context.fields.get("total_fen"))
    return seen == (len(pay), sum(each.fen for each in pay))


def _rounds_of(by_number: Mapping[str, Result]) -> list[Round]:
    """In the order in which every other writer locks their cases."""
    found = Round.objects.filter(batches__payments__number__in=by_number).distinct()
    return list(found.select_related("case").order_by("case_id"))


def news_of(found: Round, by_number: Mapping[str, Result]) -> list[Payment]:
    """The payments of the round whose state changes, looked at with the round's case locked."""
    list(Case.objects.select_for_update(no_key=True).filter(pk=found.case_id))
    payments = Payment.objects.filter(batch__round=found, number__in=by_number).select_related("claim").order_by("pk")
    news = []
    for payment in payments:
        result = by_number[payment.number]
        why = difference(payment, result)
        if why is not None:
            raise Conflict(Label(f"{payment.number}：{why.zh}", f"{payment.number}: {why.en}"))
        if not is_known(payment, result):
            news.append(payment)
    return news


def _counted(results: Iterable[Result]) -> dict[str, int]:
    counts = Counter(result.state for result in results)
    said = {f"{state}_count": counts[state] for state in ("paid", "failed", "unknown")}
    return said | ({"returned_count": counts[State.RETURNED]} if counts[State.RETURNED] else {})


def lock_cases(payments: Iterable[Payment]) -> None:
    """All cases before any book: an officer who stops a claim holds its case and waits for the book."""
    ids = sorted({payment.claim.case_id for payment in payments})
    list(Case.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))


def apply(
    found: Round, done: Done, payments: Sequence[Payment], by_number: Mapping[str, Result], actor: Actor, now: datetime
) -> Counter[str]:
    """The results, the ledger, and the claims that are paid now. Round and claim cases are locked."""
    list(
        Claim.objects.select_for_update(no_key=True)
        .filter(pk__in=[payment.claim_id for payment in payments])
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    for payment in payments:
        _settle(payment, by_number[payment.number], actor, now)
    Payment.objects.bulk_update(payments, _OF_A_RESULT)
    paid = [payment for payment in payments if payment.state == State.PAID]
    if paid:
        entries = [Entry(Kind.PAY, payment.fen, payment.claim.ref) for payment in paid]
        ledger.transfer(entries, f"{done.number}#{done.seq}", now)
    failed = [payment.claim_id for payment in payments if payment.state == State.FAILED]
    Claim.objects.filter(pk__in=failed).update(to_mend=True)
    for payment in paid:
        act(payment.claim.case_id, "paid", SYSTEM, now)
    for payment in payments:
        if payment.state == State.RETURNED:
            returning.undo(payment, f"{done.number}#{done.seq}", now)
    return Counter(payment.state for payment in payments)


_OF_A_RESULT = ("state", "bank_ref", "reason", "settled_at", "settled_by", "returned_at", "return_ref")


def _settle(payment: Payment, result: Result, actor: Actor, now: datetime) -> None:
    payment.state, payment.reason = result.state, result.reason[:200]
    if result.state == State.RETURNED:
        payment.returned_at, payment.return_ref = now, result.bank_ref
    else:
        payment.bank_ref, payment.settled_at, payment.settled_by_id = result.bank_ref, now, actor.user_id
