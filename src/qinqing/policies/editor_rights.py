"""谁能看、谁能改政策: the officers' pages ask here what to offer; every step asks again in `services`. Reads only."""

from __future__ import annotations

from collections.abc import Iterable

from qinqing.accounts.access import capacity
from qinqing.accounts.actor import Actor
from qinqing.directory.models import Unit
from qinqing.lib.labels import Label
from qinqing.policies import selectors
from qinqing.policies.models import PolicyVersion
from qinqing.ui.errors import NotFound


def codes_of(actor: Actor) -> frozenset[str]:
    """The units where the officer has a post, and those above them."""
    units = {post.unit_id for post in actor.posts} | {post.parent_id for post in actor.posts if post.parent_id}
    return frozenset(Unit.objects.filter(pk__in=units).values_list("code", flat=True))


def may_see(actor: Actor, departments: Iterable[str], codes: frozenset[str]) -> bool:
    """Any department of the policy, or a county leader."""
    return "leader" in actor.roles or not codes.isdisjoint(departments)


def may(actor: Actor, name: str, lead: str) -> bool:
    """Whether a capacity of policies is held in the leading department."""
    roles = capacity(name).roles
    if "leader" in roles and "leader" in actor.roles:
        return True
    unit = Unit.objects.filter(code=lead).values_list("pk", flat=True).first()
    return unit is not None and any(
        post.role in roles and unit in {post.unit_id, post.parent_id} for post in actor.posts
    )


def version_for(actor: Actor, code: str, number: int) -> PolicyVersion:
    """A version that the officer may see. Raises NotFound."""
    version = selectors.version(code, number)
    if not may_see(actor, selectors.policy_of(version.pk).departments, codes_of(actor)):
        raise NotFound(
            Label("没有这个政策版本，或不属于您的部门", "There is no such version, or it is not your department's")
        )
    return version


def leads(actor: Actor) -> list[Unit]:
    """The departments for which the officer may draft."""
    roles = capacity("policy_author").roles
    units = {unit for post in actor.posts if post.role in roles for unit in (post.unit_id, post.parent_id) if unit}
    return list(Unit.objects.filter(pk__in=units, closed_on=None).exclude(kind="section").order_by("pk"))
