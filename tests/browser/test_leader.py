"""The leader's pages in a real browser: readable by everyone in both languages, at a desk and on a phone; every figure
leads to its cases, by mouse and by keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from qinqing.site.demo.playing import play_many
from tests.browser.fixtures import PHONE, assert_fits, look
from tests.stories import steps
from tests.stories.steps import County, picture

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.conftest import Clock


@pytest.fixture
def county(chromium: Browser, live: str, clock: Clock) -> Iterator[County]:
    """The county after a month of work, its figures brought up to date by the worker."""
    for county in steps.county_of(chromium, live, clock, front_door=False):
        play_many(36, 11, steps.TUESDAY, days=30)
        steps.work()
        yield county


def test_the_leaders_day(county: County) -> None:
    leader = county.desk("ma.yutong", "/leader/")
    readable(leader)
    a_figure_opens_its_cases(leader)
    by_unit(leader)
    redrawn_on_a_phone(leader)
    brief_by_notice(county, leader)
    printed(leader)


def readable(leader: Page) -> None:
    picture(leader, "leader", full=True)
    look(leader, "/leader/", "/leader/?of=year", "/figures/on_time_feedback/cases/?period=2026-09")


def a_figure_opens_its_cases(leader: Page) -> None:
    """From the sentence to the reds, to one case, by keyboard."""
    leader.goto("/leader/?lang=zh")
    first = leader.locator(".lede a.t-red")
    said = int(re.findall(r"\d+", first.inner_text())[0])
    first.focus()
    leader.keyboard.press("Enter")
    leader.wait_for_url("**/figures/reds_now/cases/")
    assert leader.locator("li[data-row]").count() == said
    assert "口径" in leader.locator(".defline").inner_text()
    picture(leader, "figure-cases")
    leader.locator("li[data-row] a.t").first.click()
    leader.wait_for_url("**/cases/**")
    assert leader.locator("#instruct").count() == 1, "the leader may write an instruction here"


def by_unit(leader: Page) -> None:
    leader.goto("/leader/?of=year")
    table = leader.locator(".bytab")
    table.locator("summary").first.focus()
    leader.keyboard.press("Enter")
    row = table.locator("tbody tr").first
    link = row.locator("td").nth(1).locator("a").last
    said = int(link.inner_text().replace(",", ""))
    link.click()
    leader.wait_for_url("**/figures/solved/cases/*unit=*")
    assert f"{said}件" in leader.locator(".head .sub").inner_text()


def redrawn_on_a_phone(leader: Page) -> None:
    """Charts are drawn again, narrow: none scrolls sideways."""
    wide = leader.viewport_size
    assert wide
    leader.goto("/leader/?of=year")
    assert leader.locator(".ch-wide svg").first.is_visible()
    leader.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert leader.locator(".ch-wide svg").first.is_hidden()
    narrow = leader.locator(".ch-narrow svg").first
    assert narrow.is_visible()
    assert narrow.evaluate("node => node.getBoundingClientRect().width") <= 360
    assert_fits(leader)
    picture(leader, "leader-phone")
    leader.set_viewport_size(wide)


def brief_by_notice(county: County, leader: Page) -> None:
    """晨报: at eight on the next working day there is one notice; its link opens the figures as they were."""
    county.later(steps.on(9, 30, 8, 1))
    county.later(timedelta(minutes=20))
    leader.goto("/notices/")
    found = leader.locator("main li", has_text="晨报：")
    assert found.count() == 2, "one for Tuesday, when the worker first turned, and one for today"
    found.locator("a, button").first.click()
    leader.wait_for_url("**/leader/brief/2026-09-30/")
    picture(leader, "leader-brief")
    look(leader, "/leader/brief/2026-09-30/")
    leader.goto("/leader/brief/2026-09-30/?lang=zh")
    link = leader.locator("tbody tr").first.locator("td a").first
    said = int(link.inner_text())
    link.click()
    leader.wait_for_url("**/leader/brief/2026-09-30/reds_now/")
    assert leader.locator("li[data-row]").count() == said


def printed(leader: Page) -> None:
    leader.goto("/leader/")
    leader.emulate_media(media="print")
    for hidden in (".side", "[data-print]", ".seg"):
        assert leader.locator(hidden).first.is_hidden(), hidden
    assert leader.locator(".ch-wide svg").first.is_visible()
    assert leader.locator(".print-head").is_visible()
