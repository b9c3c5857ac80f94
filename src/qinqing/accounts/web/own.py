"""我的账号: one's own password and second step."""

from __future__ import annotations

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
from qinqing.accounts.phone_codes import masked
from qinqing.accounts.web.forms import FirstCode, Password, SecondStep
from qinqing.audit.services import log_security
from qinqing.lib import wallclock
from qinqing.lib.labels import Label
from qinqing.ui import flash
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
        "shell": "ui/staff.html" if user.kind == User.Kind.OFFICER else "ui/phone.html",
        "person": user,
        "masked_phone": masked(user.phone) if user.phone else "",
        "roles": [table().roles[code].label for code in sorted(actor.roles) if code in table().roles],
        "is_officer": user.kind == User.Kind.OFFICER,
        "required": second_factor_required(actor),
        "form": SecondStep(),
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
    must = user.must_change_password
    form = Password(request.POST if request.method == "POST" else None)
    if form.is_valid():
        old, new = form.cleaned_data["old"], form.cleaned_data["new"]
        try:
            services.change_own_password(user, actor_of(request), old, new, wallclock.now(), address_of(request))
        except Invalid as problem:
            form.refuse(problem.fields)
    if not form.is_valid():
        page = {"form": form, "must": must}
        return render(request, "accounts/password.html", page, status=422 if form.is_bound else 200)
    update_session_auth_hash(request, user)  # this session goes on, under a new key
    flash.say(request, Label("密码已修改，其他设备上的登录已退出", "Password changed; other devices are signed out"))
    return redirect("/" if must else "accounts:own")


@never_cache
@require_http_methods(["GET", "POST"])
def two_step(request: HttpRequest) -> HttpResponse:
    """Set up the second step: QR code, first code, then the recovery codes, shown once."""
    user = _user(request)
    if user.kind != User.Kind.OFFICER or user.totp_secret:
        return redirect("accounts:own")
    secret = request.session.setdefault(_SECRET, second_factor.new_secret())
    form = FirstCode(request.POST if request.method == "POST" else None)
    if form.is_valid():
        codes = second_factor.enrol(user, secret, form.cleaned_data["code"], wallclock.now())
        if codes is not None:
            del request.session[_SECRET]
            request.session.cycle_key()
            _log(request, "second_step_on")
            return render(request, "accounts/recovery_codes.html", {"codes": codes})
        form.refuse({"code": Label("验证码不对，请输入应用里当前的6位数字", "Type the six digits the app shows now")})
    page = {
        "form": form,
        "qr": qr_svg(second_factor.address(secret, user), str(Label("两步登录密钥二维码", "QR code of the secret"))),
        "secret": " ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        "required": second_factor_required(actor_of(request)),
    }
    return render(request, "accounts/two_step.html", page, status=422 if form.is_bound else 200)


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
    flash.say(request, Label("两步登录已关闭", "Two-step sign-in is off"), tone="amber")
    return redirect("accounts:own")


def _user(request: HttpRequest) -> User:
    """The signed-in user; the permissions table lets nobody else in here."""
    if not isinstance(request.user, User):
        raise TypeError("this page needs a signed-in user; give its route `signed_in` in permissions.yaml")
    return request.user


def _log(request: HttpRequest, event: str) -> None:
    log_security(event, actor_of(request), address_of(request), "", wallclock.now())
