"""错误: one exception, one page, one JSON shape (RFC 9457 problem details)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse

from qinqing.lib.labels import Label


class Problem(Exception):
    """Something the reader must know: what is wrong, where, and what to do. `fields` maps form fields to texts."""

    status = 400
    code = "problem"
    title = Label("无法处理", "Cannot be done")

    def __init__(
        self,
        detail: Label,
        *,
        fields: Mapping[str, Label] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail.zh)
        self.detail = detail
        self.fields = dict(fields or {})
        self.extra = dict(extra or {})


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return HttpResponse("400", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return HttpResponse("403", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return HttpResponse("404", status=404)


def broken(request: HttpRequest) -> HttpResponse:
    return HttpResponse("500", status=500)
