"""门口: what the middleware refuses, how it says so, and what the API takes as identity."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from qinqing.accounts import access, tokens
from qinqing.accounts.actor import Post
from qinqing.accounts.models import AdminRole, User
from qinqing.accounts.permissions import Table
from qinqing.audit.models import SecurityLog
from qinqing.lib import wallclock

pytestmark = pytest.mark.django_db


def officer(username: str, role: str | None = None) -> User:
    user = User.objects.create(username=username, name=username, kind="officer", password="a-long-password-1")
    if role:
        AdminRole.objects.create(user=user, role=role)
    return user


def signed_in(user: User, **more: Any) -> Client:
    client = Client(**more)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_a_page_without_right_names_who_could(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "_role_source", lambda user, now: ((Post(7, "handler"),), frozenset()))
    answer = signed_in(officer("zhou")).get("/accounts/")
    assert answer.status_code == 403
    assert "这一项由系统管理员使用，您现在的身份是经办人" in answer.content.decode()
    line = SecurityLog.objects.get()
    assert (line.event, line.user_name, line.detail) == ("refused", "zhou", "GET /accounts/ (accounts:accounts)")


def test_nobody_signed_in() -> None:
    client = Client()
    assert client.get("/accounts/")["Location"] == "/sign-in/?next=%2Faccounts%2F"
    assert client.post("/accounts/new/")["Location"] == "/sign-in/?next=%2F", "a post cannot be repeated by a redirect"
    answer = client.get("/accounts/", HTTP_HX_REQUEST="true", HTTP_HX_CURRENT_URL="http://testserver/desk/?a=1")
    assert (answer.status_code, answer["HX-Redirect"]) == (401, "/sign-in/?next=%2Fdesk%2F%3Fa%3D1")
    answer = client.get("/api/me")
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json; charset=utf-8")
    assert answer["WWW-Authenticate"] == "Bearer"
    assert not SecurityLog.objects.exists(), "who merely is not signed in is no event"


def test_an_undecided_route_opens_for_nobody(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    whole = access.table()
    routes = {name: rule for name, rule in whole.routes.items() if name not in {"accounts:accounts", "api:accounts_me"}}
    monkeypatch.setattr(access, "table", lambda: Table(whole.roles, whole.capacities, routes))
    monkeypatch.setattr("qinqing.accounts.middleware.table", access.table)
    client = signed_in(officer("sys", "system_admin"))
    with caplog.at_level(logging.ERROR, "qinqing.accounts.middleware"):
        assert client.get("/accounts/").status_code == 403
        assert client.get("/api/me").status_code == 403
    assert "'accounts:accounts' has no line in the permissions table" in caplog.text
    assert "'api:accounts_me' has no line" in caplog.text


def test_unknown_addresses_and_methods_stay_what_they_are() -> None:
    assert Client().get("/no-such-page/").status_code == 404
    assert Client().delete("/api/me").status_code == 405


def test_a_token_is_an_identity_for_the_api_only() -> None:
    now = wallclock.now()
    robot = User.objects.create(username="bank", name="银行", kind="program")
    token, text = tokens.issue(robot, "x", now, now + timedelta(days=1))
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {text}"}
    answer = Client().get("/api/me", **bearer)
    assert answer.json() | {"user_id": 0} == {
        "user_id": 0, "name": "银行", "kind": "program", "roles": ["program"], "posts": [], "party_ids": [],
    }  # fmt: skip
    assert Client().get("/account/", **bearer).status_code == 302
    assert Client().get("/api/me", HTTP_AUTHORIZATION=f"Bearer {text}x").status_code == 401
    assert Client().get("/api/me", HTTP_AUTHORIZATION=f"Basic {text}").status_code == 401
    tokens.revoke(token, now)
    assert Client().get("/api/me", **bearer).status_code == 401
    assert signed_in(officer("zhou")).get("/api/me", **bearer).status_code == 401, "no falling back to the session"


def test_the_administrators_pages_work(settings: Any) -> None:
    system, security, audit = (
        signed_in(officer(code, code)) for code in ("system_admin", "security_admin", "audit_admin")
    )
    assert system.get("/accounts/", {"q": "sec"}).status_code == 200
    answer = system.post("/accounts/new/", {"username": "chen", "name": "陈", "kind": "officer", "phone": ""})
    chen = User.objects.get(username="chen")
    password = answer.content.decode().split('class="mono b">')[1].split("<")[0]
    assert chen.check_password(password)
    assert system.post("/accounts/new/", {"username": "chen", "name": "陈", "kind": "officer"}).status_code == 422
    system.post("/accounts/new/", {"username": "bank", "name": "银行", "kind": "program"})
    assert system.get(f"/accounts/{chen.pk}/").status_code == 200
    assert system.post(f"/accounts/{chen.pk}/password/").status_code == 200
    assert not User.objects.get(pk=chen.pk).check_password(password)
    assert system.post(f"/accounts/{chen.pk}/deactivate/").status_code == 302
    assert not User.objects.get(pk=chen.pk).is_active
    assert system.post(f"/accounts/{chen.pk}/reactivate/").status_code == 302

    assert security.get("/administrators/").status_code == 200
    assert security.post("/administrators/appoint/", {"username": "nobody", "role": "audit_admin"}).status_code == 422
    assert security.post("/administrators/appoint/", {"username": "chen", "role": "audit_admin"}).status_code == 302
    assert "陈" in security.get("/administrators/").content.decode()
    assert system.post(f"/accounts/{chen.pk}/deactivate/").status_code == 403
    assert security.post(f"/administrators/{chen.pk}/relieve/").status_code == 302
    answer = security.post("/tokens/", {"username": "bank", "label": "县支行", "days": "30"})
    text = answer.content.decode().split('class="mono b">')[1].split("<")[0]
    assert Client().get("/api/me", HTTP_AUTHORIZATION=f"Bearer {text}").status_code == 200
    assert text not in security.get("/tokens/").content.decode()
    assert security.post("/tokens/1000000/revoke/").status_code == 409
    assert security.get("/permissions/").status_code == 200

    for _ in range(5):
        Client().post("/sign-in/", {"username": "chen", "password": "wrong-password-9"})
    assert "chen" in security.get("/lock-outs/").content.decode()
    assert security.post("/lock-outs/unlock/", {"username": "chen"}).status_code == 302
    assert Client().post("/sign-in/", {"username": "chen", "password": "wrong-password-9"}).status_code == 422

    page = audit.get("/security-log/", {"q": "chen", "event": "account_created"}).content.decode()
    assert "chen 陈" in page
    assert "银行" not in page
    assert audit.get("/permissions/").status_code == 200
