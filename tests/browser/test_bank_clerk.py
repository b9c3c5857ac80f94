"""The clerk's door: entered by keyboard alone, checked by another person on a phone, accessible, within the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qinqing.accounts.models import User
from qinqing.mortgages import reconciling
from qinqing.mortgages.models import BankEvent
from qinqing.mortgages.models_doors import Submission
from tests.browser.fixtures import assert_accessible, assert_fits, sign_in
from tests.messaging.people import reader
from tests.mortgages.doors import UNIT, bank_of
from tests.mortgages.world import NOW, World

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.conftest import Clock

pytestmark = pytest.mark.django_db(transaction=True)
CERTIFICATE = "浙（2020）示范不动产证明第0000001号"


@pytest.fixture
def world(clock: Clock) -> World:
    clock.set(NOW)
    made = World()
    made.county.officer("clerk_a", "a", "bank_clerk")
    made.county.officer("checker_a", "a", "bank_checker")
    return made


def signed_in(page: Page, live: str, name: str) -> Page:
    sign_in(page.context, live, User.objects.get(username=name))
    return page


def check(page: Page) -> None:
    assert_accessible(page)
    assert_fits(page)


def test_entered_by_keyboard_and_checked_on_a_phone(world: World, page: Page, phone: Page, live: str) -> None:
    signed_in(page, live, "clerk_a").goto("/mortgages/entries/")
    page.keyboard.press("n")
    page.wait_for_url("**/entries/new/")
    page.locator("input:focus").wait_for()  # the browser goes there a moment after the page has come
    page.keyboard.type(CERTIFICATE)
    page.keyboard.press("Tab")
    page.keyboard.type("33")
    page.watch.allow("422")  # type: ignore[attr-defined]
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    assert page.get_by_label("不动产登记证明号").input_value() == CERTIFICATE, "what was typed is kept"
    check(page)
    page.get_by_label("不动产单元号").fill(UNIT)
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/entries/")
    assert "等待本行复核员复核" in page.locator("main").inner_text()
    assert not BankEvent.objects.exists()
    signed_in(phone, live, "checker_a").goto("/mortgages/entries/")
    check(phone)
    phone.get_by_role("link", name=CERTIFICATE).tap()
    phone.wait_for_url("**/entries/*/")
    check(phone)
    phone.get_by_role("button", name="核对无误，确认报送").tap()
    phone.get_by_text("已复核，已报送登记").wait_for()
    assert BankEvent.objects.get().certificate == CERTIFICATE
    assert Submission.objects.get().state == "confirmed"


@pytest.mark.parametrize("language", ["zh", pytest.param("en", marks=pytest.mark.long)])
def test_every_page_fits_the_phone_and_is_accessible(world: World, phone: Page, live: str, language: str) -> None:
    bank = bank_of(world).filed()
    bank.post(bank.event(certificate=""))
    world.settled("a", world.mortgage("a"))
    reconciling.keep(world.bank("a"), NOW.date(), [("不在", CERTIFICATE)], "file", "甲", NOW)
    signed_in(phone, live, "clerk_a")
    for address in ("entries/", "entries/new/", "entries/new/?kind=reversed", "upload/", "days/", "days/upload/"):
        phone.goto(f"/mortgages/{address}{'&' if '?' in address else '?'}lang={language}")
        check(phone)
    phone.goto(f"/mortgages/days/bank-a/2026-09-29/?lang={language}")
    check(phone)
    reader("sysadmin", role="system_admin")
    signed_in(phone, live, "sysadmin")
    for address in ("keys/", "refusals/"):
        phone.goto(f"/mortgages/{address}?lang={language}")
        check(phone)
