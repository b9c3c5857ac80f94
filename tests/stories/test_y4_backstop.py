"""Y4 信访备案兜底: what cannot be done: a legal basis, a signature, the petition system's number, three working days.

The decision falls on Tuesday 29 September; National Day lies between it and the explanation, due on Friday 9 October.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qinqing.directory.models import Party
from tests.stories.steps import County, act, fill, main_text, on, picture, send, take_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

INJURY = "县人社局 工伤保险科"
BASIS = "《工伤保险条例》第十七条"
WHY = "超过一年申请时限，依法不能受理。"
NUMBER = "XF330499-2026-0930-17"
EXPLANATION = "工伤认定申请应在一年内提出，本件已超过期限且无延长情形。"
OTHER_WAYS = "可申请劳动争议仲裁，或向人民法院起诉。"


@pytest.mark.story("Y4")
def test_what_cannot_be_done_is_recorded_and_explained(county: County) -> None:
    company = Party.objects.filter(kind="company", status="存续").order_by("pk")[21].pk
    clerk = county.desk("yao.minglang", "/window/")
    number = take_in(clerk, company, "两年前受伤的职工现在能否认定工伤？", "general", INJURY)
    phone = county.visitor()
    phone.goto(f"/r/{clerk.locator('dd.mono').inner_text()}/")

    decided_with_a_basis_and_a_signature(county, number, phone)
    nobody_makes_a_number_up(county, clerk, number)
    the_petition_office_sends_its_list(county, clerk, number)
    explained_before_the_third_working_day_ends(county, clerk, number, phone)


def decided_with_a_basis_and_a_signature(county: County, number: str, phone: Page) -> None:
    lead = county.desk("fei.zijin")
    lead.watch.allow("422")  # type: ignore[attr-defined]
    main_text(lead, number)
    fill(lead, "cannot", reason=WHY)
    send(lead, "cannot")
    assert "法律法规依据" in lead.locator("#cannot .bad").first.inner_text(), "unable without a legal basis"
    fill(lead, "cannot", legal_basis=BASIS)
    send(lead, "cannot")
    phone.reload()
    assert BASIS not in main_text(phone), "told before anybody signed it off"
    act(county.desk("mo.boran"), number, "approve")
    phone.reload()
    told = main_text(phone)
    assert BASIS in told
    assert "10月9日（周五）17:00前" in told, "three working days from the signature, through National Day"
    assert "期限不因此起算" in told


def nobody_makes_a_number_up(county: County, clerk: Page, number: str) -> None:
    """Neither the page nor the program behind it has one to give; without it nothing is explained."""
    clerk.watch.allow("422")  # type: ignore[attr-defined]
    main_text(clerk, number)
    assert clerk.locator("#explain [name=petition_no]").input_value() == ""
    fill(clerk, "explain", explanation=EXPLANATION, other_ways=OTHER_WAYS, informed=True)
    send(clerk, "explain")
    assert clerk.locator("#explain .bad [name=petition_no]").count() == 1
    assert clerk.locator("#explain [name=explanation]").input_value() == EXPLANATION, "what was typed is kept"
    clerk.goto("/backstop/?state=waiting")
    assert number in main_text(clerk)
    assert "尚未取得" in main_text(clerk)


def the_petition_office_sends_its_list(county: County, clerk: Page, number: str) -> None:
    """导入: by case number; a line that fits no case is left out and named."""
    county.clock.set(on(9, 30, 15))
    clerk.goto("/sheets/petition_records/")
    body = f"办件编号,信访登记号,登记日期\n{number},{NUMBER},2026-09-30\n帮2026-9999,XF-1,2026-09-30\n"
    clerk.locator("[name=file]").set_input_files(
        [{"name": "信访登记.csv", "mimeType": "text/csv", "buffer": body.encode("utf-8-sig")}]
    )
    clerk.locator("main form .btn-1").click()
    clerk.wait_for_url("**/sheets/*/")
    assert "请核对编号" in main_text(clerk)
    clerk.locator("form[action$='/confirm/'] button").click()
    clerk.wait_for_load_state()
    assert NUMBER in main_text(clerk, number)


def explained_before_the_third_working_day_ends(county: County, clerk: Page, number: str, phone: Page) -> None:
    county.later(on(10, 9, 16, 30))
    main_text(clerk, number)
    assert clerk.locator("#explain [name=petition_no]").input_value() == NUMBER, "the imported number stands ready"
    fill(clerk, "explain", explanation=EXPLANATION, other_ways=OTHER_WAYS, informed=True)
    picture(clerk, "backstop-explain")
    send(clerk, "explain")
    assert "无法办理已解释" in main_text(clerk, number)
    phone.reload()
    told = main_text(phone)
    for words in (BASIS, EXPLANATION, OTHER_WAYS):
        assert words in told
    picture(phone, "party-backstop", full=True)
    supervisor = county.desk("zhu.leshan", "/backstop/")
    assert "按时解释" in main_text(supervisor)
    assert NUMBER in main_text(supervisor)
    picture(supervisor, "backstop")
