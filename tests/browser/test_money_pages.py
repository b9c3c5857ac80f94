"""兑现和支付的页面在浏览器里: on a desk and on a phone, in both languages: they fit and are accessible."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qinqing.accounts.models import User
from qinqing.cases.acting import act
from qinqing.policies.models_money import Payment
from tests.browser.fixtures import look, sign_in
from tests.conftest import Clock
from tests.policies.money_world import FIRST_COME, LATER, NOW, PROOF, YUAN, World, result, staff

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(transactional_db: None, clock: Clock) -> World:
    clock.set(NOW)
    return World()


def test_every_page_fits_and_is_accessible(world: World, clock: Clock, live: str, page: Page) -> None:
    through_all_pages(world, clock, live, page)


@pytest.mark.long
def test_every_page_on_a_phone(world: World, clock: Clock, live: str, phone: Page) -> None:
    through_all_pages(world, clock, live, phone)


def through_all_pages(world: World, clock: Clock, live: str, page: Page) -> None:
    version = world.policy(more=FIRST_COME)
    world.budget(60_000 * YUAN)
    for heads in (20, 30, 25):
        world.agreed(world.claim(version, heads))
    changed = world.agreed(world.claim(version, 40))
    staff(changed, 9)
    preparing = world.round(version)
    shown = [("reviewer", "/policies/rounds/"), ("reviewer", f"/policies/rounds/{preparing.case.number}/")]
    each(page, live, shown)
    act(preparing.case_id, "give_up", world["reviewer"], NOW, {"reason": "重拟"})
    found = world.published(version)
    batch = world.issued(found)
    one, two, three = batch.payments.order_by("line")
    clock.set(LATER)
    world.take(result(one), result(two, "unknown"), result(three, "failed", reason="账户已销户"))
    staff(one.claim, 8, LATER)
    shown = [
        ("payer", f"/policies/rounds/{found.case.number}/"),
        ("payer", f"/policies/batches/{batch.number}/"),
        ("reviewer", "/policies/doubtful/"),
        ("reviewer", f"/cases/{one.claim.case.number}/"),
        ("reviewer", f"/cases/{changed.case.number}/"),
        ("payer", f"/cases/{found.case.number}/"),
    ]
    each(page, live, shown)
    world.take(result(one, "returned", bank_ref="R1", reason="账户已销户"))
    shown = [("payer", f"/policies/batches/{batch.number}/"), ("payer", f"/cases/{one.claim.case.number}/")]
    each(page, live, shown)
    recovering(world, three)
    shown = [("payer", f"/cases/{three.claim.case.number}/"), ("reviewer", "/policies/live/")]
    each(page, live, shown)


def recovering(world: World, failed: Payment) -> None:
    """Paid after all; then ordered back, and half of it is in."""
    claim = failed.claim
    mended = {"account_name": claim.party.name, "account_number": "6222111122223333", "bank": "示范建行"}
    act(claim.case_id, "mend_account", world["payer"], LATER, mended)
    world.take(*(result(payment) for payment in world.issued(failed.batch.round).payments.all()))
    act(claim.case_id, "reopen", world["reviewer"], LATER, {"reason": "人数不实"})
    act(claim.case_id, "order", world["reviewer"], LATER, {"reason": "人数不实", "legal_basis": "第七条"})
    act(claim.case_id, "approve", world["head"], LATER)
    form = {"received_on": "2026-09-01", "recovered_to": "available", "received_yuan": "5000"}
    act(claim.case_id, "received_part", world["payer"], LATER, form, files=[PROOF])


def each(page: Page, live: str, shown: list[tuple[str, str]]) -> None:
    for who, address in shown:
        page.context.clear_cookies()
        sign_in(page.context, live, User.objects.get(username=who))
        look(page, address)
