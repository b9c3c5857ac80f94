"""B5 “无感知”清贷解抵: the bank starts it on the day of settlement, it is done within the hour, the owner does nothing.

What must never be automatic goes to a person; a reversal afterwards goes urgently to a person and ends in the register
restored; the leader sees the share released online with its numerator and denominator, the time and the trips saved.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from qinqing.mortgages.models import BankEvent
from tests.stories import mortgages as m
from tests.stories.steps import SENT, County, act, main_text, picture, qinqing

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.fixtures import SettingsWrapper

PAPER = ("最高额债权确定书.txt", "债权已确定并清偿".encode())


@pytest.mark.story("B5")
def test_the_settled_loan_deregisters_itself(county: County, settings: SettingsWrapper) -> None:
    settings.SMS_SENDER = "tests.stories.steps.keep_message"
    SENT.clear()
    clerk, checker = county.desk(m.CLERK, "/mortgages/bank/"), county.desk(m.CHECKER, "/mortgages/bank/")
    plain = m.registered(1, "bank-01")

    m.report(clerk, checker, plain)
    assert m.outcome(plain) == "released"
    release = m.release_of(plain)
    assert release.released_at and release.released_at <= release.promised_at
    county.later(timedelta(seconds=10))
    assert [phone for phone, _ in SENT] == [m.PHONE], "the owner is told and has done nothing"
    clerk.goto("/mortgages/bank/")
    assert plain.certificate in main_text(clerk)
    picture(clerk, "mortgage-bank-desk", full=True)

    a_person_decides_what_is_never_automatic(county, clerk, checker)
    a_reversal_afterwards_restores_the_register(county, clerk, checker, plain.certificate)
    the_leader_sees_it(county)
    assert '"ok": true' in qinqing("audit", "verify", "--json")


def a_person_decides_what_is_never_automatic(county: County, clerk: Page, checker: Page) -> None:
    """A maximum-amount mortgage: reason and facts side by side, decided with evidence, signed off by the head."""
    county.later(timedelta(minutes=4))
    doubtful = m.registered(2, "bank-01", maximum_amount=True)
    m.report(clerk, checker, doubtful)
    clerk.goto("/mortgages/bank/")
    assert "最高额抵押" in main_text(clerk)
    registrar = county.desk(m.REGISTRAR, "/mortgages/registry/")
    said = main_text(registrar)
    assert "最高额抵押" in said and m.number_of(doubtful) in said and "不符" in said
    picture(registrar, "mortgage-registry-desk", full=True)
    number = m.number_of(doubtful)
    form = {"finding": "最高额债权已确定并清偿", "legal_basis": "民法典第四百二十三条"}
    act(registrar, number, "release", PAPER, **form)
    assert m.outcome(doubtful) == "exception", "not before it is signed off"
    act(county.desk(m.HEAD), number, "approve")
    county.later(timedelta(minutes=1))
    assert m.outcome(doubtful) == "released"


def a_reversal_afterwards_restores_the_register(county: County, clerk: Page, checker: Page, certificate: str) -> None:
    event = BankEvent.objects.get(certificate=certificate)
    county.later(timedelta(minutes=5))
    m.take_back(clerk, checker, event.event_id)
    registrar = county.desk(m.REGISTRAR, "/mortgages/registry/")
    assert "注销后冲正" in registrar.locator("article").first.inner_text(), "urgent, so first"
    release = event.__class__.objects.get(pk=event.pk).release
    assert release is not None
    evidence = ("恢复登记决定.txt", "恢复登记".encode())
    form = {"finding": "银行误报，贷款未结清", "legal_basis": "不动产登记暂行条例实施细则"}
    act(registrar, release.case.number, "restored", evidence, **form)
    act(county.desk(m.HEAD), release.case.number, "approve")
    county.later(timedelta(minutes=1))
    assert any("已恢复" in text for _, text in SENT), "who was told of a release is told of this"


def the_leader_sees_it(county: County) -> None:
    leader = county.desk("ma.yutong", "/mortgages/leader/?of=day")
    said = main_text(leader)
    assert "已注销\n1" in said, "the one restored counts no more"
    assert "每件3次 × 1件" in said
    assert "99.1%" in leader.locator(".cited").inner_text()
    picture(leader, "mortgage-leader", full=True)
    leader.locator(".kpi a").first.click()
    leader.wait_for_load_state()
    assert leader.locator("tr[data-row]").count() == 1
