"""Y6 群众满意度测评表: the party alone rates, on the spot or later; a bad rating is put right under its own clock and
rated again; a mistake is set aside by a third unit and stays visible."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from qinqing.directory.models import Party
from tests.stories.closing import FINDING, answered_on_the_spot, rate, resolved
from tests.stories.steps import County, act, main_text, picture, qinqing

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.mark.story("Y6")
def test_every_bad_rating_is_put_right(county: County) -> None:
    companies = list(
        Party.objects.filter(kind="company", status="存续").order_by("pk").values_list("pk", flat=True)[5:8]
    )
    clerk = county.desk("yao.minglang", "/window/")
    phone = county.visitor()
    on_the_spot_by_the_visitor(county, clerk, phone, companies[0])
    number, code = resolved(county, companies[1], "网上申报工伤认定提示“参保状态异常”，无法提交。", "complex")
    rectification, its_code = a_bad_rating_opens_a_rectification(county, phone, number, code)
    contested_and_upheld(county, rectification)
    put_right_and_rated_again(county, phone, rectification, its_code)
    a_mistake_is_set_aside(county, phone, companies[2])
    assert json.loads(qinqing("audit", "verify", "--json"))["findings"] == []


def on_the_spot_by_the_visitor(county: County, clerk: Page, phone: Page, company: int) -> None:
    """当场评价: the clerk shows the code, the visitor rates; in the clerk's browser nobody can."""
    _number, code = answered_on_the_spot(clerk, company, "退休返聘人员能不能参加工伤保险？")
    assert "当场评价" in main_text(clerk)
    picture(clerk, "window-rate")
    clerk.goto(f"/r/{code}/")
    assert clerk.locator("#rate form").count() == 0
    assert "不能代为评价" in main_text(clerk)
    phone.goto(f"/r/{code}/")
    picture(phone, "party-rate", full=True)
    rate(phone, code, "very_good", "说得很清楚。")
    assert "说得很清楚。" in main_text(phone)
    assert phone.locator("#rate").count() == 0, "rated twice"


def a_bad_rating_opens_a_rectification(county: County, phone: Page, number: str, code: str) -> tuple[str, str]:
    """差评整改: by the worker, on the desk of the unit rated, with fifteen working days."""
    rate(phone, code, "bad", "跑了两次才办成。")
    county.later(timedelta(minutes=1))
    phone.goto(f"/r/{code}/")
    assert "整改情况" in main_text(phone)
    picture(phone, "party-rated", full=True)
    link = phone.locator("a", has_text="改2026-").first
    rectification = link.inner_text()
    link.click()
    phone.wait_for_url(lambda address: code not in address)
    its_code = phone.locator(".code").inner_text()
    lead = county.desk("fei.zijin", "/desk/")
    assert rectification in main_text(lead)
    assert "跑了两次才办成。" in main_text(lead, rectification)
    assert "剩15个工作日" in main_text(lead)
    assert "跑了两次才办成。" in main_text(lead, number), "the rated unit reads the suggestion"
    main_text(lead, rectification)
    picture(lead, "rectification")
    return rectification, its_code


def contested_and_upheld(county: County, rectification: str) -> None:
    """误评申诉: with evidence, decided by the inspection; upheld, it goes on under the clock that ran."""
    lead, inspector = county.desk("fei.zijin"), county.desk("liu.jingshu")
    act(lead, rectification, "contest", ("通话记录.txt", b"..."), reason="评价人把两件事记混了。")
    assert county.desk("zhu.leshan").locator("#set_aside").count() == 0
    act(inspector, rectification, "uphold", ruling="两次往返属实，维持评价。")
    assert "剩15个工作日" in main_text(lead, rectification), "a contest wins time"
    assert lead.locator("#contest").count() == 0, "contested twice"


def put_right_and_rated_again(county: County, phone: Page, rectification: str, its_code: str) -> None:
    """The same party rates the rectification; still not content, the leader settles it and no other one opens."""
    report = {"measure": "已上门办理并致歉，窗口增设预审。", "informed": True}
    act(county.desk("fei.zijin"), rectification, "report", ("回执.txt", b"..."), **report)
    act(county.desk("mo.boran"), rectification, "approve")
    act(county.desk("zhu.leshan"), rectification, "confirm", FINDING, finding="企业确认已上门。")
    rate(phone, its_code, "very_bad", "还是慢。")
    county.later(timedelta(minutes=1))
    supervisor = county.desk("zhu.leshan", "/ratings/?of=open")
    assert main_text(supervisor).count("改2026-") == 1, "one line for the matter, no second rectification"
    picture(supervisor, "ratings")
    leader = county.desk("ma.yutong", "/leader/")
    assert rectification in main_text(leader), "it reaches the leader"
    act(leader, rectification, "settle", instruction="已与企业面谈，列入流程再造清单。")
    supervisor.reload()
    assert "改2026-" not in main_text(supervisor)


def a_mistake_is_set_aside(county: County, phone: Page, company: int) -> None:
    """认定误评: kept, marked, not counted."""
    number, code = resolved(county, company, "工伤职工的停工留薪期怎么算？")
    rate(phone, code, "very_bad")
    county.later(timedelta(minutes=1))
    phone.goto(f"/r/{code}/")
    rectification = phone.locator("a", has_text="改2026-").first.inner_text()
    act(county.desk("fei.zijin"), rectification, "contest", ("说明.txt", b"..."), reason="来访人书面说明是点错了。")
    act(county.desk("liu.jingshu"), rectification, "set_aside", ruling="书面说明属实，认定误评。")
    phone.reload()
    assert "认定误评，不计入" in main_text(phone)
    supervisor = county.desk("zhu.leshan", "/ratings/?of=aside")
    assert number in main_text(supervisor)
    assert "1／2" in main_text(supervisor), "of three ratings two count, and one of them is bad"
