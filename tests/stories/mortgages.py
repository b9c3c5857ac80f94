"""Mortgages for the stories: one in the simulated register, and a bank's clerk and checker who report it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from qinqing.directory.models import Unit
from qinqing.mortgages.models import Release
from qinqing.mortgages.models_register import RegisteredCreditor, Registration, Restriction
from tests.stories.steps import County, main_text, work

if TYPE_CHECKING:
    from playwright.sync_api import Page

OWNER, PHONE, DIGITS = "沈某", "13800007788", "12003X"
CLERK, CHECKER, FUND = "bank01.lin", "bank01.xie", "he.jingyi"
REGISTRAR, HEAD = "qiao.anran", "luo.qinghe"


def unit(code: str) -> Unit:
    return Unit.objects.get(code=code)


def registered(n: int, *creditors: str | tuple[str, str], **facts: Any) -> Registration:
    """In the simulated register: creditors by the code of their unit, or (name, credit code)."""
    values = {
        "certificate": f"浙（2020）示范不动产证明第{n:07}号", "unit_number": f"330499001002GB{n:05}F00010001",
        "registered_on": date(2020, 5, 6), "owner": OWNER, "owner_id_end": DIGITS, "owner_phone": PHONE,
        "address": "沐柳路12号3幢502室", **facts,
    }  # fmt: skip
    made = Registration.objects.create(**values)
    for place, said in enumerate(creditors):
        name, code = (unit(said).name, unit(said).credit_code) if isinstance(said, str) else said
        RegisteredCreditor.objects.create(registration=made, place=place, name=name, credit_code=code)
    return made


def seized(mortgage: Registration) -> None:
    Restriction.objects.create(unit_number=mortgage.unit_number, kind="seizure", since=date(2026, 3, 2))


def report(clerk: Page, checker: Page, mortgage: Registration, *, creditor: str = "", part: bool = False) -> None:
    """The clerk types a settlement, a colleague confirms it, the worker does the rest."""
    clerk.goto("/mortgages/bank/")
    clerk.locator("a", has_text="录入结清或冲正").first.click()
    clerk.wait_for_load_state()
    clerk.fill("[name=certificate]", mortgage.certificate)
    clerk.fill("[name=unit_number]", mortgage.unit_number)
    if part:
        clerk.locator(".seg label:has([name=extent][value=part])").click()
    if creditor:
        clerk.locator("details:has([name=creditor_code]) > summary").click()
        clerk.fill("[name=creditor_code]", creditor)
    send(clerk, checker)


def take_back(clerk: Page, checker: Page, event_id: str) -> None:
    """The same with a reversal."""
    clerk.goto("/mortgages/entries/new/?kind=reversed")
    clerk.fill("[name=reverses]", event_id)
    send(clerk, checker)


def send(clerk: Page, checker: Page) -> None:
    with clerk.expect_navigation():
        clerk.locator("form[data-main] .btn-1").click()
    assert "等待本行复核员复核" in clerk.locator("main").inner_text(), clerk.locator("main").inner_text()
    confirm(checker)


def confirm(checker: Page) -> None:
    """What waits first is opened, compared and sent."""
    checker.goto("/mortgages/entries/")
    checker.locator("main [data-row] a, main .list a.t, main tbody a").first.click()
    checker.wait_for_load_state()
    with checker.expect_navigation():
        checker.locator("form[action$='/confirm/'] button").click()
    assert "已复核" in main_text(checker), main_text(checker)
    work()


def release_of(mortgage: Registration) -> Release:
    return Release.objects.select_related("case").filter(certificate=mortgage.certificate).latest("pk")


def number_of(mortgage: Registration) -> str:
    return release_of(mortgage).case.number


def outcome(mortgage: Registration) -> str:
    """How its release ended, or the stage it is in."""
    case = release_of(mortgage).case
    return case.outcome or case.stage


def look_up(county: County, mortgage: Registration, digits: str = DIGITS) -> Page:
    """The owner on a phone, without signing in."""
    phone = county.visitor()
    phone.goto("/mortgages/look-up/")
    phone.fill("[name=certificate]", mortgage.certificate)
    phone.fill("[name=id_end]", digits)
    with phone.expect_navigation():
        phone.locator("form[data-main] .btn-1").tap()
    return phone
