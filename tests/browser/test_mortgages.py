"""The mortgage wing's pages in a browser: the exceptions desk by keyboard, the owner's look-up with a thumb, and all of
them readable by everyone at both widths in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest

from qinqing.lib.wallclock import now as present
from qinqing.mortgages import events
from qinqing.mortgages.events import Sent
from qinqing.mortgages.models_register import Registration
from tests import snapshots
from tests.browser.fixtures import DESK, PHONE, assert_accessible, assert_fits, look
from tests.stories import mortgages as m
from tests.stories import steps
from tests.stories.steps import County, tab_to

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.conftest import Clock


@pytest.fixture
def county(chromium: Browser, live: str, clock: Clock) -> Iterator[County]:
    yield from steps.county_of(chromium, live, clock, front_door=False)


def said(mortgage: Registration, bank: str = "bank-01", **changes: object) -> str:
    """The bank reports it; its event id."""
    now = present()
    values = {
        "event_id": f"e{mortgage.pk}", "kind": "settled", "happened_at": now, "certificate": mortgage.certificate,
        "unit_number": mortgage.unit_number, **changes,
    }  # fmt: skip
    return events.accept(m.unit(bank), Sent(**values), "api", now).event.event_id  # type: ignore[arg-type]


@pytest.fixture
def busy(county: County) -> County:
    """One released, one reversed afterwards, one in doubt, one waiting for the fund."""
    snapshots.begin_from("busy with mortgages", partial(work_of_a_morning, county))
    return county


def work_of_a_morning(county: County) -> None:
    plain, undone, doubtful, combined = (
        m.registered(1, "bank-01"), m.registered(2, "bank-01"), m.registered(3, "bank-01"),
        m.registered(4, "bank-01", "fund"),
    )  # fmt: skip
    for each in (plain, undone, combined):
        said(each)
    said(doubtful, unit_number="330499001002GB99999F00010001")
    county.later(timedelta(minutes=2))
    events.accept(m.unit("bank-01"), Sent("r1", "reversed", present(), reverses=f"e{undone.pk}"), "api", present())
    county.later(timedelta(minutes=2))


def test_every_desk_is_readable_at_both_widths(busy: County) -> None:
    look(busy.desk(m.CLERK, "/mortgages/bank/"), "/mortgages/bank/", "/mortgages/releases/?show=released&of=day")
    look(
        busy.desk(m.HEAD, "/mortgages/registry/"), "/mortgages/registry/", "/mortgages/leader/?of=day",
        "/mortgages/path/?of=day", "/mortgages/training/new/",
    )  # fmt: skip


def test_the_exceptions_desk_by_keyboard_leads_to_the_decision(busy: County) -> None:
    desk = busy.desk(m.REGISTRAR, "/mortgages/registry/")
    articles = desk.locator("article")
    assert "注销后冲正" in articles.nth(0).inner_text() and "冲正e" in articles.nth(0).inner_text()
    assert "不动产单元号与登记簿不一致" in articles.nth(1).inner_text()
    assert "330499001002GB99999F00010001" in articles.nth(1).inner_text()
    desk.set_viewport_size(PHONE)  # type: ignore[arg-type]
    mark = articles.nth(1).locator(".tag-red").first.bounding_box()
    assert mark and mark["x"] + mark["width"] <= PHONE["width"], "what differs is seen on a phone without scrolling"
    desk.set_viewport_size(DESK)  # type: ignore[arg-type]
    tab_to(desk, "article:nth-of-type(2) h3 a", most=80)
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/cases/**")
    said_here = desk.locator("main").inner_text()
    assert "登记的抵押权人" in said_here and "不符" in said_here
    assert desk.locator("#match_again").count() == 1 and desk.locator("#release").count() == 1
    assert_accessible(desk)


@pytest.mark.parametrize("language", ["zh", pytest.param("en", marks=pytest.mark.long)])
def test_the_look_up_with_a_thumb(busy: County, language: str) -> None:
    mortgage = Registration.objects.order_by("pk")[0]
    phone = busy.visitor()
    phone.goto(f"/mortgages/look-up/?lang={language}")
    check(phone)
    phone.watch.allow("422")  # type: ignore[attr-defined]
    with phone.expect_navigation():
        phone.locator("form[data-main] .btn-1").tap()
    check(phone)
    phone.fill("[name=certificate]", mortgage.certificate)
    phone.fill("[name=id_end]", "999999")
    with phone.expect_navigation():
        phone.locator("form[data-main] .btn-1").tap()
    assert phone.input_value("[name=certificate]") == mortgage.certificate, "what was typed is kept"
    check(phone)
    phone.fill("[name=id_end]", m.DIGITS)
    with phone.expect_navigation():
        phone.locator("form[data-main] .btn-1").tap()
    assert mortgage.certificate in phone.locator("main").inner_text()
    assert "12003" not in phone.url and "%" not in phone.url, "nothing of it stands in the address"
    check(phone)


def test_the_look_up_by_keyboard_alone_and_its_limit(busy: County) -> None:
    mortgage = Registration.objects.order_by("pk")[0]
    desk = busy.visitor(phone=False)
    desk.goto("/mortgages/look-up/")
    desk.watch.allow("429")  # type: ignore[attr-defined]
    for _ in range(5):
        tab_to(desk, "[name=certificate]")
        desk.keyboard.insert_text(mortgage.certificate)
        desk.keyboard.press("Tab")
        desk.keyboard.insert_text("000000")
        with desk.expect_navigation():
            desk.keyboard.press("Enter")
        desk.goto("/mortgages/look-up/")
    desk.fill("[name=certificate]", mortgage.certificate)
    desk.fill("[name=id_end]", m.DIGITS)
    with desk.expect_navigation():
        desk.keyboard.press("Enter")
    text = desk.locator("main").inner_text()
    assert "查询过于频繁" in text and "后可再查" in text and "已注销" not in text


def check(phone: Page) -> None:
    assert_accessible(phone)
    assert_fits(phone)
