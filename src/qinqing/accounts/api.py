"""接口: who am I (我的身份)."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import NinjaAPI, Router, Schema

from qinqing.accounts.api_auth import ActorAuth
from qinqing.accounts.middleware import actor_of
from qinqing.ui.errors import problems

router = Router(tags=["accounts"], auth=ActorAuth())


class PostOut(Schema):
    """A role in a unit."""

    unit_id: int
    role: str
    deputises: str


class MeOut(Schema):
    """The person or program the request comes from."""

    user_id: int | None
    name: str
    kind: str
    roles: list[str]
    posts: list[PostOut]
    party_ids: list[int]


@router.get("/me", response={200: MeOut, **problems()}, operation_id="accounts_me", summary="我的身份 Who am I")
def me(request: HttpRequest) -> MeOut:
    """The actor of this request with roles, posts and parties."""
    actor = actor_of(request)
    return MeOut(
        user_id=actor.user_id,
        name=actor.name,
        kind=actor.kind,
        roles=sorted(actor.roles),
        posts=[PostOut(unit_id=post.unit_id, role=post.role, deputises=post.deputises) for post in actor.posts],
        party_ids=sorted(actor.party_ids),
    )


def add_to(api: NinjaAPI) -> None:
    """Add this room's operations."""
    api.add_router("", router)
