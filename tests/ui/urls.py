"""Addresses of the tests of this room: pages and an API that fail in every way."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError
from ninja.security import HttpBearer

from qinqing.lib.labels import Label, language
from qinqing.ui import errors, flash


class Taken(errors.Problem):
    status = 409
    code = "taken"
    title = Label("有人先办了", "Someone was faster")


class Bearer(HttpBearer):
    def authenticate(self, request: HttpRequest, token: str) -> str | None:
        return token if token == "right" else None


class Asked(Schema):
    number: int


def speak(request: HttpRequest) -> HttpResponse:
    return HttpResponse(language())


def fail(request: HttpRequest, how: str) -> HttpResponse:
    if how == "problem":
        raise Taken(
            Label("陆某10:18已<签收>", "Lu <signed>"), fields={"phone": Label("少1位", "one short")}, extra={"by": 7}
        )
    if how == "denied":
        raise PermissionDenied
    if how == "missing":
        raise Http404
    raise RuntimeError("the secret recipe")


def tell(request: HttpRequest) -> HttpResponse:
    flash.say(request, Label("已催办<", "urged<"), href="/x", link=Label("看记录", "see"))
    return HttpResponse("ok")


def told(request: HttpRequest) -> HttpResponse:
    return HttpResponse("|".join(f"{said['text']} {said['tone']} {said['link']}" for said in flash.take(request)))


api = NinjaAPI(urls_namespace="test-ui")
errors.install(api)


@api.get("/fail/{how}")
def api_fail(request: HttpRequest, how: str) -> None:
    if how == "http":
        raise HttpError(429, "slow down")
    fail(request, how)


@api.post("/asked", response={200: Asked, 422: errors.ProblemOut}, auth=Bearer())
def api_asked(request: HttpRequest, body: Asked) -> Asked:
    return body


urlpatterns = [
    path("speak/", speak),
    path("fail/<how>/", fail),
    path("tell/", tell),
    path("told/", told),
    path("api/", api.urls),
]
handler403 = "qinqing.ui.errors.forbidden"
handler404 = "qinqing.ui.errors.not_found"
handler500 = "qinqing.ui.errors.broken"
