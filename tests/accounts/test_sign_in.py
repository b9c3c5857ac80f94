"""登录 through the front door: officers, second step, lock-out, parties, idle sessions, sign-out."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from django.test import Client

from qinqing.accounts import middleware, second_factor, sms
from qinqing.accounts.models import AdminRole, User
from qinqing.audit.models import SecurityLog
from qinqing.lib import wallclock

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-password-1"
STEP = timedelta(seconds=30)


@pytest.fixture
def zhou() -> User:
    return User.objects.create(username="zhou", name="周某", kind="officer", password=PASSWORD)


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Codes sent by SMS."""
    codes: list[str] = []
    monkeypatch.setattr(sms, "send", lambda phone, text: codes.append(re.findall(r"\d{6}", text)[0]))
    return codes


def sign_in(client: Client, username: str = "zhou", password: str = PASSWORD, **more: str) -> Any:
    return client.post("/sign-in/", {"username": username, "password": password, **more})


def who(client: Client) -> str | None:
    answer = client.get("/api/me")
    return answer.json()["name"] if answer.status_code == 200 else None


def test_an_officer_signs_in_and_out(client: Client, zhou: User) -> None:
    answer = client.get("/account/?x=1")
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/?next=%2Faccount%2F%3Fx%3D1")
    assert client.get(answer["Location"]).status_code == 200
    answer = sign_in(client, next="/account/?x=1")
    assert (answer.status_code, answer["Location"]) == (302, "/account/?x=1")
    assert who(client) == "周某"
    assert client.get("/account/").status_code == 200
    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/").status_code == 302
    assert who(client) is None
    assert list(SecurityLog.objects.values_list("event", "user_name")) == [
        ("signed_in", "周某"),
        ("signed_out", "周某"),
    ]


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/sign-in/"])
def test_signing_in_leads_nowhere_else(client: Client, zhou: User, target: str) -> None:
    assert sign_in(client, next=target)["Location"] == "/"


def test_the_session_is_new_after_signing_in(client: Client, zhou: User) -> None:
    session = client.session
    session["left_by"] = "somebody before"
    session.save()
    client.cookies["sessionid"] = before = session.session_key
    sign_in(client)
    assert client.session.session_key != before
    assert "left_by" not in client.session


def test_wrong_and_unknown_look_the_same(client: Client, zhou: User) -> None:
    wrong = sign_in(client, password="not-the-password")
    unknown = sign_in(client, username="nobody", password="not-the-password")
    assert wrong.status_code == unknown.status_code == 422
    strip = re.compile(r'value="(zhou|nobody)"|csrfmiddlewaretoken" value="[^"]+"|X-CSRFToken": "[^"]+"')
    assert strip.sub("", wrong.content.decode()) == strip.sub("", unknown.content.decode())
    assert 'value="zhou"' in wrong.content.decode(), "what was typed is kept"
    assert "not-the-password" not in wrong.content.decode()


def test_five_failures_lock_the_name_for_fifteen_minutes(client: Client, zhou: User) -> None:
    for _ in range(4):
        assert sign_in(client, password="wrong-password-1").status_code == 422
    answer = sign_in(client, password="wrong-password-1")
    assert answer.status_code == 429
    assert 800 < int(answer["Retry-After"]) <= 900
    assert "约15分钟" in answer.content.decode()
    assert sign_in(client).status_code == 429, "also the right password must wait"
    User.objects.create(username="qian", name="钱", kind="officer", password=PASSWORD)
    assert sign_in(Client(), username="qian").status_code == 302, "others may"
    assert "sign_in_locked" in SecurityLog.objects.values_list("event", flat=True)


def test_a_success_forgets_the_failures(client: Client, zhou: User) -> None:
    for _ in range(3):
        for _ in range(4):
            sign_in(client, password="wrong-password-1")
        assert sign_in(client).status_code == 302
        client.post("/sign-out/")


def test_a_deactivated_account_is_out_at_once(client: Client, zhou: User) -> None:
    sign_in(client)
    User.objects.filter(pk=zhou.pk).update(is_active=False)
    assert who(client) is None
    assert sign_in(client).status_code == 422


def test_the_second_step(client: Client, zhou: User) -> None:
    secret = second_factor.new_secret()
    codes = second_factor.enrol(zhou, secret, pyotp.TOTP(secret).at(wallclock.now() - STEP), wallclock.now())
    assert codes
    answer = sign_in(client, next="/account/")
    assert answer["Location"] == "/sign-in/second-step/"
    assert who(client) is None, "the password alone opens nothing"
    assert client.get("/sign-in/second-step/").status_code == 200
    assert client.post("/sign-in/second-step/", {"code": "000000"}).status_code == 422
    code = pyotp.TOTP(secret).at(wallclock.now() + STEP)
    answer = client.post("/sign-in/second-step/", {"code": code})
    assert (answer.status_code, answer["Location"], who(client)) == (302, "/account/", "周某")
    other = Client()
    sign_in(other)
    assert other.post("/sign-in/second-step/", {"code": code}).status_code == 422, "a code works once"
    assert other.post("/sign-in/second-step/", {"code": codes[3]}).status_code == 302
    assert who(other) == "周某"


def test_the_second_step_cannot_be_guessed(client: Client, zhou: User) -> None:
    secret = second_factor.new_secret()
    second_factor.enrol(zhou, secret, pyotp.TOTP(secret).at(wallclock.now() - STEP), wallclock.now())
    sign_in(client)
    answers = [client.post("/sign-in/second-step/", {"code": "000000"}).status_code for _ in range(6)]
    assert answers == [422] * 4 + [429] * 2
    assert client.post("/sign-in/second-step/", {"code": pyotp.TOTP(secret).now()}).status_code == 429
    assert sign_in(client).status_code == 429


