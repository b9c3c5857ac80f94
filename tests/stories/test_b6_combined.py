"""B6 组合贷: a mortgage is released only when every creditor of it has settled, the fund speaking through the bank."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.stories import mortgages as m
from tests.stories.steps import County, act, main_text, picture

if TYPE_CHECKING:
    from playwright.sync_api import Page

SCAN = [{"name": "授权书.txt", "mimeType": "text/plain", "buffer": "授权书".encode()}]


@pytest.mark.story("B6")
def test_every_creditor_must_have_settled(county: County) -> None:
    clerk, checker = county.desk(m.CLERK, "/mortgages/bank/"), county.desk(m.CHECKER, "/mortgages/bank/")
    fund = m.unit("fund")
    combined, alone = m.registered(1, "bank-01", "fund"), m.registered(2, "bank-01", "fund")

    m.report(clerk, checker, alone)
    m.report(clerk, checker, alone, creditor=fund.credit_code)
    assert m.outcome(alone) == "exception", "nobody has authorised the bank"
    clerk.goto("/mortgages/bank/")
    assert "没有有效的注销委托授权" in main_text(clerk)

    authorise(county)
    county.later(timedelta(minutes=2))
    m.report(clerk, checker, combined)
    assert m.outcome(combined) == "waiting"
    registrar = county.desk(m.REGISTRAR, "/mortgages/registry/")
    said = main_text(registrar)
    assert "等待其他抵押权人" in said and "未结清" in said
    main_text(registrar, m.number_of(combined))
    picture(registrar, "mortgage-combined", full=True)
    county.later(timedelta(days=2))
    clerk, checker = county.desk(m.CLERK, "/mortgages/bank/"), county.desk(m.CHECKER, "/mortgages/bank/")
    m.report(clerk, checker, combined, creditor=fund.credit_code)
    assert m.outcome(combined) == "released"
    release = m.release_of(combined)
    assert release.released_at and release.released_at <= release.promised_at, "the hour began with the last creditor"


def authorise(county: County) -> None:
    """The fund files its paper; the registry checks it."""
    fund = county.desk(m.FUND, "/mortgages/authorisations/")
    fund.locator("main a[href='/mortgages/authorisations/new/']").first.click()
    fund.wait_for_load_state()
    fund.fill("[name=number]", "示公积金授〔2026〕1号")
    fund.fill("[name=grantee_name]", m.unit("bank-01").name)
    fund.fill("[name=starts_on]", "2026-01-01")
    fund.set_input_files("[name=files]", SCAN)
    with fund.expect_navigation():
        fund.locator("form[data-main] .btn-1").click()
    number = filing_number(fund)
    act(county.desk(m.REGISTRAR), number, "confirm", finding="与授权书原件一致")


def filing_number(page: Page) -> str:
    """Of the filing that is shown."""
    said = page.locator(".head .sub").inner_text()
    assert "／" in said, main_text(page)
    return said.split("／")[1].strip()
