"""Lists of the administrators going out: to whom the list is open, with what the page shows and nothing more."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from qinqing.accounts.models import AdminRole, Token, User
from qinqing.audit.models import Anchor, ReadLog
from qinqing.audit.services import log_read, log_security
from qinqing.lib.wallclock import CHINA
from qinqing.messaging.models import Delivery, Endpoint, Notice, Outbox
from tests.ui.sheet_files import table

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 9, 29, 10, 20, tzinfo=CHINA)
LISTS = {
    "accounts:accounts": "system_admin",
    "messaging:stuck": "system_admin",
    "messaging:endpoints": "system_admin",
    "accounts:lock_outs": "security_admin",
    "accounts:tokens": "security_admin",
    "accounts:administrators": "security_admin",
    "accounts:security_log": "audit_admin",
    "audit:reads": "audit_admin",
    "audit:anchors": "audit_admin",
}


@pytest.fixture
def people() -> dict[str, Client]:
    """The three administrators at the door."""
    found = {}
    for role in AdminRole.Role.values:
        user = User.objects.create(username=role, name=f"{role}某", kind="officer")
        AdminRole.objects.create(user=user, role=role)
        found[role] = Client()
        found[role].force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return found


def rows(client: Client, name: str, **query: str) -> list[dict[str, Any]]:
    answer = client.get(reverse(name), {"format": "xlsx", **query}, headers={"accept-language": "zh"})
    assert answer.status_code == 200, answer.content[:200]
    assert answer["Content-Disposition"].startswith("attachment")
    return table(answer.content)


@pytest.mark.parametrize(("name", "role"), LISTS.items())
def test_who_may_see_the_list_may_export_it_and_nobody_else(people: dict[str, Client], name: str, role: str) -> None:
    for other, client in people.items():
        if other == role:
            assert "导出Excel" in client.get(reverse(name), {"lang": "zh"}).content.decode()
            rows(client, name)
            entry = ReadLog.objects.get()
            assert (entry.what, entry.object_ref, entry.user_name) == ("export", name, f"{role}某")
        else:
            assert client.get(reverse(name), {"format": "xlsx"}).status_code == 403


def test_accounts_tell_no_telephone_number(people: dict[str, Client]) -> None:
    User.objects.create(username="phone:19900001234", name="柳女士", kind="party", phone="19900001234")
    (line,) = rows(people["system_admin"], "accounts:accounts", kind="party")
    assert (line["姓名"], line["账号"], line["状态"]) == ("柳女士", "手机号登录", "在用")
    assert "19900001234" not in str(line)


def test_the_filter_is_kept_and_said(people: dict[str, Client]) -> None:
    log_security("signed_in", None, "10.0.0.7", "=1+1", NOW)
    log_security("signed_out", None, "10.0.0.8", "", NOW)
    (line,) = rows(people["audit_admin"], "accounts:security_log", q="10.0.0.7")
    assert (line["事项"], line["内容"]) == ("登录", "=1+1")
    assert "10.0.0.7" in ReadLog.objects.get().reason


def test_tokens_and_endpoints_tell_no_secret(people: dict[str, Client]) -> None:
    program = User.objects.create(username="hotline", name="热线系统", kind="program")
    Token.objects.create(
        user=program, label="对接", sha256="f" * 64, created_at=NOW, expires_at=NOW + timedelta(days=9)
    )
    (line,) = rows(people["security_admin"], "accounts:tokens")
    assert (line["程序账号"], line["吊销"]) == ("hotline", "")
    Endpoint.objects.create(name="省平台", url="https://example.org/in", secret="whsec_secret", topics=["case", "card"])
    (line,) = rows(people["system_admin"], "messaging:endpoints")
    assert (line["主题"], line["启用"]) == ("case、card", "是")
    assert "whsec_secret" not in str(line)


def test_stuck_deliveries_and_own_notices(people: dict[str, Client]) -> None:
    message = Outbox.objects.create(key="case:1:2", topic="case.closed", created_at=NOW)
    Delivery.objects.create(
        message=message, receiver="reaction:tell", state="stuck", attempts=9, next_at=NOW, last_error="@"
    )
    (line,) = rows(people["system_admin"], "messaging:stuck")
    assert (line["消息"], line["状态"], line["次数"], line["最近一次出错"]) == ("case:1:2", "受阻", 9.0, "@")
    for user in User.objects.all():
        Notice.objects.create(user=user, key="k", title_zh=f"给{user.name}", title_en="x", created_at=NOW)
    (line,) = rows(people["audit_admin"], "messaging:notices")
    assert line["通知"] == "给audit_admin某"


def test_reads_and_anchors(people: dict[str, Client]) -> None:
    someone = User.objects.get(username="system_admin")
    log_read(Reader(someone.pk, "何以宁"), "case.phone", "帮2026-0001", "回访", NOW)
    (line,) = rows(people["audit_admin"], "audit:reads", q="回访", **{"from": "2026-09-29"})
    assert (line["人员"], line["对象"]) == ("何以宁", "帮2026-0001")
    assert ReadLog.objects.latest("pk").reason.endswith("含“回访”，自2026-09-29")
    Anchor.objects.create(
        day=NOW.date(), algorithm="sha256", root="sha256:" + "0" * 61, chains=3, leaves_file="x", made_at=NOW
    )
    (line,) = rows(people["audit_admin"], "audit:anchors")
    assert (line["日期"], line["有变动的链"]) == (NOW.date(), 3.0)


class Reader:
    """Who read."""

    def __init__(self, user_id: int, name: str) -> None:
        self.user_id: int | None = user_id
        self.name = name
