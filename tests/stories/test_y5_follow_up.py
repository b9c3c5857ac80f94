"""Y5 每月以电话回访、办件复盘等形式进行整改提升: the sample, the calls, the meeting; next month begins with them."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest
from python_calamine import CalamineWorkbook

from qinqing.directory.models import Party
from tests.stories.closing import rate, resolved
from tests.stories.steps import County, main_text, on, picture, qinqing

if TYPE_CHECKING:
    from playwright.sync_api import Page

TEXTS = ("网上申报工伤认定无法提交。", "停工留薪期工资由谁支付？", "劳动能力鉴定等了两个月。")


@pytest.mark.story("Y5")
def test_nothing_stays_only_in_the_minutes(county: County) -> None:
    companies = list(
        Party.objects.filter(kind="company", status="存续").order_by("pk").values_list("pk", flat=True)[20:23]
    )
    matters = [resolved(county, company, text) for company, text in zip(companies, TEXTS, strict=True)]
    rate(county.visitor(), matters[1][1], "good")
    supervisor = county.desk("zhu.leshan")
    not_while_the_month_runs(supervisor)
    county.later(on(10, 12, 9, 30))
    drawn_once(supervisor)
    rectification = called_by_keyboard(county, supervisor)
    results_beside_the_ratings(supervisor, rectification)
    decided = the_meeting_decides(county, supervisor)
    the_list_as_a_workbook(supervisor)
    next_month_begins_with_them(county, supervisor, rectification, decided)
    assert json.loads(qinqing("audit", "verify", "--json"))["findings"] == []


def not_while_the_month_runs(supervisor: Page) -> None:
    supervisor.goto("/follow-up/2026-10/")
    assert "2026年9月尚未结束" in main_text(supervisor)


def drawn_once(supervisor: Page) -> None:
    """抽样: with its margin of error, the seed on record."""
    supervisor.goto("/follow-up/")
    assert "可以回访的共3件" in main_text(supervisor)
    supervisor.locator("[name=size]").fill("3")
    supervisor.locator("#sample .btn-1").click()
    supervisor.wait_for_selector("#calls")
    assert supervisor.locator("#calls tbody tr").count() == 3
    assert "种子" in main_text(supervisor)


def called_by_keyboard(county: County, supervisor: Page) -> str:
    """电话回访: the number for a logged reason, the answer, the next case; not content is put right by one press."""
    supervisor.keyboard.press("b")
    supervisor.wait_for_url("**/calls/*/")
    assert "13800002046" not in main_text(supervisor)
    supervisor.keyboard.press("p")
    supervisor.wait_for_function("document.querySelector('main').innerText.includes('13800002046')")
    picture(supervisor, "follow-up-call")
    record(supervisor, "answered", "yes", "答复及时。")
    record(supervisor, "no_answer")
    last = supervisor.url
    record(supervisor, "answered", "no", "鉴定等了两个月，没人告知进度。")
    assert supervisor.url == last, "a decision is due before the next"
    picture(supervisor, "follow-up-decision")
    with supervisor.expect_navigation():
        supervisor.locator("#decision .btn-1").click()
    supervisor.goto("/follow-up/2026-10/")
    rectification = supervisor.locator("#calls a", has_text="改2026-").inner_text()
    lead = county.desk("fei.zijin", "/desk/")
    assert rectification in main_text(lead)
    return rectification


def record(supervisor: Page, reached: str, content: str = "", remark: str = "") -> None:
    supervisor.locator(f"label:has([name=reached][value={reached}])").click()
    if content:
        supervisor.locator(f"label:has([name=content][value={content}])").click()
    supervisor.locator("[name=remark]").fill(remark)
    with supervisor.expect_navigation():
        supervisor.keyboard.press("Control+Enter")


def results_beside_the_ratings(supervisor: Page, rectification: str) -> None:
    shown = main_text(supervisor)
    assert "1／2个回答满意或基本满意" in shown
    assert "回答不足20件，不计比率" in shown, "a percentage of two answers"
    assert "9月办结件的评价" in shown
    assert rectification in shown


def the_meeting_decides(county: County, supervisor: Page) -> str:
    """办件复盘: each decision is a rectification with its unit and its clock."""
    supervisor.locator("#reviews .btn").click()
    supervisor.wait_for_url("**/review/")
    supervisor.locator("[name=attendees]").fill("县营商办、县人社局")
    supervisor.locator("[name=minutes]").fill("逐件复盘。鉴定环节缺少进度告知，企业反复来问。")
    supervisor.locator("[name='0-problem']").fill("劳动能力鉴定每周告知一次进度")
    supervisor.locator("[name='0-unit']").select_option(label="县人社局 工伤保险科")
    picture(supervisor, "follow-up-review", full=True)
    with supervisor.expect_navigation():
        supervisor.keyboard.press("Control+Enter")
    decided = supervisor.locator("tbody td", has_text="改2026-").first.inner_text()
    assert "剩15个工作日" in main_text(supervisor)
    assert decided in main_text(county.desk("fei.zijin", "/desk/"))
    return decided


def the_list_as_a_workbook(supervisor: Page) -> None:
    answer = supervisor.request.get("/follow-up/2026-10/?format=xlsx")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.body())).get_sheet_by_index(0).to_python()
    assert len(rows) == 4
    assert not any("13800002046" in str(cell) for row in rows for cell in row)


def next_month_begins_with_them(county: County, supervisor: Page, *rectifications: str) -> None:
    supervisor.goto("/follow-up/2026-10/")
    picture(supervisor, "follow-up", full=True)
    county.later(on(11, 9, 9, 30))
    supervisor = county.desk("zhu.leshan", "/follow-up/2026-11/")
    first = supervisor.locator("#righted").inner_text()
    assert all(number in first for number in rectifications)
    assert "没有可以电话回访的办结件" in main_text(supervisor), "October closed nothing that can be called"
    picture(supervisor, "follow-up-next")
    reader = county.desk("ma.yutong", "/follow-up/2026-10/")
    assert reader.locator("form[action*=draw]").count() == 0
    assert all(number in main_text(reader) for number in rectifications)
