"""The reader's language for each request, errors turned into answers, and the headers every answer carries."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.multipartparser import MultiPartParserError
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header

from qinqing.lib.labels import LANGUAGES, speaking
from qinqing.ui import errors
from qinqing.ui.uploads import tidy

LANGUAGE_COOKIE = "language"
_YEAR = 365 * 24 * 3600
_DJANGO_ANSWERS = (Http404, PermissionDenied, SuspiciousOperation, BadRequest, MultiPartParserError)

# no inline script or style anywhere; `data:` images are the browser's own form controls
_POLICY = "; ".join(
    [
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
_PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


class ReaderMiddleware:
    """Speaks the reader's language within the request and answers its errors."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        readable = not _holds_nul(request)
        code = reader_language(request) if readable else LANGUAGES[0]
        with speaking(code):
            response = self.get_response(request) if readable else errors.bad_request(request)
            if isinstance(response, HttpResponseNotAllowed):
                response = errors.wrong_method(request, response)
        tidy(request)
        if request.GET.get("lang") in LANGUAGES:
            remember_language(response, code)
        response.headers.setdefault("Content-Security-Policy", _POLICY)
        response.headers.setdefault("Permissions-Policy", _PERMISSIONS)
        response.headers.setdefault("Content-Language", "zh-CN" if code == "zh" else "en")
        # counters have shared computers: after sign-out nothing may come back from a cache
        response.headers.setdefault("Cache-Control", "private, no-store")
        patch_vary_headers(response, ["Accept-Language", "Cookie", "HX-Request"])
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Problems of views; what Django has handlers for is left to them."""
        if isinstance(exception, errors.Problem):
            return errors.answer(request, exception)
        if isinstance(exception, _DJANGO_ANSWERS):
            return None
        return errors.unexpected(request, exception)


def _holds_nul(request: HttpRequest) -> bool:
    """A NUL in address, query or cookie: no person writes one, and PostgreSQL takes none. Forms and JSON are checked by
    field."""
    sent = [
        request.path,
        *request.COOKIES.values(),
        *request.GET,
        *(t for texts in request.GET.lists() for t in texts[1]),
    ]
    return any("\x00" in text for text in sent)


def reader_language(request: HttpRequest) -> str:
    """`?lang=`, then the cookie, then the signed-in user's preference, then the browser's, else Chinese."""
    for code in (request.GET.get("lang"), request.COOKIES.get(LANGUAGE_COOKIE)):
        if code in LANGUAGES:
            return str(code)
    preferred = getattr(getattr(request, "user", None), "language", None)
    if preferred in LANGUAGES:
        return str(preferred)
    for code, _quality in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        if code[:2] in LANGUAGES:
            return code[:2]
    return "zh"


def remember_language(response: HttpResponse, code: str) -> None:
    """Keep the choice for a year on this device."""
    response.set_cookie(LANGUAGE_COOKIE, code, max_age=_YEAR, samesite="Lax", httponly=True)
