"""支付: from the batch to the receipt: files out and in, what differs, what is unknown, mended accounts, recovery,
instalments.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from copy import deepcopy
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from python_calamine import CalamineWorkbook

from qinqing.cases.acting import act
from qinqing.cases.models import Case, Event
from qinqing.cases.refusals import Conflict, NotOpen, Refused
from qinqing.directory import sheet_imports
from qinqing.directory.services import rename_party
from qinqing.ledger import checking
from qinqing.ledger.models import Position, Transfer
from qinqing.policies import by_hand, clawing, finance, payment_files, payments
from qinqing.policies.models_money import Batch, Claim, Payment, Round
from qinqing.policies.yuan import yuan
from qinqing.ui import sheets
from qinqing.ui.errors import Invalid
from tests.policies.money_world import (
    DECIDED,
    FIRST_COME,
    LATER,
    NOW,
    PARTS,
    PROOF,
    YUAN,
    World,
    account,
    again,
    code_of,
    result,
    staff,
    stage,
)
from tests.worlds import Once

pytestmark = pytest.mark.django_db
BUDGET = 1_000_000 * YUAN


@pytest.fixture(scope="module")
def built(once: Once) -> World:
    return once(World)


@pytest.fixture
def world(built: World) -> World:
    return deepcopy(built)


@pytest.fixture
def sent(world: World) -> Batch:
    """Two claims with the bank: 20,000 and 30,000 yuan."""
    version = world.policy()
    world.budget(BUDGET)
    world.waiting(version, 20, 30)
    return world.issued(world.published(version))


def of(batch: Batch) -> list[Payment]:
    return list(batch.payments.order_by("line"))


def state(payment: Payment) -> str:
    return Payment.objects.get(pk=payment.pk).state


# ── the batch ──


def test_paid_to_the_last_fen_with_a_receipt(world: World) -> None:
    version = world.policy()
    world.budget(BUDGET)
    one, two = world.paid(version, 20, 30)
    assert {stage(one), stage(two)} == {"paid"} and {one.state, two.state} == {"paid"}
    assert (world.balances().paid, world.balances().committed) == (50_000 * YUAN, 0)
    assert Position.objects.get(ref=one.ref).paid == 20_000 * YUAN
    found = Round.objects.get()
    act(found.case_id, "settle", world["payer"], LATER, {"remark": "全部兑付"})
    assert Case.objects.get(pk=found.case_id).outcome == "settled"
    assert checking.check().faults == ()
    actions = [event.action for event in Event.objects.filter(case=one.case_id).order_by("seq")]
    assert actions == ["open", "agree", "approve", "frozen", "publicity_over", "paid"]


def test_who_drew_up_the_list_does_not_pay_and_two_people_release(world: World) -> None:
    version = world.policy()
    world.budget(BUDGET)
    world.waiting(version, 20)
    found = world.published(version)
    form = {"claims": 1, "total_fen": 20_000 * YUAN}
    for who in ("reviewer", "head", "clerk", "stranger_head"):
        code_of(Refused, lambda w=who: act(found.case_id, "issue_batch", world[w], LATER, form))
    act(found.case_id, "issue_batch", world["payer"], LATER, form)
    assert not Batch.objects.exists()
    code_of(Refused, lambda: act(found.case_id, "approve", world["payer"], LATER))
    act(found.case_id, "approve", world["payer_head"], LATER)
    assert Batch.objects.get().made_by_id == world["payer_head"].user_id


def test_a_claim_is_never_in_two_live_batches(world: World, sent: Batch) -> None:
    found = sent.round
    assert payments.due(found)[0] == [] and {str(held.why) for held in payments.due(found)[1]}
    code_of(Refused, lambda: act(found.case_id, "issue_batch", world["payer"], LATER, {"claims": 0, "total_fen": 0}))
    double = Payment.objects.get(pk=of(sent)[0].pk)
    double.pk, double.line, double.number = None, 99, "x-99"
    with pytest.raises(IntegrityError), transaction.atomic():
        double.save(force_insert=True)
    with pytest.raises(DatabaseError), transaction.atomic():
        Payment.objects.filter(pk=of(sent)[0].pk).update(fen=1)


def test_what_changed_since_the_proposal_is_not_paid(world: World) -> None:
    version = world.policy()
    world.budget(BUDGET)
    stopped, _ = world.waiting(version, 20, 30)
    found = world.published(version)
    act(found.case_id, "issue_batch", world["payer"], LATER, {"claims": 2, "total_fen": 50_000 * YUAN})
    act(stopped.case_id, "stop", world["payer"], LATER, {"reason": "注销", "legal_basis": "第七条"})
    act(stopped.case_id, "approve", world["payer_head"], LATER)
    refusal = code_of(Refused, lambda: act(found.case_id, "approve", world["payer_head"], LATER))
    assert "1笔、30,000.00元" in refusal.detail.zh and not Payment.objects.exists()


def test_without_a_fitting_account_a_claim_is_left_out_and_said_so(world: World) -> None:
    version = world.policy()
    world.budget(BUDGET)
    fine, renamed, none = world.waiting(version, 20, 30, 40)
    Claim.objects.filter(pk=none.pk).update(account=None)
    found = world.published(version)
    rename_party(renamed.party_id, "示范县改名后有限公司", NOW.date(), NOW)
    pay, held = payments.due(found)
    assert [each.claim.pk for each in pay] == [fine.pk]
    why = {each.claim.pk: each.why.zh for each in held}
    assert "没有" not in why[renamed.pk] and "户名" in why[renamed.pk] and "尚未填报" in why[none.pk]
    old = {"account_name": renamed.party.name, "account_number": "6222000011112222", "bank": "示范农商银行"}
    code_of(Invalid, lambda: act(renamed.case_id, "mend_account", world["payer"], LATER, old))
    act(renamed.case_id, "mend_account", world["payer"], LATER, {**old, "name_checked": True})
    assert len(payments.due(found)[0]) == 2


# ── files ──


def test_the_file_out_in_both_formats_says_the_same(sent: Batch) -> None:
    rows = list(csv.reader(io.StringIO(payment_files.csv_bytes(sent).decode("utf-8-sig"))))
    assert rows[0] == ["支付编号", "户名", "账号", "开户银行", "金额（元）", "用途"]
    assert [row[4] for row in rows[1:]] == ["20000.00", "30000.00"] and rows[1][2].startswith("6222")
    file = io.BytesIO()
    sheets.write(file, payment_files.sheet(sent), "财政", NOW)
    file.seek(0)
    book = CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).to_python()
    assert book == rows
    assert sent.sha256 == payments.fingerprint(of(sent)) and (sent.count, sent.total_fen) == (2, 50_000 * YUAN)


def results_file(tmp_path: Path, rows: list[list[str]]) -> Path:
    path = tmp_path / "结果.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(
            [["支付编号", "户名", "账号", "金额（元）", "结果", "银行流水号", "失败原因"], *rows]
        )
    return path


def row(payment: Payment, **changes: str) -> list[str]:
    cells = {
        "number": payment.number, "name": payment.name, "account": payment.account,
        "fen": yuan(payment.fen), "state": "成功", "ref": f"B{payment.pk}", "reason": "",
    }  # fmt: skip
    return list({**cells, **changes}.values())


def imported(world: World, path: Path, who: str = "payer") -> sheet_imports.Preview:
    """Preview a result file and confirm it."""
    kind = sheet_imports.kind_of(payment_files.KIND, world[who])
    batch = sheet_imports.upload(path, path.name, kind, world[who], LATER)
    seen = sheet_imports.preview(batch, world[who], LATER)
    sheet_imports.confirm(batch.pk, seen.seen, world[who], LATER)
    return seen


def test_a_result_file_pays_and_the_same_again_changes_nothing(world: World, sent: Batch, tmp_path: Path) -> None:
    one, two = of(sent)
    path = results_file(tmp_path, [row(one), row(two, state="失败", ref="", reason="账户已销户")])
    assert imported(world, path).counts == Counter(changed=2, new=0, same=0, bad=0)
    assert (state(one), state(two)) == ("paid", "failed")
    assert (world.balances().paid, world.balances().committed) == (20_000 * YUAN, 30_000 * YUAN)
    before = Transfer.objects.count(), Event.objects.count()
    assert imported(world, path).counts == Counter(same=2, changed=0, new=0, bad=0)
    assert (Transfer.objects.count(), Event.objects.count()) == before


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"name": "示范县别家有限公司"}, "户名"),
        ({"account": "6222999999999999"}, "账号"),
        ({"fen": "19999.99"}, "金额（元）"),
        ({"number": "批次2026-9999-1-0001"}, "支付编号"),
        ({"ref": ""}, "银行流水号"),
    ],
)
def test_what_differs_is_listed_and_nothing_of_it_applied(
    world: World, sent: Batch, tmp_path: Path, changes: dict[str, str], column: str
) -> None:
    one, two = of(sent)
    seen = imported(world, results_file(tmp_path, [row(one, **changes), row(two)]))
    assert seen.counts == Counter(changed=1, bad=1, new=0, same=0)
    assert [fault.column for each in seen.rows for fault in each.faults] == [column]
    assert (state(one), state(two)) == ("sent", "paid")
    assert world.balances().paid == 30_000 * YUAN


def test_a_paid_one_never_becomes_anything_else(world: World, sent: Batch, tmp_path: Path) -> None:
    one = of(sent)[0]
    world.take(result(one))
    seen = imported(world, results_file(tmp_path, [row(one, state="失败", ref="", reason="退汇")]))
    assert seen.counts["bad"] == 1 and state(one) == "paid"
    code_of(Conflict, lambda: world.take(result(one, "failed")))


def test_results_are_taken_by_the_paying_unit_only(world: World, sent: Batch, tmp_path: Path) -> None:
    path = results_file(tmp_path, [row(payment) for payment in of(sent)])
    assert imported(world, path, "reviewer").counts["bad"] == 2
    code_of(Refused, lambda: payments.take([result(of(sent)[0])], world["reviewer"], LATER))
    code_of(Refused, lambda: payments.take([result(of(sent)[0])], world["leader"], LATER))
    assert {state(payment) for payment in of(sent)} == {"sent"}


def test_all_or_nothing(world: World, sent: Batch) -> None:
    one, two = of(sent)
    code_of(Conflict, lambda: world.take(result(one), result(two, fen=two.fen - 1)))
    code_of(Conflict, lambda: world.take(result(one), result(one)))
    assert {state(one), state(two)} == {"sent"} and world.balances().paid == 0


# ── failed, unknown ──


def test_a_failed_payment_waits_for_a_mended_account_and_is_paid_again(world: World, sent: Batch) -> None:
    one, two = of(sent)
    world.take(result(one, "failed", reason="户名不符"), result(two))
    claim, found = again(one.claim), sent.round
    assert claim.to_mend and stage(claim) == "paying"
    assert [each.why.zh for each in payments.due(found)[1]] == ["上一笔支付失败，账户待更正"]
    new = {"account_name": claim.party.name, "account_number": "6222 1111 2222 3333", "bank": "示范建行"}
    code_of(Invalid, lambda: act(claim.case_id, "mend_account", world["payer"], LATER, {**new, "account_name": "别家"}))
    act(claim.case_id, "mend_account", world["payer"], LATER, new)
    batch = world.issued(found)
    again_sent = batch.payments.get()
    assert (batch.number, again_sent.account) == (f"{found.case.number}-2", "6222111122223333")
    assert again_sent.fen == one.fen, "the sum stands"
    world.take(result(again_sent))
    assert stage(claim) == "paid" and world.balances().paid == 50_000 * YUAN
    assert checking.check().faults == ()


@pytest.mark.parametrize("truth", ["paid", "failed"])
def test_an_unknown_result_blocks_until_it_is_reconciled(world: World, sent: Batch, truth: str) -> None:
    one, two = of(sent)
    world.take(result(one, "unknown"), result(two))
    claim, found = again(one.claim), sent.round
    assert [each.why.zh for each in payments.due(found)[1]] == ["上一笔结果不明，核对之前不再支付"]
    stop = {"reason": "停", "legal_basis": "第七条"}
    code_of(Refused, lambda: act(claim.case_id, "stop", world["payer"], LATER, stop))
    new = {"account_name": claim.party.name, "account_number": "6222111122223333", "bank": "示范建行"}
    code_of(Refused, lambda: act(claim.case_id, "mend_account", world["payer"], LATER, new))
    code_of(Refused, lambda: act(found.case_id, "settle", world["payer"], LATER, {"remark": "办结"}))
    told = ("B77", "银行对账单核对", world["payer"], LATER)
    code_of(Refused, lambda: by_hand.reconcile(one, truth, *told, files=[]))
    by_hand.reconcile(one, truth, *told, files=[PROOF])
    assert state(one) == truth
    assert stage(claim) == ("paid" if truth == "paid" else "paying")
    assert world.balances().paid == (50_000 if truth == "paid" else 30_000) * YUAN
    code_of(Conflict, lambda: by_hand.reconcile(one, "paid", *told, files=[PROOF]))
    if truth == "failed":
        act(claim.case_id, "mend_account", world["payer"], LATER, new)
        world.take(result(world.issued(found).payments.get()))
        assert stage(claim) == "paid" and world.balances().paid == 50_000 * YUAN


def test_an_unknown_result_is_resolved_by_a_later_file(world: World, sent: Batch, tmp_path: Path) -> None:
    one, two = of(sent)
    assert imported(world, results_file(tmp_path, [row(one, state="不明", ref=""), row(two)])).counts["changed"] == 2
    assert imported(world, results_file(tmp_path, [row(one)])).counts["changed"] == 1
    assert (state(one), stage(again(one.claim))) == ("paid", "paid")


def test_the_list_of_what_is_outstanding_is_the_template(world: World, sent: Batch) -> None:
    kind = sheet_imports.kind_of(payment_files.KIND, world["payer"])
    assert kind.current is not None
    assert [values["fen"] for values in kind.current(world["payer"], LATER)] == [20_000 * YUAN, 30_000 * YUAN]
    assert list(kind.current(world["reviewer"], LATER)) == []


def test_a_connected_finance_system(world: World) -> None:
    version = world.policy()
    world.budget(BUDGET)
    closed, unclear, fine = world.waiting(version, 20, 30, 40)
    for claim, number in ((closed, "6222000011110000"), (unclear, "6222000011119999")):
        told = {"account_name": claim.party.name, "account_number": number, "bank": "示范农商银行"}
        agent = world.county["agent"].__class__(claim.willed_by_id, "x", "party", party_ids=frozenset({claim.party_id}))
        act(claim.case_id, "give_account", agent, NOW, told)
    batch = world.issued(world.published(version))
    before = finance.use(finance.Demo())
    try:
        assert finance.connected()
        finance.send(batch)
        counts, differing = finance.fetch(batch, world["payer"], LATER)
        assert (dict(counts), differing) == ({"paid": 1, "failed": 1, "unknown": 1}, [])
        assert dict(finance.fetch(batch, world["payer"], LATER)[0]) == {}
    finally:
        finance.use(before)
    assert (stage(fine), stage(closed), stage(unclear)) == ("paid", "paying", "paying")
    assert not finance.connected() and finance.fetch(batch, world["payer"], LATER) == (Counter(), [])


# ── recovery ──


def test_a_fact_proved_false_is_listed_ordered_and_recovered(world: World) -> None:
    claim = world.paid_with_budget(20)
    assert list(clawing.doubtful(LATER)) == []
    staff(claim, 5, LATER)
    doubtful = list(clawing.doubtful(LATER, frozenset({"science"})))
    assert [each.claim.pk for each in doubtful] == [claim.pk] and "用工十人以上" in doubtful[0].why.zh
    assert list(clawing.doubtful(LATER, frozenset({"economy"}))) == []
    for who in ("payer", "stranger_head", "clerk"):
        code_of(Refused, lambda w=who: act(claim.case_id, "reopen", world[w], LATER, {"reason": "人数不实"}))
    act(claim.case_id, "reopen", world["reviewer"], LATER, {"reason": "人数不实"})
    order = {"reason": "人数不实", "legal_basis": "第七条"}
    act(claim.case_id, "order", world["reviewer"], LATER, order)
    assert stage(claim) == "clawing", "somebody else must agree"
    act(claim.case_id, "approve", world["head"], LATER)
    received = {"received_on": "2026-09-01", "recovered_to": "surrendered"}
    code_of(Refused, lambda: act(claim.case_id, "received", world["reviewer"], LATER, received, files=[PROOF]))
    act(claim.case_id, "received", world["payer"], LATER, received, files=[PROOF])
    assert stage(claim) == "recovered" and again(claim).state == "recovered"
    assert (world.balances().paid, world.balances().surrendered) == (0, 20_000 * YUAN)
    code_of(NotOpen, lambda: act(claim.case_id, "received", world["payer"], LATER, received, files=[PROOF]))


def test_recovery_may_be_dropped(world: World) -> None:
    claim = world.paid_with_budget(20)
    act(claim.case_id, "reopen", world["supervisor"], LATER, {"reason": "举报"})
    act(claim.case_id, "drop", world["reviewer"], LATER, {"reason": "查无实据"})
    act(claim.case_id, "approve", world["head"], LATER)
    assert stage(claim) == "paid" and world.balances().paid == 20_000 * YUAN


# ── instalments ──


def test_instalments_sum_to_the_whole_and_wait_for_their_condition(world: World) -> None:
    version = world.policy(benefit=PARTS)
    world.budget(BUDGET)
    first = world.paid(version, 23)[0]
    assert (first.whole_fen, first.asked_fen) == (23_000 * YUAN, 6_900 * YUAN)
    paid, now = [first], LATER
    for part in (1, 2):
        with pytest.raises(Refused):
            act(paid[-1].case_id, "next_part", world["payer"], now, {"finding": "x"}, files=[PROOF])
        act(paid[-1].case_id, "next_part", world["reviewer"], now, {"finding": "条件已具备"}, files=[PROOF])
        claim = Claim.objects.get(part=part)
        assert (claim.year, claim.case.predecessor_id, stage(claim)) == (2026, paid[-1].case_id, "review")
        staff(claim, 5, now)  # figures of a later year do not take back what was granted
        world.agreed(claim, now)
        found = world.published(version, now)
        now += timedelta(days=20)
        batch = world.issued(found, now)
        world.take(*[result(payment) for payment in of(batch)], now=now)
        paid.append(again(claim))
    assert [claim.fixed_fen for claim in paid] == [6_900 * YUAN, 6_900 * YUAN, 9_200 * YUAN]
    assert world.balances().paid == 23_000 * YUAN
    last = code_of(
        Refused, lambda: act(paid[-1].case_id, "next_part", world["reviewer"], now, {"finding": "x"}, files=[PROOF])
    )
    assert "没有下一期" in last.detail.zh


def test_a_decided_whole_is_split_as_well(world: World) -> None:
    benefit = f"whole: {{{DECIDED}}}, parts: [{{share: 50%, zh: 首期}}, {{share: 50%, zh: 末期}}]"
    version = world.policy(benefit=benefit, more=FIRST_COME)
    claim = world.agreed(world.claim(version), granted_yuan=101)
    assert (claim.whole_fen, claim.agreed_fen) == (101_00, 50_50)
    assert account(claim.party).name == claim.party.name
