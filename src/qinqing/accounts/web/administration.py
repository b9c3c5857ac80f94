"""三员: the security administrator's pages (administrators, lock-outs, tokens, the table) and the security log."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qinqing.accounts import selectors, services
from qinqing.accounts import sheets as account_sheets
from qinqing.accounts.access import table
from qinqing.accounts.middleware import actor_of, address_of
from qinqing.accounts.models import User
from qinqing.accounts.web.forms import DUTIES, Appoint, NewToken
from qinqing.lib import wallclock
from qinqing.lib.labels import Label
from qinqing.ui import flash, sheets
from qinqing.ui.forms import Form


@require_GET
def administrators(request: HttpRequest) -> HttpResponse:
    """Who holds the three duties; appoint and relieve."""
    if sheets.wanted(request):
        return sheets.download(request, account_sheets.administrators(), wallclock.now())
    return _administrators(request, Appoint())


@require_POST
def appoint(request: HttpRequest) -> HttpResponse:
    """By account name, typed, so that no list of all officers is needed."""
    form = Appoint(request.POST)
    if not form.is_valid():
        return _administrators(request, form)
    user = _account(form)
    if user is None:
        return _administrators(request, form)
    services.appoint(actor_of(request), user.pk, form.cleaned_data["role"], wallclock.now(), address_of(request))
    duty = DUTIES[form.cleaned_data["role"]]
    flash.say(request, Label(f"已任命{user.name}为{duty.zh}", f"{user.name} is now {duty.en}"))
    return redirect("accounts:administrators")


@require_POST
def relieve(request: HttpRequest, user_id: int) -> HttpResponse:
    services.relieve(actor_of(request), user_id, wallclock.now(), address_of(request))
    return redirect("accounts:administrators")


@require_GET
def lock_outs(request: HttpRequest) -> HttpResponse:
    """Who is locked out now, and who has a second step that can be reset."""
    text = request.GET.get("q", "").strip()
    locked, enrolled = selectors.locked_out(wallclock.now(), timezone.now()), selectors.with_second_step(text)
    if sheets.wanted(request):
        return sheets.download(request, account_sheets.lock_outs(locked, enrolled, text), wallclock.now())
    page = {
        "locked": locked,
        "q": text,
        "enrolled": enrolled[:50],
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
    if sheets.wanted(request):
        return sheets.download(request, account_sheets.tokens(selectors.tokens()), wallclock.now())
    form = NewToken(request.POST if request.method == "POST" else None)
    text = ""
    if form.is_valid() and (user := _account(form)):
        _, text = services.create_token(
            actor_of(request),
            user.pk,
            form.cleaned_data["label"],
            wallclock.now(),
            days=form.cleaned_data["days"],
            address=address_of(request),
        )
        form = NewToken()
    page = {"form": form, "text": text, "tokens": selectors.tokens(), "now": wallclock.now()}
    return render(request, "accounts/tokens.html", page, status=422 if form.is_bound else 200)


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
    if sheets.wanted(request):
        return sheets.download(request, account_sheets.security_log(text, event), wallclock.now())
    found = Paginator(selectors.security_log(text, event), 100)
    shown = found.get_page(request.GET.get("page"))
    page = {
        "page": shown,
        "lines": [(line, selectors.EVENTS.get(line.event, line.event)) for line in shown],
        "q": text,
        "event": event,
        "events": selectors.EVENTS,
    }
    return render(request, "accounts/security_log.html", page)


def _administrators(request: HttpRequest, form: Appoint) -> HttpResponse:
    page = {"duties": selectors.administrators(), "form": form, "own_id": actor_of(request).user_id}
    return render(request, "accounts/administrators.html", page, status=422 if form.is_bound else 200)


def _account(form: Form) -> User | None:
    """The account typed into `username`; None, and the form says so, when there is none."""
    username = form.cleaned_data["username"]
    user = User.objects.filter(username=username).first()
    if user is None:
        text = Label(f"没有账号“{username}”，请先由系统管理员建立", f"No account “{username}”; it must be made first")
        form.refuse({"username": text})
    return user
