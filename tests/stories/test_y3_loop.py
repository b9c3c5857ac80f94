"""Y3 交办、协办、督办全程跟踪: one lead, several assisting units, nobody writes off their own work, nothing lies still.

Three matters: one goes the whole way, one is returned until the window decides, one is left lying until it is with the
county's leader.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from qinqing.directory.models import Party
from tests.stories.steps import County, act, fill, main_text, on, picture, qinqing, send, take_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

INJURY = "县人社局 工伤保险科"
TEXT = "车间一名装配工受伤，网上申报工伤认定提示“参保状态异常”，无法提交。请明确由哪家受理、还需哪些材料。"
ANSWER = "已核对参保记录并修正状态，可重新提交工伤认定申请；所需材料清单已一并发送。"


@pytest.mark.story("Y3")
def test_every_matter_has_a_holder_and_closes(county: County) -> None:
    company = Party.objects.filter(kind="company", status="存续").order_by("pk")[17].pk
    clerk = county.desk("yao.minglang", "/window/")
    lead = county.desk("fei.zijin")
    supervisor = county.desk("zhu.leshan", "/supervision/")

    number = take_in(clerk, company, TEXT, "complex", INJURY, ("县税务局", "县公安局交警大队"))
    phone = county.visitor()
    phone.goto(f"/r/{clerk.locator('dd.mono').inner_text()}/")
    signed_for_by_each_unit(county, lead, number)
    opinions_before_feedback(county, lead, number)
    somebody_was_faster(county, lead, number)
    signed_off_before_the_party_reads_it(county, phone, number)
    written_off_by_somebody_else(county, clerk, supervisor, number, company)
    phone.reload()
    assert "办结核销" in main_text(phone)
    picture(phone, "party-closed", full=True)

    returned_until_the_window_decides(county, clerk, lead, company)
    climbs_when_nobody_acts(county, clerk, company)
    histories_are_whole()


def signed_for_by_each_unit(county: County, lead: Page, number: str) -> None:
    """签收: each unit finds it on its own desk; the page says who has not signed yet."""
    assert main_text(lead, number).count("未签收") == 3
    for who, desk in (("fei.zijin", lead), ("liu.yinuo", None), ("xu.chengze", None)):
        page = desk or county.desk(who)
        page.goto("/desk/?tab=sign")
        assert page.locator("tr[data-row]", has_text=number).count() == 1
        if desk:
            picture(page, "desk-handler")
        act(page, number, "sign")
    assert "未签收" not in main_text(lead, number)


def opinions_before_feedback(county: County, lead: Page, number: str) -> None:
    """The lead's answer waits for the opinions of both; what was typed stays."""
    act(county.desk("liu.yinuo"), number, "advise", opinion="参保状态已由税务端更正。")
    lead.watch.allow("403")  # type: ignore[attr-defined]
    main_text(lead, number)
    fill(lead, "feed_back", answer=ANSWER, result="solved")
    send(lead, "feed_back")
    assert "还有1项协办意见未反馈" in main_text(lead)
    assert lead.locator("#feed_back textarea").input_value() == ANSWER
    traffic = county.desk("xu.chengze", "/desk/?tab=assist")
    assert number in main_text(traffic)
    act(traffic, number, "advise", opinion="事故认定书副本已提供。")


def somebody_was_faster(county: County, lead: Page, number: str) -> None:
    """Two handlers of the section work on it; the second keeps what was typed and may send it again."""
    colleague = county.desk("song.siqi")
    colleague.watch.allow("409")  # type: ignore[attr-defined]
    main_text(colleague, number)
    fill(colleague, "feed_back", answer=ANSWER, result="solved")
    act(lead, number, "note", note="已电话告知企业先备齐材料。")
    send(colleague, "feed_back")
    assert "费子衿" in main_text(colleague), "it should say who was faster"
    assert colleague.locator("#feed_back textarea[name=answer]").input_value() == ANSWER
    assert colleague.locator("#feed_back [name=result][value=solved]").is_checked()
    picture(colleague, "case-faster")
    send(colleague, "feed_back")
    assert colleague.locator("[role=alert]").count() == 0, main_text(colleague)


def signed_off_before_the_party_reads_it(county: County, phone: Page, number: str) -> None:
    phone.reload()
    assert ANSWER not in main_text(phone), "the party reads a reply that nobody signed off"
    head = county.desk("mo.boran", "/desk/?tab=approve")
    assert number in main_text(head)
    act(head, number, "approve")
    picture(head, "case-signed-off")
    phone.reload()
    assert ANSWER in main_text(phone)


