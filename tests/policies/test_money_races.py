"""Real processes at one budget at once, on either database: never overdrawn, nobody paid twice, nothing half done."""

from __future__ import annotations

from collections import Counter

import pytest

from qinqing.cases.models import Case
from qinqing.ledger import checking
from qinqing.ledger.models import Position, Transfer
from qinqing.policies.models_money import Batch, Claim, Payment, Round
from tests.cases.processes import running
from tests.policies.money_process import live_twice
from tests.policies.money_world import EACH, FIRST_COME, LATER, PRO_RATA, YUAN, World, pass_time, result

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]
HERE = "tests.policies.money_process"
BOOK = "fund:2026:jobs"


@pytest.fixture
def world(transactional_db: None) -> World:
    return World()


def sound() -> None:
    assert [fault.en for fault in checking.check().faults] == []
    assert live_twice() == []


def test_rounds_frozen_at_once_never_overdraw_the_budget(world: World) -> None:
    """Four rounds want 120,000 yuan of 50,000; each takes what is there, in full or by its rule."""
    world.budget(50_000 * YUAN)
    rules = ["", PRO_RATA, FIRST_COME, ""]
    versions = [world.policy(f"p{n}", EACH, rule) for n, rule in enumerate(rules)]
    for version in versions:
        world.waiting(version, 10, 20)
    found = [world.round(version, book=BOOK) for version in versions]
    with running(*[(f"{HERE}:freeze", each.pk, 8) for each in found]) as all_four:
        said = [answer for process in all_four for answer in process.finish()]
    frozen = Round.objects.filter(frozen_at__isnull=False)
    assert frozen.count() >= 1, said
    balances = world.balances()
    claimed = sum(claim.fixed_fen or 0 for claim in Claim.objects.filter(round__isnull=False))
    assert claimed == balances.reserved and balances.available == 50_000 * YUAN - claimed >= 0
    assert {line.round_id for line in Claim.objects.filter(round__isnull=False)} <= set(
        frozen.values_list("pk", flat=True)
    )
    sound()


def test_batches_results_and_stops_at_once_pay_everybody_once(world: World) -> None:
    world.budget(400_000 * YUAN)
    version = world.policy()
    world.waiting(version, *[10 + n for n in range(12)])
    found = world.published(version)
    jobs = [
        (f"{HERE}:issue", found.pk, 12), (f"{HERE}:issue", found.pk, 12), (f"{HERE}:take", 1, 12),
        (f"{HERE}:take", 2, 12), (f"{HERE}:stop_or_withdraw", 3, 10),
    ]  # fmt: skip
    with running(*jobs) as everybody:
        said = [answer for process in everybody for answer in process.finish()]
    sound()
    world_after(world, found, said)


def test_returns_and_second_batches_at_once_pay_everybody_once(world: World) -> None:
    """The bank sends back while the next batch goes out, results come in and accounts are mended."""
    world.budget(400_000 * YUAN)
    version = world.policy()
    world.waiting(version, *[10 + n for n in range(8)])
    found = world.published(version)
    world.take(*[result(payment) for payment in world.issued(found).payments.all()])
    jobs = [
        (f"{HERE}:send_back", 1, 6), (f"{HERE}:send_back", 2, 6), (f"{HERE}:issue", found.pk, 12),
        (f"{HERE}:issue", found.pk, 12), (f"{HERE}:take", 3, 8),
    ]  # fmt: skip
    with running(*jobs) as everybody:
        said = [answer for process in everybody for answer in process.finish()]
    sound()
    back = Payment.objects.filter(state="returned")
    assert back.exists(), said
    reversed_ = Transfer.objects.filter(kind="pay", reverses__isnull=False)
    assert (back.count(), sum(p.fen for p in back)) == (reversed_.count(), sum(t.amount for t in reversed_))
    paid = Payment.objects.filter(state="paid")
    assert sum(payment.fen for payment in paid) == world.balances().paid
    assert {p.claim_id for p in paid} == set(Claim.objects.filter(state="paid").values_list("pk", flat=True))
    due = Claim.objects.filter(state="open")
    assert sum(claim.fixed_fen or 0 for claim in due) == world.balances().committed


def world_after(world: World, found: Round, said: list[list[object]]) -> None:
    """Whoever is left is paid now; then every claim is paid once or was stopped, and the ledger says the same."""
    for task in ("issue_batch", "stop"):
        for case in Case.objects.filter(tasks__node=f"?{task}", tasks__state="open").distinct():
            from qinqing.cases.acting import act

            act(case.pk, "refuse", world["payer_head"], LATER, {"reason": "收尾"})
    from qinqing.policies import payments

    if payments.due(found)[0]:
        world.issued(found)
    for batch in Batch.objects.all():
        world.take(*[result(payment) for payment in batch.payments.all()])
    states = Counter(Claim.objects.values_list("state", flat=True))
    assert states["paid"] + states["ended"] == 12 and states["paid"] >= 1, (states, said)
    paid = Payment.objects.filter(state="paid")
    assert paid.count() == states["paid"]
    assert sum(payment.fen for payment in paid) == world.balances().paid == sum(p.paid for p in Position.objects.all())
    assert world.balances().reserved == world.balances().committed == 0
    sound()


def test_withdrawn_and_frozen_at_the_same_instant(world: World) -> None:
    world.budget(400_000 * YUAN)
    version = world.policy()
    world.waiting(version, *[10 + n for n in range(10)])
    found = world.round(version)
    jobs = [(f"{HERE}:stop_or_withdraw", n, 6) for n in range(2)] + [
        (f"{HERE}:freeze", found.pk, 10),
        (f"{HERE}:work", 30),
    ]
    with running(*jobs) as everybody:
        for process in everybody:
            process.finish()
    pass_time(LATER)
    for claim in Claim.objects.all():
        stage = Case.objects.get(pk=claim.case_id)
        assert (claim.state == "ended") == (stage.outcome == "withdrawn")
        assert claim.state == "open" or claim.round_id is None, "withdrawn ones are in no round"
    funded = sum(claim.fixed_fen or 0 for claim in Claim.objects.filter(round__isnull=False))
    assert funded == world.balances().reserved + world.balances().committed
    sound()


def test_one_company_on_several_phones_claims_once(world: World) -> None:
    versions = [world.policy("jobs"), world.policy("more", more=PRO_RATA + "\nhighest_of: x"),
                world.policy("most", "yuan_each: 2000, of: staff", PRO_RATA + "\nhighest_of: x")]  # fmt: skip
    party, _ = world.company()
    with running(*[(f"{HERE}:will", [version.pk for version in versions], party.pk) for _ in range(4)]) as phones:
        said = [tuple(answer) for process in phones for answer in process.finish()]
    assert Counter(how for _, how in said) == {"done": 2, "no-claim": 10}
    assert sorted(Claim.objects.values_list("policy__code", flat=True)) == ["jobs", "most"]
