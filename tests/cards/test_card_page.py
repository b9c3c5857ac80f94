"""The page behind the QR code: one matter for one sending, kind refusals that lose nothing, and nothing kept of what
belongs to the inspectors."""

from __future__ import annotations

import logging
import re
from copy import deepcopy
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from qinqing.accounts.models import User
from qinqing.cards import limits, services, taking
from qinqing.cards.channels import ChannelsError, channels
from qinqing.cards.models import Card, Sending, Use
from qinqing.cases.models import Attachment, Case, Event
from qinqing.directory.models import Party
from tests.cards.office import PNG, address_of, build_office, leaves, one_card
from tests.cases.county import TUESDAY, County
from tests.conftest import Clock
from tests.worlds import Once

TEXT = "早高峰厂门口两边停满，消防通道被占过两次。希望周边划一些车位。"
SECRET = "某科长吃拿卡要，请查一查独一无二的这句话"


@pytest.fixture(scope="module")
def built(once: Once) -> County:
    return once(build_office)


@pytest.fixture
def county(db: None, built: County, settings: Any, tmp_path: Path, clock: Clock) -> County:
    settings.BLOBS = tmp_path / "blobs"
    clock.set(TUESDAY)
    return deepcopy(built)


@pytest.fixture
def card(county: County) -> Card:
    return one_card(county)


def visitor(address: str = "203.0.113.7", language: str = "zh") -> Client:
    found = Client(headers={"accept-language": language}, REMOTE_ADDR=address)
    return found


def filled(client: Client, card: Card, clock: Clock, **changes: Any) -> dict[str, Any]:
    """What the browser sends after ten seconds; changes with None leave a field out."""
    page = client.get(address_of(card)).content.decode()
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    clock.forward(timedelta(seconds=10))
    said = {**hidden, "conduct": "no", "kind": "difficulty", "text": TEXT, "visitor": "", "phone": "", "homepage": ""}
    return {name: value for name, value in {**said, **changes}.items() if value is not None}


def send(client: Client, card: Card, clock: Clock, **changes: Any) -> Any:
    return client.post(address_of(card), filled(client, card, clock, **changes))


def said(answer: Any) -> str:
    return unescape(answer.content.decode())


def photo(name: str = "a.png", content: bytes = PNG) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_a_sending_becomes_a_matter_of_the_issuing_office(card: Card, county: County, clock: Clock) -> None:
    answer = send(visitor(), card, clock, photos=[photo(), photo("b.png")], visitor="沈女士", phone="13800002046")
    case = Case.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == f"/card/receipt/{case.receipt_code}/"
    assert (case.channel, case.stage, case.party.kind, case.title) == (
        "card",
        "intake",
        "unnamed",
        TEXT.split("。", 1)[0],
    )
    assert [(task.node, task.unit_id) for task in case.tasks.all()] == [("sort", county.unit("inspection"))]
    assert Attachment.objects.filter(case=case, event_seq=1, mime="image/png").count() == 2
    assert Use.objects.get().card == card
    receipt = said(visitor().get(answer["Location"]))
    assert f"{case.receipt_code[:5]}-{case.receipt_code[5:]}" in receipt
    assert "9月30日（周三）17:00" in receipt, "sorted by then"
    assert "10月13日（周二）17:00" in receipt, "answered by then: National Day and a make-up Saturday lie between"
    assert f"/r/{case.receipt_code}/" in receipt


def test_pressing_twice_opens_one_matter(card: Card, clock: Clock) -> None:
    client = visitor()
    same = filled(client, card, clock)
    first, second = client.post(address_of(card), same), client.post(address_of(card), same)
    assert first["Location"] == second["Location"]
    assert Case.objects.count() == Use.objects.count() == 1


def test_other_words_from_the_same_page_are_another_matter(card: Card, clock: Clock) -> None:
    """Who goes back and writes something else still holds the first page's key; nothing they say is lost."""
    client = visitor("127.0.0.1")
    page = filled(client, card, clock)
    first = client.post(address_of(card), page)
    assert client.post(address_of(card), {**page, "text": "另一件事。"})["Location"] != first["Location"]
    assert client.post(address_of(card), page)["Location"] == first["Location"], "whoever sends it, once"
    assert Case.objects.count() == Use.objects.count() == 2


def test_the_receipt_offers_no_dead_link_once_the_key_was_changed(card: Card, clock: Clock, settings: Any) -> None:
    receipt = send(visitor(), card, clock)["Location"]
    assert "再提一件" in said(visitor().get(receipt))
    settings.SECRET_KEY = "another installation's"
    after = visitor().get(receipt)
    assert after.status_code == 200
    assert "再提一件" not in said(after)


