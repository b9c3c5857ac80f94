"""登录: officers by name, password and second step; parties by a code to their phone."""

from __future__ import annotations

import math
import time
from datetime import timedelta
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.timezone import now as real_now
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from qinqing.accounts import phone_codes, second_factor
from qinqing.accounts.access import actor_for
from qinqing.accounts.actor import ANONYMOUS
from qinqing.accounts.middleware import actor_of, address_of, mark_seen
from qinqing.accounts.models import User
from qinqing.accounts.phone_codes import Check
from qinqing.accounts.web.forms import Phone, PhoneCode, SecondStep, SignIn
from qinqing.audit.services import log_security
from qinqing.lib import wallclock
from qinqing.lib.labels import Label
from qinqing.ui.errors import Problem
from qinqing.ui.forms import Form

SECOND_STEP_SECONDS = 300
_PENDING = "second_step"  # session key: {"user", "at", "next"} between password and second step
_PHONE = "phone_sign_in"  # session key: {"phone", "next"} between asking for a code and typing it
_BACKEND = "django.contrib.auth.backends.ModelBackend"
_WRONG = {
    Check.WRONG: Label("验证码不对，请核对短信", "The code is not right; check the message"),
    Check.EXPIRED: Label("验证码已失效，请重新获取", "The code no longer counts; ask for a new one"),
    Check.TRIED_OUT: Label("已试错5次，请重新获取验证码", "Five wrong tries; ask for a new code"),
}


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def officer(request: HttpRequest) -> HttpResponse:
    """Name and password."""
    target = _next(request)
    if actor_of(request) is not ANONYMOUS:
        return redirect(target)
    form = SignIn(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _show(request, "accounts/sign_in.html", form, next=target)
    username = form.cleaned_data["username"]
    # Axes counts failures and refuses the locked; a name that does not exist costs as long as a wrong password.
    user = authenticate(request, username=username, password=form.cleaned_data["password"])
    if not isinstance(user, User):
        locked = bool(getattr(request, "axes_locked_out", False))
        _log(request, "sign_in_locked" if locked else "sign_in_failed", username)
        form.refuse({"": Label("账号或密码不对，请重新输入", "Wrong account name or password; type them again")})
        return _show(request, "accounts/sign_in.html", form, next=target)
    if not user.totp_secret:
        sign_in_as(request, user)
        return redirect(target)
    request.session.flush()
    request.session[_PENDING] = {"user": user.pk, "at": int(time.time()), "next": target}
    return redirect("accounts:second_step")


@never_cache
@require_http_methods(["GET", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    """The code of the authenticator app, or a recovery code."""
    pending = request.session.get(_PENDING)
    if not pending or time.time() - pending["at"] > SECOND_STEP_SECONDS:
        request.session.pop(_PENDING, None)
        return redirect("accounts:sign_in")
    user = User.objects.filter(pk=pending["user"], is_active=True).first()
    if user is None:
        return redirect("accounts:sign_in")
    form = SecondStep(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _show(request, "accounts/second_step.html", form)
    credentials = {"username": user.username}
    if not AxesProxyHandler.is_allowed(request, credentials):
        return locked_out(request, None, credentials)
    if second_factor.accepts(user, form.cleaned_data["code"], wallclock.now()):
        sign_in_as(request, user)
        return redirect(pending["next"])
    # The same counter as for passwords: who has the password does not get more tries at the code.
    AxesProxyHandler.user_login_failed(sender=__name__, credentials=credentials, request=request)
    _log(request, "second_step_failed", user.username)
    form.refuse({"code": Label("验证码不对或已用过，请等下一个码", "The code is wrong or used; wait for the next one")})
    return _show(request, "accounts/second_step.html", form)


@never_cache
@require_http_methods(["GET", "POST"])
def phone(request: HttpRequest) -> HttpResponse:
    """Ask for a code. The answer is the same for every number, known or not."""
    target = _next(request)
    if actor_of(request) is not ANONYMOUS:
        return redirect(target)
    form = Phone(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _show(request, "accounts/phone.html", form, next=target)
    try:
        number = phone_codes.clean_phone(form.cleaned_data["phone"])
        phone_codes.send_code(number, address_of(request), wallclock.now())
    except Problem as problem:
        form.refuse(problem.fields or {"": problem.detail})
        return _show(request, "accounts/phone.html", form, problem.status, next=target)
    request.session[_PHONE] = {"phone": number, "next": target}
    return redirect("accounts:phone_code")


@never_cache
@require_http_methods(["GET", "POST"])
def phone_code(request: HttpRequest) -> HttpResponse:
    """Type the code."""
    asked = request.session.get(_PHONE)
    if not asked:
        return redirect("accounts:phone")
    masked = phone_codes.masked(asked["phone"])
    form = PhoneCode(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _show(
            request, "accounts/phone_code.html", form, phone=masked, full_phone=asked["phone"], next=asked["next"]
        )
    result = phone_codes.check_code(asked["phone"], form.cleaned_data["code"], wallclock.now())
    user = phone_codes.user_of(asked["phone"]) if result is Check.RIGHT else None
    if user is None:
        _log(request, "phone_code_failed", masked)
        form.refuse({"code": _WRONG.get(result, _WRONG[Check.EXPIRED])})
        return _show(
            request, "accounts/phone_code.html", form, phone=masked, full_phone=asked["phone"], next=asked["next"]
        )
    sign_in_as(request, user)
    return redirect(asked["next"])


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    party = actor_of(request).kind == "party"
    if actor_of(request) is not ANONYMOUS:
        _log(request, "signed_out", "")
    logout(request)
    return redirect("accounts:phone" if party else "accounts:sign_in")


def sign_in_as(request: HttpRequest, user: User) -> None:
    """Start a fresh session for the user: new session key and CSRF token, actor on the request, line in the log.

    The caller has made sure of the person (or is the demo's start page, which exists only in demo mode).
    """
    request.session.flush()  # nothing of what was in the browser before belongs to this person
    login(request, user, backend=_BACKEND)
    mark_seen(request)
    request.actor = actor_for(user, wallclock.now())  # type: ignore[attr-defined]
    _log(request, "signed_in", user.kind)


def locked_out(
    request: HttpRequest, original_response: HttpResponse | None = None, credentials: dict[str, Any] | None = None
) -> HttpResponse:
    """The page after five failures (called by axes): says when it ends. 429 with Retry-After."""
    attempts = AccessAttempt.objects.filter(
        username=(credentials or {}).get("username", ""), ip_address=address_of(request) or None
    )
    last = attempts.order_by("-attempt_time").first()
    pause = get_cool_off(request) or timedelta()
    # Axes counts in real time; the page speaks in the installation's time, which a demo may have moved.
    left = max(timedelta(seconds=1), last.attempt_time + pause - real_now()) if last else pause
    page = {"ends": wallclock.now() + left, "minutes": math.ceil(left.total_seconds() / 60)}
    response = render(request, "accounts/locked_out.html", page, status=429)
    response["Retry-After"] = str(math.ceil(left.total_seconds()))
    return response


def _show(request: HttpRequest, template: str, form: Form, status: int = 422, **page: Any) -> HttpResponse:
    """The form, empty or with what was wrong."""
    return render(request, template, {"form": form, **page}, status=status if form.is_bound else 200)


def _next(request: HttpRequest) -> str:
    """Where to go after signing in: a page of this installation, else the start page."""
    target = request.POST.get("next") or request.GET.get("next") or "/"
    safe = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if safe and not target.startswith(reverse("accounts:sign_in")) else "/"


def _log(request: HttpRequest, event: str, detail: str) -> None:
    log_security(event, actor_of(request), address_of(request), detail, wallclock.now())
