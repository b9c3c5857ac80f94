"""Y1 “难事帮办”窗口: one window; behind it eleven sections, each with a liaison and a deputy.

A clerk finds the company in three ways, takes its matter in with the keyboard alone and hands over a receipt; the
company follows the matter on a phone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from qinqing.directory.models import Party
from qinqing.ui.qr import qr_svg
from tests.browser.fixtures import assert_accessible, assert_fits
from tests.stories.steps import County, choose, number_of, picture, tab_to

if TYPE_CHECKING:
    from playwright.sync_api import Page

CLERK = "yao.minglang"
NAMED = ("养老保险科", "就业管理科", "工伤保险科", "社会保险科")
EARLIER = "公司更名后养老保险转移一直显示“处理中”。"
MATTER = "车间一名装配工受伤，网上申报工伤认定提示“参保状态异常”，无法提交。请明确由哪家受理。"


@pytest.mark.story("Y1")
def test_one_window_with_eleven_sections_behind_it(county: County) -> None:
    company = Party.objects.filter(kind="company", status="存续").order_by("pk")[7]
    clerk = county.desk(CLERK, "/window/")

    eleven_sections(clerk)
    found_by_name_code_and_phone(clerk, company)
    take_in_by_keyboard(clerk, company, EARLIER, "养老保险科")
    earlier_matters_beside(clerk, company)
    number = take_in_by_keyboard(clerk, company, MATTER, "工伤保险科", named="window")
    address = receipt(clerk, number, company)
    follow_on_a_phone(county, address, number)


def eleven_sections(clerk: Page) -> None:
    """Four are named by the source, seven are to be named; nobody is without liaison and deputy."""
    clerk.goto("/sections/")
    rows = clerk.locator("tr[data-row]")
    assert rows.count() == 11
    for row in rows.all():
        liaison, deputy = row.locator("td").nth(1), row.locator("td").nth(2)
        assert re.search(r"0500-8600\d{4}", liaison.inner_text())
        assert re.search(r"0500-8600\d{4}", deputy.inner_text())
    first_lines = [text.splitlines()[0] for text in rows.locator("td:first-child").all_inner_texts()]
    assert tuple(first_lines[:4]) == NAMED
    assert sum("待定名" in line.replace("待定名科室", "") for line in first_lines) == 7
    picture(clerk, "sections")


def found_by_name_code_and_phone(clerk: Page, company: Party) -> None:
    clerk.goto("/window/")
    middle = company.name.removeprefix("示范县")[:3]
    assert company.credit_code
    for typed in (middle, company.credit_code, company.phone):
        clerk.locator("#find").fill("")
        clerk.locator("#find").press_sequentially(typed)
        clerk.locator("#hits button", has_text=company.name).wait_for()
    hit = clerk.locator("#hits").inner_text()
    assert company.phone not in hit, "the list shows whole phone numbers"
    assert f"{company.phone[:3]}****{company.phone[-4:]}" in hit


def take_in_by_keyboard(clerk: Page, company: Party, text: str, section: str, *, named: str = "") -> str:
    """`/`, the name, Tab and Enter, the text, class and section, Ctrl+Enter. Returns the number."""
    clerk.goto("/window/")
    clerk.keyboard.press("Shift+Tab")
    clerk.keyboard.press("/")
    typed = company.name.removeprefix("示范县")[:4]
    with clerk.expect_response(
        lambda answer: f"find={quote(typed)}" in answer.url
    ):  # the last list, not an earlier one
        clerk.keyboard.type(typed)
    clerk.locator("#hits button", has_text=company.name).wait_for()
    tab_to(clerk, "#hits button")
    while clerk.evaluate("document.activeElement.textContent") != company.name:
        clerk.keyboard.press("Tab")
    clerk.keyboard.press("Enter")
    clerk.locator("#party input[name=party]").wait_for(state="attached")
    tab_to(clerk, "[name=visitor]")
    clerk.keyboard.type("柳女士")
    tab_to(clerk, "[name=phone]")
    clerk.keyboard.type("13800002046")
    tab_to(clerk, "textarea[name=text]")
    clerk.keyboard.type(text)
    clerk.locator("#hints").get_by_role("button", name=section).wait_for()
    tab_to(clerk, "[name=cls]")
    assert clerk.locator("[name=cls]:checked").get_attribute("value") == "general"
    tab_to(clerk, "[name=lead]")
    choose(clerk, "[name=lead]", section)
    if named:
        picture(clerk, named)
        assert_accessible(clerk)
    clerk.keyboard.press("Control+Enter")
    clerk.wait_for_url("**/window/taken/**")
    return number_of(clerk)


def earlier_matters_beside(clerk: Page, company: Party) -> None:
    clerk.goto(f"/window/?party={company.pk}")
    assert "公司更名后养老保险转移" in clerk.locator("#beside").inner_text()
    assert "在办1件" in clerk.locator("#party").inner_text()


def receipt(clerk: Page, number: str, company: Party) -> str:
    """The printed page: number, due time, and a QR that leads to the matter. Returns where it leads."""
    assert re.fullmatch(r"帮2026-\d{4}", number)
    picture(clerk, "window-taken")
    with clerk.context.expect_page() as opened:
        tab_to(clerk, "a[href$='/receipt/']")
        clerk.keyboard.press("Enter")
    sheet = opened.value
    sheet.wait_for_load_state()
    sheet.emulate_media(media="print")
    shown = sheet.locator("main").inner_text()
    for text in (number, company.name, "10月9日（周五）17:00"):
        assert text in shown
    assert sheet.locator("[data-print]").is_hidden()
    address = re.search(r"http://\S+/r/\w{10}/", shown)
    assert address
    code = re.search(r' d="([^"]+)"', qr_svg(address[0], ""))
    assert code and sheet.locator("svg.qr path").get_attribute("d") == code[1]
    assert len(re.findall(rb"/Type\s*/Page\b", sheet.pdf(format="A4", prefer_css_page_size=True))) == 1
    sheet.emulate_media(media="screen")
    sheet.set_viewport_size({"width": 794, "height": 620})
    picture(sheet, "receipt")
    sheet.close()
    return address[0]


def follow_on_a_phone(county: County, address: str, number: str) -> None:
    phone = county.visitor()
    phone.goto(address)
    shown = phone.locator("main").inner_text()
    assert number in phone.locator("h1").inner_text()
    assert "10月9日（周五）17:00前给您答复" in shown
    assert "现由工伤保险科办理" in shown
    assert_fits(phone)
    assert_accessible(phone)
    picture(phone, "party-follow", full=True)
