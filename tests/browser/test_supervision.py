"""The wing's pages in a real browser, in a county at work: readable by everyone, by keyboard alone, in print."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest

from qinqing.cases.models import Case
from qinqing.site.demo.hard_cases import HardCase
from qinqing.site.demo.players import Player
from qinqing.supervision.papers import LETTER, of_kind
from tests import snapshots
from tests.browser.fixtures import assert_accessible, assert_fits, look
from tests.stories import steps
from tests.stories.steps import County, act, fill, main_text, send

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.conftest import Clock


@pytest.fixture
def county(chromium: Browser, live: str, clock: Clock) -> Iterator[County]:
    """Some matters overdue, one with a letter, one with an instruction, one written off, one that cannot be done."""
    for county in steps.county_of(chromium, live, clock, front_door=False):
        snapshots.begin_from("supervised", partial(supervised, county))
        yield county


def supervised(county: County) -> None:
    player = Player(5, steps.TUESDAY)
    for days, story in enumerate(("overdue", "overdue", "returned", "written_off", "cannot", "verifying", "extended")):
        HardCase(player, steps.TUESDAY - timedelta(days=8 + days % 5, hours=1), story).perform()
    supervisor = county.desk("zhu.leshan", "/supervision/?of=overdue")
    supervisor.locator("li[data-row] a[data-press]").first.click()
    supervisor.wait_for_url("**#send_letter")
    send(supervisor, "send_letter")
    late = Case.objects.filter(closed_at=None, due_at__lt=steps.TUESDAY).order_by("-pk")[0]
    act(county.desk("ma.yutong"), late.number, "instruct", instruction="请今日内书面说明。")
    steps.work()


def test_every_page_is_readable_by_everyone(county: County) -> None:
    letter = of_kind(LETTER)[0]
    look(county.desk("zhu.leshan"), "/supervision/", "/supervision/?of=overdue", "/supervision/letters/", "/backstop/",
         f"/cases/{letter.number}/", f"/cases/{letter.predecessor.number}/")  # type: ignore[union-attr]  # fmt: skip
    look(county.desk("liu.jingshu"), "/inspection/", "/inspection/?step=assign")
    look(county.desk("ma.yutong"), "/instructions/?state=open")


def test_the_words_of_an_urging_may_be_changed_and_are_kept(county: County) -> None:
    """By keyboard: open the words, change them, press; too long, they stay with the error beside them."""
    supervisor = county.desk("zhu.leshan", "/supervision/?of=handed_up")
    supervisor.goto("/supervision/")
    row = supervisor.locator("li[data-row]:has(.sv-say)").first
    if row.count() == 0:
        pytest.skip("no row with words to change in this county")
    supervisor.watch.allow("422")  # type: ignore[attr-defined]
    row.locator("summary").focus()
    supervisor.keyboard.press("Enter")
    words = row.locator("textarea")
    words.fill("请于今日下班前书面说明。" * 60)
    with supervisor.expect_navigation():
        row.locator("[data-press]").click()
    again = supervisor.locator("li[data-row]:has(details[open])").first
    assert again.locator("textarea").input_value().startswith("请于今日下班前书面说明。")
    assert "超出" in again.locator("[role=alert]").inner_text()
    assert_accessible(supervisor)
    assert_fits(supervisor)


def test_the_printed_desk_and_paper_carry_no_buttons(county: County) -> None:
    supervisor = county.desk("zhu.leshan", "/supervision/")
    supervisor.emulate_media(media="print")
    for hidden in (".side", "[data-press]", ".keys"):
        assert supervisor.locator(hidden).first.is_hidden(), hidden
    assert supervisor.locator("li[data-row]").first.is_visible()


def test_attending_demands_a_reason(county: County) -> None:
    """不写理由不能处理: the supervision task stays where it is."""
    supervisor = county.desk("zhu.leshan")
    supervisor.watch.allow("422")  # type: ignore[attr-defined]
    case = Case.objects.filter(tasks__node="!supervise", tasks__state="open").order_by("pk")[0]
    main_text(supervisor, case.number)
    fill(supervisor, "attend")
    send(supervisor, "attend")
    assert supervisor.locator("#attend .bad").count() == 1
    assert Case.objects.get(pk=case.pk).seq == case.seq
