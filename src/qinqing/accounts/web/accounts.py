"""账号管理: which accounts exist. The system administrator's pages."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qinqing.accounts import selectors, services
from qinqing.accounts.middleware import actor_of, address_of
from qinqing.accounts.models import User
from qinqing.lib import wallclock
from qinqing.lib.labels import Label
from qinqing.ui.errors import Invalid

KINDS = {
    User.Kind.OFFICER.value: Label("工作人员", "Officers"),
    User.Kind.PARTY.value: Label("企业和群众", "Parties"),
    User.Kind.PROGRAM.value: Label("程序", "Programs"),
}


@require_GET
def accounts(request: HttpRequest) -> HttpResponse:
    """Search and list."""
    kind = request.GET.get("kind", User.Kind.OFFICER.value)
    text = request.GET.get("q", "").strip()
    found = Paginator(selectors.accounts(text, kind if kind in KINDS else ""), 50)
    page = {"page": found.get_page(request.GET.get("page")), "kinds": KINDS, "kind": kind, "q": text}
    return render(request, "accounts/accounts.html", page)


@never_cache
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """A new account; its one-time password is shown on the answer and nowhere else."""
    page: dict[str, Any] = {"fields": {}, "values": {"kind": User.Kind.OFFICER.value}}
    if request.method == "GET":
        return render(request, "accounts/create.html", page)
    values = {key: request.POST.get(key, "") for key in ("username", "name", "kind", "phone")}
    try:
        user, password = services.create_account(
            actor_of(request), now=wallclock.now(), address=address_of(request), **values
        )
    except Invalid as problem:
        return render(request, "accounts/create.html", {"fields": problem.fields, "values": values}, status=422)
    return render(request, "accounts/created.html", {"person": user, "password": password})


@require_GET
def account(request: HttpRequest, user_id: int) -> HttpResponse:
    """One account and what may be done with it."""
    user = get_object_or_404(User, pk=user_id)
    page = {
        "person": user,
        "kind": KINDS[user.kind],
        "is_officer": user.kind == User.Kind.OFFICER,
        "duty": selectors.duty_of(user),
        "own": user.pk == actor_of(request).user_id,
    }
    return render(request, "accounts/account.html", page)


@require_POST
def deactivate(request: HttpRequest, user_id: int) -> HttpResponse:
    services.deactivate(actor_of(request), user_id, wallclock.now(), address_of(request))
    return redirect("accounts:account", user_id)


@require_POST
def reactivate(request: HttpRequest, user_id: int) -> HttpResponse:
    services.reactivate(actor_of(request), user_id, wallclock.now(), address_of(request))
    return redirect("accounts:account", user_id)


@never_cache
@require_POST
def reset_password(request: HttpRequest, user_id: int) -> HttpResponse:
    """The new one-time password, shown once."""
    password = services.reset_password(actor_of(request), user_id, wallclock.now(), address_of(request))
    person = get_object_or_404(User, pk=user_id)
    return render(request, "accounts/created.html", {"person": person, "password": password, "reset": True})
