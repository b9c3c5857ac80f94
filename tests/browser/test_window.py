"""The window's pages in a real browser: both languages, desk and phone, keyboard alone, errors, print."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from qinqing.directory.models import Party
from tests.browser.fixtures import assert_accessible, assert_fits, look
from tests.stories import steps
from tests.stories.steps import County, take_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.conftest import Clock

SMALL_OFFICE = {"width": 1366, "height": 768}


@pytest.fixture
def county(chromium: Browser, live: str, clock: Clock) -> Iterator[County]:
    yield from steps.county_of(chromium, live, clock, front_door=False)


def test_the_windows_pages_are_readable_by_everyone(county: County) -> None:
    company = Party.objects.filter(kind="company").order_by("pk")[3].pk
    clerk = county.desk("yao.minglang", "/window/")
    number = take_in(clerk, company, "网上申报工伤认定无法提交。", "general", "县人社局 工伤保险科")
    taken = f"/window/taken/{quote(number)}/"
    look(clerk, "/window/", f"/window/?party={company}", taken, f"/cases/{quote(number)}/receipt/")


def test_what_is_missing_is_said_where_it_is_missing(county: County) -> None:
    clerk = county.desk("yao.minglang", "/window/")
    clerk.watch.allow("422")  # type: ignore[attr-defined]
    said = {
        "zh": ("请先查找并选定办事主体", "请填写“诉求内容”"),
        "en": ("Find the party first", "Please fill in: What is asked"),
    }
    for language, (no_party, no_text) in said.items():
        clerk.goto(f"/window/?lang={language}")
        for words in (no_party, no_text):
            with clerk.expect_navigation():
                clerk.keyboard.press("Control+Enter")
            assert words in clerk.locator("main").inner_text()
            assert_accessible(clerk)
            assert_fits(clerk)
            if not clerk.locator("details.other").first.evaluate("node => node.open"):
                clerk.locator("details.other > summary").first.click()
            clerk.locator("label:has([name=new_kind][value=unnamed])").click()


def test_a_new_company_with_a_wrong_code_is_refused_and_kept(county: County) -> None:
    clerk = county.desk("yao.minglang", "/window/")
    clerk.watch.allow("422")  # type: ignore[attr-defined]
    clerk.locator("details.other > summary").first.click()
    clerk.locator("label:has([name=new_kind][value=company])").click()
    clerk.locator("[name=new_name]").fill("示范县岚桥纺织有限公司")
    clerk.locator("[name=new_credit_code]").fill("91330499MA9Y00098H")
    clerk.locator("textarea[name=text]").fill("停车难。")
    clerk.locator("[name=lead]").select_option(label="县住建局")
    with clerk.expect_navigation():
        clerk.keyboard.press("Control+Enter")
    assert clerk.locator(".field.bad [name=new_credit_code]").is_visible()
    assert clerk.locator("[name=new_name]").input_value() == "示范县岚桥纺织有限公司"
    assert clerk.locator("textarea[name=text]").input_value() == "停车难。"
    assert clerk.locator("[name=lead] option:checked").inner_text() == "县住建局"


def test_the_class_shows_its_due_time_and_asks_what_it_needs(county: County) -> None:
    clerk = county.desk("yao.minglang", "/window/")
    for kind, ruler, lead, answer in (
        ("simple", 0, False, True),
        ("general", 1, True, False),
        ("complex", 1, True, False),
    ):
        clerk.locator(f"[name=cls][value={kind}]").check()
        assert clerk.locator("[data-class]:visible").count() == ruler
        assert clerk.locator("[name=lead]").is_visible() is lead
        assert clerk.locator("textarea[name=answer]").is_visible() is answer


def test_the_intake_fits_one_screen_of_a_small_office_machine(county: County) -> None:
    clerk = county.desk("yao.minglang", "/window/")
    clerk.set_viewport_size(SMALL_OFFICE)  # type: ignore[arg-type]
    button = clerk.locator("form[data-main] .btn-1").bounding_box()
    assert button
    assert button["y"] + button["height"] <= SMALL_OFFICE["height"]


def test_a_draft_survives_a_wrong_click(county: County) -> None:
    clerk = county.desk("yao.minglang", "/window/")
    clerk.locator("textarea[name=text]").fill("写到一半")
    clerk.goto("/sections/")
    clerk.goto("/window/")
    assert clerk.locator("textarea[name=text]").input_value() == "写到一半"


def test_only_the_window_may_take_in(county: County) -> None:
    handler = county.desk("fei.zijin")
    handler.watch.allow("403")  # type: ignore[attr-defined]
    answer = handler.goto("/window/")
    assert answer
    assert answer.status == 403
    assert_accessible(handler)
