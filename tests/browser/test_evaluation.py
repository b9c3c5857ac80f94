"""Rating on a phone and the month's follow-up at a desk: by keyboard, both languages, narrow, printed, with axe."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from qinqing.accounts.access import actor_for
from qinqing.accounts.actor import Actor
from qinqing.accounts.models import User
from qinqing.cases import acting
from qinqing.cases.models import Case
from qinqing.directory.models import Party, Unit
from qinqing.evaluation import services
from qinqing.evaluation.months import Month
from qinqing.evaluation.rectifying import put_right
from qinqing.evaluation.services import ToDo
from qinqing.lib.wallclock import CHINA
from tests import snapshots
from tests.browser.fixtures import assert_accessible, assert_fits, look
from tests.evaluation.rated import paper
from tests.stories import steps
from tests.stories.steps import County, on, tab_to

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.conftest import Clock

MONTH = Month(2026, 10)
AT = datetime(2026, 9, 29, 10, 30, tzinfo=CHINA)
SECTIONS = ("hrss-injury", "hrss-employment", "hrss-pension")


@pytest.fixture
def county(chromium: Browser, live: str, clock: Clock) -> Iterator[County]:
    yield from steps.county_of(chromium, live, clock, front_door=False)


@pytest.fixture
def answered(county: County) -> list[Case]:
    """Eighteen matters of September closed by three sections; a few rated, one badly."""
    return snapshots.begin_from("answered", partial(closed_cases, 18))


def officer(username: str) -> Actor:
    return actor_for(User.objects.get(username=username), AT)


def closed_cases(number: int) -> list[Case]:
    parties = list(Party.objects.filter(kind="company", status="存续").order_by("pk")[:number])
    clerk, supervisor = officer("yao.minglang"), officer("zhu.leshan")
    heads = {"hrss-injury": "fei.zijin", "hrss-employment": "zhang.kejun", "hrss-pension": "jiang.yining"}
    head = officer("fan.jingxing")
    cases = []
    for n, party in enumerate(parties):
        section = SECTIONS[n % 3]
        data = {"text": "车间一名装配工受伤，网上申报工伤认定提示“参保状态异常”，无法提交。", "phone": "13800002046"}
        unit = Unit.objects.get(code=section).pk
        first = ("dispatch", {"class": "complex" if n % 6 == 0 else "general", "lead": unit})
        title = ("工伤认定提示“参保状态异常”", "稳岗返还资金未到账", "退休返聘人员能否参保")[n % 3]
        channel = "phone" if n % 5 == 4 else "window"
        done = acting.open_case(
            "hard_case", party.pk, clerk, AT, {name: data[name] for name in (["text"] if n == 7 else data)},
            title=title, channel=channel, then=first,
        )  # fmt: skip
        acting.act(
            done.case_id, "feed_back", officer(heads[section]), AT, {"answer": "已核对并更正。", "result": "solved"}
        )
        acting.act(done.case_id, "approve", head, AT)
        acting.act(done.case_id, "write_off", supervisor, AT, {"finding": "电话核实属实。"}, files=[paper()])
        case = Case.objects.get(pk=done.case_id)
        level = {0: "bad", 1: "good", 2: "very_good", 4: "fair", 5: "good"}.get(n)
        if level:
            holder = Actor(None, "回执持有人", "party", party_ids=frozenset({party.pk}))
            words = {"suggestion": "跑了两次才办成。"} if level == "bad" else {}
            rated = acting.act(case.pk, "rate", holder, AT, {"rating": level, **words})
            put_right(case.pk, rated.seq, AT)
        cases.append(case)
    return cases


def test_rating_on_a_phone_by_keyboard(county: County, answered: list[Case]) -> None:
    case = answered[3]
    phone = county.visitor()
    look(phone, f"/r/{case.receipt_code}/")
    phone.goto(f"/r/{case.receipt_code}/?lang=zh")
    tab_to(phone, "#rate input[type=radio]")
    phone.keyboard.press("ArrowDown")
    phone.keyboard.press("ArrowDown")
    assert phone.locator("#rate input:checked").get_attribute("value") in {"good", "fair"}
    tab_to(phone, "#rate textarea")
    phone.keyboard.type("再快一点就更好了。")
    assert_accessible(phone)
    with phone.expect_navigation():
        phone.keyboard.press("Control+Enter")
    assert "再快一点就更好了。" in phone.locator("main").inner_text()
    assert phone.locator("#rate").count() == 0, "a second time"
    assert_accessible(phone)
    assert_fits(phone)


def test_the_rectification_is_followed_from_the_receipt(county: County, answered: list[Case]) -> None:
    phone = county.visitor()
    look(phone, f"/r/{answered[0].receipt_code}/")
    rectification = Case.objects.get(predecessor=answered[0])
    phone.locator("a", has_text=rectification.number).first.click()
    phone.wait_for_url(f"**/r/{rectification.receipt_code}/")
    assert_accessible(phone)
    assert_fits(phone)
    desk = county.desk("fei.zijin")
    look(desk, f"/cases/{quote(rectification.number)}/")
    look(desk, f"/cases/{quote(answered[0].number)}/")


def test_an_officers_browser_offers_no_rating(county: County, answered: list[Case]) -> None:
    clerk = county.desk("yao.minglang")
    look(clerk, f"/r/{answered[3].receipt_code}/")
    assert clerk.locator("#rate form").count() == 0
    look(clerk, f"/window/taken/{quote(answered[3].number)}/")


def test_the_month_before_and_after_the_draw(county: County, answered: list[Case]) -> None:
    county.clock.set(on(10, 12, 9, 30))
    page = county.desk("zhu.leshan", "/follow-up/2026-10/")
    look(page, "/follow-up/2026-10/")
    look(page, "/follow-up/2026-11/")
    look(page, "/follow-up/2026-08/")
    made = services.draw(MONTH, 12, officer("shen.zhiyuan"), on(10, 12, 9, 30), seed="5f3a")
    said = [("answered", "yes"), ("answered", "no"), ("no_answer", ""), ("answered", "partly"), ("declined", "")]
    for one, (reached, content) in zip(made.sampled.order_by("place"), said, strict=False):
        data = {"reached": reached, **({"content": content} if content else {})}
        acting.act(one.case_id, "call_back", officer("zhu.leshan"), on(10, 12, 9, 30), data)
    to_do = [ToDo("窗口增设停车引导，二维码贴到取号机旁", Unit.objects.get(code="hrss-window").pk)]
    services.hold_review(
        MONTH, officer("zhu.leshan"), on(10, 12, 9, 30), held_on=on(10, 12).date(), attendees="县营商办、县人社局",
        minutes="逐件复盘，多为往返跑动。", case_ids=[answered[0].pk], to_do=to_do, nothing_to_do=False, key="k",
    )  # fmt: skip
    look(page, "/follow-up/2026-10/")
    look(page, "/follow-up/2026-11/")
    look(page, "/follow-up/2026-10/review/")
    page.goto("/follow-up/2026-10/?lang=zh")
    page.locator("#reviews a.b").first.click()
    page.wait_for_url("**/review/*/")
    look(page, page.url.split("?")[0])
    look(page, "/ratings/?month=2026-09")
    page.emulate_media(media="print")
    page.goto("/follow-up/2026-10/?lang=zh")
    assert page.locator(".head .end").is_hidden() and page.locator(".print-head").is_visible()


def test_calling_by_keyboard_alone(county: County, answered: list[Case]) -> None:
    county.clock.set(on(10, 12, 9, 30))
    services.draw(MONTH, 12, officer("shen.zhiyuan"), on(10, 12, 9, 30), seed="5f3a")
    page = county.desk("zhu.leshan", "/follow-up/2026-10/")
    page.keyboard.press("b")
    page.wait_for_url("**/calls/*/")
    first = page.url
    look(page, first.split("?")[0])
    page.goto(first)
    page.keyboard.press("p")
    page.locator("main", has_text="13800002046").wait_for()
    tab_to(page, "input[name=reached]")
    page.keyboard.press("Space")
    tab_to(page, "input[name=content]")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    tab_to(page, "textarea[name=remark]")
    page.keyboard.type("等了两周。")
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    assert page.url == first, "not content: a decision is due first"
    assert page.locator("#decision").is_visible()
    assert_accessible(page)
    page.keyboard.press("Enter")  # the one press that has the focus
    page.wait_for_url(lambda address: address != first)
    assert "/calls/" in page.url
    opened = Case.objects.filter(procedure__code="rectification", predecessor__isnull=False).latest("pk")
    assert opened.number in page.locator("main").inner_text()
