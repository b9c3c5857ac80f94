"""T1 廉心卡: from the printed sheet to the thing done.

A card is issued and printed; its code, read from the sheet, opens the phone page; a matter with a photo is assigned,
consulted on, looked at, answered with a quantity, checked by an inspector, found not solved once, put right, and rated.
A report on conduct is sent to the inspectors and kept nowhere.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.cards.office import PNG
from tests.stories.steps import County, act, main_text, on, picture, qinqing
from tests.ui.pdf_text import links_of, text_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

TEXT = "厂里扩产后多招了120多人，早高峰厂门口青禾路两边停满，消防通道被占过两次。希望周边划一些车位。"
SECRET = "某科长办事要好处，请查查这一句只写在这里的话"
HOUSING = "县住建局"


@pytest.mark.story("T1")
def test_from_the_printed_card_to_forty_parking_bays(county: County) -> None:
    keeper = county.desk("liu.jingshu", "/cards/")
    address = issue_and_print(keeper)
    phone = county.visitor()
    reports_on_conduct_are_not_taken(county, phone, address)
    code = send(county, phone, address)
    number = main_text(phone).split("廉2026-")[1][:4]
    number = f"廉2026-{number}"

    sort_and_assign(county, keeper, number)
    lead = county.desk("sheng.zijin")
    consult_and_survey(county, lead, number)
    answer(county, lead, number, "青禾路东侧划定40个临时停车位，错峰开放至19:00。", "40")
    phone.goto(f"/r/{code}/")
    assert "青禾路东侧划定40个临时停车位" in main_text(phone)
    assert "两侧停满，消防通道被占" in main_text(phone), "the party reads what was seen"
    assert "王工" not in main_text(phone), "who took part is the offices'"
    write_off(county, number)

    not_solved(county, phone, code, number)
    answer(county, lead, number, "增划12个车位，并请交警早高峰驻点。", "52")
    write_off(county, number)
    rate(phone, code)

    outcomes(county, number)
    revoke(county, keeper, phone, address)
    assert '"ok": true' in qinqing("audit", "verify", "--json")


def issue_and_print(keeper: Page) -> str:
    """The address in the sheet's code, read from the PDF."""
    keeper.goto("/cards/new/")
    keeper.fill("[name=batch]", "2026年秋")
    keeper.fill("[name=places]", "青溪街道企业服务中心\n青禾路产业园门岗")
    picture(keeper, "card-issue")
    keeper.click("main .btn-1")
    keeper.wait_for_load_state()
    assert keeper.locator("tr[data-row]").count() == 2
    picture(keeper, "card-list")
    token = keeper.locator("form[action='/cards/print/'] [name=csrfmiddlewaretoken]").get_attribute("value")
    chosen = [box.get_attribute("value") for box in keeper.locator("[name=card]:checked").all()]
    body = "&".join([f"csrfmiddlewaretoken={token}", "copies=4", *(f"card={pk}" for pk in chosen)])
    answer = keeper.request.post(
        "/cards/print/", data=body, headers={"Content-Type": "application/x-www-form-urlencoded", "Referer": keeper.url}
    )
    pdf = answer.body()
    assert answer.ok
    assert len(pdf) < 200_000
    assert "派驻第三纪检监察组" in text_of(pdf)
    addresses = list(dict.fromkeys(links_of(pdf)))
    assert len(addresses) == 2
    keeper.goto("/cards/")
    assert "未印制" not in keeper.locator("tbody").inner_text()
    return urlsplit(addresses[0]).path


def reports_on_conduct_are_not_taken(county: County, phone: Page, address: str) -> None:
    phone.goto(address)
    picture(phone, "card-phone-start")
    phone.tap("label[for=conduct-yes]")
    picture(phone, "card-phone-conduct", full=True)
    said = main_text(phone)
    assert "0500-86000900" in said
    assert "虚构" in said
    assert phone.locator("form .btn-1").is_hidden(), "there is nothing to send it with"
    phone.tap("label[for=conduct-no]")
    phone.fill("textarea", SECRET)
    phone.locator("[value=suggestion]").check(force=True)
    county.clock.forward(timedelta(seconds=10))
    phone.evaluate("document.getElementById('conduct-yes').checked = true; document.querySelector('form').submit()")
    phone.wait_for_selector("text=您刚才写的")
    assert SECRET in main_text(phone)
    keeper = county.desk("liu.jingshu")
    keeper.goto("/cases/?q=要好处")
    assert "没有找到办件" in main_text(keeper)


def send(county: County, phone: Page, address: str) -> str:
    """The receipt code."""
    phone.goto(address)
    phone.evaluate("sessionStorage.clear()")
    phone.goto(address)
    phone.tap("label[for=conduct-no]")
    phone.tap(".seg label:has([value=difficulty])")
    phone.fill("textarea", TEXT)
    phone.set_input_files("[name=photos]", [{"name": "门口.png", "mimeType": "image/png", "buffer": PNG}])
    picture(phone, "card-phone", full=True)
    county.clock.forward(timedelta(seconds=40))
    phone.tap("form .btn-1")
    phone.wait_for_url("**/card/receipt/**")
    picture(phone, "card-receipt", full=True)
    said = main_text(phone)
    assert "9月30日（周三）17:00" in said
    code = re.search(r"([2-9A-Z]{5})-([2-9A-Z]{5})", said)
    assert code
    return code[1] + code[2]