def test_the_same_words_again_give_the_same_receipt_and_other_words_another(card: Card, clock: Clock) -> None:
    client = visitor()
    first = send(client, card, clock)
    assert send(client, card, clock, text=TEXT.replace("，", "， ") + "\r\n")["Location"] == first["Location"]
    assert send(client, card, clock, text="另一件事。")["Location"] != first["Location"]
    assert send(visitor("198.51.100.2"), card, clock)["Location"] != first["Location"], "somebody else's own words"
    assert send(client, card, clock, photos=[photo()])["Location"] != first["Location"], "now with a photo"
    clock.forward(timedelta(days=1, minutes=5))
    assert send(client, card, clock)["Location"] != first["Location"], "forgotten after a day"


def test_reports_on_conduct_are_sent_on_and_leave_no_trace(
    card: Card, clock: Clock, caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    client = visitor()
    body = filled(client, card, clock, conduct="yes", text=SECRET, visitor=SECRET[:30], photos=[photo()])
    before = {model: model.objects.count() for model in apps.get_models()}
    with caplog.at_level(logging.DEBUG):
        answer = client.post(address_of(card), body)
    assert answer.status_code == 200
    assert "0500-86000900" in said(answer)
    assert SECRET in said(answer), "goes back to the phone it came from, to be copied"
    assert "no-store" in answer["Cache-Control"]
    assert {model: model.objects.count() for model in apps.get_models()} == before
    for model in apps.get_models():
        for row in model.objects.values():
            assert SECRET[:12] not in str(row), model
    assert SECRET[:12] not in caplog.text
    assert not Path(settings.BLOBS).exists(), "a photo was kept"


def test_the_question_comes_first_and_has_no_answer_beforehand(card: Card, clock: Clock) -> None:
    page = said(visitor().get(address_of(card)))
    assert re.findall(r'name="conduct"[^>]*checked', page) == []
    answer = send(visitor(), card, clock, conduct=None)
    assert answer.status_code == 422
    assert "请先回答第一个问题" in said(answer)
    assert TEXT in said(answer)
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"text": ""}, "请填写此项"),
        ({"text": "字" * 1001}, "最多1000字，现有1001字"),
        ({"kind": None}, "请选择一项"),
        ({"kind": "secret"}, "所选的项不在可选范围内"),
        ({"phone": "1380000204"}, "手机号少1位"),
        ({"photos": [SimpleUploadedFile("账目.pdf", b"%PDF-1.7")]}, "“账目.pdf”不是照片"),
        ({"photos": [SimpleUploadedFile("x.jpg", b"\x00\x01")]}, "“x.jpg”不是照片"),
        ({"photos": [SimpleUploadedFile(f"{n}.png", PNG) for n in range(7)]}, "最多6张，现有7张"),
        ({"text": "控制字符\x07"}, "控制字符"),
        ({"homepage": "http://spam.example"}, "请再点一次"),
    ],
)
def test_what_is_wrong_is_said_and_the_text_kept(card: Card, clock: Clock, changes: Any, words: str) -> None:
    answer = send(visitor(), card, clock, **changes)
    assert answer.status_code == 422
    assert words in said(answer)
    if "text" not in changes:
        assert TEXT in said(answer)
    assert re.search(r'name="conduct" value="no"[^>]*checked', said(answer))
    assert "spam.example" not in said(answer), "the next press succeeds"
    assert not Case.objects.exists()
    assert not Sending.objects.exists()


def test_a_program_is_too_quick_and_a_person_just_presses_again(card: Card, clock: Clock) -> None:
    client = visitor()
    page = client.get(address_of(card)).content.decode()
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    body = {**hidden, "conduct": "no", "kind": "difficulty", "text": TEXT}
    answer = client.post(address_of(card), body)
    assert answer.status_code == 422
    assert "提交得太快" in said(answer)
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', said(answer)))
    clock.forward(timedelta(seconds=3))
    assert client.post(address_of(card), {**body, **hidden}).status_code == 302
    assert client.post(address_of(card), {**body, "shown": "forged"}).status_code == 422


def test_too_many_from_one_address_wait_until_the_time_the_page_says(card: Card, county: County, clock: Clock) -> None:
    client, most = visitor(), limits.PER_ADDRESS[0].most
    for n in range(most):
        assert send(client, card, clock, text=f"第{n}件事").status_code == 302
    answer = send(client, card, clock, text="再来一件", photos=[photo()])
    assert answer.status_code == 429
    assert "再来一件" in said(answer)
    assert "10:30以后可再提交" in said(answer)
    assert "0500-86000100" in said(answer), "another door"
    assert Case.objects.count() == most
    other = one_card(county)
    assert send(client, other, clock, text="换一张卡").status_code == 429, "the address, whatever the card"
    assert send(visitor("198.51.100.2"), card, clock, text="别人").status_code == 302
    clock.set(TUESDAY + timedelta(minutes=11))
    assert send(client, card, clock, text="再来一件").status_code == 302


