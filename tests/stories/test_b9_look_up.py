"""B9 结果查询: the owner sees the result without an account, is told of it, and has a paper that anybody can verify."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from qinqing.mortgages.models import BankEvent
from tests.browser.fixtures import assert_accessible, assert_fits
from tests.stories import mortgages as m
from tests.stories.steps import SENT, County, act, main_text, picture
from tests.ui.pdf_text import links_of, text_of

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.fixtures import SettingsWrapper


@pytest.mark.story("B9")
def test_the_owner_sees_the_result_and_is_told(county: County, settings: SettingsWrapper) -> None:
    settings.SMS_SENDER = "tests.stories.steps.keep_message"
    SENT.clear()
    mortgage = m.registered(1, "bank-01")
    clerk, checker = county.desk(m.CLERK, "/mortgages/bank/"), county.desk(m.CHECKER, "/mortgages/bank/")
    phone = m.look_up(county, mortgage)
    assert "没有查到" in main_text(phone), "the bank has said nothing yet"
    m.report(clerk, checker, mortgage)
    county.later(timedelta(seconds=10))

    wrong = m.look_up(county, mortgage, "999999")
    assert "没有查到" in main_text(wrong)
    phone = m.look_up(county, mortgage)
    said = main_text(phone)
    assert "已注销" in said and "您无需办理任何手续" in said and m.release_of(mortgage).receipt_no in said
    assert "模拟" in said
    picture(phone, "mortgage-look-up", full=True)
    assert_accessible(phone)
    assert_fits(phone)

    verify = paper(phone)
    anybody = county.visitor()
    anybody.goto(verify)
    assert "告知单有效" in main_text(anybody)
    assert m.OWNER not in main_text(anybody), "the holder of the paper can compare it, others learn nothing"
    picture(anybody, "mortgage-verify", full=True)

    signed_in(county, mortgage.certificate)
    assert len(SENT) == 2, "one text message of the release, one code to sign in"
    restored(county, clerk, checker, mortgage.certificate)
    anybody.goto(verify)
    assert "告知单已作废" in main_text(anybody)


def paper(phone: Page) -> str:
    """Read the PDF and give the address in its code."""
    href = phone.locator("a", has_text="下载告知单").get_attribute("href")
    assert href
    pdf = phone.request.get(href).body()
    said = text_of(pdf).replace(" ", "")
    assert "抵押权登记已注销" in said and "模拟" in said and "不是不动产登记证明" in said
    return urlsplit(links_of(pdf)[0]).path


def signed_in(county: County, certificate: str) -> None:
    """With the phone that stands in the register."""
    phone = county.visitor()
    phone.goto("/sign-in/phone/?next=/mortgages/mine/")
    phone.fill("[name=phone]", m.PHONE)
    with phone.expect_navigation():
        phone.locator("main .btn-1").first.tap()
    code = re.search(r"\d{6}", SENT[-1][1])
    assert code
    phone.fill("[name=code]", code[0])
    with phone.expect_navigation():
        phone.locator("main .btn-1").first.tap()
    phone.goto("/mortgages/mine/")
    assert certificate in main_text(phone)


def restored(county: County, clerk: Page, checker: Page, certificate: str) -> None:
    """The bank takes its word back and the register is restored: the paper is void."""
    event = BankEvent.objects.get(certificate=certificate)
    county.later(timedelta(minutes=10))
    m.take_back(clerk, checker, event.event_id)
    event.refresh_from_db()
    assert event.release
    number = event.release.case.number
    form = {"finding": "银行误报", "legal_basis": "不动产登记暂行条例实施细则"}
    act(county.desk(m.REGISTRAR), number, "restored", ("决定.txt", "恢复登记".encode()), **form)
    act(county.desk(m.HEAD), number, "approve")
    county.later(timedelta(minutes=1))
