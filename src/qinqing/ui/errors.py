"""错误: one exception, one page, one JSON shape (RFC 9457 problem details).

A wing raises a subclass of `Problem`; the reader gets a page, an htmx fragment or problem+json, in their language:
what is wrong, where, and what to do. What nobody expected is logged under a number, and only the number is shown.
Middleware cannot raise (Django would call that broken): it returns `answer(request, problem)`.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import BadRequest as Unreadable
from django.core.exceptions import RequestDataTooBig, TooManyFilesSent
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from pydantic import ConfigDict

from qinqing.lib.labels import Label

log = logging.getLogger("qinqing.errors")
PROBLEM_JSON = "application/problem+json"
_UNREADABLE = Label(
    "浏览器发来的内容无法识别。返回上一页，刷新后再试", "The request could not be read. Go back, reload, try again"
)


class Problem(Exception):
    """Something the reader must know: what is wrong, where, and what to do. `fields` maps form fields to texts.

    `extra` is added to the JSON (RFC 9457 extension members). Subclasses set `status`, `code` (stable, for programs)
    and `title`.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "problem"
    title: ClassVar[Label] = Label("无法处理", "Cannot be done")

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


class BadRequest(Problem):
    code = "bad-request"
    title = Label("请求不完整或有误", "The request is incomplete or wrong")


class SignInNeeded(Problem):
    status = 401
    code = "sign-in-needed"
    title = Label("请先登录", "Please sign in first")


class NotAllowed(Problem):
    status = 403
    code = "not-allowed"
    title = Label("您无权打开此页", "This page is not open to you")


class NotFound(Problem):
    status = 404
    code = "not-found"
    title = Label("没有找到", "Not found")


class Invalid(Problem):
    """Bad input; `fields` says which."""

    status = 422
    code = "invalid"
    title = Label("有几处没填好", "Some entries need attention")


class WrongMethod(Problem):
    status = 405
    code = "wrong-method"
    title = Label("不能这样打开", "This address is not opened this way")


class TooLarge(Problem):
    status = 413
    code = "too-large"
    title = Label("发来的内容过大", "What was sent is too large")


class TooMany(Problem):
    status = 429
    code = "too-many"
    title = Label("操作太频繁", "Too many attempts")


class Broken(Problem):
    status = 500
    code = "broken"
    title = Label("系统出错", "Something broke on our side")


class FieldError(Schema):
    field: str
    detail: str


class ProblemOut(Schema):
    """RFC 9457 problem details, `application/problem+json`: declare it for every 4xx answer of an operation."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[FieldError]


def problems(*more: int) -> dict[int, type[ProblemOut]]:
    """Responses to declare for an operation: those that any may give, and `more` of its own."""
    return {code: ProblemOut for code in (400, 401, 403, 413, 422, *more)}


class Api(NinjaAPI):
    """The API, whose document gives errors their own content type, as `install` sends them."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """The OpenAPI document; ninja itself knows one content type for all answers."""
        document = super().get_openapi_schema(**options)
        for operations in document["paths"].values():
            for operation in operations.values():
                for status, response in operation["responses"].items():
                    if int(status) >= 400:
                        response["content"] = {PROBLEM_JSON: response["content"]["application/json"]}
        return document


def wants_json(request: HttpRequest) -> bool:
    """Does this reader want problem+json: the API, and whoever prefers JSON to HTML."""
    if request.path.startswith("/api/"):
        return True
    wanted = request.get_preferred_type(["text/html", "application/problem+json", "application/json"])
    return wanted not in {None, "text/html"}


def answer(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The answer that shows `problem`: JSON, an htmx fragment (swapped into #messages), or a page."""
    if wants_json(request):
        return problem_json(problem, request)
    if request.headers.get("HX-Request") == "true":
        response = HttpResponse(
            render_to_string("ui/parts/problem.html", {"problem": problem}, request), status=problem.status
        )
        response["HX-Retarget"] = "#messages"
        response["HX-Reswap"] = "innerHTML show:window:top"
        return response
    return HttpResponse(render_to_string("ui/error.html", {"problem": problem}, request), status=problem.status)


def problem_json(problem: Problem, request: HttpRequest) -> HttpResponse:
    """RFC 9457 in the reader's language."""
    body: dict[str, Any] = {
        **problem.extra,
        "type": f"urn:qinqing:problem:{problem.code}",
        "title": str(problem.title),
        "status": problem.status,
        "detail": str(problem.detail),
        "instance": request.path,
        "errors": [{"field": name, "detail": str(text)} for name, text in problem.fields.items()],
    }
    response = HttpResponse(
        # an entry's name is the sender's text, and may hold half of a surrogate pair
        json.dumps(body, ensure_ascii=False, default=str).encode("utf-8", "replace"),
        status=problem.status,
        content_type=f"{PROBLEM_JSON}; charset=utf-8",
    )
    if problem.status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


