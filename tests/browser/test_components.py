"""The components in a real browser: reachable, readable, usable by keyboard, and kind to what was typed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.browser.fixtures import assert_accessible, assert_fits

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

GALLERY = "/ui/components/"
SMALL = """[...document.querySelectorAll('body *')].filter(e =>
  [...e.childNodes].some(n => n.nodeType == 3 && n.textContent.trim()) && parseFloat(getComputedStyle(e).fontSize) < 12
).map(e => e.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("lang", ["zh", pytest.param("en", marks=pytest.mark.long)])
@pytest.mark.parametrize("shell", ["staff", "party", "phone", "print"])
def test_accessible_at_a_desk(page: Page, shell: str, lang: str) -> None:
    page.goto(f"{GALLERY}?shell={shell}&lang={lang}")
    assert_accessible(page)
    assert page.evaluate(SMALL) == []


@pytest.mark.parametrize("lang", [pytest.param("zh", marks=pytest.mark.long), "en"])
@pytest.mark.parametrize("shell", ["staff", "party", "phone", "print"])
def test_fits_a_phone(phone: Page, shell: str, lang: str) -> None:
    phone.goto(f"{GALLERY}?shell={shell}&lang={lang}")
    assert_fits(phone)
    assert_accessible(phone)
    assert phone.evaluate(SMALL) == []


def test_charts_are_drawn_again_for_phones_and_keep_12_pixels(phone: Page) -> None:
    phone.goto(GALLERY)
    assert phone.locator(".ch-wide").first.is_hidden()
    narrow = phone.locator(".ch-narrow svg.ch").first
    scale = narrow.evaluate("e => e.getBoundingClientRect().width / e.viewBox.baseVal.width")
    assert 0.95 <= scale <= 1.1


def test_the_ruler_of_the_rail_is_one_line(page: Page) -> None:
    page.goto(f"{GALLERY}?shell=party")
    tops = page.locator(".rail .ruler li").evaluate_all(
        "all => new Set(all.map(e => e.getBoundingClientRect().top)).size"
    )
    assert tops == 1


def test_rows_move_by_keyboard(page: Page) -> None:
    page.goto(GALLERY)
    rows = page.locator("[data-row]")
    page.locator("[data-row].cur").evaluate("e => e.classList.remove('cur')")
    page.keyboard.press("j")
    assert "cur" in (rows.nth(0).get_attribute("class") or "")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert "cur" in (rows.nth(0).get_attribute("class") or "")
    assert page.evaluate("document.activeElement.closest('[data-row]') === document.querySelector('[data-row]')")
    page.keyboard.press("Enter")
    assert page.url.endswith("#t")


def test_slash_finds_and_letters_stay_letters_while_typing(page: Page) -> None:
    page.goto(GALLERY)
    page.keyboard.press("/")
    page.keyboard.type("jk?/")
    assert page.locator("[data-find]").input_value() == "jk?/"
    assert page.locator("#keys").is_hidden()


def test_help_lists_the_pages_keys_and_switches_them_off(page: Page) -> None:
    page.goto(GALLERY)
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    assert "暂存" in page.locator("[data-page-keys]").inner_text()
    assert_accessible(page)
    page.locator("[data-keys-switch]").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.matches('[data-find]')") is False


def test_a_key_presses_its_button(page: Page) -> None:
    page.goto(GALLERY)
    page.evaluate(
        "document.querySelector('[data-key]').addEventListener('click', () => { document.title = 'pressed' })"
    )
    page.keyboard.press("s")
    assert page.title() == "pressed"


def _stay(page: Page) -> list[str]:
    """POSTs are answered with 204, which leaves the page where it is; returns the list of their bodies."""
    sent: list[str] = []

    def answer(route: Route) -> None:
        if route.request.method == "POST":
            sent.append(route.request.post_data or "")
            route.fulfill(status=204)
        else:
            route.continue_()

    page.route("**/ui/components/**", answer)
    return sent


def test_ctrl_enter_sends_once(page: Page) -> None:
    page.goto(f"{GALLERY}?bad=0")
    sent = _stay(page)
    page.locator("#id_story").focus()
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Control+Enter")
    page.wait_for_timeout(200)
    assert len(sent) == 1
    assert page.locator("form[data-draft] .btn-1.is-busy").count() == 1


def test_the_counter_counts_characters(page: Page) -> None:
    page.goto(f"{GALLERY}?bad=0")
    page.locator("#id_story").fill("停车难𠮷\n两行")
    counter = page.locator('[data-count-for="id_story"]')
    assert counter.inner_text() == "7／40字"
    page.locator("#id_story").fill("长" * 41)
    assert "over" in (counter.get_attribute("class") or "")


def test_a_draft_survives_leaving_the_page_and_ends_with_sending(page: Page) -> None:
    page.goto(f"{GALLERY}?bad=0")
    page.locator("#id_story").fill("写到一半")
    page.goto("about:blank")
    page.goto(f"{GALLERY}?bad=0")
    assert page.locator("#id_story").input_value() == "写到一半"
    assert page.locator("[data-draft-told]").is_visible()
    with page.expect_response(lambda response: response.request.method == "POST"):
        page.locator("form[data-draft] .btn-1").click()
    page.goto(f"{GALLERY}?bad=0")
    assert page.locator("#id_story").input_value() == "厂门口早高峰停满，消防通道被占过两次。"


def test_a_form_sent_back_with_errors_wins_over_the_draft(page: Page) -> None:
    page.goto(f"{GALLERY}?bad=0")
    page.locator("#id_story").fill("草稿")
    page.goto(GALLERY)
    assert page.locator("#id_story").input_value().startswith("9月8日")


def test_the_language_switch_keeps_the_page(page: Page) -> None:
    page.goto(f"{GALLERY}?shell=party")
    page.get_by_role("link", name="English").click()
    assert re.search(r"shell=party", page.url)
    assert page.locator("html").get_attribute("lang") == "en"


def test_print_leaves_navigation_and_buttons_out(page: Page) -> None:
    page.goto(f"{GALLERY}?shell=party")
    page.emulate_media(media="print")
    assert page.locator(".print-head").is_visible()
    assert page.locator(".top").is_hidden()
    assert page.locator(".rail .btn").first.is_hidden()
    assert page.locator(".ruler").first.is_visible()


def test_no_script_no_loss(chromium: Browser, live: str) -> None:
    """Picks, segments and definitions work where scripts are forbidden."""
    context = chromium.new_context(base_url=live, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{GALLERY}?bad=0")
    page.locator('input[name="klass"][value="s"]').check()
    page.locator("details.def summary").first.click()
    assert page.locator("details.def > div").first.is_visible()
    context.close()
