"""兑现批次: frozen, split by the policy's rule, published, objected to, committed, and what may come between."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import TestCase
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as PropertyCase

from qinqing.cases.acting import act
from qinqing.cases.models import Case
from qinqing.cases.refusals import Conflict, NotOpen, Refused
from qinqing.ledger import checking
from qinqing.ledger.models import Position, Transfer
from qinqing.ledger.refusals import Missing, Short
from qinqing.policies import rounds
from qinqing.policies.models_money import Claim, Round, RoundLine
from qinqing.policies.rounds import NoRound
from qinqing.ui.errors import NotAllowed
from tests.examples import many
from tests.policies.money_world import (
    DECIDED,
    FIRST_COME,
    LATER,
    NOW,
    PRO_RATA,
    RANKED,
    YUAN,
    World,
    again,
    code_of,
    follow,
    pass_time,
    staff,
    stage,
)

pytestmark = pytest.mark.django_db
OBJECTION = {"objector": "某企业", "objection": "人数不实"}


@pytest.fixture
def world() -> World:
    return World()


def fixed(found: Round) -> list[int]:
    """What each line of the list was given, in yuan, in order."""
    return [fen // YUAN for fen in found.lines.order_by("place").values_list("fixed_fen", flat=True)]


# ── opening and freezing ──


def test_a_round_is_opened_by_the_department_with_something_to_pay(world: World) -> None:
    version = world.policy()
    code_of(NotAllowed, lambda: rounds.open_round(version, world["payer"], NOW))
    code_of(Missing, lambda: world.round(version))
    world.budget(1000 * YUAN)
    code_of(NoRound, lambda: world.round(version))
    world.waiting(version, 20)
    first = world.round(version)
    assert first.book == "fund:2026:jobs" and Case.objects.get(pk=first.case_id).stage == "preparing"
    assert first.case.number in code_of(NoRound, lambda: world.round(version)).detail.zh
    act(first.case_id, "give_up", world["reviewer"], NOW, {"reason": "重拟"})
    assert world.round(version).pk != first.pk


def test_freezing_reserves_and_the_claims_follow(world: World) -> None:
    version = world.policy()
    world.budget(100_000 * YUAN)
    one, two = world.waiting(version, 20, 30)
    found = world.round(version)
    world.propose(found)
    assert not Transfer.objects.filter(kind="reserve").exists(), "a proposal moves nothing"
    code_of(Refused, lambda: act(found.case_id, "approve", world["reviewer"], NOW))
    act(found.case_id, "approve", world["head"], NOW)
    assert (world.balances().reserved, world.balances().available) == (50_000 * YUAN, 50_000 * YUAN)
    assert {again(one).fixed_fen, again(two).fixed_fen} == {20_000 * YUAN, 30_000 * YUAN}
    follow()
    assert {stage(one), stage(two)} == {"publicity"}
    follow()
    assert Case.objects.get(pk=one.case_id).seq == 4, "following again does nothing"
    code_of(NotOpen, lambda: act(found.case_id, "freeze", world["reviewer"], NOW, {"claims": 0, "total_fen": 0}))


def test_what_is_signed_off_is_what_was_seen(world: World) -> None:
    version = world.policy()
    world.budget(100_000 * YUAN)
    world.waiting(version, 20)
    found = world.round(version)
    world.propose(found)
    late = world.waiting(version, 30)[0]
    refusal = code_of(Refused, lambda: act(found.case_id, "approve", world["head"], NOW))
    assert "2件、50,000.00元" in refusal.detail.zh
    assert world.balances().reserved == 0 and again(late).round_id is None
    act(found.case_id, "refuse", world["head"], NOW, {"reason": "名单有变"})
    wrong = {"claims": 2, "total_fen": 49_999 * YUAN}
    code_of(Refused, lambda: act(found.case_id, "freeze", world["reviewer"], NOW, wrong))
    world.propose(found)
    act(found.case_id, "approve", world["head"], NOW)
    assert world.balances().reserved == 50_000 * YUAN


def test_a_fact_that_changed_sends_its_claim_back(world: World) -> None:
    version = world.policy()
    world.budget(100_000 * YUAN)
    gone, less, same = world.waiting(version, 20, 30, 40)
    staff(gone, 9), staff(less, 29)
    found = world.frozen(version)
    assert [line.result for line in found.lines.order_by("place")] == ["back", "back", "funded"]
    assert fixed(found) == [0, 0, 40_000]
    assert (stage(gone), stage(less), stage(same)) == ("review", "review", "publicity")
    assert "用工十人以上" in again(gone).back and "29,000.00元" in again(less).back
    act(less.case_id, "recount", world["reviewer"], NOW)
    assert world.agreed(less).back == "" and again(less).agreed_fen == 29_000 * YUAN
    assert [claim.pk for claim in rounds.waiting(version.policy_id)] == [less.pk]


def test_without_a_rule_it_is_everybody_in_full_or_nobody(world: World) -> None:
    version = world.policy(more="")
    world.budget(50_000 * YUAN - 1)
    one, two = world.waiting(version, 20, 30)
    found = world.round(version)
    world.propose(found)
    refusal = code_of(Short, lambda: act(found.case_id, "approve", world["head"], NOW))
    assert refusal.extra["there"] < refusal.extra["asked"]
    assert {again(one).round_id, again(two).round_id} == {None} and not RoundLine.objects.exists()
    assert world.balances().reserved == 0 and Position.objects.count() == 0
    world.budget(1)  # the fen that was missing
    act(found.case_id, "approve", world["head"], NOW)
    assert world.balances().available == 0


# ── when the money does not suffice ──


def test_pro_rata_sums_to_the_budget_exactly(world: World) -> None:
    version = world.policy(more=PRO_RATA)
    world.budget(10_000_01)
    world.waiting(version, 10, 10, 10)
    found = world.frozen(version)
    given_fen = list(found.lines.order_by("place").values_list("fixed_fen", flat=True))
    assert given_fen == [333334, 333334, 333333] and world.balances().available == 0


def test_first_come_pays_in_the_order_of_the_wills(world: World) -> None:
    version = world.policy(more=FIRST_COME)
    world.budget(35_000 * YUAN)
    last = world.agreed(world.claim(version, 30, now=NOW), NOW)
    first = world.agreed(world.claim(version, 20, now=NOW - timedelta(hours=1)), NOW)
    none = world.agreed(world.claim(version, 10, now=NOW + timedelta(hours=1)), NOW + timedelta(hours=1))
    found = world.frozen(version, NOW + timedelta(hours=2))
    assert fixed(found) == [20_000, 15_000, 0]
    assert [line.claim_id for line in found.lines.order_by("place")] == [first.pk, last.pk, none.pk]
    assert (again(none).round_id, stage(none), again(none).state) == (None, "waiting", "open"), "it waits on"
    world.budget(10_000 * YUAN)
    assert fixed(world.frozen(version, LATER)) == [10_000]


def test_ranked_pays_the_best_and_ties_share(world: World) -> None:
    version = world.policy(more=RANKED)
    world.budget(50_000 * YUAN)
    best = world.agreed(world.claim(version, 20, revenue=9_000_00))
    tied = [world.agreed(world.claim(version, heads, revenue=5_000_00)) for heads in (20, 40)]
    worst = world.agreed(world.claim(version, 10, revenue=1_000_00))
    unranked = world.agreed(world.claim(version, 10, revenue=None))
    found = world.frozen(version)
    by_claim = {line.claim_id: (line.fixed_fen // YUAN, line.result) for line in found.lines.all()}
    assert by_claim[best.pk] == (20_000, "funded")
    assert [by_claim[claim.pk] for claim in tied] == [(10_000, "funded"), (20_000, "funded")]
    assert by_claim[worst.pk] == (0, "short") and by_claim[unranked.pk] == (0, "back")
    assert stage(unranked) == "review" and "revenue" in again(unranked).back


def test_lowest_first_where_the_policy_says_so(world: World) -> None:
    version = world.policy(more="budget: {yuan: 1000000, short: ranked, by: revenue, order: lowest_first}")
    world.budget(10_000 * YUAN)
    world.agreed(world.claim(version, 10, revenue=9_000_00))
    low = world.agreed(world.claim(version, 10, revenue=1_00))
    found = world.frozen(version)
    assert found.lines.get(result="funded").claim_id == low.pk


def test_two_rounds_of_two_policies_share_one_budget(world: World) -> None:
    one, two = world.policy("jobs"), world.policy("other")
    world.budget(30_000 * YUAN)
    world.waiting(one, 20), world.waiting(two, 20)
    first = world.round(one)
    second = world.round(two, book="fund:2026:jobs")
    world.propose(first), world.propose(second)
    act(first.case_id, "approve", world["head"], NOW)
    code_of(Refused, lambda: act(second.case_id, "approve", world["head"], NOW))
    act(second.case_id, "refuse", world["head"], NOW, {"reason": "余额有变"})
    world.propose(second)
    act(second.case_id, "approve", world["head"], NOW)
    assert world.balances().available == 0 and world.balances().reserved == 30_000 * YUAN


def test_what_a_body_decided_is_not_recomputed(world: World) -> None:
    version = world.policy(benefit=DECIDED, more=FIRST_COME)
    world.budget(100_000 * YUAN)
    world.agreed(world.claim(version), granted_yuan=4321)
    assert fixed(world.frozen(version)) == [4321]


# ── publicity ──


def test_when_the_publicity_is_over_money_is_committed_by_itself(world: World) -> None:
    version = world.policy()
    world.budget(100_000 * YUAN)
    claim = world.waiting(version, 20)[0]
    found = world.frozen(version)
    pass_time(NOW + timedelta(days=7, hours=1))  # the fifth working day, Monday, still runs
    assert stage(claim) == "publicity"
    pass_time(NOW + timedelta(days=8))
    assert Case.objects.get(pk=found.case_id).stage == "paying" and stage(claim) == "paying"
    assert (world.balances().reserved, world.balances().committed) == (0, 20_000 * YUAN)


def test_an_objection_stops_that_claim_alone_and_upheld_frees_its_money(world: World) -> None:
    version = world.policy()
    world.budget(100_000 * YUAN)
    stopped, other = world.waiting(version, 20, 30)
    world.frozen(version)
    act(stopped.case_id, "object", world["reviewer"], NOW, OBJECTION)
    pass_time(LATER)
    assert (stage(stopped), stage(other)) == ("objection", "paying")
    assert (world.balances().reserved, world.balances().committed) == (20_000 * YUAN, 30_000 * YUAN)
    decision = {"reason": "异议属实", "finding": "社保仅九人"}
    for who in ("reviewer", "head", "payer", "leader"):
        code_of(Refused, lambda w=who: act(stopped.case_id, "uphold", world[w], LATER, decision))
    act(stopped.case_id, "uphold", world["supervisor"], LATER, decision)
    assert stage(stopped) == "objection_upheld" and again(stopped).state == "ended"
    assert (world.balances().reserved, world.balances().available) == (0, 70_000 * YUAN)
    code_of(NotOpen, lambda: act(other.case_id, "object", world["reviewer"], LATER, OBJECTION))


@pytest.mark.parametrize("over", [False, True])
def test_a_dismissed_objection_lets_the_claim_go_on(world: World, over: bool) -> None:
    version = world.policy()
    world.budget(100_000 * YUAN)
    claim = world.waiting(version, 20)[0]
    world.frozen(version)
    act(claim.case_id, "object", world["reviewer"], NOW, OBJECTION)
    now = LATER if over else NOW
    pass_time(now)
    act(claim.case_id, "dismiss", world["supervisor"], now, {"finding": "不属实"})
    assert stage(claim) == ("paying" if over else "publicity")
    pass_time(LATER)
    assert stage(claim) == "paying" and world.balances().committed == 20_000 * YUAN


def test_the_fourth_objection_is_the_leaders(world: World) -> None:
    version = world.policy()
    world.budget(100_000 * YUAN)
    claim = world.waiting(version, 20)[0]
    world.frozen(version)
    for _ in range(4):
        act(claim.case_id, "object", world["reviewer"], NOW, OBJECTION)
        act(claim.case_id, "dismiss", world["supervisor"], NOW, {"finding": "不属实"})
    assert stage(claim) == "ruling"
    act(claim.case_id, "allow", world["leader"], LATER, {"finding": "多次核查均不属实"})
    pass_time(LATER)
    assert stage(claim) == "paying"


def test_a_voided_list_frees_everything_and_may_be_frozen_anew_elsewhere(world: World) -> None:
    version = world.policy()
    world.budget(100_000 * YUAN)
    one, objected, ended = world.waiting(version, 20, 30, 40)
    found = world.frozen(version)
    act(objected.case_id, "object", world["reviewer"], NOW, OBJECTION)
    act(ended.case_id, "object", world["reviewer"], NOW, OBJECTION)
    act(ended.case_id, "uphold", world["supervisor"], NOW, {"reason": "属实", "finding": "属实"})
    act(found.case_id, "void", world["reviewer"], NOW, {"reason": "公示有误"})
    act(found.case_id, "approve", world["head"], NOW)
    assert world.balances().reserved == 0 and world.balances().available == 100_000 * YUAN
    follow()
    assert (stage(one), stage(objected), stage(ended)) == ("waiting", "objection", "objection_upheld")
    act(objected.case_id, "dismiss", world["supervisor"], NOW, {"finding": "不属实"})
    assert stage(objected) == "waiting"
    world.budget(100_000 * YUAN, "next")
    again_frozen = world.frozen(version, book="fund:2026:next")
    assert sorted(fixed(again_frozen)) == [20_000, 30_000] and stage(one) == "publicity"
    assert world.balances("next").reserved == 50_000 * YUAN


def test_a_claim_stopped_before_payment_gives_its_money_back(world: World) -> None:
    version = world.policy()
    world.budget(100_000 * YUAN)
    claim = world.waiting(version, 20)[0]
    world.published(version)
    act(claim.case_id, "stop", world["payer"], LATER, {"reason": "企业注销", "legal_basis": "第七条"})
    act(claim.case_id, "approve", world["payer_head"], LATER)
    assert stage(claim) == "stopped" and world.balances().available == 100_000 * YUAN


def test_a_round_is_settled_when_nothing_is_left(world: World) -> None:
    version = world.policy()
    world.budget(100_000 * YUAN)
    claim = world.waiting(version, 20)[0]
    found = world.published(version)
    refusal = code_of(Refused, lambda: act(found.case_id, "settle", world["payer"], LATER, {"remark": "办结"}))
    assert "还有1件" in refusal.detail.zh
    act(claim.case_id, "stop", world["payer"], LATER, {"reason": "企业注销", "legal_basis": "第七条"})
    act(claim.case_id, "approve", world["payer_head"], LATER)
    act(found.case_id, "settle", world["payer"], LATER, {"remark": "办结"})
    assert Case.objects.get(pk=found.case_id).outcome == "settled"


def test_a_list_never_changes(world: World) -> None:
    from django.db import DatabaseError, transaction

    version = world.policy()
    world.budget(100_000 * YUAN)
    world.waiting(version, 20)
    world.frozen(version)
    with pytest.raises(DatabaseError), transaction.atomic():
        RoundLine.objects.update(fixed_fen=1)


def test_a_list_moved_between_guard_and_freeze_is_a_conflict(world: World) -> None:
    """What the guard saw is looked at again with everything locked."""
    from qinqing.cases.registry import Context

    version = world.policy()
    world.budget(100_000 * YUAN)
    world.waiting(version, 20)
    found = world.round(version)
    context = Context(
        found.case_id, found.case.number, "funding_round", 0, 1, 9, world["head"], NOW,
        {"claims": 1, "total_fen": 1}, {},
    )  # fmt: skip
    code_of(Conflict, lambda: rounds.freeze(context))
    assert world.balances().reserved == 0


class TotalsConserve(PropertyCase, TestCase):
    """Random rounds against random budgets: every fen is somewhere, nobody gets more than is theirs."""

    @settings(max_examples=many(30), suppress_health_check=list(HealthCheck))
    @given(
        st.sampled_from([PRO_RATA, FIRST_COME, RANKED]),
        st.lists(st.integers(10, 99), min_size=1, max_size=5),
        st.integers(1, 300_000_00),
        st.lists(st.sampled_from(["pay", "object", "stop", "void"]), min_size=3, max_size=3),
    )
    def test_totals(self, rule: str, heads: list[int], budget: int, fates: list[str]) -> None:
        world = World()
        version = world.policy(more=rule)
        world.budget(budget)
        found_claims = [world.agreed(world.claim(version, each, revenue=each % 3 * 100)) for each in heads]
        found = world.frozen(version)
        lines = list(found.lines.all())
        asked = sum(1_000_00 * each for each in heads)
        assert sum(line.fixed_fen for line in lines) == min(budget, asked) == world.balances().reserved
        assert all(0 <= line.fixed_fen <= line.asked_fen for line in lines)
        if fates[0] == "void":
            act(found.case_id, "void", world["reviewer"], NOW, {"reason": "x"})
            act(found.case_id, "approve", world["head"], NOW)
            follow()
        for claim, fate in zip(found_claims, fates, strict=False):
            if fate == "object" and stage(claim) == "publicity":
                act(claim.case_id, "object", world["reviewer"], NOW, OBJECTION)
                act(claim.case_id, "uphold", world["supervisor"], NOW, {"reason": "x", "finding": "x"})
        pass_time(LATER)
        left = world.balances()
        assert left.available + left.reserved + left.committed == budget and left.reserved == 0
        live = Claim.objects.filter(round__isnull=False, state="open")
        assert sum(claim.fixed_fen or 0 for claim in live) == left.committed
        assert checking.check().faults == ()
