"""Root addresses: each wing's pages under its own namespace, and one API."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from qinqing import __version__
from qinqing.accounts.api_auth import ActorAuth
from qinqing.ui import errors

ROOMS = (
    "site",
    "accounts",
    "ui",
    "audit",
    "messaging",
    "directory",
    "cases",
    "appeals",
    "cards",
    "policies",
    "mortgages",
    "supervision",
    "evaluation",
    "insight",
)

api = errors.Api(title="亲清 Qinqing", version=__version__, urls_namespace="api", auth=ActorAuth())
errors.install(api)
urlpatterns: list[URLPattern | URLResolver] = []
for room in ROOMS:
    if find_spec(f"qinqing.{room}.web"):
        pages = import_module(f"qinqing.{room}.web")
        urlpatterns.append(path("", include((pages.urlpatterns, room), namespace=room)))
    if find_spec(f"qinqing.{room}.api"):
        import_module(f"qinqing.{room}.api").add_to(api)
urlpatterns.append(path("api/", api.urls))
handler400 = "qinqing.ui.errors.bad_request"
handler403 = "qinqing.ui.errors.forbidden"
handler404 = "qinqing.ui.errors.not_found"
handler500 = "qinqing.ui.errors.broken"
