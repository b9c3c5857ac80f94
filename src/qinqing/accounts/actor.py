"""Who acts (行为人): what the kernel and the permissions table need to know of the person at the door. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Post:
    """任职: a role in a unit. `deputises` names the officer on leave in whose place it is held."""

    unit_id: int
    role: str
    parent_id: int | None = None
    deputises: str = ""


@dataclass(frozen=True, slots=True)
class Actor:
    """One person (or the system) at one moment, with all posts and parties they may act for."""

    user_id: int | None
    name: str
    kind: str  # officer | party | program | system | anonymous
    posts: tuple[Post, ...] = ()
    party_ids: frozenset[int] = frozenset()
    extra_roles: frozenset[str] = field(default_factory=frozenset)  # the three administrators

    @property
    def roles(self) -> frozenset[str]:
        """Role codes of the permissions table."""
        roles = {post.role for post in self.posts} | self.extra_roles
        if self.kind in {"party", "program", "system"}:
            roles.add(self.kind)
        return frozenset(roles)

    @property
    def unit_ids(self) -> frozenset[int]:
        return frozenset(post.unit_id for post in self.posts)


SYSTEM = Actor(None, "系统", "system")
ANONYMOUS = Actor(None, "", "anonymous")