def written_off_by_somebody_else(county: County, clerk: Page, supervisor: Page, number: str, company: int) -> None:
    """核销: with evidence, and never by who handled it, though he may be a supervisor too."""
    supervisor.goto("/supervision/")
    main_text(supervisor, number)
    supervisor.watch.allow("422")  # type: ignore[attr-defined]
    supervisor.watch.allow("403")  # type: ignore[attr-defined]
    fill(supervisor, "write_off", finding="电话核实，企业确认属实。")
    send(supervisor, "write_off")
    assert supervisor.locator("#write_off").count() == 1, "written off without evidence"
    fill(supervisor, "write_off", ("核查记录.txt", "现场核查记录".encode()), finding="电话核实，企业确认属实。")
    picture(supervisor, "case-write-off")
    send(supervisor, "write_off")
    assert "办结核销" in main_text(supervisor, number)
    assert "核查记录.txt" in main_text(supervisor)
    picture(supervisor, "case-closed", full=True)

    own = take_in(clerk, company, "退休返聘人员上班途中受伤，是否适用工伤保险？", "general", "县人社局")
    both = county.desk("shen.zhiyuan")  # supervisor, and handler in the bureau
    act(both, own, "feed_back", answer="按项目参加工伤保险的可以申请认定。", result="explained")
    act(county.desk("fan.jingxing"), own, "approve")
    main_text(both, own)
    assert both.locator("#write_off").count() == 0, "the handler may write off"
    act(supervisor, own, "write_off", ("回访.txt", "已回访".encode()), finding="已回访，企业知悉。")


def returned_until_the_window_decides(county: County, clerk: Page, lead: Page, company: int) -> None:
    """退回: twice to the window, the third time its head decides, and that stands."""
    number = take_in(clerk, company, "厂区扩产后员工停车难，希望协调周边车位。", "general", INJURY)
    for _ in range(2):
        act(lead, number, "return", basis="不属本科室职责，依据三定方案第四条。")
        act(clerk, number, "dispatch", **{"class": "general"}, lead=INJURY)
    act(lead, number, "return", basis="仍不属本科室职责。")
    assert "窗口裁定" in main_text(clerk, number)
    assert clerk.locator("#assign_finally").count() == 0, "a clerk may decide"
    head = county.desk("cheng.yizhou")
    act(head, number, "assign_finally", lead=INJURY, reason="企业诉求涉及工伤认定，由工伤保险科主办。")
    main_text(lead, number)
    assert lead.locator("#feed_back").count() == 1
    assert lead.locator("#return").count() == 0, "returned again after the decision"
    act(lead, number, "feed_back", answer="已协调车位20个。", result="solved")


def climbs_when_nobody_acts(county: County, clerk: Page, company: int) -> None:
    """已提醒, 已催办, 已督办, 已上提: by the worker, each at its moment and not before."""
    number = take_in(clerk, company, "稳岗返还资金公示期已过两周仍未到账。", "general", "县人社局 就业管理科")
    supervisor, leader = county.desk("shen.zhiyuan", "/supervision/"), county.desk("ma.yutong", "/supervision/")
    for before, at, word in (
        (on(10, 8, 11, 59), on(10, 8, 12, 1), "已提醒"),
        (on(10, 8, 16, 59), on(10, 8, 17, 1), "已催办"),
        (on(10, 9, 16, 59), on(10, 9, 17, 1), "已督办"),
        (on(10, 10, 16, 59), on(10, 10, 17, 1), "已上提"),
    ):
        county.later(before)
        main_text(clerk, number)
        assert word not in clerk.locator(".rungs").first.inner_text(), f"{word} too early"
        county.later(at)
        main_text(clerk, number)
        assert word in clerk.locator(".rungs").first.inner_text()
    supervisor.goto("/supervision/?of=overdue")
    assert supervisor.locator("li[data-row]", has_text=number).count() == 1
    picture(supervisor, "supervision")
    supervisor.goto("/desk/?tab=approve")
    assert supervisor.locator("tr[data-row]", has_text=number).count() == 1, "the supervisor's own task"
    leader.goto("/supervision/?of=handed_up")
    assert number in main_text(leader)
    act(leader, number, "instruct", instruction="请县人社局今日内办结并书面说明。")
    told_to_the_holder(county, number)
    act(leader, number, "attend", note="已当面交代。")
    act(supervisor, number, "attend", note="已到科室现场督办。")
    assert number in main_text(clerk, number)


def told_to_the_holder(county: County, number: str) -> None:
    """通知: the holder was reminded, urged and given the leader's words."""
    county.clock.set(on(10, 10, 17, 2))
    qinqing("messaging", "work", "--once")
    holder = county.desk("zhang.kejun", "/notices/")
    assert main_text(holder).count(number) >= 3
    picture(holder, "notices")


def histories_are_whole() -> None:
    report = json.loads(qinqing("audit", "verify", "--json"))
    assert report["findings"] == []
    assert report["chains"] >= 4
