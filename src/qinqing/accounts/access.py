"""准入: what an actor may open and as what they may act, by the one permissions table.

The questions asked inside an act (`capacity`, `holds`) are look-ups in memory: they cost microseconds and no query.
Who holds which posts and parties is known to the directory, above this room; it hands that in by `set_role_source`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache

from django.conf import settings
from django.contrib.auth.models import AnonymousUser

from qinqing.accounts.actor import ANONYMOUS, Actor, Post
from qinqing.accounts.models import AdminRole, User
from qinqing.accounts.permissions import At, Capacity, PermissionsError, Role, Table, load

RoleSource = Callable[[User, datetime], tuple[tuple[Post, ...], frozenset[int]]]


@cache
def table() -> Table:
    """The permissions table of this installation, read once. Raises PermissionsError when it is wrong."""
    return load(settings.PERMISSIONS_TABLE)


def may_open(actor: Actor, route_name: str) -> bool:
    """Whether the table lets the actor open the route (`cases:case`, `api:cases_act`). An unknown route: nobody."""
    rule = table().routes.get(route_name)
    if rule is None:
        return False
    if rule.public:
        return True
    if rule.signed_in:
        return actor.user_id is not None
    return not rule.roles.isdisjoint(actor.roles)


def roles_for(route_name: str) -> tuple[Role, ...]:
    """The roles that could open the route, in the table's order; empty for public, signed-in and unknown routes."""
    rule = table().routes.get(route_name)
    return tuple(role for code, role in table().roles.items() if rule and code in rule.roles)


def capacity(name: str) -> Capacity:
    """The capacity a procedure names. Raises PermissionsError for a name the table does not hold."""
    try:
        return table().capacities[name]
    except KeyError:
        known = ", ".join(table().capacities)
        raise PermissionsError(f"no capacity {name!r} in {settings.PERMISSIONS_TABLE}; known are {known}") from None


def holds(
    actor: Actor,
    capacity: Capacity,
    unit_id: int | None,
    *,
    parent_of: Mapping[int, int | None],
    party_id: int | None,
) -> bool:
    """Whether the actor holds the capacity towards a task of `unit_id` in a case of `party_id`. Pure, no queries.

    `parent_of`: unit id -> id of the unit above it (missing or None: no unit above). `None` for `unit_id` or `party_id`
    means nobody knows the unit or party, and so nobody holds a capacity that depends on it.
    """
    if capacity.at is At.ANYWHERE:
        return not capacity.roles.isdisjoint(actor.roles)
    if capacity.at is At.OWN_CASE:
        return party_id is not None and party_id in actor.party_ids and not capacity.roles.isdisjoint(actor.roles)
    if unit_id is None:
        return False
    parent = parent_of.get(unit_id) if capacity.at is At.UNIT_OR_PARENT else None
    return any(
        post.role in capacity.roles and (post.unit_id == unit_id or (parent is not None and post.unit_id == parent))
        for post in actor.posts
    )


def no_roles(user: User, now: datetime) -> tuple[tuple[Post, ...], frozenset[int]]:
    """The source before the directory registers: nobody holds a post or acts for a party."""
    return (), frozenset()


_role_source: RoleSource = no_roles


def set_role_source(source: RoleSource) -> RoleSource:
    """From now on `source(user, now)` says which posts and party ids a user has. Returns the one before."""
    global _role_source
    before, _role_source = _role_source, source
    return before


def role_source() -> RoleSource:
    """The registered source of posts and parties."""
    return _role_source


def actor_for(user: User | AnonymousUser, now: datetime) -> Actor:
    """The actor a signed-in user is at `now`; ANONYMOUS for nobody and for deactivated accounts.

    An administrator (三员) has no other capacity: posts and parties of such an account do not count, so that who keeps
    the system never also handles matters in it.
    """
    if not isinstance(user, User) or not user.is_active:
        return ANONYMOUS
    if user.kind == User.Kind.OFFICER:
        role = AdminRole.objects.filter(user=user).values_list("role", flat=True).first()
        if role:
            return Actor(user.pk, user.name, user.kind, extra_roles=frozenset({role}))
    posts, party_ids = _role_source(user, now)
    return Actor(user.pk, user.name, user.kind, posts, party_ids)


def second_factor_required(actor: Actor) -> bool:
    """Whether one of the actor's roles demands a second factor here: `mfa: required` in the table, in production."""
    return settings.MODE == "production" and any(role.second_factor_required for role in _roles(actor.roles))


def _roles(codes: Iterable[str]) -> list[Role]:
    return [table().roles[code] for code in codes if code in table().roles]
