"""The permissions table and what is asked of it."""

from __future__ import annotations

import copy
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from qinqing.accounts import access
from qinqing.accounts.actor import ANONYMOUS, SYSTEM, Actor, Post
from qinqing.accounts.models import AdminRole, User
from qinqing.accounts.permissions import At, Capacity, PermissionsError, parse
from qinqing.lib.wallclock import CHINA

NOW = datetime(2026, 9, 29, 10, 20, tzinfo=CHINA)
GOOD: dict[str, Any] = {
    "roles": {"clerk": {"zh": "专员", "en": "Clerk"}, "head": {"zh": "负责人", "en": "Head", "mfa": "required"}},
    "capacities": {"clerk": {"roles": ["clerk", "head"], "at": "unit"}},
    "routes": {"a:open": "public", "a:in": "signed_in", "a:clerk": ["clerk"]},
}


def changed(path: str, value: Any) -> dict[str, Any]:
    data = copy.deepcopy(GOOD)
    *way, last = path.split("/")
    node = data
    for key in way:
        node = node[key]
    node[last] = value
    return data


def test_the_installed_table_is_right_and_complete_for_procedures() -> None:
    assert {"clerk", "handler", "section_head", "supervisor", "leader", "party", "system"} <= set(
        access.table().capacities
    )
    required = {code for code, role in access.table().roles.items() if role.second_factor_required}
    assert required == {"system_admin", "security_admin", "audit_admin", "leader", "inspector"}


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("routes/a:clerk", ["clark"], "routes.a:clerk: no role clark"),
        ("routes/a:clerk", [], "routes.a:clerk is []; write public, signed_in or a list of roles"),
        ("routes/a:clerk", "everybody", "routes.a:clerk is 'everybody'"),
        ("capacities/clerk", {"roles": ["boss"], "at": "unit"}, "capacities.clerk.roles: no role boss"),
        ("capacities/clerk", {"roles": ["clerk"], "at": "town"}, "capacities.clerk.at is 'town'"),
        ("capacities/clerk", {"roles": ["clerk"]}, "capacities.clerk: write"),
        ("roles/clerk", {"zh": "专员"}, "roles.clerk: a role needs its name in both languages"),
        ("roles/clerk", {"zh": "专员", "en": "Clerk", "mfa": "yes"}, "roles.clerk.mfa is 'yes'"),
        ("roles/clerk", {"zh": "专员", "en": "Clerk", "held_by": "luck"}, "roles.clerk.held_by is 'luck'"),
        ("roles/clerk", {"zh": "专员", "en": "Clerk", "nfa": "required"}, "unknown nfa"),
        ("wards", {}, "exactly the three keys"),
    ],
)
def test_a_wrong_table_says_where(path: str, value: Any, said: str) -> None:
    with pytest.raises(PermissionsError) as error:
        parse(changed(path, value), "table.yaml")
    assert said in str(error.value)


def test_no_route_stands_twice_in_the_table() -> None:
    """YAML would silently keep the last of two lines."""

    class Strict(yaml.SafeLoader):
        pass

    def mapping(loader: yaml.SafeLoader, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"twice: {sorted(key for key in keys if keys.count(key) > 1)}"
        return yaml.SafeLoader.construct_mapping(loader, node, deep)

    Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    yaml.load(Path(settings.PERMISSIONS_TABLE).read_text(encoding="utf-8"), Strict)


def test_may_open(monkeypatch: pytest.MonkeyPatch) -> None:
    table = parse(GOOD, "table.yaml")
    monkeypatch.setattr(access, "table", lambda: table)
    clerk = Actor(1, "周", "officer", (Post(7, "clerk"),))
    head = Actor(2, "吴", "officer", (Post(7, "head"),))
    opened = {
        actor.name: [name for name in (*table.routes, "a:unknown") if access.may_open(actor, name)]
        for actor in (ANONYMOUS, clerk, head)
    }
    assert opened == {"": ["a:open"], "周": ["a:open", "a:in", "a:clerk"], "吴": ["a:open", "a:in"]}
    assert not access.may_open(SYSTEM, "a:in")
    assert [role.code for role in access.roles_for("a:clerk")] == ["clerk"]


def test_an_unknown_capacity_says_which_are_known() -> None:
    with pytest.raises(PermissionsError, match=r"no capacity 'boss'.*known are clerk"):
        access.capacity("boss")


UNITS = st.integers(1, 5)
POSTS = st.lists(st.builds(Post, UNITS, st.sampled_from(["handler", "section_head", "leader"])), max_size=4)


@given(POSTS, UNITS, st.dictionaries(UNITS, st.none() | UNITS), st.frozensets(UNITS), st.sampled_from(At))
def test_holds(posts: list[Post], unit: int, parents: dict[int, int | None], parties: frozenset[int], at: At) -> None:
    """Against the sentence that each `at` stands for."""
    actor = Actor(1, "周", "officer", tuple(posts), parties)
    capacity = Capacity("x", frozenset({"section_head"}), at)
    head_of = {post.unit_id for post in posts if post.role == "section_head"}
    expected = {
        At.UNIT: unit in head_of,
        At.UNIT_OR_PARENT: unit in head_of or parents.get(unit) in head_of,
        At.OWN_CASE: bool(head_of) and 3 in parties,
        At.ANYWHERE: bool(head_of),
    }
    assert access.holds(actor, capacity, unit, parent_of=parents, party_id=3) is expected[at]


def test_nobody_holds_what_is_unknown() -> None:
    handler = Actor(1, "周", "officer", (Post(7, "handler"),))
    company = Actor(2, "某厂", "party", (), frozenset({3}))
    assert access.holds(handler, access.capacity("handler"), 7, parent_of={}, party_id=None)
    assert not access.holds(handler, access.capacity("handler"), None, parent_of={}, party_id=None)
    assert access.holds(company, access.capacity("party"), None, parent_of={}, party_id=3)
    assert not access.holds(company, access.capacity("party"), None, parent_of={}, party_id=None)
    assert not access.holds(company, access.capacity("party"), None, parent_of={}, party_id=4)
    assert access.holds(SYSTEM, access.capacity("system"), None, parent_of={}, party_id=None)
    assert not access.holds(company, access.capacity("system"), None, parent_of={}, party_id=3)


@pytest.mark.django_db
def test_actor_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "_role_source", lambda user, now: ((Post(7, "handler"),), frozenset({3})))
    officer = User.objects.create(username="zhou", name="周", kind="officer")
    assert access.actor_for(officer, NOW) == Actor(officer.pk, "周", "officer", (Post(7, "handler"),), frozenset({3}))
    AdminRole.objects.create(user=officer, role=AdminRole.Role.AUDIT)
    assert access.actor_for(officer, NOW).roles == {"audit_admin"}, "an administrator has no other capacity"
    officer.is_active = False
    assert access.actor_for(officer, NOW) is ANONYMOUS


def test_second_factor_is_required_in_production_only(settings: Any) -> None:
    leader = Actor(1, "郑", "officer", (Post(1, "leader"),))
    handler = Actor(2, "周", "officer", (Post(1, "handler"),))
    assert not access.second_factor_required(leader)
    settings.MODE = "production"
    assert access.second_factor_required(leader)
    assert not access.second_factor_required(handler)
