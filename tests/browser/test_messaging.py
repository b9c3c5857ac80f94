"""The pages of both rooms in a real browser, both languages: readable by everyone, never wider than the window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from qinqing.accounts.actor import Actor
from qinqing.audit import anchors, services
from qinqing.audit.histories import Difference
from qinqing.lib import wallclock
from qinqing.lib.labels import Label
from qinqing.messaging.models import Delivery, Endpoint, JobLease, Outbox
from qinqing.messaging.notices import notify
from tests.audit.chains import Keeper
from tests.audit.conftest import keeper  # noqa: F401
from tests.browser.fixtures import look, sign_in
from tests.messaging.people import reader

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 9, 29, 10, 20, tzinfo=UTC)


def test_the_operators_pages(page: Page, live: str) -> None:
    target = Endpoint.objects.create(
        name="市营商局", url="https://example.gov.cn/hook", secret="whsec_", topics=["case"]
    )
    Endpoint.objects.create(name="旧平台", url="https://old.gov.cn/", secret="whsec_", topics=["case"], active=False)
    for number in range(4):
        key = f"帮2026-{number:06}:3"
        row = Outbox.objects.create(source="cases", key=key, topic="case.closed", body="{}", created_at=NOW)
        state, error = ("stuck", "HTTP 410") if number % 2 else ("waiting", "ConnectTimeout: timed out")
        Delivery.objects.create(
            message=row,
            receiver=f"endpoint:{target.pk}" if number < 2 else "reaction:cases.notify",
            state=state,
            attempts=number + 1,
            next_at=NOW + timedelta(minutes=8),
            last_error=error,
        )
    JobLease.objects.create(name="audit.anchor", next_at=NOW, last_error="OSError: 磁盘已满", failing_since=NOW)
    sign_in(page.context, live, reader("系统员", role="system_admin"))
    look(page, "/messaging/", "/messaging/endpoints/")
    page.get_by_label("Name").fill("省平台")
    page.get_by_label("Address").fill("https://province.example/hook")
    page.get_by_role("button", name="Add the endpoint").click()
    assert "whsec_" in page.inner_text("main")


def test_the_auditors_pages(page: Page, live: str, keeper: Keeper) -> None:  # noqa: F811
    who = Actor(1, "李玉兰", "officer")
    for number in range(3):
        services.log_read(who, "party.phone", f"party:{number}", "回访企业，核对手机号", NOW)
    anchors.anchor_due(wallclock.now())
    keeper.differences = [Difference(Label("stage现为'办理'，应为'受理'", "stage is '办理'"))]
    services.verify_database(NOW)
    sign_in(page.context, live, reader("审计员", role="audit_admin"))
    look(page, "/audit/reads/")
    look(page, "/audit/anchors/")


def test_notices_at_a_desk_and_on_a_phone(page: Page, phone: Page, live: str) -> None:
    for window, kind in ((page, "officer"), (phone, "party")):
        user = reader(kind, kind=kind)
        title = Label("帮2026-000012已由县资规局反馈", "帮2026-000012 was answered by the resources bureau")
        notify([user.pk], "1", title, "/notices/", False, NOW)
        notify([user.pk], "2", Label("请在今天17:00前签收", "Sign for it today before 17:00"), "/notices/", True, NOW)
        sign_in(window.context, live, user)
        look(window, "/notices/")
