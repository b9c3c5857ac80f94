"""门口: puts the actor on every request and lets through what the permissions table allows, refusing the rest.

A route that the table does not decide is refused for everybody. Static files are served before this door.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from axes.helpers import get_client_ip_address
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from ninja.operation import PathView
from ninja.utils import check_csrf

from qinqing.accounts import tokens
from qinqing.accounts.access import actor_for, may_open, roles_for, second_factor_required, table
from qinqing.accounts.actor import ANONYMOUS, Actor
from qinqing.accounts.models import User
from qinqing.audit.services import log_security
from qinqing.lib import wallclock
from qinqing.lib.labels import Label
from qinqing.ui.errors import NotAllowed, SignInNeeded, answer

log = logging.getLogger(__name__)
IDLE_SECONDS = 30 * 60
_SEEN = "seen"  # session key: when the person last did something, in real seconds
_OPEN_TO_HELD = {"accounts:password", "accounts:two_step", "accounts:sign_out"}


class AccessMiddleware:
    """Sets `request.actor` (never None) and answers for routes the actor may not open."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = _actor(request)  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: object, kwargs: object
    ) -> HttpResponseBase | None:
        """None lets the view answer."""
        actor = actor_of(request)
        name = route_name(request, view)
        if name is None:
            return None  # an API address with a method it does not know: the API answers 405
        if not may_open(actor, name):
            return _refuse(request, actor, name)
        if held := _held_at(request, actor, name):
            return held
        if _is_api(request) and actor is not ANONYMOUS and not _bearer(request):
            return _without_csrf(request)
        return None


def actor_of(request: HttpRequest) -> Actor:
    """The actor at the door, for typed code."""
    return cast(Actor, request.actor)  # type: ignore[attr-defined]


def address_of(request: HttpRequest) -> str:
    """The network address of the request, '' when unknown."""
    return get_client_ip_address(request) or ""


def route_name(request: HttpRequest, view: Callable[..., Any]) -> str | None:
    """The route's name in the permissions table; None for an API address asked with a method it does not offer."""
    operations = [
        operation
        for cell in getattr(view, "__closure__", None) or ()  # ninja's view closes over the operations of its address
        if isinstance(cell.cell_contents, PathView)
        for operation in cell.cell_contents.operations
    ]
    if operations:
        fitting = [operation for operation in operations if request.method in operation.methods]
        return f"api:{fitting[0].operation_id}" if fitting else None
    match = request.resolver_match
    return match.view_name if match else ""


def mark_seen(request: HttpRequest) -> None:
    """Start or continue the idle count of the session."""
    request.session[_SEEN] = int(time.time())


def _actor(request: HttpRequest) -> Actor:
    now = wallclock.now()
    if _is_api(request) and (text := _bearer(request)):
        user = tokens.user_of(text, now)
        return actor_for(user, now) if user else ANONYMOUS  # a bad token never falls back to the session
    if not request.user.is_authenticated:
        return ANONYMOUS
    # Real time, not the movable clock: moving the demo's clock forward must not sign everybody out.
    idle = time.time() - request.session.get(_SEEN, time.time())
    if idle > IDLE_SECONDS:
        log_security("signed_out_idle", actor_for(request.user, now), address_of(request), "", now)
        logout(request)
        return ANONYMOUS
    if idle > 60 or _SEEN not in request.session:
        mark_seen(request)
    return actor_for(request.user, now)


def _refuse(request: HttpRequest, actor: Actor, name: str) -> HttpResponseBase:
    if name not in table().routes:
        log.error("route %r has no line in the permissions table; nobody may open it until it has", name)
    if actor is ANONYMOUS:
        return _to_sign_in(request, name)
    now = wallclock.now()
    log_security("refused", actor, address_of(request), f"{request.method} {request.path} ({name})", now)
    mine = _names(role.label for code, role in table().roles.items() if code in actor.roles)
    able = _names(role.label for role in roles_for(name))
    if able is None:
        detail = Label(
            "这一项尚未开放，请联系安全管理员。", "This is not open to anybody; ask the security administrator."
        )
    else:
        own = mine or Label("未任职", "without a post")
        detail = Label(
            f"这一项由{able.zh}使用，您现在的身份是{own.zh}。确需使用的，请由本单位负责人报安全管理员办理。",
            f"This is for: {able.en}. You are: {own.en}. If you need it, ask the head of your unit.",
        )
    return answer(request, NotAllowed(detail))


def _to_sign_in(request: HttpRequest, name: str) -> HttpResponseBase:
    """HTML: to the sign-in page that fits; API and htmx: a 401 problem (htmx is told where to go)."""
    only_parties = {role.code for role in roles_for(name)} == {"party"}
    page = reverse("accounts:phone" if only_parties else "accounts:sign_in")
    if request.headers.get("HX-Request") == "true":
        target = f"{page}?{urlencode({'next': _page_behind(request)})}"
    else:
        target = f"{page}?{urlencode({'next': request.get_full_path() if request.method == 'GET' else '/'})}"
        if not _is_api(request):
            return redirect(target)
    detail = Label(
        "请登录后再操作；程序请在 Authorization 中带有效令牌。",
        "Sign in and try again; programs send a valid token in Authorization.",
    )
    response = answer(request, SignInNeeded(detail))
    if not _is_api(request):
        response["HX-Redirect"] = target
    return response


def _page_behind(request: HttpRequest) -> str:
    """The path and query of the page that htmx asks from; `/` when the header is no address."""
    try:
        here = urlsplit(request.headers.get("HX-Current-URL", "/"))
    except ValueError:
        return "/"
    return here.path + ("?" + here.query if here.query else "")


def _held_at(request: HttpRequest, actor: Actor, name: str) -> HttpResponseBase | None:
    """Sends a person who must first change the password or set up the second step there."""
    user = request.user
    rule = table().routes[name]
    if rule.public or name in _OPEN_TO_HELD or not isinstance(user, User) or _bearer(request):
        return None
    if user.must_change_password:
        step, detail = "accounts:password", Label("请先修改初始密码。", "Change the initial password first.")
    elif second_factor_required(actor) and not user.totp_secret:
        step = "accounts:two_step"
        detail = Label("您的角色须先启用两步登录。", "Your role requires two-step sign-in; set it up first.")
    else:
        return None
    if _is_api(request):
        return answer(request, NotAllowed(detail))
    target = reverse(step)
    if request.headers.get("HX-Request") == "true":
        response = HttpResponse(status=204)
        response["HX-Redirect"] = target
        return response
    return redirect(target)


def _without_csrf(request: HttpRequest) -> HttpResponseBase | None:
    """With a session Django's check must hold. Asked without the view: ninja's are marked exempt. None: all right."""
    if check_csrf(request) is None:
        return None
    return answer(
        request,
        NotAllowed(
            Label("缺少或过期的防伪标记，请刷新页面后再试。", "The CSRF token is missing or old; reload the page.")
        ),
    )


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def _bearer(request: HttpRequest) -> str:
    """The token sent with the request, or ''. Only the API takes tokens."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" and _is_api(request) else ""


def _names(labels: Any) -> Label | None:
    """「、」-joined labels; None when there are none."""
    found = list(labels)
    return Label("、".join(one.zh for one in found), ", ".join(one.en for one in found)) if found else None
