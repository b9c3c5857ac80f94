"""Pages: notices for everybody, deliveries in trouble and endpoints for the system administrator."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from qinqing.audit.models import SecurityLog
from qinqing.lib.labels import Label
from qinqing.messaging.models import Delivery, Endpoint, JobLease, Notice, Outbox
from qinqing.messaging.notices import notify
from tests.messaging.people import reader, signed_in

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 9, 29, 10, 20, tzinfo=UTC)
State = Delivery.State


@pytest.fixture
def operator() -> Client:
    return signed_in(reader("系统员", role="system_admin"))


def delivery(state: str = "stuck", key: str = "帮1:1", receiver: str = "reaction:notify") -> Delivery:
    message = Outbox.objects.create(source="cases", key=key, topic="case.closed", body="{}", created_at=NOW)
    return Delivery.objects.create(
        message=message, receiver=receiver, state=state, attempts=12, next_at=NOW, last_error="<b>坏了</b>"
    )


def test_the_page_shows_what_is_stuck_and_which_job_fails(operator: Client) -> None:
    delivery()
    JobLease.objects.create(name="audit.anchor", next_at=NOW, last_error="磁盘已满", failing_since=NOW)
    text = operator.get("/messaging/").content.decode()
    assert "帮1:1" in text
    assert "&lt;b&gt;坏了" in text
    assert "磁盘已满" in text


def test_only_the_system_administrator_sees_it() -> None:
    assert signed_in(reader("经办")).get("/messaging/").status_code == 403
    assert signed_in(reader("审计员", role="audit_admin")).get("/messaging/endpoints/").status_code == 403
    assert (
        signed_in(reader("审计二", role="audit_admin")).post("/messaging/1/drop/", {"reason": "x"}).status_code == 403
    )


def test_trying_again_is_recorded(operator: Client) -> None:
    row = delivery()
    assert operator.post(f"/messaging/{row.pk}/retry/").status_code == 302
    row.refresh_from_db()
    assert (row.state, row.attempts) == (State.WAITING, 0)
    assert "系统员" in row.note
    assert SecurityLog.objects.get(event="messaging.retry").user_name == "系统员"
    Delivery.objects.update(state=State.DONE)
    assert operator.post(f"/messaging/{row.pk}/retry/").status_code == 409


def test_all_of_a_receiver_are_tried_again(operator: Client) -> None:
    delivery(key="1"), delivery(key="2")
    other = delivery(key="3", receiver="endpoint:9")
    operator.post("/messaging/retry/", {"receiver": "reaction:notify"})
    assert Delivery.objects.filter(state=State.WAITING).count() == 2
    other.refresh_from_db()
    assert other.state == State.STUCK


def test_dropping_needs_a_reason_and_is_recorded(operator: Client) -> None:
    row = delivery()
    answer = operator.post(f"/messaging/{row.pk}/drop/", {"reason": "  "})
    assert answer.status_code == 422
    assert "请写明放弃的原因" in answer.content.decode()
    assert operator.post(f"/messaging/{row.pk}/drop/", {"reason": "对方已撤销"}).status_code == 302
    row.refresh_from_db()
    assert row.state == State.DROPPED
    assert "对方已撤销" in row.note
    assert "对方已撤销" in SecurityLog.objects.get(event="messaging.drop").detail
    assert operator.post(f"/messaging/{row.pk}/drop/", {"reason": "again"}).status_code == 409


def test_an_endpoints_secret_is_shown_once(operator: Client) -> None:
    form = {"name": "市局", "url": "https://example.gov.cn/hook", "topics": "case，audit.anchor"}
    shown = operator.post("/messaging/endpoints/", form).content.decode()
    endpoint = Endpoint.objects.get()
    assert endpoint.topics == ["case", "audit.anchor"]
    assert endpoint.secret in shown
    assert endpoint.secret not in operator.get("/messaging/endpoints/").content.decode()
    old = endpoint.secret
    shown = operator.post(f"/messaging/endpoints/{endpoint.pk}/secret/").content.decode()
    endpoint.refresh_from_db()
    assert endpoint.secret != old
    assert endpoint.secret in shown
    assert not any(old in row.detail or endpoint.secret in row.detail for row in SecurityLog.objects.all())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"url": "http://example.gov.cn/"}, "只能用https网址"),
        ({"name": ""}, "id_name_error"),
        ({"topics": " ，"}, "至少写一个主题"),
        ({"name": "已有"}, "已有名为“已有”的对端"),
    ],
)
def test_bad_entries_are_named_and_kept(operator: Client, changes: dict[str, str], said: str) -> None:
    Endpoint.objects.create(name="已有", url="https://a.example/", secret="whsec_", topics=["case"])
    form = {"name": "市局", "url": "https://example.gov.cn/hook", "topics": "case"} | changes
    answer = operator.post("/messaging/endpoints/", form)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert Endpoint.objects.count() == 1


def test_endpoints_are_switched_off_and_on(operator: Client) -> None:
    endpoint = Endpoint.objects.create(name="市局", url="https://a.example/", secret="whsec_", topics=["case"])
    for on, active in (("0", False), ("1", True)):
        operator.post(f"/messaging/endpoints/{endpoint.pk}/switch/", {"on": on})
        endpoint.refresh_from_db()
        assert endpoint.active is active
    assert operator.post("/messaging/endpoints/999/switch/", {"on": "1"}).status_code == 404


def test_following_a_notice_marks_it_read_and_only_ones_own() -> None:
    one, two = reader("甲"), reader("乙", kind="party")
    notify([one.pk, two.pk], "k", Label("有新的待办", "New work"), "/notices/", False, NOW)
    mine, other = Notice.objects.get(user=one), Notice.objects.get(user=two)
    client = signed_in(one)
    assert "有新的待办" in client.get("/notices/").content.decode()
    assert client.get(f"/notices/{other.pk}/").status_code == 404
    assert client.get(f"/notices/{mine.pk}/").headers["location"] == "/notices/"
    mine.refresh_from_db()
    assert mine.read_at is not None
    assert "有新的待办" in signed_in(two).get("/notices/").content.decode()
    assert signed_in(two).post("/notices/read/").status_code == 302
    other.refresh_from_db()
    assert other.read_at is not None


def test_strangers_are_sent_to_the_sign_in() -> None:
    answer = Client().get("/notices/")
    assert answer.status_code == 302
    assert "sign-in" in answer.headers["location"]
