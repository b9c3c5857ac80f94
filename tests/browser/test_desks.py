"""Desks and the case page in a real browser, with cases in every state: readable by everyone, by keyboard, in print."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from qinqing.cases.models import Case
from qinqing.directory.models import Post
from qinqing.site.demo.hard_cases import HardCase
from qinqing.site.demo.players import Player
from tests import snapshots
from tests.browser.fixtures import assert_accessible, look
from tests.stories import steps
from tests.stories.steps import County

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.conftest import Clock


@pytest.fixture
def county(chromium: Browser, live: str, clock: Clock) -> Iterator[County]:
    """The county with a case for each of the demo's stories, begun one after the other in the weeks before."""
    for county in steps.county_of(chromium, live, clock, front_door=False):
        snapshots.begin_from("every story", every_story)
        yield county


def every_story() -> None:
    player = Player(3, steps.TUESDAY)
    for days, story in enumerate(dict.fromkeys(HardCase.STORIES)):
        HardCase(player, steps.TUESDAY - timedelta(days=5 + days % 12, hours=1), story).perform()


def test_every_desk_is_readable_by_everyone(county: County) -> None:
    look(county.desk("fei.zijin"), *(f"/desk/?tab={tab}" for tab in ("sign", "handle", "waiting", "closed")))
    look(county.desk("mo.boran"), "/desk/?tab=approve", "/unit/")
    look(county.desk("zhu.leshan"), "/supervision/", "/supervision/?of=handed_up", "/cases/", "/cases/?q=没有的字")
    look(county.desk("ma.yutong"), "/supervision/?of=silent", "/calendar/")


def test_case_pages_in_every_state_are_readable_by_everyone(county: County) -> None:
    supervisor = county.desk("zhu.leshan")
    seen = set()
    for case in Case.objects.order_by("pk"):
        state = (case.stage, case.outcome, case.held)
        if state not in seen:
            seen.add(state)
            look(supervisor, f"/cases/{quote(case.number)}/")
    assert len(seen) >= 8, f"the demo's stories should reach many states, not only {seen}"


def test_rows_by_keyboard(county: County) -> None:
    supervisor = county.desk("zhu.leshan", "/cases/")
    first, second = (supervisor.locator("tr[data-row] a").nth(n).get_attribute("href") for n in (0, 1))
    supervisor.keyboard.press("j")
    supervisor.keyboard.press("j")
    supervisor.keyboard.press("k")
    supervisor.keyboard.press("j")
    supervisor.keyboard.press("Enter")
    supervisor.wait_for_url(f"**{second}")
    assert first != second
    supervisor.go_back()
    supervisor.keyboard.press("/")
    supervisor.keyboard.type(Case.objects.order_by("pk")[0].number)
    supervisor.keyboard.press("Enter")
    supervisor.wait_for_url("**/cases/?q=*")
    assert supervisor.locator("tr[data-row]").count() == 1


def test_the_printed_case_is_the_story_without_the_buttons(county: County) -> None:
    supervisor = county.desk("zhu.leshan")
    case = Case.objects.filter(stage="verifying", closed_at=None).order_by("pk")[0]
    supervisor.goto(f"/cases/{quote(case.number)}/")
    assert supervisor.locator("#next").is_visible()
    supervisor.emulate_media(media="print")
    for hidden in ("#next", ".side", "[data-print]"):
        assert supervisor.locator(hidden).first.is_hidden(), hidden
    head = supervisor.locator(".print-head").inner_text()
    assert case.number in head
    assert "历史完整" in head
    assert supervisor.locator(".tl").is_visible()


def test_the_start_of_each_act_is_reachable_by_keyboard(county: County) -> None:
    case = Case.objects.filter(stage="handling", closed_at=None, held=False, tasks__node="lead").exclude(lead=None)[0]
    post = Post.objects.filter(unit=case.lead, role="handler").select_related("officer__user").order_by("pk")[0]
    handler = county.desk(post.officer.user.username)
    handler.goto(f"/cases/{quote(case.number)}/")
    for summary in handler.locator("#next details > summary").all():
        summary.focus()
        handler.keyboard.press("Enter")
    assert handler.locator("#next details:not([open])").count() == 0
    assert_accessible(handler)
