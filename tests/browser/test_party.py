"""The party's own pages on a phone: sign-in by code, my matters, following by receipt; by keyboard, both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from qinqing.accounts.models import User
from qinqing.cases.models import Case
from qinqing.directory.models import Mandate
from tests.browser.fixtures import assert_accessible, assert_fits, look
from tests.stories import steps
from tests.stories.steps import SENT, County, tab_to, take_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.conftest import Clock


@pytest.fixture
def county(chromium: Browser, live: str, clock: Clock, settings: Any) -> Iterator[County]:
    settings.SMS_SENDER = "tests.stories.steps.keep_message"
    SENT.clear()
    yield from steps.county_of(chromium, live, clock, front_door=False)


def mandate() -> Mandate:
    """Somebody who acts for a company today."""
    return Mandate.objects.filter(ends_on=None).select_related("person__user", "company").order_by("pk")[0]


def sign_in(page: Page, user: User | None) -> None:
    assert user
    page.goto("/sign-in/phone/?next=/my/")
    page.locator("[name=phone]").fill(user.phone)
    page.locator("main .btn-1").click()
    page.locator("[name=code]").wait_for()
    code = re.search(r"\d{6}", SENT[-1][1])
    assert code, "the message holds no code"
    assert SENT[-1][0] == user.phone
    page.locator("[name=code]").fill(code[0])
    page.locator("main .btn-1").click()
    page.wait_for_url("**/my/")


def test_my_matters_and_those_of_my_company(county: County) -> None:
    acting = mandate()
    phone = county.visitor()
    sign_in(phone, acting.person.user)
    look(phone, "/my/")
    clerk = county.desk("yao.minglang", "/window/")
    number = take_in(clerk, acting.company_id, "社保转入一直显示“处理中”。", "general", "县人社局 社会保险科")
    other = Mandate.objects.exclude(company=acting.company_id).order_by("pk")[0]
    foreign = take_in(clerk, other.company_id, "摊位费能否减免。", "general", "县人社局 就业管理科")
    phone.goto("/my/")
    assert number in phone.locator("main").inner_text()
    assert foreign not in phone.locator("main").inner_text(), "another company's matter"
    phone.locator("li[data-row] a").click()
    assert number in phone.locator("h1").inner_text()
    look(phone, phone.url.split("?")[0])
    phone.watch.allow("404")  # type: ignore[attr-defined]
    answer = phone.goto(f"/cases/{foreign}/")
    assert answer
    assert answer.status == 404


def test_following_by_receipt_and_speaking_up_by_keyboard(county: County) -> None:
    clerk = county.desk("yao.minglang", "/window/")
    number = take_in(clerk, mandate().company_id, "社保转入一直显示“处理中”。", "general", "县人社局 社会保险科")
    code = Case.objects.get(number=number).receipt_code
    visitor = county.visitor()
    look(visitor, f"/r/{code}/")
    visitor.goto(f"/r/{code.lower()[:5]}-{code.lower()[5:]}/?lang=zh")
    tab_to(visitor, "details summary")
    visitor.keyboard.press("Enter")
    tab_to(visitor, "textarea[name=supplement]")
    visitor.keyboard.type("补充：涉及3名员工。")
    assert_accessible(visitor)
    with visitor.expect_navigation():
        visitor.keyboard.press("Control+Enter")
    assert "补充：涉及3名员工。" in visitor.locator(".tl").inner_text()
    assert_fits(visitor)


def test_a_wrong_receipt_code_is_said_kindly(county: County) -> None:
    visitor = county.visitor()
    visitor.watch.allow("404")  # type: ignore[attr-defined]
    for language, words in (("zh", "没有这个回执码"), ("en", "No such receipt code")):
        visitor.goto(f"/r/AAAAAAAAAA/?lang={language}")
        assert words in visitor.locator("main").inner_text()
        assert_accessible(visitor)
        assert_fits(visitor)


def test_a_party_never_sees_the_offices_pages(county: County) -> None:
    phone = county.visitor()
    phone.watch.allow("403")  # type: ignore[attr-defined]
    sign_in(phone, mandate().person.user)
    assert phone.locator(".side").count() == 0
    for address in ("/desk/", "/window/", "/cases/", "/supervision/", "/sections/"):
        answer = phone.goto(address)
        assert answer
        assert answer.status == 403, address
