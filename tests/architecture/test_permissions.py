"""The permissions table decides everything, and the door does what the table says.

Every page and API operation of every room, for every role and for nobody signed in: the table has a line, and a real
request is refused exactly when the table says so. And every action of every procedure has somebody who can take it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from ninja.operation import PathView

from qinqing.accounts import access
from qinqing.accounts.actor import Actor, Post
from qinqing.accounts.models import AdminRole, User
from qinqing.accounts.permissions import HeldBy
from tests.worlds import Once

pytestmark = pytest.mark.alike
NOBODY = "nobody signed in"
ROLES = [code for code in access.table().roles if code != "system"]  # the system itself comes through no door
DUMMIES = {
    "int": "999999",
    "str": "none",
    "slug": "none",
    "path": "none",
    "uuid": "00000000-0000-0000-0000-000000000000",
}


@dataclass(frozen=True)
class Route:
    """One page or operation: its name in the table, an address with dummy values, and a method to ask with."""

    name: str
    address: str
    method: str


def routes() -> Iterator[Route]:
    """All of the installation, namespaces and the API included."""
    for pattern, address, namespace in _patterns(get_resolver(), "/", ""):
        operations = _operations(pattern)
        if operations is None:
            yield Route(f"{namespace}{pattern.name or ''}", address, "get")
        for operation in operations or ():
            for method in operation.methods:
                yield Route(f"api:{operation.operation_id}", address, method.lower())


def _patterns(resolver: URLResolver, prefix: str, namespace: str) -> Iterator[tuple[URLPattern, str, str]]:
    for pattern in resolver.url_patterns:
        address = prefix + _filled(pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _patterns(pattern, address, inner)
        else:
            yield pattern, address, namespace


def _filled(pattern: URLPattern | URLResolver) -> str:
    text = str(pattern.pattern)
    for name, converter in pattern.pattern.converters.items():
        kind = type(converter).__name__.removesuffix("Converter").lower().replace("string", "str")
        for form in (f"<{kind}:{name}>", f"<{name}>"):
            text = text.replace(form, DUMMIES.get(kind, "none"))
    assert "<" not in text, f"no dummy for {text}; add its converter to DUMMIES"
    return text


def _operations(pattern: URLPattern) -> list[Any] | None:
    for cell in getattr(pattern.callback, "__closure__", None) or ():
        if isinstance(cell.cell_contents, PathView):
            return cell.cell_contents.operations
    return None


ALL = sorted(set(routes()), key=lambda route: (route.name, route.method))
NAMES = [f"{route.method} {route.name}" for route in ALL]


@pytest.fixture(scope="module")
def signed_in(once: Once) -> dict[str, Client]:
    return once(_sign_in)


@pytest.fixture
def clients(db: None, signed_in: dict[str, Client], monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Client]]:
    """A client signed in as each role, and one as nobody."""

    def source(user: User, now: datetime) -> tuple[tuple[Post, ...], frozenset[int]]:
        role = user.username
        return ((Post(1, role),) if access.table().roles[role].held_by is HeldBy.POST else ()), frozenset()

    monkeypatch.setattr(access, "_role_source", source)
    cookies = {code: client.cookies.copy() for code, client in signed_in.items()}
    yield signed_in
    for code, client in signed_in.items():  # a test may have signed somebody out
        client.cookies = cookies[code]


def _sign_in() -> dict[str, Client]:
    clients = {NOBODY: Client(raise_request_exception=False)}
    for code in ROLES:
        kind = code if access.table().roles[code].held_by is HeldBy.KIND else "officer"
        user = User.objects.create(username=code, name=code, kind=kind)
        if access.table().roles[code].held_by is HeldBy.APPOINTMENT:
            AdminRole.objects.create(user=user, role=code)
        clients[code] = _signed_in(user)
    return clients


def _signed_in(user: User) -> Client:
    client = Client(raise_request_exception=False)
    session = client.session
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    client.cookies["sessionid"] = session.session_key
    return client


def _is_refused(answer: Any) -> bool:
    """Told no, or sent to sign in and back afterwards; a page that merely redirects does not say where to go next."""
    if answer.status_code == 302:
        return str(answer["Location"]).startswith(("/sign-in/?next=", "/sign-in/phone/?next="))
    if answer.headers.get("WWW-Authenticate") == "Signature":
        return False  # the banks' door was reached: it asks for a signature, whoever's account it is
    return answer.status_code in {401, 403}


def test_something_is_tested() -> None:
    assert len(ALL) > 20
    assert Route("api:accounts_me", "/api/me", "get") in ALL
    assert Route("accounts:account", "/accounts/999999/", "get") in ALL


def test_the_table_decides_every_route() -> None:
    undecided = sorted({route.name for route in ALL} - set(access.table().routes))
    assert not undecided, f"give each a line under routes: in config/permissions.yaml: {undecided}"


def test_the_table_decides_nothing_that_is_gone() -> None:
    gone = sorted(set(access.table().routes) - {route.name for route in ALL})
    assert not gone, f"no such page or operation any more; take out of config/permissions.yaml: {gone}"


def test_every_role_opens_something_of_its_own_or_is_not_used_yet() -> None:
    """A misspelt role in the table cannot happen (it is refused at start); a forgotten one shows here."""
    used = {code for rule in access.table().routes.values() for code in rule.roles}
    used |= {code for capacity in access.table().capacities.values() for code in capacity.roles}
    assert set(access.table().roles) - used <= {"inspector", "program"}, "a role that opens nothing"


@pytest.mark.parametrize(("number", "route"), list(enumerate(ALL)), ids=NAMES)
def test_the_door_does_what_the_table_says(clients: dict[str, Client], number: int, route: Route) -> None:
    """For nobody signed in, for everybody who is let in where that is not everybody, and for two whom the table treats
    alike, others at each route."""
    alike = [code for code in ROLES if not access.may_open(_as_actor(code), route.name)] or ROLES
    some = {alike[(2 * number + one) % len(alike)] for one in range(2)}
    _agrees(route, {code: client for code, client in clients.items() if code not in alike or code in some})


@pytest.mark.long
@pytest.mark.parametrize("route", ALL, ids=NAMES)
def test_the_door_does_what_the_table_says_for_everybody(clients: dict[str, Client], route: Route) -> None:
    _agrees(route, clients)


def _agrees(route: Route, clients: dict[str, Client]) -> None:
    wrong = []
    for code, client in clients.items():
        answer = getattr(client, route.method)(route.address)
        if _is_refused(answer) is access.may_open(_as_actor(code), route.name):
            wrong.append(f"{code}: {answer.status_code}")
    assert not wrong, f"{route.name} ({route.address}): the door disagrees with the table for {wrong}"


def _as_actor(code: str) -> Actor:
    if code == NOBODY:
        return Actor(None, "", "anonymous")
    held_by = access.table().roles[code].held_by
    if held_by is HeldBy.KIND:
        return Actor(1, code, code)
    if held_by is HeldBy.APPOINTMENT:
        return Actor(1, code, "officer", extra_roles=frozenset({code}))
    return Actor(1, code, "officer", (Post(1, code),))
