"""A small county with one person per role, a program, and matters at every step: what the hostile tests knock at."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from qinqing.accounts import tokens
from qinqing.accounts.models import AdminRole, User
from qinqing.appeals.models import LibraryAnswer
from qinqing.cases import acting, blobs
from qinqing.cases.models import Case
from qinqing.lib.wallclock import now as present
from qinqing.messaging.models import Notice
from tests.cases import county as small
from tests.worlds import Once

if TYPE_CHECKING:
    from tests.conftest import Clock

SAFETY_MARK = "a" * 32  # the same in cookie and header: what a page of ours sends along
PEOPLE = {
    "window_clerk": "clerk",
    "window_head": "window_head",
    "handler": "handler_a",
    "section_head": "head_a",
    "supervisor": "supervisor",
    "leader": "leader",
    "inspector": "inspector",
    "party": "agent",
}


@dataclass
class House:
    """The county, its users by role (None: nobody), the program's token and the matters by what they wait for."""

    county: small.County
    users: dict[str, User | None]
    token: str
    matters: dict[str, Case]

    def cookies(self, role: str) -> dict[str, str]:
        """Cookies of a session of that role, with the safety mark that a form sends again."""
        user, kept = self.users[role], {"csrftoken": SAFETY_MARK}
        if user is not None:
            session = SessionStore()
            session[SESSION_KEY] = str(user.pk)
            session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
            session[HASH_SESSION_KEY] = user.get_session_auth_hash()
            session.save()
            kept[settings.SESSION_COOKIE_NAME] = str(session.session_key)
        return kept

    def sender(self, role: str) -> dict[str, dict[str, str]]:
        """Headers and cookies with which this role calls the API."""
        if role == "program":
            return {"headers": {"Authorization": f"Bearer {self.token}"}, "cookies": {}}
        return {"headers": {"X-CSRFToken": SAFETY_MARK}, "cookies": self.cookies(role)}


@pytest.fixture(scope="module")
def built(once: Once) -> House:
    return once(_build)


@pytest.fixture
def house(db: None, built: House, clock: Clock) -> House:
    """Four matters: at the window, with a section (and a file), waiting for approval, answered."""
    clock.set(small.TUESDAY)
    return deepcopy(built)


def _build() -> House:
    county, now = small.build(), small.TUESDAY
    users: dict[str, User | None] = {role: User.objects.get(pk=county[name].user_id) for role, name in PEOPLE.items()}
    for role in AdminRole.Role:
        users[role.value] = user = User.objects.create(username=role.value, name=role.label, kind="officer")
        AdminRole.objects.create(user=user, role=role)
    program = User.objects.create(username="bridge", name="接口程序", kind="program")
    _, token = tokens.issue(program, "fuzz", now, now + timedelta(days=1))
    matters = {
        "window": county.open(now),
        "section": county.dispatched(now=now),
        "approval": county.dispatched(now=now),
        "answered": county.open(now),
    }
    paper = blobs.store(SimpleUploadedFile("说明.txt", "车间说明".encode()))
    _act(matters["approval"], "feed_back", county["handler_a"], {"answer": "已答复", "result": "solved"}, files=[paper])
    answer = {"class": "simple", "answer": "当场说明", "confirmed": True}
    _act(matters["answered"], "answer_now", county["clerk"], answer, files=[paper])
    for case in matters.values():
        case.refresh_from_db()
    LibraryAnswer.objects.create(question="停车怎么办？", answer="请到窗口登记。", keywords="停车", updated_at=now)
    for user in users.values():
        if user is not None:
            Notice.objects.create(
                user=user, key="fuzz", title_zh="有新办件", title_en="New", link="/desk/", created_at=now
            )
    return House(county, {**users, "anonymous": None}, token, matters)


def _act(case: Case, action: str, actor: Any, data: dict[str, Any], **more: Any) -> None:
    acting.act(case.pk, action, actor, present(), data, **more)


@pytest.fixture
def wsgi_keeps_the_connection(db: None) -> Iterator[None]:
    """A request through the WSGI application leaves the test's connection open (Django's own client does the same)."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
