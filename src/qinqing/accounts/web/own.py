"""我的账号: one's own password and second step."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qinqing.accounts import second_factor, services
from qinqing.accounts.access import second_factor_required, table
from qinqing.accounts.middleware import actor_of, address_of
from qinqing.accounts.models import User
from qinqing.audit.services import log_security
from qinqing.lib import wallclock
from qinqing.lib.labels import Label
from qinqing.ui.errors import Invalid
from qinqing.ui.qr import qr_svg

_SECRET = "enrolling"  # noqa: S105 - session key: the secret shown, until its first code confirms it


@never_cache
@require_GET
def account(request: HttpRequest) -> HttpResponse:
    """Who I am here, and the doors to password and second step."""
    actor = actor_of(request)
    user = _user(request)
    page = {
        "person": user,
        "roles": [table().roles[code].label for code in sorted(actor.roles) if code in table().roles],
        "is_officer": user.kind == User.Kind.OFFICER,
        "required": second_factor_required(actor),
        "codes_left": user.recovery_codes.filter(used_at=None).count(),
    }
    return render(request, "accounts/own.html", page)


@never_cache
@sensitive_post_parameters("old", "new", "again")
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Change one's password; other sessions of the account end."""
    user = _user(request)
    if user.kind != User.Kind.OFFICER:
        return redirect("accounts:own")
    page: dict[str, Any] = {"must": user.must_change_password, "fields": {}}
    if request.method == "GET":
        return render(request, "accounts/password.html", page)
    old, new = request.POST.get("old", ""), request.POST.get("new", "")
    try:
        if new != request.POST.get("again", ""):
            detail = Label("两次输入的新密码不一样。", "The two new passwords differ.")
            raise Invalid(detail, fields={"again": detail})
        services.change_own_password(user, actor_of(request), old, new, wallclock.now(), address_of(request))
    except Invalid as problem:
        return render(request, "accounts/password.html", page | {"fields": problem.fields}, status=422)
    update_session_auth_hash(request, user)  # this session goes on, under a new key
    return redirect("/" if page["must"] else "accounts:own")


@never_cache
@require_http_methods(["GET", "POST"])
def two_step(request: HttpRequest) -> HttpResponse:
    """Set up the second step: QR code, first code, then the recovery codes, shown once."""
    user = _user(request)
    if user.kind != User.Kind.OFFICER or user.totp_secret:
        return redirect("accounts:own")
    secret = request.session.setdefault(_SECRET, second_factor.new_secret())
    error = None
    if request.method == "POST":
        codes = second_factor.enrol(user, secret, request.POST.get("code", ""), wallclock.now())
        if codes is not None:
            del request.session[_SECRET]
            request.session.cycle_key()
            _log(request, "second_step_on")
            return render(request, "accounts/recovery_codes.html", {"codes": codes})
        error = Label("验证码不对，请输入应用里当前的6位数字。", "Wrong code; type the six digits the app shows now.")
    page = {
        "qr": qr_svg(second_factor.address(secret, user), str(Label("两步登录密钥二维码", "QR code of the secret"))),
        "secret": " ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        "required": second_factor_required(actor_of(request)),
        "error": error,
    }
    return render(request, "accounts/two_step.html", page, status=422 if error else 200)


@require_POST
def two_step_off(request: HttpRequest) -> HttpResponse:
    """Turn the second step off with a code of it, to set up a new phone."""
    user = _user(request)
    if not second_factor.accepts(user, request.POST.get("code", ""), wallclock.now()):
        _log(request, "second_step_off_failed")
        detail = Label("验证码不对或已用过，请等下一个码。", "The code is wrong or used; wait for the next one.")
        raise Invalid(detail, fields={"code": detail})
    second_factor.remove(user)
    _log(request, "second_step_off")
    return redirect("accounts:own")


def _user(request: HttpRequest) -> User:
    """The signed-in user; the permissions table lets nobody else in here."""
    if not isinstance(request.user, User):
        raise TypeError("this page needs a signed-in user; give its route `signed_in` in permissions.yaml")
    return request.user


def _log(request: HttpRequest, event: str) -> None:
    log_security(event, actor_of(request), address_of(request), "", wallclock.now())
