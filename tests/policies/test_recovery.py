"""追回: in parts, until all is in or a second person writes the rest off; the ledger right after each."""

from __future__ import annotations

from copy import deepcopy

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qinqing.cases.acting import act
from qinqing.cases.refusals import Incomplete, NotOpen, Refused
from qinqing.ledger import checking
from qinqing.ledger.models import Book, Position
from qinqing.policies import recovering
from qinqing.policies.models_money import Claim
from qinqing.policies.recovering import Owed
from qinqing.policies.yuan import read_yuan, yuan
from tests.conftest import Clock
from tests.policies.money_world import LATER, PROOF, YUAN, World, again, code_of, stage
from tests.policies.test_money_web import page
from tests.worlds import Once

pytestmark = pytest.mark.django_db
ORDER = {"reason": "人数不实", "legal_basis": "第七条"}


@pytest.fixture(scope="module")
def built(once: Once) -> tuple[World, Claim]:
    return once(_build)


@pytest.fixture
def world(built: tuple[World, Claim], clock: Clock) -> World:
    clock.set(LATER)
    return deepcopy(built[0])


@pytest.fixture
def claim(built: tuple[World, Claim]) -> Claim:
    """Paid 20,000 yuan; recovery is ordered."""
    return deepcopy(built[1])


def _build() -> tuple[World, Claim]:
    world = World()
    found = world.paid_with_budget(20)
    act(found.case_id, "reopen", world["reviewer"], LATER, {"reason": "人数不实"})
    act(found.case_id, "order", world["reviewer"], LATER, ORDER)
    act(found.case_id, "approve", world["head"], LATER)
    return world, again(found)


def part(world: World, claim: Claim, sum_: str, to: str = "surrendered", who: str = "payer") -> None:
    form = {"received_on": "2026-09-01", "recovered_to": to, "received_yuan": sum_}
    act(claim.case_id, "received_part", world[who], LATER, form, files=[PROOF])


def rest(world: World, claim: Claim) -> None:
    form = {"received_on": "2026-09-09", "recovered_to": "available"}
    act(claim.case_id, "received", world["payer"], LATER, form, files=[PROOF])


def test_parts_until_all_is_in(world: World, claim: Claim) -> None:
    available = world.balances().available
    part(world, claim, "5000")
    assert (world.balances().paid, world.balances().surrendered) == (15_000 * YUAN, 5_000 * YUAN)
    part(world, claim, "4,999.99", "available")
    assert recovering.owed(claim) == Owed(20_000 * YUAN, 999_999) and recovering.owed(claim).rest == 1_000_001
    assert stage(claim) == "recovering" and again(claim).state == "paid"
    html = page("payer", f"/cases/{claim.case.number}/")
    assert "9,999.99元" in html and "10,000.01元" in html
    rest(world, claim)
    assert stage(claim) == "recovered" and again(claim).state == "recovered"
    assert (world.balances().paid, world.balances().available) == (0, available + 15_000 * YUAN)
    code_of(NotOpen, lambda: part(world, claim, "1"))
    assert checking.check().faults == ()


@pytest.mark.parametrize("sum_", ["20000", "20000.01", "0", "0.00", "-1", "1.005", "一千", "999999999999"])
def test_a_part_is_above_zero_and_below_what_is_out(world: World, claim: Claim, sum_: str) -> None:
    problem = code_of(Refused, lambda: part(world, claim, sum_))
    assert "20,000.00元" in problem.detail.zh and world.balances().paid == 20_000 * YUAN
    code_of(Incomplete, lambda: part(world, claim, ""))


def test_only_who_pays_records_it_and_with_evidence(world: World, claim: Claim) -> None:
    code_of(Refused, lambda: part(world, claim, "1", who="reviewer"))
    form = {"received_on": "2026-09-01", "recovered_to": "available", "received_yuan": "1"}
    code_of(Refused, lambda: act(claim.case_id, "received_part", world["payer"], LATER, form))


def test_the_rest_is_written_off_by_a_second_person_with_a_legal_basis(world: World, claim: Claim) -> None:
    part(world, claim, "5000")
    form = {"reason": "企业破产，无可供执行财产", "legal_basis": "财政部门核销办法第三条"}
    code_of(Incomplete, lambda: act(claim.case_id, "waive", world["payer"], LATER, {"reason": "x"}, files=[PROOF]))
    code_of(Refused, lambda: act(claim.case_id, "waive", world["payer"], LATER, form))
    act(claim.case_id, "waive", world["payer"], LATER, form, files=[PROOF])
    assert stage(claim) == "recovering", "a second person decides"
    code_of(Refused, lambda: act(claim.case_id, "approve", world["payer"], LATER))
    act(claim.case_id, "approve", world["payer_head"], LATER)
    assert stage(claim) == "waived" and again(claim).state == "waived"
    assert (world.balances().paid, world.balances().surrendered) == (15_000 * YUAN, 5_000 * YUAN)
    assert "核销余额" in page("payer", f"/cases/{claim.case.number}/")
    code_of(NotOpen, lambda: part(world, claim, "1"))


def test_what_comes_in_while_a_write_off_waits_counts(world: World, claim: Claim) -> None:
    """The proposer must wait for the answer; refused, they collect on."""
    form = {"reason": "破产", "legal_basis": "第三条"}
    act(claim.case_id, "waive", world["payer"], LATER, form, files=[PROOF])
    code_of(Refused, lambda: part(world, claim, "5000"))
    act(claim.case_id, "refuse", world["payer_head"], LATER, {"reason": "再催"})
    part(world, claim, "5000")
    assert world.balances().paid == 15_000 * YUAN


def test_the_database_holds_that_no_more_comes_back_than_was_paid(world: World, claim: Claim) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Position.objects.filter(ref=claim.ref).update(paid=-1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Book.objects.filter(code="fund:2026:jobs").update(paid=-1)


@settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 8_000 * YUAN), max_size=5))
def test_whatever_comes_in_the_sum_stands(world: World, claim: Claim, sums: list[int]) -> None:
    with transaction.atomic():
        taken = 0
        for fen in sums:
            if taken + fen < 20_000 * YUAN:
                part(world, claim, yuan(fen))
                taken += fen
            else:
                code_of(Refused, lambda fen=fen: part(world, claim, yuan(fen)))
            assert recovering.owed(claim) == Owed(20_000 * YUAN, taken)
            assert world.balances().paid == 20_000 * YUAN - taken
        transaction.set_rollback(True)


@given(st.integers(0, 10**14 - 1))
def test_sums_are_read_as_they_are_written(fen: int) -> None:
    assert read_yuan(yuan(fen)) == fen == read_yuan(f"{fen // 100:,}.{fen % 100:02}")
