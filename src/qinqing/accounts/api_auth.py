"""接口身份: the API takes a bearer token, or the session of a signed-in page.

The door itself (`middleware`) reads the token, checks CSRF for sessions and asks the permissions table; this class
tells ninja and its OpenAPI document about it and hands the actor to the operation as `request.auth`.
"""

from __future__ import annotations

from django.http import HttpRequest
from ninja.security import HttpBearer

from qinqing.accounts.actor import Actor
from qinqing.accounts.middleware import actor_of


class ActorAuth(HttpBearer):
    """`NinjaAPI(auth=ActorAuth())`. Who reaches an operation was let through by the table: also nobody, when public."""

    def __call__(self, request: HttpRequest) -> Actor:
        return actor_of(request)

    def authenticate(self, request: HttpRequest, token: str) -> Actor:
        return actor_of(request)
