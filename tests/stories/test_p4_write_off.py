"""P4 “发现—交办—督办—核销”闭环: four steps in this order; written off with evidence, never by who handled it.

One matter goes through all of it: a supervisor who handled an earlier round tries every door; a letter keeps it open;
the leader's instruction is tracked; the inspectors look at the evidence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from qinqing.cases.models import Case
from qinqing.directory.models import Party
from tests.stories.steps import County, act, fill, main_text, on, picture, send, take_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

INJURY = "县人社局 工伤保险科"
ANSWER = "已核对参保记录，可重新提交工伤认定申请。"
EVIDENCE = ("核查记录.txt", "现场核查记录".encode())
# what a page can send besides its own buttons: with the session of whoever is signed in, and the page's token
SEND = """async ([address, body, json]) => {
  const token = JSON.parse(document.body.getAttribute('hx-headers'))['X-CSRFToken'];
  const headers = {'X-CSRFToken': token};
  if (json) headers['Content-Type'] = 'application/json';
  const form = new FormData();
  if (!json) Object.entries(body).forEach(([name, value]) => form.append(name, value));
  if (!json) form.append('files', new Blob(['x'], {type: 'text/plain'}), '核查.txt');
  const answer = await fetch(address, {method: 'POST', headers, body: json ? JSON.stringify(body) : form});
  return answer.status;
}"""


@pytest.mark.story("P4")
def test_found_assigned_supervised_written_off(county: County) -> None:
    company = Party.objects.filter(kind="company", status="存续").order_by("pk")[25].pk
    clerk = county.desk("yao.minglang", "/window/")
    supervisor = county.desk("zhu.leshan", "/supervision/")
    both = county.desk("shen.zhiyuan")  # a supervisor who is a handler in the bureau too

    number = take_in(clerk, company, "网上申报工伤认定提示“参保状态异常”，无法提交。", "general", "县人社局")
    act(both, number, "return", basis="不属本科室职责，依据三定方案第四条。")  # an earlier round
    act(clerk, number, "dispatch", **{"class": "general"}, lead=INJURY)

    urged_by_one_press(county, supervisor, number)
    letter = a_letter_is_sent(county, supervisor, number)
    instruction = the_leader_instructs(county, number)
    lead = county.desk("fei.zijin")
    act(lead, number, "feed_back", answer=ANSWER, result="solved")
    act(county.desk("mo.boran"), number, "approve")

    for page in (lead, both):
        the_handler_tries_every_door(page, number)
    kept_open_by_its_letter(supervisor, number, letter)
    answered_and_closed(county, lead, supervisor, letter)
    written_off_with_evidence(supervisor, number)
    looked_into_by_the_inspectors(county, number)
    reported_to_the_leader(county, lead, instruction)


def urged_by_one_press(county: County, supervisor: Page, number: str) -> None:
    """催办: the button on the desk becomes a time."""
    county.later(on(10, 9, 9))  # due today
    supervisor.goto("/supervision/?of=today")
    row = supervisor.locator("li[data-row]", has_text=number)
    supervisor.keyboard.press("j")
    with supervisor.expect_navigation():
        supervisor.keyboard.press("u")
    assert "已催办" in row.inner_text()
    assert row.locator("[data-press]").count() == 0
    picture(supervisor, "supervision-today")


def a_letter_is_sent(county: County, supervisor: Page, number: str) -> str:
    """督办函: once it is late the next rung is the letter; its draft states the facts."""
    county.later(on(10, 9, 17, 1))
    county.clock.set(on(10, 10, 9))
    supervisor.goto("/supervision/?of=overdue")
    picture(supervisor, "supervision-overdue")
    supervisor.locator("li[data-row]", has_text=number).locator("[data-press]").click()
    supervisor.wait_for_url("**#send_letter")
    draft = supervisor.locator("#send_letter [name=facts]").input_value()
    assert number in draft
    assert "受理并交办" in draft
    picture(supervisor, "letter-draft")
    send(supervisor, "send_letter")
    assert "督函〔2026〕1号" in main_text(supervisor, number)
    supervisor.goto("/supervision/letters/")
    picture(supervisor, "letters")
    letter = "督函2026-001"
    paper = supervisor.request.get(f"/supervision/letters/{quote(letter)}/paper/")
    assert paper.ok
    assert paper.body().startswith(b"%PDF")
    supervisor.goto("/supervision/?of=overdue")
    assert "督函〔2026〕1号" in supervisor.locator("li[data-row]", has_text=number).inner_text()
    return letter


def the_leader_instructs(county: County, number: str) -> str:
    """批示: on the case; tracked as a paper of its own."""
    leader = county.desk("ma.yutong", "/instructions/")
    act(leader, number, "instruct", instruction="请人社局一个工作日内办结并书面说明。", urgency="day")
    county.later(on(10, 10, 9, 5))
    leader.goto("/instructions/?state=open")
    assert "批〔2026〕1号" in main_text(leader)
    picture(leader, "instructions")
    return "批2026-001"


def the_handler_tries_every_door(page: Page, number: str) -> None:
    """Who worked on it finds no button, and is refused by a bare POST and by the API."""
    for status in ("403", "404", "409", "422"):
        page.watch.allow(status)  # type: ignore[attr-defined]
    main_text(page, number)
    assert page.locator("#write_off").count() == 0
    before = Case.objects.get(number=number).seq
    case, said = quote(number), {"finding": "本人确认属实。"}
    assert page.evaluate(SEND, [f"/cases/{case}/write_off/", said, False]) in {403, 409}
    answer = page.evaluate(SEND, [f"/api/cases/{case}/acts/write_off", {"fields": said}, True])
    assert answer in {403, 409}
    found = Case.objects.get(number=number)
    assert found.closed_at is None
    assert found.seq == before


def kept_open_by_its_letter(supervisor: Page, number: str, letter: str) -> None:
    supervisor.watch.allow("403")  # type: ignore[attr-defined]
    main_text(supervisor, number)
    fill(supervisor, "write_off", EVIDENCE, finding="电话核实，企业确认属实。")
    send(supervisor, "write_off")
    assert "督函〔2026〕1号还没有办结" in main_text(supervisor)
    assert Case.objects.get(number=number).closed_at is None


def answered_and_closed(county: County, lead: Page, supervisor: Page, letter: str) -> None:
    """回函: by the unit, signed off by its head, judged by who sent it."""
    act(lead, letter, "reply", reply="已办结；逾期是因参保数据需税务更正。")
    act(county.desk("mo.boran"), letter, "approve")
    main_text(supervisor, letter)
    picture(supervisor, "letter")
    act(supervisor, letter, "close", finding="回函属实，原因清楚。")


def written_off_with_evidence(supervisor: Page, number: str) -> None:
    supervisor.watch.allow("422")  # type: ignore[attr-defined]
    main_text(supervisor, number)
    fill(supervisor, "write_off", finding="电话核实，企业确认属实。")
    send(supervisor, "write_off")
    assert supervisor.locator("#write_off").count() == 1, "written off without evidence"
    act(supervisor, number, "write_off", EVIDENCE, finding="电话核实，企业确认属实。")
    steps = supervisor.locator(".stages").inner_text()
    assert [steps.index(word) for word in ("发现", "交办", "督办", "核销")] == sorted(
        steps.index(word) for word in ("发现", "交办", "督办", "核销")
    )
    assert "办结核销" in main_text(supervisor, number)


def looked_into_by_the_inspectors(county: County, number: str) -> None:
    """抽查: on the board of the four steps, with finding and evidence."""
    inspector = county.desk("liu.jingshu", "/inspection/")
    row = inspector.locator(".bd-w li[data-row]", has_text=number)
    assert "电话核实，企业确认属实。" in row.inner_text()
    assert EVIDENCE[0] in row.inner_text()
    picture(inspector, "inspection")
    row.locator(".btn").click()
    inspector.wait_for_url("**#spot_check")
    fill(inspector, "spot_check", spot_result="sound", spot_note="调阅核查记录并回访，属实。")
    send(inspector, "spot_check")
    inspector.goto("/inspection/")
    assert "属实" in inspector.locator(".bd-w li[data-row]", has_text=number).locator(".tag").inner_text()


def reported_to_the_leader(county: County, lead: Page, instruction: str) -> None:
    act(lead, instruction, "report", report="已办结并书面说明。")
    act(county.desk("mo.boran"), instruction, "approve")
    leader = county.desk("ma.yutong", "/instructions/")
    assert "批〔2026〕1号" in main_text(leader), "what was reported back comes first"
    act(leader, instruction, "content", finding="阅。")
    leader.goto("/instructions/?state=done")
    assert "批〔2026〕1号" in main_text(leader)
