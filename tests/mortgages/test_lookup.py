"""The owner's look-up (B9): what fits opens, everything else gets one answer, and trying has its limits."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from threading import Event

import pytest
from django.test import Client

from qinqing.accounts.models import User
from qinqing.accounts.sms import NotSent
from qinqing.lib.labels import Label
from qinqing.messaging import worker
from qinqing.messaging.models import Notice
from qinqing.mortgages import looking_up, telling
from qinqing.mortgages.looking_up import Limited, look_up
from qinqing.mortgages.models_desks import LookUp, OwnerMessage
from tests.conftest import Clock
from tests.mortgages.world import NOW, World, later, release_of, work
from tests.worlds import Once

pytestmark = pytest.mark.django_db
FROM = "203.0.113.9"


@pytest.fixture(scope="module")
def built(once: Once) -> World:
    return once(World)


@pytest.fixture
def world(db: None, built: World) -> World:
    return deepcopy(built)


def test_certificate_and_digits_open_it_whatever_the_brackets(world: World) -> None:
    mortgage = world.mortgage("a")
    world.settled("a", mortgage)
    work()
    release = release_of(mortgage)
    plain = mortgage.certificate.replace("（", "(").replace("）", ")")
    for n, typed in enumerate((mortgage.certificate, f" {plain} ", plain.replace("号", " 号"))):
        assert look_up(typed, "12003x", FROM, later(n)) == release
    assert look_up(plain, "１２００３Ｘ", FROM, later(9)) == release, "typed in full width"


def test_wrong_digits_and_an_unknown_certificate_look_alike(world: World, client: Client, clock: Clock) -> None:
    mortgage = world.mortgage("a")
    world.settled("a", mortgage)
    work()
    clock.set(later(10))

    def body(certificate: str, digits: str) -> str:
        answer = client.post("/mortgages/look-up/", {"certificate": certificate, "id_end": digits})
        assert answer.status_code == 200
        return answer.content.decode().replace(f'"{certificate}"', "C").replace(f'"{digits}"', "D").split("<main")[1]

    def without_token(text: str) -> str:
        before, _, after = text.partition("csrfmiddlewaretoken")
        return before + after.split(">", 1)[1]

    wrong = without_token(body(mortgage.certificate, "999999"))
    assert wrong == without_token(body("浙（2020）示范不动产证明第9999999号", "888888"))
    assert "没有查到" in wrong and "柳某" not in wrong


def test_a_register_without_digits_opens_to_nobody(world: World) -> None:
    mortgage = world.mortgage("a", owner_id_end="")
    world.settled("a", mortgage)
    work()
    for typed in ("", "\0" * 6, "000000"):
        assert look_up(mortgage.certificate, typed, FROM, later(1)) is None


def test_trying_digits_is_limited_by_certificate_from_any_address(world: World) -> None:
    mortgage = world.mortgage("a")
    world.settled("a", mortgage)
    work()
    for n in range(5):
        assert look_up(mortgage.certificate, f"00000{n}", f"203.0.113.{n}", later(n)) is None
    with pytest.raises(Limited) as refused:
        look_up(mortgage.certificate, "12003X", "198.51.100.7", later(5))
    assert refused.value.at == later(30)
    assert look_up(mortgage.certificate, "12003X", "198.51.100.7", later(31)) == release_of(mortgage)


def test_one_network_is_limited_and_this_machine_is_not(world: World) -> None:
    for n in range(20):
        look_up(f"浙{n}", "000000", FROM, NOW)
    with pytest.raises(Limited):
        look_up("浙（2020）其他", "000000", FROM, later(1))
    for n in range(25):
        look_up(f"沪{n}", "000000", "127.0.0.1", later(1))


def test_neither_certificate_nor_address_is_kept_and_old_ones_go(world: World) -> None:
    look_up("浙（2020）示范不动产证明第0000001号", "000000", FROM, NOW)
    kept = LookUp.objects.get()
    assert "浙" not in kept.certificate and "203" not in kept.address and len(kept.certificate) == 64
    looking_up.forget_old(NOW + timedelta(hours=25))
    assert not LookUp.objects.exists()


# ── told ──


def told(world: World, phone: str = "13800009999") -> OwnerMessage:
    mortgage = world.mortgage("a", owner_phone=phone)
    world.settled("a", mortgage)
    work()
    telling.tell(release_of(mortgage).case.number, "mortgage.released", "k1", later(1))
    telling.tell(release_of(mortgage).case.number, "mortgage.released", "k1", later(2))
    return OwnerMessage.objects.get()


def test_the_owner_is_told_once_by_notice_and_text_message(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, str]] = []
    monkeypatch.setattr("qinqing.accounts.sms.to_console", lambda phone, text: sent.append((phone, text)))
    user = User.objects.create(username="phone:13800009999", name="柳某", kind="party", phone="13800009999")
    message = told(world)
    notice = Notice.objects.get(user=user)
    assert "已注销" in notice.title_zh and notice.link == "/mortgages/mine/"
    for _ in range(3):
        telling.send(later(2))
    message.refresh_from_db()
    assert (message.sms, message.notices, len(sent)) == ("sent", 1, 1)
    phone, text = sent[0]
    assert phone == "13800009999" and "尾号0001" in text
    assert "柳" not in text and "沐柳路" not in text and "12003X" not in text, "no personal data in the message"


def test_a_text_message_is_tried_again_and_then_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(phone: str, text: str) -> None:
        raise NotSent(Label("无回应", "no answer"))

    monkeypatch.setattr("qinqing.accounts.sms.to_console", refuse)
    message = told(world)
    moment = later(2)
    for _ in range(40):
        telling.send(moment)
        moment += timedelta(minutes=30)
    message.refresh_from_db()
    assert (message.sms, message.attempts) == ("failed", 5)


def test_who_left_no_mobile_number_is_not_written_to(world: World) -> None:
    assert told(world, phone="0500-86000001").sms == "none"


def test_a_banks_people_hear_what_needs_a_person(world: World) -> None:
    clerk = world.county.officer("clerk_a", "a", "bank_clerk")
    world.county.officer("checker_b", "b", "bank_checker")
    plain, seized = world.mortgage("a"), world.mortgage("a")
    world.restrict(seized, "seizure")
    for mortgage in (plain, seized):
        world.settled("a", mortgage)
    worker.run(Event(), once=True, clock=lambda: NOW)
    notice = Notice.objects.get(link__startswith="/mortgages/bank/")
    assert notice.user_id == clerk.user_id and notice.urgent
    assert notice.title_zh == f"转人工核查：{seized.certificate}"
    assert notice.link == f"/mortgages/bank/releases/{release_of(seized).case.number}/"


def test_my_releases_are_those_with_my_phone(world: World, client: Client, clock: Clock) -> None:
    mortgage = world.mortgage("a", owner_phone="13800009999")
    world.settled("a", mortgage)
    work()
    clock.set(later(5))
    same = User.objects.create(username="phone:13800009999", name="另一人", kind="party", phone="13800009999")
    client.force_login(same, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get("/mortgages/mine/").content.decode()
    assert mortgage.certificate in page and "下载告知单（PDF）" not in page, "the number may have changed hands"
    User.objects.filter(pk=same.pk).update(name="柳某")
    assert "下载告知单（PDF）" in client.get("/mortgages/mine/").content.decode()
    other = User.objects.create(username="phone:13900000000", name="柳某", kind="party", phone="13900000000")
    client.force_login(other, backend="django.contrib.auth.backends.ModelBackend")
    assert mortgage.certificate not in client.get("/mortgages/mine/").content.decode()
