"""Language, headers and errors: what every answer of the site keeps."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator

import pytest
from django.http import HttpRequest
from django.test import Client, override_settings

from qinqing.lib.labels import Label, language
from qinqing.ui import errors

pytestmark = [pytest.mark.django_db]
_MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "qinqing.ui.middleware.ReaderMiddleware",
]


@pytest.fixture(autouse=True)
def _own_addresses() -> Iterator[None]:
    with override_settings(ROOT_URLCONF="tests.ui.urls", MIDDLEWARE=_MIDDLEWARE):
        yield


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("query", "cookie", "header", "expected"),
    [
        ("?lang=en", "zh", "zh-CN", "en"),
        ("?lang=fr", "en", "zh-CN", "en"),
        ("", "fr", "en-GB,zh;q=0.5", "en"),
        ("", "", "fr,zh-TW;q=0.9,en;q=0.2", "zh"),
        ("", "", "fr", "zh"),
        ("", "", "", "zh"),
    ],
)
def test_the_language_is_chosen_in_order(client: Client, query: str, cookie: str, header: str, expected: str) -> None:
    if cookie:
        client.cookies["language"] = cookie
    response = client.get(f"/speak/{query}", headers={"accept-language": header})
    assert response.content.decode() == expected
    assert response["Content-Language"].startswith(expected)
    assert language() == "zh"  # nothing leaks into the next request


def test_a_choice_of_language_is_remembered(client: Client) -> None:
    client.get("/speak/?lang=en")
    assert client.get("/speak/").content == b"en"


def test_a_signed_in_readers_preference_beats_the_browser() -> None:
    from types import SimpleNamespace

    from qinqing.ui.middleware import reader_language

    request = HttpRequest()
    request.user = SimpleNamespace(language="en")  # type: ignore[assignment]
    request.META["HTTP_ACCEPT_LANGUAGE"] = "zh"
    assert reader_language(request) == "en"


@pytest.mark.parametrize("address", ["/speak/", "/fail/problem/", "/fail/unknown/", "/nowhere/", "/api/fail/problem"])
def test_every_answer_carries_the_headers(client: Client, address: str) -> None:
    response = client.get(address)
    policy = response["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert response["Cache-Control"] == "private, no-store"
    assert "camera=()" in response["Permissions-Policy"]
    assert "Cookie" in response["Vary"]


def test_a_problem_is_a_page(client: Client) -> None:
    response = client.get("/fail/problem/", headers={"accept": "text/html"})
    assert response.status_code == 409
    text = response.content.decode()
    assert "有人先办了" in text
    assert "陆某10:18已&lt;签收&gt;" in text
    assert "少1位" in text
    assert "<!doctype html>" in text


def test_a_problem_is_a_fragment_for_htmx(client: Client) -> None:
    response = client.get("/fail/problem/?lang=en", headers={"hx-request": "true"})
    assert response.status_code == 409
    assert response["HX-Retarget"] == "#messages"
    assert "<html" not in response.content.decode()
    assert "Someone was faster" in response.content.decode()


@pytest.mark.parametrize(("address", "accept"), [("/fail/problem/", "application/json"), ("/api/fail/problem", "*/*")])
def test_a_problem_is_json_for_programs(client: Client, address: str, accept: str) -> None:
    response = client.get(address, headers={"accept": accept, "accept-language": "en"})
    assert response["Content-Type"].startswith("application/problem+json")
    assert json.loads(response.content) == {
        "type": "urn:qinqing:problem:taken",
        "title": "Someone was faster",
        "status": 409,
        "detail": "Lu <signed>",
        "instance": address,
        "errors": [{"field": "phone", "detail": "one short"}],
        "by": 7,
    }


@pytest.mark.parametrize(("how", "status", "word"), [("denied", 403, "您无权打开此页"), ("missing", 404, "没有找到")])
def test_djangos_own_errors_look_the_same(client: Client, how: str, status: int, word: str) -> None:
    response = client.get(f"/fail/{how}/")
    assert response.status_code == status
    assert word in response.content.decode()


@pytest.mark.parametrize("address", ["/fail/unknown/", "/api/fail/unknown"])
def test_the_unexpected_shows_a_number_and_logs_the_rest(
    client: Client, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, logger="qinqing.errors"):
        response = client.get(address + "?name=someone")
    assert response.status_code == 500
    text = response.content.decode()
    assert "secret recipe" not in text
    found = re.search(r"错误编号 ([0-9A-F]{8})", text)
    assert found
    assert found[1] in caplog.text
    assert "the secret recipe" in caplog.text
    assert "someone" not in caplog.text


@pytest.mark.parametrize(
    ("send", "status", "code"),
    [
        (lambda c: c.get("/api/fail/http"), 429, "too-many"),
        (lambda c: c.get("/api/fail/missing"), 404, "not-found"),
        (lambda c: c.get("/api/nowhere"), 404, "not-found"),
        (lambda c: c.post("/api/asked", {}, "application/json"), 401, "sign-in-needed"),
    ],
)
def test_every_api_error_has_one_shape(client: Client, send: object, status: int, code: str) -> None:
    response = send(client)  # type: ignore[operator]
    assert response.status_code == status
    assert response["Content-Type"].startswith("application/problem+json")
    body = errors.ProblemOut(**json.loads(response.content))
    assert body.type.endswith(code)
    assert body.detail


def test_bad_api_input_is_named_by_field(client: Client) -> None:
    headers = {"authorization": "Bearer right"}
    missing = json.loads(client.post("/api/asked", {}, "application/json", headers=headers).content)
    assert missing["status"] == 422
    assert missing["errors"] == [{"field": "body.body.number", "detail": "缺少此项"}]
    wrong = client.post("/api/asked", {"number": "x"}, "application/json", headers={**headers, "accept-language": "en"})
    assert json.loads(wrong.content)["errors"][0]["detail"] == "must be a whole number"


def test_a_stale_form_is_explained() -> None:
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    with override_settings(CSRF_FAILURE_VIEW="qinqing.ui.errors.csrf_failure"):
        response = strict.post("/speak/")
    assert response.status_code == 403
    assert "停留过久" in response.content.decode()


def test_a_flash_is_told_once_in_the_then_language(client: Client) -> None:
    client.get("/tell/?lang=zh")
    assert client.get("/told/?lang=en").content.decode() == "urged< green see"
    assert client.get("/told/").content == b""


def test_a_problem_keeps_its_text_for_logs() -> None:
    assert str(errors.NotFound(Label("没有", "none"))) == "没有"
