"""部件页: every component in every state, in both languages: what page writers look at and visual tests compare.

Open in demo and test; in production only the system administrator sees it.
"""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from qinqing.ui import gallery

SHELLS = {name: f"ui/gallery_{name}.html" for name in ("staff", "party", "phone", "print")}


def components(request: HttpRequest) -> HttpResponse:
    """`?shell=staff|party|phone|print` chooses the shell; `?bad=1` shows the form with its errors."""
    roles: frozenset[str] = getattr(getattr(request, "actor", None), "roles", frozenset())
    if settings.MODE == "production" and "system_admin" not in roles:
        raise Http404
    template = SHELLS.get(request.GET.get("shell", "staff"))
    if template is None:
        raise Http404
    return render(request, template, gallery.samples(bad=request.GET.get("bad") != "0"))


urlpatterns = [path("ui/components/", components, name="components")]
