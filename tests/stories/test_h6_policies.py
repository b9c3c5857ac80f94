"""H6 惠企政策直通车: departments say what they know, a policy finds the company, one tap wills it, and the money
arrives: reviewed, frozen, published, paid, every step by somebody else, every fen in the ledger."""

from __future__ import annotations

import csv
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from qinqing.cases.models import Case
from qinqing.directory.models import Mandate
from qinqing.policies.models_money import Batch, Claim, Round
from qinqing.site.demo.policies import make_live
from tests.stories.steps import SENT, County, act, main_text, now, picture, qinqing

if TYPE_CHECKING:
    from playwright.sync_api import Page

HANDLER, HEAD = "ma.muqing", "shao.yunfan"  # of the science bureau
PAYER, PAYER_HEAD = "ding.heming", "yan.shuyao"  # of the finance bureau
POLICY = "technology_sme"  # 10,000 yuan, without application
"""The demo county's policies are live when the story begins."""


@pytest.mark.story("H6")
def test_from_a_department_s_word_to_the_money(county: County, tmp_path: Path, settings: Any) -> None:
    settings.SMS_SENDER = "tests.stories.steps.keep_message"
    SENT.clear()
    make_live(now() - timedelta(days=30))
    mandates = Mandate.objects.filter(ends_on=None, company__status="存续").select_related("person__user", "company")
    mandate = mandates.order_by("pk")[0]
    anybody_reads_and_tries(county)
    departments_say_what_they_know(county, mandate, tmp_path)
    officers_see_whom_it_is_for(county)
    number = the_company_taps_once(county, mandate)
    money_is_set_aside(county)
    reviewed_and_signed_off(county, number)
    a_round_is_frozen_and_published(county, number)
    paid_and_told(county, mandate, number)
    the_bank_sends_it_back(county, mandate, number)
    assert json.loads(qinqing("audit", "verify", "--json"))["findings"] == []
    qinqing("ledger", "check")


def anybody_reads_and_tries(county: County) -> None:
    """政策库、我能享受吗: without signing in, and nothing is kept."""
    visitor = county.visitor()
    visitor.goto("/policies/library/?q=科技型")
    picture(visitor, "policy-library")
    visitor.locator(f"a[href$='/library/{POLICY}/']").click()
    visitor.wait_for_url(f"**/library/{POLICY}/")
    assert "虚构" in visitor.locator("main").inner_text()
    visitor.goto(f"/policies/library/{POLICY}/check/")
    for field in visitor.locator("main form select").all():
        field.select_option(index=1)
    visitor.locator("main form .btn-1").last.click()
    visitor.locator("main").wait_for()
    picture(visitor, "policy-check", full=True)
    assert Claim.objects.count() == 0


def departments_say_what_they_know(county: County, mandate: Mandate, folder: Path) -> None:
    """数据入库: two departments by file, with a preview before anything is recorded; then the worker matches."""
    rows = {"science": {"technology_sme": "是"}, "development": {"dishonest": "否"}}
    for source, facts in rows.items():
        path = folder / f"{source}.csv"
        with path.open("w", newline="", encoding="utf-8-sig") as file:
            writer = csv.writer(file)
            writer.writerow(["credit_code", *facts])
            writer.writerow([mandate.company.credit_code, *facts.values()])
        period = ["--period", "2025"] if source == "science" else []
        command = ["facts", "import", str(path), "--source", source, *period]
        qinqing(*command)
        county.later(timedelta(minutes=1))
        qinqing(*command, "--confirm")
    county.later(timedelta(minutes=5))


def officers_see_whom_it_is_for(county: County) -> None:
    """政策管理、政策一览: the versions, one in full with its editor, and how many companies each is for."""
    desk = county.desk(HANDLER, "/policies/editor/")
    picture(desk, "policy-versions")
    desk.goto(f"/policies/editor/{POLICY}/1/")
    assert "列入科技型中小企业" in main_text(desk)
    picture(desk, "policy-version")
    desk.goto(f"/policies/live/{POLICY}/")
    assert "10,000.00元" in main_text(desk)
    picture(desk, "policy-eligible")


def the_company_taps_once(county: County, mandate: Mandate) -> str:
    """免申即享: the agent's phone shows the sum, every condition and where each figure comes from; one tap."""
    phone = county.visitor()
    sign_in(phone, mandate)
    phone.goto("/policies/mine/")
    assert "10,000.00元" in main_text(phone)
    picture(phone, "policies-mine", full=True)
    phone.goto(f"/policies/mine/{mandate.company_id}/{POLICY}/")
    assert "县科技局" in main_text(phone) and "列入科技型中小企业" in main_text(phone)
    picture(phone, "policy-one", full=True)
    phone.goto(f"/policies/mine/{mandate.company_id}/{POLICY}/claim/")
    fields = phone.locator("main form")
    for name, value in (
        ("name", mandate.company.name),
        ("number", "6228480012345678901"),
        ("bank", "示范农村商业银行"),
    ):
        field = fields.locator(f"[name$={name}]").first
        if field.count() and not field.input_value():
            field.fill(value)
    picture(phone, "policy-claim", full=True)
    fields.locator(".btn-1").last.click()
    phone.wait_for_load_state()
    claim = Claim.objects.select_related("case").get()
    assert claim.asked_fen == 10_000_00
    return claim.case.number


def money_is_set_aside(county: County) -> None:
    """下达预算: by the head of finance, under a document; nobody else has the form."""
    desk = county.desk(PAYER_HEAD, "/policies/budgets/")
    desk.locator("[name=policy]").select_option(POLICY)
    desk.locator("[name=yuan]").fill("15000")
    desk.locator("[name=document]").fill("示财预〔2026〕12号")
    desk.locator("main form .btn-1").last.click()
    desk.get_by_text("对账单").wait_for()
    assert "15,000.00元" in main_text(desk)
    assert county.desk(HEAD, "/policies/budgets/").locator("[name=yuan]").count() == 0


