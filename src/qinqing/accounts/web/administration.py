"""三员: the security administrator's pages (administrators, lock-outs, tokens, the table) and the security log."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qinqing.accounts import selectors, services
from qinqing.accounts.access import table
from qinqing.accounts.middleware import actor_of, address_of
from qinqing.accounts.models import User
from qinqing.lib import wallclock
from qinqing.lib.labels import Label
from qinqing.ui.errors import Invalid


@require_GET
def administrators(request: HttpRequest) -> HttpResponse:
    """Who holds the three duties; appoint and relieve."""
    return render(request, "accounts/administrators.html", _administrators(request, {}))


@require_POST
def appoint(request: HttpRequest) -> HttpResponse:
    """By account name, typed, so that no list of all officers is needed."""
    username = request.POST.get("username", "").strip()
    user = User.objects.filter(username=username).first()
    try:
        if user is None:
            detail = Label(
                f"没有账号“{username}”，请先由系统管理员建立。", f"No account “{username}”; it must be made first."
            )
            raise Invalid(detail, fields={"username": detail})
        role = request.POST.get("role", "")
        services.appoint(actor_of(request), user.pk, role, wallclock.now(), address_of(request))
    except Invalid as problem:
        return render(request, "accounts/administrators.html", _administrators(request, problem.fields), status=422)
    return redirect("accounts:administrators")


@require_POST
def relieve(request: HttpRequest, user_id: int) -> HttpResponse:
    services.relieve(actor_of(request), user_id, wallclock.now(), address_of(request))
    return redirect("accounts:administrators")


@require_GET
def lock_outs(request: HttpRequest) -> HttpResponse:
    """Who is locked out now, and who has a second step that can be reset."""
    text = request.GET.get("q", "").strip()
    page = {
        "locked": selectors.locked_out(wallclock.now()),
        "q": text,
        "enrolled": selectors.with_second_step(text)[:50],
        "own_id": actor_of(request).user_id,
    }
    return render(request, "accounts/lock_outs.html", page)


@require_POST
def unlock(request: HttpRequest) -> HttpResponse:
    services.unlock(actor_of(request), request.POST.get("username", ""), wallclock.now(), address_of(request))
    return redirect("accounts:lock_outs")


@require_POST
def reset_second_factor(request: HttpRequest, user_id: int) -> HttpResponse:
    services.reset_second_factor(actor_of(request), user_id, wallclock.now(), address_of(request))
    return redirect("accounts:lock_outs")


@never_cache
@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """The API's tokens; a new one is shown on the answer and nowhere else."""
    page: dict[str, Any] = {"fields": {}, "values": {"days": "90"}, "text": None}
    status = 200
    if request.method == "POST":
        values = {key: request.POST.get(key, "").strip() for key in ("username", "label", "days")}
        try:
            page["text"] = _create_token(request, values)
        except Invalid as problem:
            page |= {"fields": problem.fields, "values": values}
            status = 422
    now = wallclock.now()
    page |= {"tokens": selectors.tokens(), "now": now}
    return render(request, "accounts/tokens.html", page, status=status)


@require_POST
def revoke_token(request: HttpRequest, token_id: int) -> HttpResponse:
    services.revoke_token(actor_of(request), token_id, wallclock.now(), address_of(request))
    return redirect("accounts:tokens")


@require_GET
def permissions(request: HttpRequest) -> HttpResponse:
    """The permissions table, as people read it: a row a route, a column a role."""
    roles = [role for role in table().roles.values() if role.code != "system"]
    rows = [
        (name, [rule.public or rule.signed_in or role.code in rule.roles for role in roles], rule)
        for name, rule in table().routes.items()
    ]
    capacities = [
        (capacity, [table().roles[code].label for code in table().roles if code in capacity.roles])
        for capacity in table().capacities.values()
    ]
    return render(request, "accounts/permissions.html", {"roles": roles, "rows": rows, "capacities": capacities})


@require_GET
def security_log(request: HttpRequest) -> HttpResponse:
    """Sign-ins, refusals and changes of rights, newest first. Reading only."""
    text, event = request.GET.get("q", "").strip(), request.GET.get("event", "")
    found = Paginator(selectors.security_log(text, event), 100)
    page = {"page": found.get_page(request.GET.get("page")), "q": text, "event": event, "events": selectors.EVENTS}
    return render(request, "accounts/security_log.html", page)


def _administrators(request: HttpRequest, fields: dict[str, Label]) -> dict[str, Any]:
    return {
        "duties": selectors.administrators(),
        "fields": fields,
        "typed": request.POST.get("username", ""),
        "own_id": actor_of(request).user_id,
    }


def _create_token(request: HttpRequest, values: dict[str, str]) -> str:
    user = User.objects.filter(username=values["username"]).first()
    if user is None:
        detail = Label(
            f"没有账号“{values['username']}”，请先由系统管理员建立程序账号。",
            f"No account “{values['username']}”; the system administrator must make it first.",
        )
        raise Invalid(detail, fields={"username": detail})
    if not values["days"].isdecimal():
        detail = Label("有效期请写天数，如90。", "Write the life in days, such as 90.")
        raise Invalid(detail, fields={"days": detail})
    _, text = services.create_token(
        actor_of(request),
        user.pk,
        values["label"],
        wallclock.now(),
        days=int(values["days"]),
        address=address_of(request),
    )
    return text