def test_the_second_step_needs_a_first(client: Client) -> None:
    assert client.get("/sign-in/second-step/")["Location"] == "/sign-in/"
    assert client.post("/sign-in/second-step/", {"code": "123456"})["Location"] == "/sign-in/"
    assert client.get("/sign-in/phone/code/")["Location"] == "/sign-in/phone/"


def test_enrolling_on_ones_own_page(client: Client, zhou: User) -> None:
    sign_in(client)
    page = client.get("/account/two-step/").content.decode()
    assert "<svg" in page
    secret = client.session["enrolling"]
    assert client.post("/account/two-step/", {"code": "12"}).status_code == 422
    assert client.session["enrolling"] == secret, "the code shown stays the same while trying"
    answer = client.post("/account/two-step/", {"code": pyotp.TOTP(secret).at(wallclock.now())})
    codes = re.findall(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", answer.content.decode())
    assert len(codes) == 10
    assert client.post("/account/two-step/off/", {"code": "000000"}).status_code == 422
    assert client.post("/account/two-step/off/", {"code": codes[0]}).status_code == 302
    zhou.refresh_from_db()
    assert zhou.totp_secret == ""


def test_who_must_is_held_until_done(client: Client, zhou: User, settings: Any) -> None:
    settings.MODE = "production"
    AdminRole.objects.create(user=zhou, role="audit_admin")
    User.objects.filter(pk=zhou.pk).update(must_change_password=True)
    sign_in(client)
    assert client.get("/security-log/")["Location"] == "/account/password/"
    assert client.get("/security-log/", HTTP_HX_REQUEST="true")["HX-Redirect"] == "/account/password/"
    assert client.get("/api/me").status_code == 403
    new = {"old": PASSWORD, "new": "another-password-2", "again": "another-password-3"}
    assert client.post("/account/password/", new).status_code == 422
    assert client.post("/account/password/", new | {"again": "another-password-2"}).status_code == 302
    assert client.get("/security-log/")["Location"] == "/account/two-step/"
    client.get("/account/two-step/")
    code = pyotp.TOTP(client.session["enrolling"]).at(wallclock.now())
    assert client.post("/account/two-step/", {"code": code}).status_code == 200
    assert client.get("/security-log/").status_code == 200


def test_changing_the_password_ends_other_sessions(client: Client, zhou: User) -> None:
    other = Client()
    sign_in(client)
    sign_in(other)
    client.post("/account/password/", {"old": PASSWORD, "new": "another-password-2", "again": "another-password-2"})
    assert (who(client), who(other)) == ("周某", None)


def test_a_party_signs_in_by_phone(client: Client, box: list[str]) -> None:
    answer = client.post("/sign-in/phone/", {"phone": "138 0000 1234", "next": "/account/"})
    assert answer["Location"] == "/sign-in/phone/code/"
    page = client.get("/sign-in/phone/code/").content.decode()
    assert "138****1234" in page
    assert client.post("/sign-in/phone/code/", {"code": "x"}).status_code == 422
    answer = client.post("/sign-in/phone/code/", {"code": box[0]})
    assert (answer["Location"], who(client)) == ("/account/", "138****1234")
    assert client.get("/account/").status_code == 200
    assert client.get("/account/password/")["Location"] == "/account/"
    user = User.objects.get()
    assert (user.username, user.kind) == ("phone:13800001234", "party")
    assert client.get("/accounts/").status_code == 403
    assert client.post("/sign-out/")["Location"] == "/sign-in/phone/"


def test_a_wrong_phone_is_kept_and_explained(client: Client) -> None:
    answer = client.post("/sign-in/phone/", {"phone": "1380000123"})
    assert answer.status_code == 422
    assert "手机号少1位，应为11位数字" in answer.content.decode()
    assert 'value="1380000123"' in answer.content.decode()


def test_asking_for_a_code_reveals_nobody(box: list[str]) -> None:
    User.objects.create(username="phone:13800001234", name="x", kind="party")
    User.objects.create(username="phone:13800001235", name="x", kind="party", is_active=False)
    answers = [Client().post("/sign-in/phone/", {"phone": f"1380000123{n}"}) for n in (4, 5, 6)]
    assert {(answer.status_code, answer["Location"]) for answer in answers} == {(302, "/sign-in/phone/code/")}


def test_no_sms_service_is_said(client: Client, settings: Any) -> None:
    settings.SMS_SENDER, settings.SMS_WEBHOOK = "qinqing.accounts.sms.to_webhook", ""
    answer = client.post("/sign-in/phone/", {"phone": "13800001234"})
    assert answer.status_code == 503
    assert "没有接通短信服务" in answer.content.decode()


def test_an_idle_session_ends(client: Client, zhou: User, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in(client)
    start = client.session["seen"]
    for minutes, name in [(29, "周某"), (58, "周某"), (89, None)]:
        monkeypatch.setattr(middleware.time, "time", lambda at=start + 60 * minutes: at)
        assert who(client) == name, f"after {minutes} minutes"
    assert SecurityLog.objects.latest("pk").event == "signed_out_idle"


def test_sign_in_needs_its_form(zhou: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/sign-in/", {"username": "zhou", "password": PASSWORD}).status_code == 403


@pytest.mark.parametrize("path", ["/sign-in/", "/sign-in/phone/"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_pages_speak_one_language_at_a_time(client: Client, path: str, lang: str) -> None:
    page = client.get(path, {"lang": lang}).content.decode()
    assert ("Sign in" in page) == (lang == "en")
