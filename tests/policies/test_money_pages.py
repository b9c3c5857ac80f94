"""兑现和支付的页面在浏览器里: on a desk and on a phone, in both languages: they fit and are accessible."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.test import Client

from qinqing.accounts.models import User
from qinqing.cases.acting import act
from qinqing.policies.models_money import Payment
from tests.browser.fixtures import assert_accessible, assert_fits
from tests.conftest import Clock
from tests.policies.money_world import FIRST_COME, LATER, NOW, PROOF, YUAN, World, result, staff

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture
def world(transactional_db: None, clock: Clock) -> World:
    clock.set(NOW)
    return World()


def sign_in(page: Page, name: str, live: str) -> None:
    client = Client()
    client.force_login(User.objects.get(username=name), backend="django.contrib.auth.backends.ModelBackend")
    page.context.clear_cookies()
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live}])


@pytest.mark.parametrize("device", ["page", "phone"])
def test_every_page_fits_and_is_accessible(
    world: World, clock: Clock, live: str, device: str, request: pytest.FixtureRequest
) -> None:
    page: Page = request.getfixturevalue(device)
    version = world.policy(more=FIRST_COME)
    world.budget(60_000 * YUAN)
    for heads in (20, 30, 25):
        world.agreed(world.claim(version, heads))
    changed = world.agreed(world.claim(version, 40))
    staff(changed, 9)
    preparing = world.round(version)
    shown = [("reviewer", "/policies/rounds/"), ("reviewer", f"/policies/rounds/{preparing.case.number}/")]
    look(page, live, shown, device, "before")
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
    look(page, live, shown, device, "after")
    world.take(result(one, "returned", bank_ref="R1", reason="账户已销户"))
    shown = [("payer", f"/policies/batches/{batch.number}/"), ("payer", f"/cases/{one.claim.case.number}/")]
    look(page, live, shown, device, "returned")
    recovering(world, three)
    shown = [("payer", f"/cases/{three.claim.case.number}/"), ("reviewer", "/policies/live/")]
    look(page, live, shown, device, "recovering")


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


def look(page: Page, live: str, shown: list[tuple[str, str]], device: str, when: str) -> None:
    for number, (who, address) in enumerate(shown):
        sign_in(page, who, live)
        for language in ("zh", "en"):
            page.goto(f"{address}?lang={language}")
            assert_fits(page)
            assert_accessible(page)
            if folder := os.environ.get("SHOTS"):
                page.screenshot(path=Path(folder, f"{when}-{number}-{device}-{language}.png"), full_page=True)
