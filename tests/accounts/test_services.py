"""三员分立 and accounts: who may do what to whom, and the line it leaves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qinqing.accounts import access, services, tokens
from qinqing.accounts.access import actor_for
from qinqing.accounts.actor import SYSTEM, Actor, Post
from qinqing.accounts.models import AdminRole, Token, User
from qinqing.accounts.services import NotPossible, NotYours
from qinqing.audit.models import SecurityLog
from qinqing.lib.wallclock import CHINA
from qinqing.ui.errors import Invalid, Problem

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 9, 29, 10, 20, tzinfo=CHINA)
ROLES = ("system_admin", "security_admin", "audit_admin")


def person(username: str, role: str | None = None, kind: str = "officer") -> User:
    user = User.objects.create(username=username, name=username, kind=kind)
    if role:
        AdminRole.objects.create(user=user, role=role)
    return user


@pytest.fixture
def three() -> dict[str, User]:
    return {role: person(role, role) for role in ROLES}


def as_actor(user: User) -> Actor:
    return actor_for(User.objects.get(pk=user.pk), NOW)


ACTS: dict[str, tuple[str, Callable[[Actor, User], object]]] = {
    "create": (
        "system_admin",
        lambda by, _: services.create_account(by, username="new1", name="新", kind="officer", now=NOW),
    ),
    "deactivate": ("system_admin", lambda by, user: services.deactivate(by, user.pk, NOW)),
    "reactivate": ("system_admin", lambda by, user: services.reactivate(by, user.pk, NOW)),
    "reset_password": ("system_admin", lambda by, user: services.reset_password(by, user.pk, NOW)),
    "appoint": ("security_admin", lambda by, user: services.appoint(by, user.pk, "audit_admin", NOW)),
    "unlock": ("security_admin", lambda by, user: services.unlock(by, user.username, NOW)),
    "reset_second": ("security_admin", lambda by, user: services.reset_second_factor(by, user.pk, NOW)),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("role", [*ROLES, "handler"])
def test_each_act_belongs_to_one_administrator(three: dict[str, User], act: str, role: str) -> None:
    needed, do = ACTS[act]
    target = person("target")
    by = as_actor(three[role]) if role in three else Actor(target.pk + 1, "h", "officer", (Post(1, "handler"),))
    before = SecurityLog.objects.count()
    if role == needed:
        do(by, target)
        line = SecurityLog.objects.latest("pk")
        assert SecurityLog.objects.count() == before + 1
        assert (line.user_id, line.at) == (by.user_id, NOW)
    else:
        with pytest.raises(NotYours):
            do(by, target)
        assert SecurityLog.objects.count() == before


@pytest.mark.parametrize("act", [name for name in ACTS if name != "create"])
def test_nobody_administers_themselves(three: dict[str, User], act: str) -> None:
    needed, do = ACTS[act]
    with pytest.raises(NotYours, match="自己的账号"):
        do(as_actor(three[needed]), three[needed])
    with pytest.raises(NotYours, match="自己的账号"):
        services.relieve(as_actor(three["security_admin"]), three["security_admin"].pk, NOW)


@pytest.mark.parametrize("act", ["deactivate", "reactivate", "reset_password"])
@pytest.mark.parametrize("role", ["security_admin", "audit_admin"])
def test_the_system_administrator_cannot_touch_other_administrators(
    three: dict[str, User], act: str, role: str
) -> None:
    with pytest.raises(NotYours, match="先由安全管理员解除"):
        ACTS[act][1](as_actor(three["system_admin"]), three[role])


def test_nobody_holds_two_duties_or_a_duty_beside_a_post(
    three: dict[str, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    security = as_actor(three["security_admin"])
    with pytest.raises(NotPossible, match="不能兼任"):
        services.appoint(security, three["audit_admin"].pk, "system_admin", NOW)
    handler = person("handler")
    monkeypatch.setattr(access, "_role_source", lambda user, now: ((Post(7, "handler"),), frozenset()))
    with pytest.raises(NotPossible, match="不能兼任管理员"):
        services.appoint(security, handler.pk, "audit_admin", NOW)
    with pytest.raises(NotPossible, match="在用的工作人员"):
        services.appoint(security, person("bot", kind="program").pk, "audit_admin", NOW)
    with pytest.raises(Invalid):
        services.appoint(security, handler.pk, "boss", NOW)


def test_the_last_security_administrator_stays(three: dict[str, User]) -> None:
    only = three["security_admin"]
    with pytest.raises(NotPossible, match="最后一名"):
        services.relieve(SYSTEM, only.pk, NOW)
    with pytest.raises(NotPossible, match="最后一名"):
        asleep = person("asleep", "security_admin")
        User.objects.filter(pk=asleep.pk).update(is_active=False)
        services.relieve(SYSTEM, only.pk, NOW)
    second = person("second", "security_admin")
    services.relieve(as_actor(second), only.pk, NOW)
    assert as_actor(only).roles == frozenset()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_administrators_try_one_security_administrator_remains(data: Any, db: None) -> None:
    """A random walk over all acts by all people; the promises of 三员分立 hold after every step."""
    AdminRole.objects.all().delete()
    Token.objects.all().delete()
    User.objects.all().delete()
    people = [person(f"p{n}", role) for n, role in enumerate([*ROLES, "security_admin", None, None])]
    for _ in range(data.draw(st.integers(1, 12))):
        by, user = data.draw(st.sampled_from(people)), data.draw(st.sampled_from(people))
        act = data.draw(st.sampled_from(["deactivate", "reactivate", "appoint", "relieve"]))
        actor = as_actor(by)
        before = (user.pk, AdminRole.objects.filter(user=user).values_list("role", flat=True).first())
        try:
            if act == "appoint":
                services.appoint(actor, user.pk, data.draw(st.sampled_from(ROLES)), NOW)
            elif act == "relieve":
                services.relieve(actor, user.pk, NOW)
            else:
                ACTS[act][1](actor, user)
        except Problem:
            after = AdminRole.objects.filter(user=user).values_list("role", flat=True).first()
            assert (user.pk, after) == before
        else:
            assert by != user
        assert AdminRole.objects.filter(role="security_admin", user__is_active=True).exists()


def test_a_new_account(three: dict[str, User]) -> None:
    by = as_actor(three["system_admin"])
    user, password = services.create_account(by, username=" zhou.m ", name="周", kind="officer", now=NOW)
    assert (user.username, user.must_change_password, user.check_password(password)) == ("zhou.m", True, True)
    robot, none = services.create_account(by, username="bank-link", name="银行", kind="program", now=NOW)
    assert (none, robot.has_usable_password()) == ("", False)


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        ({"username": "z"}, "username"),
        ({"username": "phone:13800001234"}, "username"),
        ({"username": "SYSTEM_ADMIN"}, "username"),
        ({"name": " "}, "name"),
        ({"kind": "party"}, "kind"),
        ({"password": "short"}, "password"),
        ({"password": "12345678901"}, "password"),
    ],
)
def test_a_wrong_entry_is_named(three: dict[str, User], entry: dict[str, str], field: str) -> None:
    good = {"username": "zhou", "name": "周", "kind": "officer"}
    with pytest.raises(Invalid) as error:
        services.create_account(as_actor(three["system_admin"]), now=NOW, **(good | entry))  # type: ignore[arg-type]
    assert set(error.value.fields) == {field}
    assert not User.objects.filter(username="zhou").exists()


def test_changing_ones_password() -> None:
    user = User.objects.create(username="zhou", name="周", kind="officer", password="first-password-1")
    by = as_actor(user)
    for old, new, field in [
        ("wrong", "second-password-2", "old"),
        ("first-password-1", "first-password-1", "new"),
        ("first-password-1", "password", "new"),
    ]:
        with pytest.raises(Invalid) as error:
            services.change_own_password(user, by, old, new, NOW)
        assert set(error.value.fields) == {field}
    services.change_own_password(user, by, "first-password-1", "second-password-2", NOW)
    user.refresh_from_db()
    assert user.check_password("second-password-2")


def test_tokens_are_for_programs_only_and_end(three: dict[str, User]) -> None:
    security = as_actor(three["security_admin"])
    robot, handler = person("bank", kind="program"), person("handler")
    with pytest.raises(NotPossible, match="程序账号"):
        services.create_token(security, handler.pk, "x", NOW, days=30)
    with pytest.raises(NotYours):
        services.create_token(as_actor(three["system_admin"]), robot.pk, "x", NOW, days=30)
    for label, days, field in [(" ", 30, "label"), ("x", 0, "days"), ("x", 367, "days")]:
        with pytest.raises(Invalid) as error:
            services.create_token(security, robot.pk, label, NOW, days=days)
        assert set(error.value.fields) == {field}
    token, text = services.create_token(security, robot.pk, "县支行", NOW, days=30)
    assert text not in str(Token.objects.values().get()), "only its hash is kept"
    assert text not in SecurityLog.objects.latest("pk").detail
    assert tokens.user_of(text, NOW + timedelta(days=30) - timedelta(seconds=1)) == robot
    assert tokens.user_of(text, NOW + timedelta(days=30)) is None
    assert tokens.user_of(text + "x", NOW) is None
    services.revoke_token(security, token.pk, NOW)
    assert tokens.user_of(text, NOW) is None


def test_deactivation_ends_tokens_for_good(three: dict[str, User]) -> None:
    robot = person("bank", kind="program")
    _, text = tokens.issue(robot, "x", NOW, None)
    assert tokens.user_of(text, NOW) == robot
    system = as_actor(three["system_admin"])
    services.deactivate(system, robot.pk, NOW)
    services.reactivate(system, robot.pk, NOW)
    assert tokens.user_of(text, NOW) is None