def unexpected(request: HttpRequest, exception: BaseException) -> HttpResponse:
    """Log `exception` under a new number and answer with the number only. No query strings: they may name people."""
    number = secrets.token_hex(4).upper()
    log.error("error %s: %s %s", number, request.method, request.path, exc_info=exception)
    return answer(request, _broken(number))


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler400."""
    if isinstance(exception, RequestDataTooBig | TooManyFilesSent):
        return answer(request, _too_large())
    return answer(request, BadRequest(_UNREADABLE))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403."""
    text = Label(
        "您的岗位没有打开此页的权限。如需办理，请联系本单位负责人或系统管理员",
        "Your post does not open this page. Ask your head of unit or the system administrator if you need it",
    )
    return answer(request, NotAllowed(text))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404."""
    text = Label(
        "地址有误，或内容已移走。核对编号，或从首页进入",
        "The address is wrong or the content has moved. Check the number, or begin at the start page",
    )
    return answer(request, NotFound(text))


def broken(request: HttpRequest) -> HttpResponse:
    """handler500: reached only by errors outside views (middleware); Django has logged them already."""
    number = secrets.token_hex(4).upper()
    log.error("error %s: %s %s", number, request.method, request.path)
    return answer(request, _broken(number))


def wrong_method(request: HttpRequest, refusal: HttpResponse) -> HttpResponse:
    """The answer in place of an empty 405: somebody reloads an address to which only a form sends."""
    method, allowed = request.method, refusal["Allow"]
    text = Label(
        f"这个地址不接受{method}，只接受{allowed}。返回上一页，或从首页进入",
        f"This address takes {allowed}, not {method}. Go back, or begin at the start page",
    )
    response = answer(request, WrongMethod(text))
    response["Allow"] = allowed
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW: the form's safety mark is missing or stale."""
    text = Label(
        "页面停留过久，安全标记已失效。返回上一页，刷新后再提交",
        "The page was open too long and its safety mark has expired. Go back, reload, and send again",
    )
    return answer(request, NotAllowed(text))


def install(api: NinjaAPI) -> None:
    """Let every error of `api` answer in problem+json."""

    def answer_with(make: Callable[[Any], Problem]) -> Callable[[HttpRequest, Any], HttpResponse]:
        return lambda request, exc: problem_json(make(exc), request)

    api.add_exception_handler(Problem, answer_with(lambda problem: problem))
    api.add_exception_handler(Http404, answer_with(lambda _: NotFound(Label("没有这条数据", "There is no such item"))))
    api.add_exception_handler(RequestDataTooBig, answer_with(lambda _: _too_large()))
    api.add_exception_handler(Unreadable, answer_with(lambda _: BadRequest(_UNREADABLE)))
    api.add_exception_handler(AuthenticationError, answer_with(lambda _: _unsigned()))
    api.add_exception_handler(ValidationError, answer_with(_invalid))
    api.add_exception_handler(HttpError, answer_with(_http_problem))
    api.add_exception_handler(Exception, _unexpected_in_api)


def _unexpected_in_api(request: HttpRequest, exc: Any) -> HttpResponse:
    return unexpected(request, exc)


def _broken(number: str) -> Broken:
    text = Label(
        f"您填写的内容没有保存，请稍后再试。仍不行，请把错误编号 {number} 告诉系统管理员",
        f"What you entered was not saved; please try again later. If it happens again, give the system administrator"
        f" the error number {number}",
    )
    return Broken(text, extra={"error_number": number})


def _too_large() -> TooLarge:
    most, files = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1_000_000, settings.DATA_UPLOAD_MAX_NUMBER_FILES
    return TooLarge(
        Label(
            f"一次最多{most}MB文字、{files}个附件（每个不超过20MB），请分几次发送",
            f"At most {most} MB of text and {files} files of 20 MB each at once; send it in parts",
        )
    )


def _unsigned() -> SignInNeeded:
    text = Label(
        "请求头须带有效令牌：Authorization: Bearer 令牌",
        "Send a valid token in the header: Authorization: Bearer TOKEN",
    )
    return SignInNeeded(text)


def _http_problem(exc: HttpError) -> Problem:
    kinds: dict[int, type[Problem]] = {401: SignInNeeded, 403: NotAllowed, 404: NotFound, 422: Invalid, 429: TooMany}
    kind = kinds.get(exc.status_code, Broken if exc.status_code >= 500 else BadRequest)
    return kind(Label(exc.message, exc.message))


_WRONG = {
    "missing": Label("缺少此项", "is missing"),
    "string_too_long": Label("最多{max_length}个字", "has at most {max_length} characters"),
    "string_too_short": Label("至少{min_length}个字", "has at least {min_length} characters"),
    "int_parsing": Label("应为整数", "must be a whole number"),
    "int_type": Label("应为整数", "must be a whole number"),
    "string_type": Label("应为文字", "must be text"),
    "json_invalid": Label("不是有效的JSON", "is not valid JSON"),
    "extra_forbidden": Label("没有这一项", "is not a known entry"),
}


def _invalid(exc: ValidationError) -> Invalid:
    fields: dict[str, Label] = {}
    for error in exc.errors:
        name = ".".join(str(part) for part in error.get("loc", ())) or "body"
        known = _WRONG.get(str(error.get("type")))
        context = error.get("ctx") or {}
        message = str(error.get("msg", ""))
        fields[name] = (
            Label(known.zh.format_map(context), known.en.format_map(context))
            if known
            else Label(f"不合要求：{message}", message)
        )
    text = Label("请求中有{n}处不合要求，见errors", "{n} entries of the request are not as required; see errors")
    return Invalid(Label(text.zh.format(n=len(fields)), text.en.format(n=len(fields))), fields=fields)