def reviewed_and_signed_off(county: County, number: str) -> None:
    """审核签发: facts asked again; the reviewer does not sign."""
    handler, head = county.desk(HANDLER), county.desk(HEAD)
    main_text(handler, number)
    picture(handler, "claim-review", full=True)
    act(handler, number, "agree", opinion="共享数据核对一致。")
    act(head, number, "approve")
    assert Case.objects.get(number=number).stage == "waiting"


def a_round_is_frozen_and_published(county: County, number: str) -> None:
    """冻结、公示: list and sum as they were seen; the public reads them; five working days, over National Day."""
    handler, head = county.desk(HANDLER, "/policies/rounds/"), county.desk(HEAD)
    handler.locator("main form .btn-1").first.click()
    handler.wait_for_url(re.compile(r".*/policies/rounds/[^/]+/$"))
    picture(handler, "policy-round", full=True)
    handler.locator("form[action$='/freeze/'] .btn-1").click()
    handler.wait_for_load_state()
    found = Round.objects.select_related("case").get()
    act(head, found.case.number, "approve")
    county.later(timedelta(minutes=5))
    visitor = county.visitor(phone=False)
    visitor.goto("/policies/publicity/")
    text = visitor.locator("main").inner_text()
    assert "10,000.00元" in text and found.case.number in text
    picture(visitor, "publicity")
    assert Case.objects.get(number=number).stage == "publicity"


def paid_and_told(county: County, mandate: Mandate, number: str) -> None:
    """支付: the file out, the bank's answer in, the receipt on the phone; what is left stays in the book."""
    county.later(timedelta(days=14))
    assert Case.objects.get(number=number).stage == "paying"
    found = Round.objects.select_related("case").get()
    payer, head = county.desk(PAYER), county.desk(PAYER_HEAD)
    payer.goto(f"/policies/rounds/{found.case.number}/")
    payer.locator("form[action$='/issue/'] .btn-1").click()
    payer.wait_for_load_state()
    act(head, found.case.number, "approve")
    batch = Batch.objects.get()
    payer.goto(f"/policies/batches/{batch.number}/")
    picture(payer, "payment-batch")
    the_bank_answers(payer, batch)
    county.later(timedelta(minutes=5))
    claim = Claim.objects.get()
    assert claim.state == Claim.State.PAID
    phone = county.visitor()
    sign_in(phone, mandate)
    assert "10,000.00元" in main_text(phone, number)
    picture(phone, "policy-receipt", full=True)
    book = county.desk(HEAD)
    book.goto(f"/policies/budgets/fund:2026:{POLICY}/")
    assert "可用5,000.00元" in main_text(book) and "已付10,000.00元" in main_text(book)
    picture(book, "policy-budget", full=True)


def the_bank_sends_it_back(county: County, mandate: Mandate, number: str) -> None:
    """退汇: by hand, with the bank's notice: the money is committed again, the receipt void, the company told."""
    county.later(timedelta(hours=3))
    payer, batch = county.desk(PAYER), Batch.objects.get()
    payer.goto(f"/policies/batches/{batch.number}/")
    form = payer.locator("#returned")
    form.locator("summary").click()
    form.locator("[name=payment]").select_option(index=0)
    form.locator("[name=return_ref]").fill("NSHT0001")
    form.locator("[name=finding]").fill("收款账户已销户")
    notice = {"name": "退汇通知书.txt", "mimeType": "text/plain", "buffer": "退汇通知".encode()}
    form.locator("[name=file]").set_input_files([notice])  # type: ignore[list-item]
    picture(payer, "payment-returned", full=True)
    form.locator("button[type=submit]").click()
    payer.wait_for_load_state()
    assert "已退汇" in main_text(payer)
    phone = county.visitor()
    sign_in(phone, mandate)
    assert "原凭证作废" in main_text(phone, number)
    book = county.desk(HEAD)
    book.goto(f"/policies/budgets/fund:2026:{POLICY}/")
    assert "待付10,000.00元" in main_text(book)
    assert Case.objects.get(number=number).stage == "paying"


def the_bank_answers(payer: Page, batch: Batch) -> None:
    """The bank's sheet by the import page: a preview that lists what differs, then what agrees is taken."""
    one = batch.payments.get()
    head = "支付编号,户名,账号,金额（元）,结果,银行流水号,失败原因"
    wrong = f"{one.number}-9,某公司,6228480000000000000,10000.00,成功,NSH2,"
    body = f"{head}\n{one.number},{one.name},{one.account},10000.00,成功,NSH0001,\n{wrong}\n"
    payer.goto("/policies/bank-results/")
    payer.locator("[name=file]").set_input_files(
        [{"name": "支付结果.csv", "mimeType": "text/csv", "buffer": body.encode("utf-8-sig")}]
    )
    payer.locator("main form .btn-1").click()
    payer.wait_for_url(re.compile(r".*/sheets/[^/]+/$"))
    picture(payer, "bank-results", full=True)
    payer.locator("form[action$='/confirm/'] button").click()
    payer.wait_for_load_state()


def sign_in(page: Page, mandate: Mandate) -> None:
    user = mandate.person.user
    assert user
    page.goto("/sign-in/phone/?next=/my/")
    page.locator("[name=phone]").fill(user.phone)
    page.locator("main .btn-1").click()
    page.locator("[name=code]").wait_for()
    page.locator("[name=code]").fill(re.findall(r"\d{6}", SENT[-1][1])[0])
    page.locator("main .btn-1").click()
    page.wait_for_url("**/my/")
