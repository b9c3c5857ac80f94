"""Y2 分类时限: simple at once, general in three working days, complex in five, to the feedback.

Taken in on Tuesday 29 September 2026: National Day and the make-up Saturday of 10 October fall inside the limits.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from qinqing.directory.models import Party
from tests.stories.steps import County, act, fill, main_text, on, picture, qinqing, send, take_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

INJURY = "县人社局 工伤保险科"
TEXT = "网上申报工伤认定提示“参保状态异常”，无法提交。"
FRIDAY, MONDAY = "10月9日（周五）17:00", "10月12日（周一）17:00"


@pytest.mark.story("Y2")
def test_the_class_sets_the_clock_and_the_clock_runs_to_feedback(county: County) -> None:
    company = Party.objects.filter(kind="company", status="存续").order_by("pk")[11].pk
    clerk = county.desk("yao.minglang", "/window/")
    handler = county.desk("fei.zijin")
    supervisor = county.desk("zhu.leshan", "/supervision/")

    simple_is_answered_and_closed_at_once(clerk, company)
    general = due_is_shown_before_and_kept_after(clerk, company, "general", FRIDAY, 3)
    complex_ = due_is_shown_before_and_kept_after(clerk, company, "complex", MONDAY, 5)
    reclassified_only_with_reason_and_approval(county, handler, general)
    a_return_does_not_stop_the_clock(county, clerk, handler, company)
    extension_before_expiry_only(county, handler, supervisor, complex_, general)


def simple_is_answered_and_closed_at_once(clerk: Page, company: int) -> None:
    """Answered on the spot; without the visitor's confirmation it does not end."""
    clerk.goto(f"/window/?party={company}")
    clerk.locator("textarea[name=text]").fill("高校毕业生见习补贴怎么申报？")
    clerk.locator("#hints").get_by_role("button", name="高校毕业生见习补贴怎么申报").click()
    clerk.locator("textarea[name=answer]", has_text="浙里办").wait_for()
    assert clerk.locator("[name=cls]:checked").get_attribute("value") == "simple"
    clerk.watch.allow("422")  # type: ignore[attr-defined]
    with clerk.expect_navigation():
        clerk.keyboard.press("Control+Enter")
    assert "请勾选“来访人已确认”" in main_text(clerk)
    assert "浙里办" in clerk.locator("textarea[name=answer]").input_value(), "what was typed is gone"
    clerk.locator("[name=confirmed]").check()
    picture(clerk, "window-simple")
    clerk.locator("form[data-main] .btn-1").click()
    clerk.wait_for_url("**/window/taken/**")
    assert clerk.locator("h1").inner_text() == "已当场办结"
    clerk.locator(".kv a").click()
    clerk.wait_for_url("**/cases/**")
    times = clerk.locator(".tl time").all_inner_texts()
    assert len(times) == 2
    assert times[0] == times[1], "opened and closed in the same minute"


def due_is_shown_before_and_kept_after(clerk: Page, company: int, kind: str, due: str, days: int) -> str:
    clerk.goto(f"/window/?party={company}")
    option = clerk.locator(f"label:has([name=cls][value={kind}])")
    assert due in option.inner_text()
    number = take_in(clerk, company, TEXT, kind, INJURY)
    assert f"{due}前反馈" in main_text(clerk)
    assert due in main_text(clerk, number)
    said = json.loads(qinqing("clock", "due", "--from", "2026-09-29T10:20", "--working-days", str(days), "--json"))
    month, day = (int(part) for part in due.split("日", maxsplit=1)[0].split("月"))
    assert said["due"] == on(month, day, 17).isoformat()
    assert said["provisional"] is False
    return number


def reclassified_only_with_reason_and_approval(county: County, handler: Page, number: str) -> None:
    act(handler, number, "sign")
    handler.watch.allow("422")  # type: ignore[attr-defined]
    fill(handler, "reclassify", **{"class": "complex"})
    send(handler, "reclassify")
    assert "请填写“理由”" in main_text(handler), "reclassified without a reason"
    fill(handler, "reclassify", reason="涉及税务、社保两家，须会商。")
    send(handler, "reclassify")
    assert FRIDAY in main_text(handler, number), "the clock changed before anybody approved"
    assert handler.locator("#approve").count() == 0, "who proposed may approve"
    head = county.desk("cheng.yizhou", "/desk/?tab=approve")
    assert number in main_text(head)
    act(head, number, "approve")
    assert MONDAY in main_text(handler, number)
    assert "批准改类" in main_text(handler)


def a_return_does_not_stop_the_clock(county: County, clerk: Page, handler: Page, company: int) -> None:
    """Returned on Wednesday and dispatched anew: three days from then would be the make-up Saturday."""
    number = take_in(clerk, company, TEXT, "general", INJURY)
    county.later(on(9, 30, 9, 5))
    act(handler, number, "return", basis="不属本科室职责，依据三定方案第四条。")
    assert "退回" in main_text(clerk, number)
    act(clerk, number, "dispatch", **{"class": "general"}, lead="县人社局 社会保险科")
    shown = main_text(clerk, number)
    assert FRIDAY in shown
    assert "10月10日" not in clerk.locator(".rail").inner_text().split("为什么是这个时间")[0]


def extension_before_expiry_only(county: County, handler: Page, supervisor: Page, before: str, after: str) -> None:
    """Asked for on 9 October it adds three working days when granted; asked for after the end it is refused."""
    county.later(on(10, 9, 15))
    act(handler, before, "extend", reason="需等待转出地回函。")
    assert MONDAY in main_text(handler, before), "an extension not granted yet moves nothing"
    act(supervisor, before, "approve")
    assert "10月15日（周四）17:00" in main_text(handler, before)
    county.later(on(10, 12, 17) + timedelta(minutes=1))
    handler.watch.allow("403")  # type: ignore[attr-defined]
    handler.watch.allow("409")  # type: ignore[attr-defined]
    main_text(handler, after)
    fill(handler, "extend", reason="还要几天。")
    send(handler, "extend")
    assert "须在到期前提出，本件已逾期" in main_text(handler)
    assert handler.locator("#extend textarea").input_value() == "还要几天。"
    picture(handler, "case-extension-too-late")
