"""收款账户的清除: when its time is over an account goes; what was paid keeps the account it went to."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from qinqing.audit import append_only, erasure
from qinqing.audit.models import Erasure
from qinqing.cases.acting import act
from qinqing.policies import payees
from qinqing.policies.history import PolicyHistory
from qinqing.policies.models_money import Claim, PayeeAccount, Payment
from qinqing.policies.payees import Account
from tests.conftest import Clock
from tests.policies.money_world import LATER, NOW, YUAN, World, again
from tests.policies.test_money_web import page
from tests.worlds import Once

pytestmark = pytest.mark.django_db
LONG_AFTER = LATER + timedelta(days=3 * 365 + 30)


@pytest.fixture(scope="module")
def built(once: Once) -> World:
    return once(World)


@pytest.fixture
def world(built: World, clock: Clock) -> World:
    clock.set(LONG_AFTER)
    return deepcopy(built)


def account_of(claim: Claim) -> PayeeAccount:
    found = again(claim).account
    assert found is not None
    return found


def test_accounts_go_when_every_claim_to_them_is_long_closed(world: World) -> None:
    world.budget(100_000 * YUAN)
    version = world.policy()
    paid = world.paid(version, 20)[0]
    waiting = world.waiting(version, 30)[0]
    agent = world.company()
    unused = payees.give(agent[0], Account(agent[0].name, "62220000", "示范农商银行"), agent[1], NOW)
    before = LATER + timedelta(days=1)
    assert erasure.preview("personal", before, LONG_AFTER).counts["policies"] == 2
    assert erasure.preview("standard", NOW - timedelta(days=4000), LONG_AFTER).counts["policies"] == 0
    erasure.erase("personal", before, "审计员", LONG_AFTER)
    for gone in (account_of(paid), PayeeAccount.objects.get(pk=unused.pk)):
        assert (gone.name, gone.number, gone.bank, gone.erased_at) == ("", "", "", LONG_AFTER)
    assert account_of(waiting).number != "" and account_of(waiting).erased_at is None
    kept = Payment.objects.get(claim=paid)
    assert kept.name == paid.party.name and kept.account.startswith("6222"), "accounting records stay"
    assert payees.current(paid.party) is None and payees.current(waiting.party) == account_of(waiting)
    assert Erasure.objects.get(history="policies").count == 2
    assert erasure.erase("personal", before, "审计员", LONG_AFTER) == 0
    assert "已按保管期限清除" in page("payer", f"/cases/{paid.case.number}/")


def test_a_claim_closed_since_keeps_its_account(world: World) -> None:
    world.budget(100_000 * YUAN)
    paid = world.paid(world.policy(), 20)[0]
    assert PolicyHistory().erasable("personal", LATER) == 0, "it was paid at that moment, not before it"
    assert PolicyHistory().erasable("personal", LATER + timedelta(seconds=1)) == 1
    act(paid.case_id, "reopen", world["reviewer"], LATER, {"reason": "人数不实"})
    assert PolicyHistory().erasable("personal", LONG_AFTER) == 0, "it is open again"


def test_in_slices(world: World) -> None:
    for _ in range(3):
        party, agent = world.company()
        payees.give(party, Account(party.name, "62220000", "示范农商银行"), agent, NOW)
    assert [PolicyHistory().erase("personal", LATER, LATER, 2) for _ in range(3)] == [2, 1, 0]


def test_an_account_is_otherwise_never_changed(world: World) -> None:
    party, agent = world.company()
    row = PayeeAccount.objects.filter(
        pk=payees.give(party, Account(party.name, "62220000", "示范农商银行"), agent, NOW).pk
    )
    gone = {"name": "", "number": "", "bank": "", "erased_at": LATER}
    for changes in (
        {"number": "62229999"}, {"number": ""}, {**gone, "bank": "另一家"}, {**gone, "given_at": LATER},
        {**gone, "erased_at": None},
    ):  # fmt: skip
        with pytest.raises(DatabaseError), transaction.atomic():
            row.update(**changes)
    row.update(**gone)
    with pytest.raises(DatabaseError), transaction.atomic():
        row.update(**{**gone, "erased_at": LONG_AFTER})
    with pytest.raises(DatabaseError), transaction.atomic():
        row.delete()
    assert append_only.missing_guards(PolicyHistory.append_only_tables) == []
