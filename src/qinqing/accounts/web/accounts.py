"""账号管理: which accounts exist. The system administrator's pages."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qinqing.accounts import selectors, services
from qinqing.accounts import sheets as account_sheets
from qinqing.accounts.middleware import actor_of, address_of
from qinqing.accounts.models import User
from qinqing.accounts.web.forms import KINDS, NewAccount
from qinqing.lib import wallclock
from qinqing.lib.labels import Label
from qinqing.ui import flash, sheets
from qinqing.ui.errors import Invalid


@require_GET
def accounts(request: HttpRequest) -> HttpResponse:
    """Search and list."""
    kind = request.GET.get("kind", User.Kind.OFFICER.value)
    text = request.GET.get("q", "").strip()
    listed = selectors.accounts(text, kind if kind in KINDS else "")
    if sheets.wanted(request):
        of_kind = KINDS.get(kind, Label("各类账号", "All kinds"))
        return sheets.download(request, account_sheets.accounts(listed, text, of_kind), wallclock.now())
    found = Paginator(listed, 50)
    page = {"page": found.get_page(request.GET.get("page")), "kinds": KINDS, "kind": kind, "q": text}
    return render(request, "accounts/accounts.html", page)


@never_cache
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """A new account; its one-time password is shown on the answer and nowhere else."""
    form = NewAccount(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            user, password = services.create_account(
                actor_of(request), now=wallclock.now(), address=address_of(request), **form.cleaned_data
            )
        except Invalid as problem:
            form.refuse(problem.fields)
        else:
            return render(request, "accounts/created.html", {"person": user, "password": password, "reset": False})
    return render(request, "accounts/create.html", {"form": form}, status=422 if form.is_bound else 200)


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
    flash.say(
        request,
        Label("账号已停用，登录和令牌一并失效", "Deactivated; its sessions and tokens have ended"),
        tone="amber",
    )
    return redirect("accounts:account", user_id)


@require_POST
def reactivate(request: HttpRequest, user_id: int) -> HttpResponse:
    services.reactivate(actor_of(request), user_id, wallclock.now(), address_of(request))
    flash.say(request, Label("账号已启用", "Reactivated"))
    return redirect("accounts:account", user_id)


@never_cache
@require_POST
def reset_password(request: HttpRequest, user_id: int) -> HttpResponse:
    """The new one-time password, shown once."""
    password = services.reset_password(actor_of(request), user_id, wallclock.now(), address_of(request))
    person = get_object_or_404(User, pk=user_id)
    return render(request, "accounts/created.html", {"person": person, "password": password, "reset": True})
