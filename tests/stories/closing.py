"""A matter from the window to its written-off end, through the front doors; for stories that begin where it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.stories.steps import County, act, number_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

INJURY = "县人社局 工伤保险科"
FINDING = ("核查记录.txt", "电话核实属实".encode())


def answered_on_the_spot(clerk: Page, company: int, text: str) -> tuple[str, str]:
    """(number, receipt code) of a simple matter."""
    clerk.goto(f"/window/?party={company}")
    clerk.locator("textarea[name=text]").fill(text)
    clerk.locator("[name=cls][value=simple]").check()
    clerk.locator("textarea[name=answer]").fill("带身份证到二楼3号窗口，当场可办。")
    clerk.locator("[name=confirmed]").check()
    clerk.locator("form[data-main] .btn-1").click()
    clerk.wait_for_url("**/window/taken/**")
    return number_of(clerk), clerk.locator("dd.mono").inner_text()


def resolved(
    county: County, company: int, text: str, kind: str = "general", phone: str = "13800002046"
) -> tuple[str, str]:
    """(number, receipt code) of a matter that the injury section answered and the supervisor wrote off."""
    clerk = county.desk("yao.minglang", "/window/")
    clerk.goto(f"/window/?party={company}")
    clerk.locator("textarea[name=text]").fill(text)
    clerk.locator("[name=phone]").fill(phone)
    clerk.locator(f"[name=cls][value={kind}]").check()
    clerk.locator("[name=lead]").select_option(label=INJURY)
    clerk.locator("form[data-main] .btn-1").click()
    clerk.wait_for_url("**/window/taken/**")
    number, code = number_of(clerk), clerk.locator("dd.mono").inner_text()
    act(county.desk("fei.zijin"), number, "feed_back", answer="已核对并修正，可以重新提交。", result="solved")
    act(county.desk("mo.boran"), number, "approve")
    act(county.desk("zhu.leshan"), number, "write_off", FINDING, finding="电话核实，企业确认属实。")
    return number, code


def rate(phone: Page, code: str, level: str, suggestion: str = "") -> None:
    """By the party, on the page of the receipt."""
    phone.goto(f"/r/{code}/")
    phone.locator(f"#rate label:has([value={level}])").click()
    phone.locator("#rate textarea").fill(suggestion)
    with phone.expect_navigation():
        phone.locator("#rate button[type=submit]").click()