def test_one_card_that_is_flooded_leaves_the_others_alone(card: Card, county: County, clock: Clock) -> None:
    other = one_card(county)
    most = limits.PER_CARD[0].most
    for n in range(most):
        assert send(visitor(f"203.0.113.{n}"), card, clock, text=f"第{n}件事").status_code == 302
    assert send(visitor("198.51.100.1"), card, clock, text="再来").status_code == 429
    assert send(visitor("198.51.100.1"), other, clock, text="再来").status_code == 302


def test_who_sent_what_is_forgotten_after_a_day(card: Card, clock: Clock) -> None:
    send(visitor(), card, clock)
    row = str(Sending.objects.values().get())
    assert "203.0.113.7" not in row
    assert TEXT[:6] not in row
    taking.forget_old(clock.now())
    assert Sending.objects.count() == 1
    taking.forget_old(clock.now() + timedelta(days=1))
    assert not Sending.objects.exists()
    assert Use.objects.count() == 1


def test_a_revoked_card_says_so_at_once_and_keeps_what_was_written(card: Card, county: County, clock: Clock) -> None:
    client = visitor()
    body = filled(client, card, clock)
    services.revoke(county["keeper"], card.pk, "内部原因", clock.now())
    for answer in (client.get(address_of(card)), client.post(address_of(card), body)):
        assert answer.status_code == 410
        assert "不是您的问题" in said(answer)
        assert "0500-86000100" in said(answer)
        assert "内部原因" not in said(answer)
    assert TEXT in said(client.post(address_of(card), body))
    assert not Case.objects.exists()


def test_an_office_without_anybody_left_takes_nothing_in(card: Card, county: County) -> None:
    for name in ("keeper", "second"):
        leaves(county, name)
    answer = visitor().get(address_of(card))
    assert answer.status_code == 410
    assert "没有能处理反馈的人员" in said(answer)


@pytest.mark.parametrize("token", ["x", "a" * 32, "a" * 3000, "%E4%B8%AD"])
def test_an_unknown_token_is_told_kindly(county: County, token: str) -> None:
    answer = visitor().get(f"/card/{token}/")
    assert answer.status_code == 404
    assert "没有这张卡" in said(answer)
    assert "0500-86000100" in said(answer)


def test_a_number_alone_makes_nobody_a_party_and_tells_nobody_whose_it_is(
    card: Card, county: County, clock: Clock
) -> None:
    Party.objects.filter(pk=county.company.pk).update(phone="13800002046")
    answer = send(visitor(), card, clock, phone="13800002046")
    case = Case.objects.get()
    assert case.party.kind == "unnamed"
    assert county.company.name not in said(visitor().get(answer["Location"]))
    assert county.company.name not in said(visitor().get(f"/r/{case.receipt_code}/"))
    officer = Client()
    officer.force_login(User.objects.get(pk=county["keeper"].user_id), "django.contrib.auth.backends.ModelBackend")
    page = said(officer.get(f"/cases/{case.number}/"))
    assert county.company.name in page, "a person decides"
    assert "138****2046" in page
    assert "13800002046" not in page


def test_who_is_signed_in_with_that_number_is_the_party(card: Card, county: County, clock: Clock) -> None:
    user = User.objects.create(username="phone:13900002046", name="139****2046", kind="party", phone="13900002046")
    person = Party.objects.create(
        kind="person", name=user.name, name_norm=user.name, phone=user.phone, user=user, updated_at=TUESDAY
    )
    client = visitor()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    send(client, card, clock, phone="13900002046", text="留了自己的号码")
    send(client, card, clock, text="没有留号码")
    parties = dict(Event.objects.filter(seq=1).values_list("case__title", "case__party"))
    assert parties["留了自己的号码"] == person.pk
    assert Party.objects.get(pk=parties["没有留号码"]).kind == "unnamed", "leaving nothing stays leaving nothing"


def test_every_page_speaks_english(card: Card, clock: Clock) -> None:
    client = visitor(language="en")
    assert "Is it about an official" in said(client.get(address_of(card)))
    answer = send(client, card, clock)
    assert "Keep this code" in said(client.get(answer["Location"]))
    assert "No such card" in said(client.get("/card/none/"))


# ── the county's channels ──


def test_a_county_without_channels_gets_none_invented(card: Card, settings: Any, tmp_path: Path) -> None:
    settings.COUNTY = tmp_path
    page = said(visitor().get(address_of(card)))
    assert "还没有在平台登记监察机关的受理渠道" in page
    assert "tel:" not in page


@pytest.mark.parametrize(
    "text", ["conduct: {phone: x}", "conduct: {name: x, fax: 1}", "doors: [1]", "conduct: [", "conduct: {name: [1]}"]
)
def test_a_faulty_channels_file_says_where(tmp_path: Path, text: str) -> None:
    (tmp_path / "channels.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ChannelsError, match=r"channels\.yaml"):
        channels(tmp_path)
