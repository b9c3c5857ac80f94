"""Drafting a policy in a real browser: readable by everyone, by keyboard alone, the count follows what is typed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from qinqing.accounts.models import User
from qinqing.policies.models import PolicyVersion
from tests.browser.fixtures import assert_accessible, assert_fits, look, open_context, sign_in, watched
from tests.policies.world import NOW, DemoWorld

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.conftest import Clock

pytestmark = pytest.mark.django_db(transaction=True)
HERE = "/policies/editor/rd_reward_2026/1/"


@pytest.fixture
def officer(chromium: Browser, live: str, clock: Clock) -> Iterator[Page]:
    """The science bureau's handler at a desk, among the demo county's policies."""
    clock.set(NOW)
    world = DemoWorld(("rd_reward_2025", "rd_reward_2026"))
    context = open_context(chromium, live, mobile=False)
    sign_in(context, live, User.objects.get(pk=world["science_handler"].user_id))
    page = watched(context)
    watch = page.watch  # type: ignore[attr-defined]
    watch.allow("422")
    for aborted in ("htmx:sendAbort", "htmx:afterRequest"):  # a count that was under way when the page was left
        watch.allow(aborted)
    yield page
    context.close()
    assert not watch.unexpected()


def test_every_page_is_readable_by_everyone(officer: Page) -> None:
    look(officer, "/policies/editor/?state=live", HERE, f"{HERE}edit/", f"{HERE}effect/", "/policies/editor/import/")


def test_drafting_by_keyboard_the_count_follows(officer: Page) -> None:
    officer.goto(f"{HERE}edit/")
    officer.wait_for_selector("#count .pe-fig")
    assert officer.locator("#count .big").inner_text().startswith("1")
    times = officer.locator("[name='conditions.members.3.value']")
    times.focus()
    times.fill("1.05")
    officer.locator("#count .big", has_text="2家").wait_for()
    assert "新符合1家" in officer.locator("#count").inner_text()
    officer.locator("button[value='add.clauses']").focus()
    officer.keyboard.press("Enter")
    officer.wait_for_selector("[name='clauses.2.name']:focus")
    assert times.input_value() == "1.05"
    officer.keyboard.type("附则")
    officer.keyboard.press("Tab")
    officer.keyboard.type("由县科技局负责解释。")
    officer.locator("[name='budget.yuan']").fill("很多")
    officer.locator("button[value='save']").focus()
    with officer.expect_navigation():
        officer.keyboard.press("Enter")
    beside = officer.locator(".field.bad:has([name='budget.yuan'])")
    assert beside.locator(".err").is_visible()
    assert officer.locator("[name='clauses.2.words']").input_value() == "由县科技局负责解释。"
    assert_accessible(officer)
    assert_fits(officer)
    officer.locator("[name='budget.yuan']").fill("3000万")
    officer.locator("button[value='save']").focus()
    with officer.expect_navigation():
        officer.keyboard.press("Enter")
    assert officer.url.endswith("/policies/editor/rd_reward_2026/2/"), officer.locator("main").inner_text()[:600]
    assert PolicyVersion.objects.get(policy__code="rd_reward_2026", number=2).state == "draft"
    assert "30,000,000.00元" in officer.locator("main").inner_text()


def test_the_kind_of_a_benefit_changes_in_place_and_back(officer: Page) -> None:
    officer.goto(f"{HERE}edit/")
    kind = officer.locator("[name='benefit.kind']")
    kind.select_option("tiers")
    officer.wait_for_selector("button[value='add.benefit.steps']")
    officer.locator("button[value='add.benefit.steps']").click()
    officer.wait_for_selector("[name='benefit.steps.0.at'][type=text], input.in[name='benefit.steps.0.at']")
    officer.locator("[name='benefit.kind']").select_option("rate")
    officer.wait_for_selector("input.in[name='benefit.rate']")
    assert officer.locator("[name='benefit.rate']").input_value() == "5%"
