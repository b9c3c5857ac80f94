"""The guides' pictures that no story takes: pages of a county that has been at work for weeks, and of administrators.

With `./run stories --pictures` they are taken; in every run the pages must open, and every picture a guide shows exist.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from dev.stories import PICTURES, ROOT
from qinqing.cases.models import Case
from qinqing.directory.models import Mandate
from qinqing.site.demo.players import Player
from qinqing.site.demo.playing import play
from tests.browser.fixtures import assert_fits
from tests.stories.steps import SENT, TUESDAY, County, picture

GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))


def test_the_county_at_work(county: County, settings: Any) -> None:
    player = Player(7, TUESDAY)
    for number in range(45):
        play(player, TUESDAY - timedelta(hours=1 + number * 5), number)
    for username, address, name in (
        ("jiang.yining", "/unit/", "unit"),
        ("zhang.kejun", "/desk/?tab=handle", "desk-full"),
        ("fan.jingxing", "/desk/?tab=approve", "desk-approve"),
        ("zhu.leshan", "/supervision/?of=handed_up", "supervision-full"),
        ("zhu.leshan", "/cases/?q=工伤", "search"),
    ):
        page = county.desk(username)
        page.goto(address)
        assert_fits(page)
        picture(page, name)
    english = county.desk("zhu.leshan")
    english.goto("/supervision/?lang=en")
    assert_fits(english)
    picture(english, "supervision-en")

    settings.SMS_SENDER = "tests.stories.steps.keep_message"
    SENT.clear()
    companies = Case.objects.values("party")
    acting = (
        Mandate.objects.filter(ends_on=None, company__in=companies).select_related("person__user").order_by("pk")[0]
    )
    phone = county.visitor()
    phone.goto("/sign-in/phone/?next=/my/")
    picture(phone, "party-sign-in")
    phone.locator("[name=phone]").fill(acting.person.phone)
    phone.locator("main .btn-1").click()
    phone.locator("[name=code]").fill(re.findall(r"\d{6}", SENT[-1][1])[0])
    phone.locator("main .btn-1").click()
    phone.wait_for_url("**/my/")
    assert_fits(phone)
    picture(phone, "party-mine")


@pytest.mark.parametrize(
    ("username", "address", "name"),
    [
        ("demo.system", "/accounts/", "admin-accounts"),
        ("demo.system", "/messaging/", "operator-messaging"),
        ("demo.security", "/permissions/", "admin-permissions"),
        ("demo.audit", "/audit/anchors/", "admin-audit"),
    ],
)
def test_the_administrators_pages(county: County, username: str, address: str, name: str) -> None:
    page = county.desk(username, address)
    assert_fits(page)
    picture(page, name)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_every_picture_a_guide_shows_is_there(guide: object) -> None:
    text = guide.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    missing = [name for name in re.findall(r"\(images/([\w-]+\.png)\)", text) if not (PICTURES / name).exists()]
    assert not missing, f"take them by ./run stories --pictures: {missing}"
