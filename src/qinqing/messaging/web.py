"""Pages: everybody's notices; the system administrator's deliveries in trouble and endpoints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qinqing.accounts.middleware import actor_of, address_of
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import now
from qinqing.messaging import selectors, services
from qinqing.messaging import sheets as message_sheets
from qinqing.messaging.models import Endpoint, Notice
from qinqing.messaging.notices import mark_read
from qinqing.ui import flash, sheets
from qinqing.ui.forms import Form, said

_LINES = 50


class EndpointForm(Form):
    """A new endpoint; the rules are the service's."""

    name = forms.CharField(label=said(Label("名称", "Name")), max_length=80)
    url = forms.CharField(label=said(Label("网址", "Address")), help_text=said(Label("只能用https", "https only")))
    topics = forms.CharField(
        label=said(Label("主题", "Topics")),
        help_text=said(Label("用逗号分开；case包含case.closed等", "Separated by commas; case includes case.closed")),
        initial="case",
    )


@require_GET
def notices(request: HttpRequest) -> HttpResponse:
    """The reader's notices, the newest first."""
    actor = actor_of(request)
    if sheets.wanted(request):
        return sheets.download(request, message_sheets.notices(actor.user_id or 0), now())
    page = {
        "page": Paginator(selectors.notices_of(actor.user_id or 0), _LINES).get_page(request.GET.get("page")),
        "unread": selectors.unread_of(actor),
        "phone": actor.kind == "party",
        "shell": "ui/phone.html" if actor.kind == "party" else "ui/staff.html",
    }
    return render(request, "messaging/notices.html", page)


@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Mark all as read."""
    mark_read(actor_of(request).user_id or 0, None, now())
    return redirect("messaging:notices")


@require_GET
def notice(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Follow a notice to what it tells of; that marks it as read."""
    user_id = actor_of(request).user_id or 0
    found = get_object_or_404(Notice, pk=notice_id, user_id=user_id)
    mark_read(user_id, found.pk, now())
    return redirect(found.link or "messaging:notices")


@require_GET
def stuck(request: HttpRequest) -> HttpResponse:
    """What the hand-over cannot do by itself, and the jobs that fail."""
    if sheets.wanted(request):
        return sheets.download(request, message_sheets.stuck(), now())
    return render(request, "messaging/stuck.html", _stuck_page(request))


@require_POST
def retry(request: HttpRequest, delivery_id: int) -> HttpResponse:
    services.retry(delivery_id, actor_of(request), address_of(request), now())
    flash.say(request, Label("已排队重试", "It will be tried again at once"))
    return redirect("messaging:stuck")


@require_POST
def retry_all(request: HttpRequest) -> HttpResponse:
    count = services.retry_all(request.POST.get("receiver", ""), actor_of(request), address_of(request), now())
    flash.say(request, Label(f"已排队重试{count}条", f"{count} will be tried again at once"))
    return redirect("messaging:stuck")


@require_POST
def drop(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """With a reason; without one the page comes back and says so."""
    try:
        services.drop(delivery_id, request.POST.get("reason", ""), actor_of(request), address_of(request), now())
    except services.BadEntry as problem:
        page = _stuck_page(request) | {"bad_id": delivery_id, "problem": problem.detail}
        return render(request, "messaging/stuck.html", page, status=problem.status)
    flash.say(request, Label("已放弃这条投递", "This delivery was given up"), tone="amber")
    return redirect("messaging:stuck")


@never_cache
@require_http_methods(["GET", "POST"])
def endpoints(request: HttpRequest) -> HttpResponse:
    """The endpoints; a new one's secret is shown on the answer and nowhere else."""
    if sheets.wanted(request):
        return sheets.download(request, message_sheets.endpoints(), now())
    form = EndpointForm(request.POST if request.method == "POST" else None)
    shown: dict[str, Any] = {}
    if form.is_bound and form.is_valid():
        topics = [part.strip() for part in form.cleaned_data["topics"].replace("，", ",").split(",") if part.strip()]
        name, url = form.cleaned_data["name"], form.cleaned_data["url"]
        try:
            added, secret = services.add_endpoint(name, url, topics, actor_of(request), address_of(request), now())
            shown, form = {"secret": secret, "secret_of": added.name}, EndpointForm()
        except services.BadEntry as problem:
            form.refuse(problem.fields)
    status = 422 if form.is_bound and form.errors else 200
    page = {"endpoints": selectors.endpoints(), "form": form, **shown}
    return render(request, "messaging/endpoints.html", page, status=status)


@never_cache
@require_POST
def renew(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    """A new secret, shown on the answer."""
    get_object_or_404(Endpoint, pk=endpoint_id)
    endpoint, secret = services.renew_secret(endpoint_id, actor_of(request), address_of(request), now())
    page = {
        "endpoints": selectors.endpoints(),
        "form": EndpointForm(),
        "secret": secret,
        "secret_of": endpoint.name,
    }
    return render(request, "messaging/endpoints.html", page)


@require_POST
def switch(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    get_object_or_404(Endpoint, pk=endpoint_id)
    services.switch(endpoint_id, request.POST.get("on") == "1", actor_of(request), address_of(request), now())
    return redirect("messaging:endpoints")


def _stuck_page(request: HttpRequest) -> dict[str, Any]:
    labels = selectors.receiver_labels()
    page = Paginator(selectors.deliveries_in_trouble(), _LINES).get_page(request.GET.get("page"))
    return {
        "standing": selectors.standing(),
        "page": page,
        "rows": [(row, selectors.label_of(row.receiver, labels)) for row in page.object_list],
        "receivers": selectors.stuck_receivers(),
        "jobs": selectors.failing_jobs(),
        "bad_id": None,
        "problem": None,
    }


_View = Callable[..., HttpResponse]
_PAGES: tuple[tuple[str, _View, str], ...] = (
    ("notices/", notices, "notices"),
    ("notices/read/", read, "read"),
    ("notices/<int:notice_id>/", notice, "notice"),
    ("messaging/", stuck, "stuck"),
    ("messaging/retry/", retry_all, "retry_all"),
    ("messaging/<int:delivery_id>/retry/", retry, "retry"),
    ("messaging/<int:delivery_id>/drop/", drop, "drop"),
    ("messaging/endpoints/", endpoints, "endpoints"),
    ("messaging/endpoints/<int:endpoint_id>/secret/", renew, "renew"),
    ("messaging/endpoints/<int:endpoint_id>/switch/", switch, "switch"),
)
urlpatterns = [path(address, view, name=name) for address, view, name in _PAGES]
