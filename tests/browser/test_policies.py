"""惠企政策 on a phone and by keyboard: found, looked at, claimed with one tap; the public check. Accessible, never
wider than the screen, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from qinqing.accounts.models import User
from qinqing.policies import eligibility
from qinqing.policies.models_money import Claim
from tests.browser.fixtures import assert_accessible, assert_fits, look, sign_in
from tests.policies.world import NOW, DemoWorld

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.conftest import Clock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(clock: Clock) -> Iterator[DemoWorld]:
    clock.set(NOW)
    found = DemoWorld()
    eligibility.match_all(NOW)
    yield found


def signed_in(page: Page, live: str, user_id: int | None) -> Page:
    sign_in(page.context, live, User.objects.get(pk=user_id))
    return page


def check(page: Page) -> None:
    assert_accessible(page)
    assert_fits(page)


@pytest.mark.parametrize("language", ["zh", pytest.param("en", marks=pytest.mark.long)])
def test_every_page_fits_the_phone_and_is_accessible(world: DemoWorld, phone: Page, live: str, language: str) -> None:
    signed_in(phone, live, world.agent.user_id)
    own = f"/policies/mine/{world.heshui.pk}/"
    for address in (
        own, f"{own}?show=near", f"{own}?show=unknown", f"{own}?show=claims", f"{own}rd_reward_2026/",
        f"{own}new_project/", f"{own}training/claim/", f"/policies/facts/{world.heshui.pk}/",
        f"/policies/facts/{world.heshui.pk}/rd_expense/object/", "/policies/library/",
        "/policies/library/rd_reward_2026/",
        "/policies/library/rd_reward_2026/check/",
    ):  # fmt: skip
        phone.goto(f"{address}{'&' if '?' in address else '?'}lang={language}")
        check(phone)


def test_found_looked_at_and_claimed_with_one_tap(world: DemoWorld, phone: Page, live: str) -> None:
    signed_in(phone, live, world.agent.user_id)
    phone.goto("/policies/mine/")
    phone.get_by_role("link", name="研发投入奖补（2026年度）", exact=True).click()
    bar = phone.locator(".claim-bar")
    assert "48,000.00元" in bar.inner_text()
    box = bar.get_by_role("link").bounding_box()
    assert box is not None and box["height"] >= 44
    bar.get_by_role("link", name="确认领取").click()
    phone.get_by_label("账号").fill("6222000011112222")
    phone.get_by_label("开户银行").fill("示范农商银行")
    phone.get_by_role("button", name="确认领取").click()
    phone.wait_for_url("**/cases/**")
    assert Claim.objects.get().asked_fen == 48_000_00
    check(phone)
    phone.goto(f"/policies/mine/{world.heshui.pk}/?show=claims")
    assert "审核" in phone.locator("main").inner_text()
    phone.goto(f"/policies/mine/{world.heshui.pk}/technology_sme/claim/")  # the account is known: nothing to fill in
    phone.get_by_role("button", name="确认领取").tap()
    phone.wait_for_url("**/cases/**")
    assert Claim.objects.count() == 2


def test_the_public_check_by_keyboard_alone(world: DemoWorld, page: Page) -> None:
    page.goto("/policies/library/")
    page.get_by_label("查政策").focus()
    page.keyboard.type("培训")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=**")
    page.get_by_role("link", name="职业技能培训补贴").focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="我能享受吗").focus()
    page.keyboard.press("Enter")
    page.get_by_label("登记状态").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # 是
    page.keyboard.press("ArrowRight")  # 否
    page.keyboard.press("Tab")
    page.keyboard.type("18")
    page.keyboard.press("Enter")
    page.wait_for_selector("#answer")
    assert "应不低于20人次，现为18人次，差2人次" in page.locator("#answer").inner_text()
    check(page)


def test_the_desks_pages(world: DemoWorld, page: Page, live: str) -> None:
    world.county.officer("marketer", "market", "handler")
    signed_in(page, live, world["leader"].user_id)
    look(page, "/policies/live/", "/policies/live/training/", "/policies/live/training/?show=new")
    page.context.clear_cookies()
    look(signed_in(page, live, world["marketer"].user_id), "/policies/objections/")
