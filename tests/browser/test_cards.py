"""The card on a phone: one question, one box, one receipt; with the thumb, by keyboard alone, in both languages, on a
slow network, twice pressed. And the pages of those who keep the cards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from qinqing.accounts.access import actor_for
from qinqing.accounts.actor import Actor
from qinqing.cards import services, tokens
from qinqing.cards.models import Card, Use
from qinqing.cases.models import Attachment, Case
from qinqing.directory.models import Post, Unit
from qinqing.lib.wallclock import now as present
from tests.browser.fixtures import assert_accessible, assert_fits, look
from tests.cards.office import PNG
from tests.stories import steps
from tests.stories.steps import County, tab_to

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.conftest import Clock

TEXT = "厂里扩产后多招了120多人，早高峰厂门口青禾路两边停满，消防通道被占过两次。"
SMALLEST = 48  # px


@pytest.fixture
def county(chromium: Browser, live: str, clock: Clock) -> Iterator[County]:
    yield from steps.county_of(chromium, live, clock, front_door=False)


def keeper_of(unit: Unit) -> Actor:
    """An inspector of the office."""
    user = Post.objects.filter(unit=unit, role="inspector").order_by("pk")[0].officer.user
    return actor_for(user, present())


@pytest.fixture
def card(county: County) -> Card:
    unit = Unit.objects.get(code="inspection")
    return services.issue(keeper_of(unit), unit.pk, "2026年秋", ["青溪街道企业服务中心"], present())[0]


def address(card: Card) -> str:
    return f"/card/{tokens.token_of(card.nonce)}/"


def opened(county: County, card: Card, language: str = "zh") -> Page:
    phone = county.visitor()
    phone.goto(f"{address(card)}?lang={language}")
    return phone


def wait_like_a_person(county: County) -> None:
    """Nobody reads and writes in less than three seconds."""
    county.clock.forward(timedelta(seconds=20))


def test_a_matter_is_sent_with_four_taps_and_a_sentence(county: County, card: Card) -> None:
    phone = opened(county, card)
    assert phone.locator("textarea").is_hidden(), "the question comes first"
    phone.tap("label[for=conduct-no]")
    phone.tap(".seg label:has([value=difficulty])")
    phone.tap("textarea")
    phone.keyboard.insert_text(TEXT)
    wait_like_a_person(county)
    phone.tap("form .btn-1")
    phone.wait_for_url("**/card/receipt/**")
    case = Case.objects.get()
    assert f"{case.receipt_code[:5]}-{case.receipt_code[5:]}" in phone.locator(".code").inner_text()
    phone.tap("text=查看办理进度")
    phone.wait_for_url(f"**/r/{case.receipt_code}/")
    assert TEXT[:8] in phone.locator("main").inner_text()


@pytest.mark.parametrize("language", ["zh", pytest.param("en", marks=pytest.mark.long)])
def test_every_state_of_the_page_is_readable_and_usable_with_a_thumb(county: County, card: Card, language: str) -> None:
    phone = opened(county, card, language)
    check(phone)
    phone.tap("label[for=conduct-yes]")
    assert "0500-86000900" in phone.locator("main").inner_text()
    assert phone.locator("form .btn-1").is_hidden()
    check(phone)
    phone.tap("label[for=conduct-no]")
    check(phone)
    phone.watch.allow("422")  # type: ignore[attr-defined]
    phone.tap(".seg label:has([value=blockage])")
    phone.fill("textarea", TEXT)
    phone.fill("[name=phone]", "1380000204")
    with phone.expect_navigation():
        phone.tap("form .btn-1")
    check(phone)
    assert phone.input_value("textarea") == TEXT
    assert phone.locator(".field.bad [name=phone]").is_visible()
    phone.fill("[name=phone]", "")
    wait_like_a_person(county)
    phone.tap("form .btn-1")
    phone.wait_for_url("**/card/receipt/**")
    check(phone)
    services.revoke(keeper_of(card.unit), card.pk, "换新", present())
    phone.watch.allow("410")  # type: ignore[attr-defined]
    phone.watch.allow("404")  # type: ignore[attr-defined]
    for gone in (address(card), "/card/none/"):
        phone.goto(gone)
        phone.locator("details.other > summary").tap()
        check(phone)


def check(phone: Page) -> None:
    """Readable by everyone, no sideways scrolling, everything to press at least as large as a thumb."""
    assert_accessible(phone)
    assert_fits(phone)
    small = phone.evaluate(
        """least => Array.from(document.querySelectorAll(
             'main button, main .btn, main input:not([type=hidden]):not(.vh):not([tabindex="-1"]), main textarea,'
             + ' main label.card-pick, main .seg span, .lang'))
           .filter(one => one.getClientRects().length && !one.closest('.card-hp') && one.type !== 'radio')
           .map(one => [one.outerHTML.slice(0, 80), Math.round(one.getBoundingClientRect().height)])
           .filter(one => one[1] < least)""",
        SMALLEST,
    )
    assert not small, small


def test_by_keyboard_alone(county: County, card: Card) -> None:
    desk = county.visitor(phone=False)
    desk.goto(address(card))
    tab_to(desk, "#conduct-no, #conduct-yes")
    desk.keyboard.press("ArrowRight")
    assert desk.locator("#conduct-yes").is_checked()
    desk.keyboard.press("ArrowLeft")
    assert desk.locator("#conduct-no").is_checked()
    tab_to(desk, "[name=kind]")
    desk.keyboard.press("Space")
    tab_to(desk, "textarea")
    desk.keyboard.insert_text(TEXT)
    tab_to(desk, "[data-shots-add]")
    tab_to(desk, "form .btn-1")
    wait_like_a_person(county)
    with desk.expect_navigation():
        desk.keyboard.press("Enter")
    assert "/card/receipt/" in desk.url


def test_photos_are_shown_made_small_and_can_be_taken_out(county: County, card: Card) -> None:
    phone = opened(county, card)
    phone.tap("label[for=conduct-no]")
    large = phone.screenshot(full_page=True)
    files = [
        {"name": f"{name}.png", "mimeType": "image/png", "buffer": body}
        for name, body in (("现场", large), ("点", PNG))
    ]
    phone.set_input_files("[name=photos]", files)  # type: ignore[arg-type]
    phone.set_input_files("[name=photos]", files[1:])  # type: ignore[arg-type]  # a second choice adds to the first
    assert phone.locator("[data-shots] canvas").count() == 3
    phone.locator("[data-shots] button").nth(1).tap()
    assert phone.locator("[data-shots] canvas").count() == 2
    check(phone)
    phone.wait_for_function("document.querySelector('[data-photos]').files[0].type === 'image/jpeg'")
    phone.tap(".seg label:has([value=suggestion])")
    phone.fill("textarea", TEXT)
    wait_like_a_person(county)
    phone.tap("form .btn-1")
    phone.wait_for_url("**/card/receipt/**")
    kept = dict(Attachment.objects.values_list("name", "mime"))
    assert kept["现场.jpg"] == "image/jpeg"
    assert len(kept) == 2


def test_a_double_tap_on_a_slow_network_sends_once(county: County, card: Card) -> None:
    phone = opened(county, card)
    phone.tap("label[for=conduct-no]")
    phone.tap(".seg label:has([value=difficulty])")
    phone.fill("textarea", TEXT)
    wait_like_a_person(county)
    # without the script that holds the second press back: the server must
    phone.evaluate("document.querySelector('form').setAttribute('data-no-busy', '')")
    phone.locator("form .btn-1").dblclick(no_wait_after=True)
    phone.wait_for_url("**/card/receipt/**")
    assert Case.objects.count() == Use.objects.count() == 1


def test_a_draft_stays_in_the_page_until_it_is_sent(county: County, card: Card) -> None:
    phone = opened(county, card)
    phone.tap("label[for=conduct-no]")
    phone.fill("textarea", TEXT)
    phone.reload()
    assert phone.input_value("textarea") == TEXT
    assert phone.locator("#conduct-no").is_checked()


def test_it_works_without_script(county: County, card: Card, chromium: Browser, live: str) -> None:
    context = chromium.new_context(base_url=live, java_script_enabled=False, viewport={"width": 390, "height": 844})
    phone = context.new_page()
    phone.goto(address(card))
    phone.locator("label[for=conduct-no]").click()
    phone.locator(".seg label").first.click()
    phone.locator("textarea").fill(TEXT)
    phone.locator("[name=photos]").set_input_files([{"name": "a.png", "mimeType": "image/png", "buffer": PNG}])
    wait_like_a_person(county)
    phone.locator("form .btn-1").click()
    phone.wait_for_url("**/card/receipt/**")
    assert Attachment.objects.get().name == "a.png"
    context.close()


def test_the_keepers_pages_are_readable_by_everyone(county: County, card: Card) -> None:
    desk = county.desk("liu.jingshu", "/cards/")
    look(desk, "/cards/", "/cards/new/", f"/cards/{card.pk}/", "/cards/?state=ended", "/outcomes/")
    desk.goto(f"/cards/{card.pk}/?lang=zh")
    tab_to(desk, "#reason")
    desk.keyboard.insert_text("卡片遗失")
    tab_to(desk, ".btn-x")
    with desk.expect_navigation():
        desk.keyboard.press("Enter")
    assert "已停用" in desk.locator("main").inner_text()
