"""退汇: what the bank sends back after it was paid: the ledger, the claim, the round, the company; paid again."""

from __future__ import annotations

from copy import deepcopy

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from qinqing.cases.acting import act
from qinqing.cases.models import Case, Event
from qinqing.cases.refusals import Conflict, Refused
from qinqing.ledger import checking, selectors
from qinqing.ledger.models import Transfer
from qinqing.messaging.models import Notice
from qinqing.policies import by_hand, payments
from qinqing.policies.models_money import Batch, Claim, Payment
from tests.conftest import Clock
from tests.policies.money_world import LATER, NOW, PROOF, YUAN, World, again, code_of, result, stage
from tests.policies.test_money_web import PDF, page, post
from tests.policies.test_payments import BUDGET, imported, of, results_file, row, state
from tests.worlds import Once

pytestmark = pytest.mark.django_db
WHY = "账户已销户"


@pytest.fixture(scope="module")
def built(once: Once) -> tuple[World, Batch]:
    return once(_build)


@pytest.fixture
def world(built: tuple[World, Batch], clock: Clock) -> World:
    clock.set(LATER)
    return deepcopy(built[0])


@pytest.fixture
def paid(built: tuple[World, Batch]) -> Batch:
    """Two claims, 20,000 and 30,000 yuan, paid in one batch; their round is not settled yet."""
    return deepcopy(built[1])


def _build() -> tuple[World, Batch]:
    world = World()
    version = world.policy()
    world.budget(BUDGET)
    world.waiting(version, 20, 30)
    batch = world.issued(world.published(version))
    world.take(*[result(payment) for payment in of(batch)])
    return world, batch


def back(payment: Payment, **changes: object) -> payments.Result:
    return result(payment, "returned", bank_ref="R1", reason=WHY, **changes)


def mended(claim: Claim) -> dict[str, str]:
    return {"account_name": claim.party.name, "account_number": "6222111122223333", "bank": "示范建行"}


def test_what_comes_back_is_committed_again_to_the_fen(world: World, paid: Batch) -> None:
    one, _ = of(paid)
    before = world.balances()
    assert world.take(back(one)) == {"returned": 1}
    assert world.balances() == before.after({"paid": -20_000 * YUAN, "committed": 20_000 * YUAN})
    *_, was, undone = selectors.transfers_of(one.claim.ref)
    assert undone.reverses == was and (undone.kind, undone.source, undone.target) == ("pay", "paid", "committed")
    claim = again(one.claim)
    assert (claim.state, claim.to_mend, stage(claim)) == ("open", True, "paying")
    one.refresh_from_db()
    assert (one.state, one.reason, one.return_ref, one.returned_at) == ("returned", WHY, "R1", LATER)
    assert one.bank_ref == f"B{one.pk}", "the payment's own reference stays"
    assert checking.check().faults == ()


def test_the_company_is_told_once_and_its_receipt_is_void(world: World, paid: Batch) -> None:
    one, _ = of(paid)
    world.take(back(one))
    notices = Notice.objects.filter(user=one.claim.willed_by_id, key=f"returned:{one.number}")
    told = notices.get()
    assert told.urgent and "20,000.00元" in told.title_zh and "作废" in told.title_zh and "void" in told.title_en
    assert one.account not in told.title_zh
    html = page("payer", f"/cases/{one.claim.case.number}/")
    assert "原凭证作废" in html and WHY in html and "兑付凭证</h3>" not in html


def test_paid_again_only_to_a_mended_account(world: World, paid: Batch) -> None:
    one, _ = of(paid)
    world.take(back(one))
    found, claim = paid.round, again(one.claim)
    assert [held.why.zh for held in payments.due(found)[1]] == ["银行已退汇，账户待更正"]
    act(claim.case_id, "mend_account", world["payer"], LATER, mended(claim))
    second = world.issued(found)
    world.take(result(second.payments.get()))
    assert stage(claim) == "paid" and world.balances().paid == 50_000 * YUAN
    world.take(back(second.payments.get()))  # the second one comes back as well
    assert stage(claim) == "paying" and world.balances().paid == 30_000 * YUAN
    assert Payment.objects.filter(claim=claim, state="returned").count() == 2
    assert checking.check().faults == ()


def test_what_came_back_may_be_stopped_instead(world: World, paid: Batch) -> None:
    one, _ = of(paid)
    available = world.balances().available
    world.take(back(one))
    act(one.claim.case_id, "stop", world["payer"], LATER, {"reason": "企业注销", "legal_basis": "第七条"})
    act(one.claim.case_id, "approve", world["payer_head"], LATER)
    assert stage(again(one.claim)) == "stopped" and world.balances().available == available + 20_000 * YUAN


def test_the_same_word_again_changes_nothing(world: World, paid: Batch) -> None:
    one, two = of(paid)
    world.take(back(one))
    before = Transfer.objects.count(), Event.objects.count(), Notice.objects.count()
    assert world.take(back(one)) == {}
    assert world.take(result(one), result(two)) == {}, "the bank's first file once more"
    assert (Transfer.objects.count(), Event.objects.count(), Notice.objects.count()) == before
    code_of(Conflict, lambda: world.take(result(one, bank_ref="another")))
    code_of(Conflict, lambda: world.take(result(one, "failed")))


@pytest.mark.parametrize("now", ["sent", "failed", "unknown"])
def test_only_what_was_paid_can_come_back(world: World, now: str) -> None:
    version = world.policy("another")
    world.budget(BUDGET, "another")
    world.waiting(version, 20)
    one = world.issued(world.published(version)).payments.get()
    if now != "sent":
        world.take(result(one, now))
    problem = code_of(Conflict, lambda: world.take(back(one)))
    assert "只适用于已登记支付成功" in problem.detail.zh and state(one) == now


