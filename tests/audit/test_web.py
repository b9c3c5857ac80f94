"""Pages of the audit administrator."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client

from qinqing.accounts.actor import Actor
from qinqing.audit import anchors, erasure, services
from qinqing.lib.wallclock import CHINA
from tests.audit.chains import Keeper, build
from tests.messaging.people import reader, signed_in

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 9, 30, 0, 5, tzinfo=CHINA)


@pytest.fixture
def auditor() -> Client:
    return signed_in(reader("审计员", role="audit_admin"))


def read_on(day: int, reason: str) -> None:
    moment = datetime(2026, 9, day, 0, 30, tzinfo=CHINA)
    services.log_read(Actor(1, "李玉兰", "officer"), "party.phone", "party:3", reason, moment)


def test_the_read_log_is_found_by_text_and_chinese_days(auditor: Client) -> None:
    for day in (27, 28, 29):
        read_on(day, f"事由{day}")
    services.log_read(Actor(2, "王强", "officer"), "case.payload", "帮1", "复核", NOW)
    text = auditor.get("/audit/reads/", {"from": "2026-09-28", "to": "2026-09-28"}).content.decode()
    assert ("事由28" in text, "事由27" in text, "事由29" in text) == (True, False, False)
    text = auditor.get("/audit/reads/", {"q": "王强"}).content.decode()
    assert ("复核" in text, "事由" in text.split("<tbody>")[1]) == (True, False)
    assert "没有符合的记录" in auditor.get("/audit/reads/", {"q": "没有这个人"}).content.decode()


def test_a_day_that_cannot_be_read_is_said(auditor: Client) -> None:
    text = auditor.get("/audit/reads/", {"from": "昨天"}).content.decode()
    assert "应为日期" in text


def test_verification_anchors_and_erasures_are_shown(auditor: Client, keeper: Keeper) -> None:
    assert "还没有核验过" in auditor.get("/audit/anchors/").content.decode()
    anchor = anchors.make_anchor(datetime(2026, 9, 29, tzinfo=CHINA).date(), NOW)
    keeper.retention = {"帮2": ("standard", datetime(2010, 1, 1, tzinfo=CHINA))}
    erasure.erase("standard", datetime(2012, 1, 1, tzinfo=CHINA), "审计处", NOW)
    services.verify_database(NOW)
    text = auditor.get("/audit/anchors/").content.decode()
    assert "历史完整" in text
    assert anchor.root[:34] in text
    assert "审计处" in text
    keeper.chains_by_ref["帮1"] = build("帮1", ["改"])
    services.verify_database(NOW)
    text = auditor.get("/audit/anchors/").content.decode()
    assert "cases 帮1" in text
    assert "历史完整" not in text
    assert "the anchor of 2026-09-29" in auditor.get("/audit/anchors/", {"lang": "en"}).content.decode()


def test_only_the_audit_administrator_sees_them() -> None:
    client = signed_in(reader("系统员", role="system_admin"))
    assert {client.get(path).status_code for path in ("/audit/reads/", "/audit/anchors/")} == {403}
