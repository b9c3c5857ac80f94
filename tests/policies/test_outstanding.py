"""`qinqing policies payments`: what operators must still see to, and what does not add up."""

from __future__ import annotations

import json
from copy import deepcopy

import pytest

from qinqing.cases.acting import act
from qinqing.policies import outstanding
from qinqing.policies.models_money import Payment
from tests.conftest import Clock
from tests.policies.money_world import LATER, YUAN, World, again, result
from tests.worlds import Once

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def built(once: Once) -> tuple[World, list[Payment]]:
    return once(_sent)


@pytest.fixture
def sent(built: tuple[World, list[Payment]], clock: Clock) -> tuple[World, list[Payment]]:
    clock.set(LATER)
    return deepcopy(built)


def _sent() -> tuple[World, list[Payment]]:
    world = World()
    world.budget(1_000_000 * YUAN)
    version = world.policy()
    world.waiting(version, 10, 20, 30, 40, 50)
    return world, list(world.issued(world.published(version)).payments.order_by("line").select_related("claim"))


def run(*arguments: str) -> tuple[int, str]:
    import contextlib
    import io

    from qinqing.__main__ import main

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = main(["policies", "payments", *arguments])
    return code, out.getvalue()


def numbers() -> list[str]:
    return [payment.number for payment in outstanding.outstanding()]


def test_listed_until_somebody_has_seen_to_it(sent: tuple[World, list[Payment]]) -> None:
    world, (out, unknown, failed, back, paid) = sent
    world.take(result(unknown, "unknown"), result(failed, "failed", reason="户名不符"), result(back), result(paid))
    world.take(result(back, "returned", reason="账户已销户"))
    assert numbers() == [out.number, unknown.number, failed.number, back.number]
    mended = {"account_name": again(back.claim).party.name, "account_number": "62221111", "bank": "示范建行"}
    act(back.claim.case_id, "mend_account", world["payer"], LATER, mended)
    assert back.number not in numbers()
    act(failed.claim.case_id, "stop", world["payer"], LATER, {"reason": "停", "legal_basis": "第七条"})
    act(failed.claim.case_id, "approve", world["payer_head"], LATER)
    world.take(result(out), result(unknown))
    assert numbers() == [] and list(outstanding.differences()) == []


def test_of_several_failures_the_last_is_listed(sent: tuple[World, list[Payment]]) -> None:
    world, (one, *others) = sent
    world.take(result(one, "failed"), *map(result, others))
    mended = {"account_name": again(one.claim).party.name, "account_number": "62221111", "bank": "示范建行"}
    act(one.claim.case_id, "mend_account", world["payer"], LATER, mended)
    second = world.issued(one.batch.round).payments.get()
    world.take(result(second, "failed"))
    assert numbers() == [second.number]


def test_what_does_not_add_up_is_named(sent: tuple[World, list[Payment]], capsys: pytest.CaptureFixture[str]) -> None:
    world, found = sent
    world.take(*map(result, found))
    Payment.objects.filter(pk=found[0].pk).update(state="failed")  # by hand, past the acts
    (difference,) = outstanding.differences()
    assert (difference.payments, difference.ledger) == (0, 10_000 * YUAN)
    assert "10,000.00元" in difference.text.zh
    code, text = run()
    assert code == 1 and difference.claim in text and found[0].account not in text
    code, text = run("--json")
    assert code == 1
    assert json.loads(text)["differences"] == [
        {"claim": difference.claim, "payments_fen": 0, "ledger_fen": 10_000 * YUAN}
    ]


def test_the_command_says_what_to_do(sent: tuple[World, list[Payment]]) -> None:
    _, found = sent
    code, text = run()
    assert code == 0 and found[0].number in text and "导入结果文件" in text and "未了支付5笔" in text
    code, text = run("--json", "--lang", "en")
    assert [each["state"] for each in json.loads(text)["outstanding"]] == ["sent"] * 5