def test_a_settled_round_is_opened_again_and_settled_again(world: World, paid: Batch) -> None:
    one, _ = of(paid)
    found = paid.round
    act(found.case_id, "settle", world["payer"], LATER, {"remark": "办结"})
    code_of(Refused, lambda: payments.take([back(one)], world["reviewer"], LATER))
    assert Case.objects.get(pk=found.case_id).outcome == "settled" and state(one) == "paid"
    world.take(back(one))
    case = Case.objects.get(pk=found.case_id)
    assert (case.outcome, case.stage) == ("", "paying")
    code_of(Refused, lambda: act(found.case_id, "settle", world["payer"], LATER, {"remark": "办结"}))
    act(one.claim.case_id, "mend_account", world["payer"], LATER, mended(again(one.claim)))
    world.take(result(world.issued(found).payments.get()))
    act(found.case_id, "settle", world["payer"], LATER, {"remark": "办结"})
    assert stage(again(one.claim)) == "paid"


def test_by_hand_with_the_banks_notice(world: World, paid: Batch) -> None:
    one, _ = of(paid)
    told = ("R7", WHY, world["payer"], LATER)
    code_of(Refused, lambda: by_hand.record_return(one, *told, files=[]))
    code_of(Refused, lambda: by_hand.record_return(one, "R7", WHY, world["reviewer"], LATER, [PROOF]))
    assert state(one) == "paid" and world.balances().committed == 0
    by_hand.record_return(one, *told, files=[PROOF])
    one.refresh_from_db()
    assert (one.state, one.return_ref, one.reason) == ("returned", "R7", WHY)
    code_of(Conflict, lambda: by_hand.record_return(one, *told, files=[PROOF]))


def test_by_hand_on_the_page_of_a_settled_round(world: World, paid: Batch) -> None:
    one, _ = of(paid)
    act(paid.round.case_id, "settle", world["payer"], LATER, {"remark": "办结"})
    address = f"/policies/batches/{paid.number}/"
    assert "登记退汇" in page("payer", address)
    form = {"payment": one.pk, "return_ref": "R9", "finding": WHY}
    code, html = post("payer", f"{address}returned/", form)
    assert code == 422 and state(one) == "paid" and WHY in html, "without the notice nothing happens, nothing is lost"
    file = SimpleUploadedFile("退汇通知.pdf", PDF, "application/pdf")
    code, html = post("payer", f"{address}returned/", {**form, "file": file})
    assert code == 200 and state(one) == "returned" and "已退汇" in html and "R9" in html


def test_by_the_banks_file_and_what_differs_is_listed(world: World, paid: Batch, tmp_path: object) -> None:
    one, two = of(paid)
    act(paid.round.case_id, "settle", world["payer"], LATER, {"remark": "办结"})
    rows = [row(one, state="退汇", ref="R1", reason=WHY), row(two, state="退汇", ref="R2", reason="")]
    seen = imported(world, results_file(tmp_path, rows))  # type: ignore[arg-type]
    assert (seen.counts["changed"], seen.counts["bad"]) == (1, 1)
    assert [fault.column for each in seen.rows for fault in each.faults] == ["失败原因"]
    assert (state(one), state(two)) == ("returned", "paid")
    again_ = imported(world, results_file(tmp_path, rows[:1]))  # type: ignore[arg-type]
    assert (again_.counts["same"], again_.counts["changed"]) == (1, 0)
    wrong = [row(two, state="退汇", ref="R2", reason=WHY, fen="1.00")]
    assert imported(world, results_file(tmp_path, wrong)).counts["bad"] == 1  # type: ignore[arg-type]
    assert imported(world, results_file(tmp_path, rows[:1]), "reviewer").counts["bad"] == 1  # type: ignore[arg-type]


@pytest.mark.parametrize("ordered", [False, True])
def test_a_return_overtakes_a_recovery(world: World, paid: Batch, ordered: bool) -> None:
    one, _ = of(paid)
    case_id = one.claim.case_id
    act(case_id, "reopen", world["reviewer"], LATER, {"reason": "人数不实"})
    act(case_id, "order", world["reviewer"], LATER, {"reason": "人数不实", "legal_basis": "第七条"})
    if ordered:
        act(case_id, "approve", world["head"], LATER)
    assert stage(one.claim) == ("recovering" if ordered else "clawing")
    world.take(back(one))
    assert stage(one.claim) == "paying" and again(one.claim).state == "open"
    assert checking.check().faults == ()


def test_what_was_recovered_in_part_cannot_be_returned(world: World, paid: Batch) -> None:
    one, _ = of(paid)
    case_id = one.claim.case_id
    act(case_id, "reopen", world["reviewer"], LATER, {"reason": "人数不实"})
    act(case_id, "order", world["reviewer"], LATER, {"reason": "人数不实", "legal_basis": "第七条"})
    act(case_id, "approve", world["head"], LATER)
    form = {"received_on": "2026-09-01", "recovered_to": "available", "received_yuan": "1"}
    act(case_id, "received_part", world["payer"], LATER, form, files=[PROOF])
    assert "已追回1.00元" in code_of(Conflict, lambda: world.take(back(one))).detail.zh
    assert state(one) == "paid" and stage(one.claim) == "recovering"


def test_the_database_keeps_a_return_whole(world: World, paid: Batch) -> None:
    one, _ = of(paid)
    for changes in ({"state": "returned"}, {"returned_at": NOW}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Payment.objects.filter(pk=one.pk).update(**changes)
