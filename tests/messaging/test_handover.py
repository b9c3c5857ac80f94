"""From outbox to receivers: planning, reactions once in effect, webhooks until acknowledged, waiting, giving up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from threading import Event

import httpx
import pytest
from django.db import IntegrityError, connection
from django.db.models import QuerySet

from qinqing.accounts.models import User
from qinqing.lib.labels import Label
from qinqing.messaging import jobs, planning, reactions, worker
from qinqing.messaging.inbox import first_time
from qinqing.messaging.models import Delivery, Endpoint, Inbox, Notice, Outbox
from qinqing.messaging.notices import mark_read, notify, unread_count
from qinqing.messaging.outbox import SQL, Message, concerns, enqueue
from qinqing.messaging.signing import new_secret, verify_signature
from tests.messaging.receiver import Receiver, receiver

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 9, 29, 10, 20, tzinfo=UTC)
State = Delivery.State


def send(key: str = "帮1:1", topic: str = "case.closed") -> None:
    enqueue("cases", key, topic, {"case": "帮1"}, NOW)


def work(now: datetime = NOW) -> None:
    worker.run(Event(), once=True, clock=lambda: now)


def test_the_kernels_sql_and_enqueue_write_the_same_row() -> None:
    send()
    with connection.cursor() as cursor:
        moment = connection.ops.adapt_datetimefield_value(NOW)
        cursor.execute(SQL, ["cases", "帮1:2", "case.closed", '{"case":"帮1"}', moment])
    one, two = Outbox.objects.order_by("id")
    assert (one.source, one.topic, one.body, one.created_at) == (two.source, two.topic, two.body, two.created_at)
    assert two.handled_at is None


def test_an_identity_is_used_once() -> None:
    send()
    with pytest.raises(IntegrityError):
        send()


@pytest.mark.parametrize(
    ("prefix", "topic", "wanted"),
    [
        ("case", "case.closed", True),
        ("case", "cases.closed", False),
        ("", "x", True),
        ("case.closed", "case.closed", True),
    ],
)
def test_topics_are_matched_by_whole_words(prefix: str, topic: str, wanted: bool) -> None:
    assert concerns(prefix, topic) is wanted


def test_reactions_get_their_messages_once() -> None:
    got: list[tuple[Message, datetime]] = []
    reactions.on("case", "keep")(lambda messages, now: got.extend((message, now) for message in messages))
    reactions.on("finance", "other")(lambda messages, now: pytest.fail("not its topic"))
    send()
    work()
    work(NOW + timedelta(hours=1))
    assert [(m.key, m.topic, m.body, now) for m, now in got] == [("帮1:1", "case.closed", {"case": "帮1"}, NOW)]
    assert Delivery.objects.get().state == State.DONE
    assert Outbox.objects.get().handled_at == NOW
    assert Inbox.objects.get().receiver == "reaction:keep"


def test_what_a_job_tells_is_handed_on_before_the_worker_rests() -> None:
    got: list[str] = []
    reactions.on("case", "keep")(lambda messages, now: got.extend(message.key for message in messages))

    def once_an_hour(now: datetime) -> bool:
        send(f"帮{Outbox.objects.count() + 1}")
        return False

    jobs.register_job("tells", 3600, once_an_hour)
    work()
    assert got == ["帮1"]


def test_what_a_reaction_leaves_to_a_frequent_job_is_done_in_the_same_call() -> None:
    waiting: list[str] = []
    done: list[str] = []
    reactions.on("case", "leave")(lambda messages, now: waiting.extend(message.key for message in messages))

    def every_five_seconds(now: datetime) -> bool:
        done.extend(waiting)
        waiting.clear()
        return False

    jobs.register_job("frequent", 5, every_five_seconds)
    send()
    work()
    assert done == ["帮1:1"]


def test_two_reactions_of_one_name_are_a_mistake() -> None:
    reactions.on("case", "x")(print)
    reactions.on("case", "x")(print)
    with pytest.raises(ValueError, match="two reactions"):
        reactions.on("case", "x")(repr)


def test_a_message_met_before_does_not_act_again() -> None:
    reactions.on("case", "x")(lambda messages, now: pytest.fail("acted twice"))
    send()
    assert first_time("reaction:x", [("cases", "帮1:1"), ("cases", "帮2:1")], NOW) == {
        ("cases", "帮1:1"),
        ("cases", "帮2:1"),
    }
    assert first_time("reaction:x", [("cases", "帮1:1"), ("cases", "帮3:1")], NOW) == {("cases", "帮3:1")}
    work()
    assert Delivery.objects.get().state == State.DONE


def test_an_error_undoes_what_the_reaction_wrote_and_waits_longer_each_time() -> None:
    user = User.objects.create(username="a", name="甲", kind="officer")
    tries: list[datetime] = []

    def failing(messages: Sequence[Message], now: datetime) -> None:
        notify([user.pk], messages[0].key, Label("一", "one"), "", False, now)
        tries.append(now)
        if len(tries) < 5:
            raise RuntimeError("不行")

    reactions.on("case", "failing")(failing)
    send()
    now = NOW
    for minute in range(60):
        now = NOW + timedelta(minutes=minute)
        work(now)
    assert [(moment - NOW).seconds // 60 for moment in tries] == [0, 1, 3, 7, 15]
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts, delivery.last_error) == (State.DONE, 5, "")
    assert Notice.objects.count() == 1


def test_messages_come_together_and_one_that_fails_stops_no_other() -> None:
    user = User.objects.create(username="a", name="甲", kind="officer")
    asked: list[list[str]] = []

    def failing(messages: Sequence[Message], now: datetime) -> None:
        asked.append([message.key for message in messages])
        for message in messages:
            notify([user.pk], message.key, Label("一", "one"), "", False, now)
            if message.key == "帮2:1":
                raise RuntimeError("不行")

    reactions.on("case", "failing")(failing)
    for key in ("帮1:1", "帮2:1", "帮3:1"):
        send(key)
    work()
    assert asked == [["帮1:1", "帮2:1", "帮3:1"], ["帮1:1"], ["帮2:1"], ["帮3:1"]]
    assert sorted(Notice.objects.values_list("key", flat=True)) == ["帮1:1", "帮3:1"]
    states = Delivery.objects.order_by("message_id").values_list("state", "attempts")
    assert list(states) == [(State.DONE, 1), (State.WAITING, 1), (State.DONE, 1)]


def test_waits_grow_to_an_hour() -> None:
    minutes = [planning.backoff(n).seconds // 60 for n in range(1, 10)]
    assert minutes == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert planning.backoff(10_000) == timedelta(hours=1)


def test_a_reaction_that_keeps_failing_is_stuck() -> None:
    def broken(messages: Sequence[Message], now: datetime) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM no_such_table")

    reactions.on("case", "broken")(broken)
    send()
    for hour in range(planning.MAX_ATTEMPTS + 3):
        work(NOW + timedelta(hours=hour))
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == (State.STUCK, planning.MAX_ATTEMPTS)
    assert "no_such_table" in delivery.last_error
    assert not Inbox.objects.exists()


def test_a_reaction_the_program_no_longer_has_is_stuck_at_once() -> None:
    reactions.on("case", "gone")(print)
    send()
    planning.plan(NOW)
    reactions._reactions.clear()
    work()
    assert Delivery.objects.get().state == State.STUCK


def endpoint(box: Receiver, **changes: object) -> Endpoint:
    facts: dict[str, object] = {"name": "市局", "url": box.url, "secret": new_secret(), "topics": ["case"]}
    return Endpoint.objects.create(**(facts | changes))  # type: ignore[arg-type]


def test_a_webhook_is_signed_and_acknowledged() -> None:
    with receiver() as box:
        target = endpoint(box)
        send()
        work()
        ((headers, body),) = box.got
    identity = verify_signature(target.secret, headers, body, NOW)
    assert identity.isascii()
    assert json.loads(body) == {
        "type": "case.closed",
        "timestamp": "2026-09-29T10:20:00+00:00",
        "source": "cases",
        "key": "帮1:1",
        "data": {"case": "帮1"},
    }
    assert Delivery.objects.get().state == State.DONE


@pytest.mark.parametrize("status", [302, 400, 429, 500])
def test_only_2xx_acknowledges(status: int) -> None:
    with receiver() as box:
        box.status = status
        endpoint(box)
        send()
        work()
        assert len(box.got) == 1
        delivery = Delivery.objects.get()
        assert (delivery.state, delivery.attempts, delivery.last_error) == (State.WAITING, 1, f"HTTP {status}")
        work(NOW + timedelta(seconds=59))
        assert len(box.got) == 1
        box.status = 200
        work(NOW + timedelta(seconds=60))
        assert len(box.got) == 2
        first, second = (headers["webhook-id"] for headers, _ in box.got)
        assert first == second
    assert Delivery.objects.get().state == State.DONE


def test_410_is_final() -> None:
    with receiver() as box:
        box.status = 410
        endpoint(box)
        send()
        work()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == (State.STUCK, 1)


def test_a_silent_endpoint_is_asked_once_for_all_its_messages() -> None:
    with receiver() as box:
        box.status = 503
        endpoint(box)
        for number in range(5):
            send(f"帮1:{number}")
        work()
        assert len(box.got) == 1
        box.status = 200
        work(NOW + timedelta(minutes=1))
        assert len(box.got) == 6
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.DONE}


def test_what_an_endpoint_refuses_does_not_hold_up_the_rest() -> None:
    """It answers, but not to this message: the others go on, and this one waits for its own next try."""
    with receiver() as box:
        box.refuses = b"b:1"  # part of the second message
        endpoint(box)
        for key in ("a:1", "b:1", "c:1"):
            send(key)
        work()
        assert [json.loads(body)["key"] for _, body in box.got] == ["a:1", "b:1", "c:1"]
        work(NOW + timedelta(seconds=59))
        assert len(box.got) == 3
        box.refuses = b""
        work(NOW + timedelta(seconds=60))
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.DONE}


def test_new_messages_to_a_silent_endpoint_wait_behind_the_old_ones() -> None:
    with receiver() as box:
        box.status = 503
        target = endpoint(box)
        send("a:1")
        for minute in range(7):  # asked at 0, 1 and 3; a message comes each minute
            work(NOW + timedelta(minutes=minute))
            send(f"a:{minute + 2}")
        assert len(box.got) == 3, "each new message knocked again at the silent endpoint"
        box.status = 200
        work(NOW + timedelta(minutes=7))
        assert [json.loads(body)["key"] for _, body in box.got[3:]] == [f"a:{n}" for n in range(1, 9)]
        target.refresh_from_db()
        assert target.silent_until is None
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.DONE}


def test_a_delivery_dropped_while_it_is_claimed_does_not_stop_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as box:
        endpoint(box)
        send()
        planning.plan(NOW)
        (pk,) = planning.posts_due(NOW, 10)
        original = QuerySet.select_related

        def dropped_meanwhile(rows: QuerySet[Delivery], *names: str) -> QuerySet[Delivery]:
            Delivery.objects.filter(pk=pk).update(state=State.DROPPED)
            return original(rows, *names)

        monkeypatch.setattr(QuerySet, "select_related", dropped_meanwhile)
        with httpx.Client() as client:
            planning.send(pk, client, NOW)
        assert box.got == []
    assert Delivery.objects.get().state == State.DROPPED


def test_an_endpoint_nobody_answers_at() -> None:
    with receiver() as box:
        pass  # closed again: the port refuses
    endpoint(box)
    send()
    work()
    delivery = Delivery.objects.get()
    assert delivery.state == State.WAITING
    assert "ConnectError" in delivery.last_error


def test_an_endpoint_that_is_switched_off_gets_nothing() -> None:
    with receiver() as box:
        target = endpoint(box)
        send()
        planning.plan(NOW)
        Endpoint.objects.filter(pk=target.pk).update(active=False)
        work()
        send("帮1:2")
        work()
        assert box.got == []
    assert [d.state for d in Delivery.objects.all()] == [State.STUCK]


def test_a_worker_killed_while_posting_only_delays() -> None:
    with receiver() as box:
        endpoint(box)
        send()
        planning.plan(NOW)
        (pk,) = planning.posts_due(NOW, 10)
        Delivery.objects.filter(pk=pk).update(next_at=NOW + planning.CLAIM)  # claimed, then dead
        with httpx.Client() as client:
            planning.send(pk, client, NOW)
            assert box.got == []
            planning.send(pk, client, NOW + planning.CLAIM)
        assert len(box.got) == 1


def test_notices_come_once_per_person_and_key() -> None:
    one, two = (User.objects.create(username=name, name=name, kind="officer") for name in "ab")
    title = Label("您有新的待办", "New work for you")
    notify([one.pk, two.pk, one.pk], "k", title, "/cases/1/", True, NOW)
    notify([one.pk], "k", title, "/cases/1/", True, NOW)
    assert (unread_count(one.pk), unread_count(two.pk), unread_count(None)) == (1, 1, 0)
    notice = Notice.objects.get(user=one)
    assert mark_read(two.pk, notice.pk, NOW) == 0, "somebody else's notice"
    assert mark_read(one.pk, notice.pk, NOW) == 1
    assert mark_read(two.pk, None, NOW) == 1
    assert unread_count(one.pk) == 0


@pytest.mark.parametrize("link", ["https://evil.example/", "//evil.example", "javascript:x", "/\\evil.example"])
def test_notices_lead_nowhere_else(link: str) -> None:
    with pytest.raises(ValueError, match="path on this site"):
        notify([], "k", Label("一", "one"), link, False, NOW)