def sort_and_assign(county: County, keeper: Page, number: str) -> None:
    """梳理: it lies on the desk of the office that gave the card, and nowhere else."""
    keeper.goto("/desk/?tab=handle")
    assert keeper.locator("tr[data-row]", has_text=number).count() == 1
    elsewhere = county.desk("fei.zijin", "/desk/")
    assert number not in main_text(elsewhere)
    main_text(keeper, number)
    assert "来自廉心卡" in main_text(keeper)
    act(keeper, number, "dispatch", lead=HOUSING, assistants=("县公安局交警大队",))


def consult_and_survey(county: County, lead: Page, number: str) -> None:
    act(lead, number, "sign")
    act(county.desk("xu.chengze"), number, "advise", opinion="早高峰可安排驻点。")
    county.later(on(9, 30, 9))
    seen = "两侧停满，消防通道被占；东侧绿化带外有可利用空地。"
    who = {"held_on": "2026-09-30", "attendees": "王工、李工，企业保安"}
    act(lead, number, "survey", ("踏勘.png", PNG), **who, place="青禾路厂门口", seen=seen)
    act(lead, number, "consult", held_on="2026-09-30", attendees="住建、交警、街道", minutes="议定东侧划线，住建牵头。")
    said = main_text(lead, number)
    for words in ("会商与踏勘", "实地踏勘", "青禾路厂门口", "王工、李工", "专题会商", "议定东侧划线", "踏勘.png"):
        assert words in said, words
    picture(lead, "card-records")


def answer(county: County, lead: Page, number: str, text: str, quantity: str) -> None:
    act(lead, number, "feed_back", answer=text, result="solved", quantity=quantity, quantity_of="个临时停车位")
    act(county.desk("wang.siqi"), number, "approve")


def write_off(county: County, number: str) -> None:
    """核销 by an inspector, with evidence; not by the unit that did the work."""
    main_text(handler := county.desk("sheng.zijin"), number)
    assert handler.locator("#write_off").count() == 0
    checker = county.desk("qian.nanqiao", "/desk/")
    assert number in main_text(checker)
    act(checker, number, "write_off", ("核查记录.txt", "现场核查记录".encode()), finding="到现场清点，车位已划定。")


def not_solved(county: County, phone: Page, code: str, number: str) -> None:
    phone.goto(f"/r/{code}/")
    box = phone.locator("details", has_text="反映未解决")
    box.locator("summary").tap()
    box.locator("[name=reason]").fill("早高峰还是停不下，请再想办法。")
    with phone.expect_navigation():
        box.locator("button[type=submit]").tap()
    assert "反映未解决" in main_text(phone)
    lead = county.desk("sheng.zijin", "/desk/")
    assert number in main_text(lead)
    act(lead, number, "sign")
    act(county.desk("xu.chengze"), number, "advise", opinion="自下周起早高峰驻点。")


def rate(phone: Page, code: str) -> None:
    """评价: five choices large enough for a thumb."""
    phone.goto(f"/r/{code}/")
    form = phone.locator("form[action$='/rate/']")
    choices = form.locator("label:has([name=rating])")
    assert choices.count() == 5
    for choice in choices.all():
        box = choice.bounding_box()
        assert box
        assert box["height"] >= 44
        assert box["width"] >= 44
    choices.first.tap()
    form.locator("[name=suggestion]").fill("解决得快。")
    with phone.expect_navigation():
        form.locator("button[type=submit]").tap()
    assert "非常满意" in main_text(phone)
    picture(phone, "card-followed", full=True)


def outcomes(county: County, number: str) -> None:
    desk = county.desk("zhu.leshan", "/outcomes/")
    said = main_text(desk)
    assert "52" in said
    assert "个临时停车位" in said
    assert number in said
    picture(desk, "outcomes")


def revoke(county: County, keeper: Page, phone: Page, address: str) -> None:
    """停用: at once, and kindly."""
    keeper.goto("/cards/")
    keeper.locator("tr[data-row]", has_text="青禾路产业园门岗").locator("a").click()
    assert "收到件数\n1" in keeper.locator("main dl.kv").inner_text()
    keeper.fill("#reason", "卡片遗失")
    with keeper.expect_navigation():
        keeper.click(".btn-x")
    picture(keeper, "card-revoked")
    phone.watch.allow("410")  # type: ignore[attr-defined]
    phone.goto(address)
    said = main_text(phone)
    assert "这张卡已停用" in said
    assert "不是您的问题" in said
    assert "0500-86000100" in said
