"""Hostile text and files through the real doors: kept whole and shown escaped, or refused clearly; nothing runs."""

from __future__ import annotations

import html
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from werkzeug.test import EnvironBuilder, run_wsgi_app

from qinqing.cases import blobs
from qinqing.cases.models import Attachment, Case, Event
from qinqing.config.wsgi import application
from tests.api.conftest import SAFETY_MARK, House

WRITTEN = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</textarea><svg onload=alert(1)>",
    "{{ settings.SECRET_KEY }}{% debug %}",
    "${7*7}#{7*7}<%= 7*7 %>",
    "=cmd|' /C calc'!A0",
    "'; DROP TABLE cases_case; --",
    "\u202e钱款已付\u202c",
    "🏭👨‍👩‍👧🇨🇳",
    "Z\u0351a\u0352lgo" * 8,
    "𠮷野家㐂",
    "字" * 500,
]
REFUSED = ["a\x00b", "a\x1bb", "字" * 501, " \u3000\n"]


@pytest.fixture
def clerk(house: House) -> Client:
    return _signed_in(house, "window_clerk")


@pytest.fixture
def api(house: House) -> Client:
    """Calls of the program."""
    return Client(raise_request_exception=False, headers={"Authorization": f"Bearer {house.token}"})


def _signed_in(house: House, role: str) -> Client:
    client = Client(raise_request_exception=False)
    client.cookies.load(house.cookies(role))
    return client


def _matter(house: House, text: str, **more: Any) -> dict[str, Any]:
    return {
        "procedure": "hard_case",
        "party_id": house.county.company.pk,
        "title": "来信",
        "fields": {"text": text},
        **more,
    }


def _send(api: Client, body: Any, address: str = "/api/cases") -> Any:
    raw = body if isinstance(body, str | bytes) else json.dumps(body)
    return api.post(address, raw, content_type="application/json")


def _refused(response: Any, status: int) -> dict[str, Any]:
    """A clear refusal: its status, problem+json, and something to read."""
    assert response.status_code == status, response.content[:300]
    assert response["Content-Type"].startswith("application/problem+json")
    said: dict[str, Any] = response.json()
    assert said["status"] == status and said["title"] and said["detail"]
    return said


# -- text


@pytest.mark.parametrize("text", WRITTEN)
def test_hostile_text_is_kept_and_shown_escaped(house: House, clerk: Client, text: str) -> None:
    sent = {"party": house.county.company.pk, "text": text, "cls": "general", "lead": house.county.unit("a")}
    before = Case.objects.count()
    answer = clerk.post("/window/", sent)
    assert answer.status_code == 302, answer.content[-2000:]
    assert Case.objects.count() == before + 1
    case = Case.objects.order_by("-pk")[0]
    pages = [clerk.get(f"/cases/{case.number}/"), _signed_in(house, "party").get(f"/cases/{case.number}/")]
    pages += [clerk.get(answer["Location"]), clerk.get("/cases/"), _signed_in(house, "handler").get("/desk/")]
    for page in pages:
        assert page.status_code == 200
        _nothing_runs(page.content.decode(), text)
    for page in pages[:2]:
        assert html.escape(text) in page.content.decode() or text in html.unescape(page.content.decode())


def _nothing_runs(page: str, text: str) -> None:
    if html.escape(text, quote=False) != text:
        assert text not in page, "shown unescaped"
    assert settings.SECRET_KEY not in page
    for marker in ("<script>alert", "<img src=x", "<svg onload"):
        assert marker not in page


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_kept_is_refused_and_the_form_keeps_the_rest(house: House, clerk: Client, text: str) -> None:
    before = Case.objects.count()
    sent = {"party": house.county.company.pk, "text": text, "cls": "general", "visitor": "柳女士"}
    answer = clerk.post("/window/", sent)
    assert answer.status_code == 422
    assert "诉求内容" in answer.content.decode() and "柳女士" in answer.content.decode()
    assert Case.objects.count() == before


@pytest.mark.parametrize("text", WRITTEN)
def test_the_api_takes_the_same_text(house: House, api: Client, text: str) -> None:
    answer = _send(api, _matter(house, text, title=text[:80]))
    assert answer.status_code == 201, answer.content
    case = Case.objects.get(number=answer.json()["number"])
    assert case.title == text[:80]
    page = _signed_in(house, "supervisor").get(f"/cases/{case.number}/")
    assert page.status_code == 200
    _nothing_runs(page.content.decode(), text)


@pytest.mark.parametrize("text", REFUSED)
def test_the_api_refuses_the_same_text_by_field(house: House, api: Client, text: str) -> None:
    before = Event.objects.count()
    assert [one["field"] for one in _refused(_send(api, _matter(house, text)), 422)["errors"]] == ["text"]
    assert Event.objects.count() == before


DEEP = "[" * 20_000 + "]" * 20_000


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"title": "a\x00b"}, 422),
        ({"title": " \u3000 "}, 422),
        ({"title": "字" * 81}, 422),
        ({"title": "\ud800"}, 422),
        ({"procedure": "hard\x00case"}, 422),
        ({"procedure": "\udfff"}, 422),
        ({"procedure": "nothing"}, 400),
        ({"channel": "a\x00b"}, 422),
        ({"first_act": "a\x00b"}, 422),
        ({"party_id": 10**30}, 422),
        ({"party_id": 2**63 - 1}, 404),
        ({"party_id": -1}, 422),
        ({"fields": {"\ud800": "x", "text": "x"}}, 422),
        ({"fields": {"text": "\ud800"}}, 422),
        ({"fields": {"text": {"a": [1]}}}, 422),
        ({"fields": {"text": float("nan")}}, 422),
        ({"fields": {f"k{n}": n for n in range(61)}}, 422),
        ({"fields": {"k" * 61: 1}}, 422),
        ({"idempotency_key": "键\n"}, 422),
    ],
)
def test_a_crooked_entry_is_refused_by_name(house: House, api: Client, changes: dict[str, Any], status: int) -> None:
    before = Case.objects.count()
    said = _refused(_send(api, _matter(house, "停车难") | changes), status)
    assert said["errors"] or status != 422
    assert Case.objects.count() == before


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        ("{", 400), (DEEP, 400), ('{"title": ' + DEEP + "}", 400), ("9" * 5000, 400), (b'{"title": "\xff"}', 400),
        ("", 422), ("null", 422), ("[]", 422), ('"x"', 422), ('{"title": "' + "x" * 6_000_000 + '"}', 413),
    ],
)  # fmt: skip
def test_a_crooked_body_is_refused(api: Client, raw: Any, status: int) -> None:
    assert len(_send(api, raw).content) < 2000, "an answer is not an echo"
    _refused(_send(api, raw), status)


def test_a_wrong_method_is_answered_in_kind(api: Client, clerk: Client, house: House) -> None:
    refused = api.put("/api/cases")
    _refused(refused, 405)
    assert refused["Allow"] == "POST"
    page = clerk.get(f"/cases/{house.matters['window'].number}/dispatch/")
    assert page.status_code == 405 and "POST" in page.content.decode()


@pytest.mark.parametrize("address", ["/desk/?tab=%00", "/cases/%00/", "/r/%00/", "/?%00=1", "/api/parties?q=%00"])
def test_nul_in_an_address_is_refused(clerk: Client, address: str) -> None:
    assert clerk.get(address).status_code == 400


def test_nul_in_a_cookie_is_refused(db: None) -> None:
    answer = Client(raise_request_exception=False).get("/desk/", headers={"Cookie": 'sessionid="abcdefgh\\000ij"'})
    assert answer.status_code == 400


def test_a_crooked_htmx_address_leads_to_the_sign_in(db: None) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://[bad"}
    answer = Client(raise_request_exception=False).get("/desk/", headers=headers)
    assert answer.status_code == 401 and answer["HX-Redirect"].startswith("/sign-in/")


# -- files


def _bomb() -> bytes:
    """An office document of 1 MB that unpacks to more than is taken."""
    with zipfile.ZipFile(made := io.BytesIO(), "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("word/document.xml", b"0" * (blobs.UNPACKED + 1))
    return made.getvalue()


def _archive(*names: str) -> bytes:
    with zipfile.ZipFile(made := io.BytesIO(), "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return made.getvalue()


FILES = {
    "empty": ("空.pdf", lambda: b""),
    "program renamed": ("说明.pdf", lambda: b"MZ\x90\x00\x03" + bytes(200)),
    "page renamed": ("说明.txt", "\ufeff <!DOCTYPE html><script>alert(1)</script>".encode),
    "picture that is script": ("图.png", lambda: b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
    "bomb": ("材料.docx", _bomb),
    "archive renamed": ("材料.docx", lambda: _archive("../../etc/passwd")),
    "broken archive": ("材料.xlsx", lambda: b"PK\x03\x04" + bytes(100)),
    "picture bomb": ("图.png", lambda: b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00\x00\xff\xff" * 2 + bytes(9)),
    "too large": ("图.jpg", lambda: b"\xff\xd8\xff" + bytes(blobs.LARGEST)),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_bad_file_is_refused_and_the_rest_is_kept(house: House, clerk: Client, kind: str) -> None:
    name, make = FILES[kind]
    events, kept = Event.objects.count(), set(_stored())
    case = house.matters["window"]
    sent = {"class": "simple", "answer": "已当面说明", "confirmed": "on"}
    answer = clerk.post(
        f"/cases/{case.number}/answer_now/", {**sent, "files": SimpleUploadedFile(name, make()), "task": _task(case)}
    )
    assert answer.status_code == 422
    assert name in answer.content.decode() and "已当面说明" in answer.content.decode()
    assert Event.objects.count() == events and set(_stored()) == kept


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../../../etc/passwd", "passwd"),
        ("..\\..\\windows\\system32\\x.txt", "x.txt"),
        ("/etc/cron.d/x.txt", "x.txt"),
        ("a\u202etxt.exe", "atxt.exe"),
        ("<img src=x onerror=alert(1)>.txt", "<img src=x onerror=alert(1)>.txt"),
        ("长" * 250 + ".txt", "长" * 116 + ".txt"),
        ("x\r\nSet-Cookie: a=b.txt", "x"),
    ],
)
def test_a_name_leads_nowhere(house: House, clerk: Client, sent: str, shown: str) -> None:
    case = house.matters["window"]
    filled = {"class": "simple", "answer": "已当面说明", "confirmed": "on", "task": _task(case)}
    upload = SimpleUploadedFile("x.txt", "车间".encode())
    upload._name = sent  # past the checks of the sender's side
    answer = clerk.post(f"/cases/{case.number}/answer_now/", {**filled, "files": upload})
    assert answer.status_code == 302, answer.content[-3000:]
    kept = Attachment.objects.get(case=case)
    assert kept.name.endswith(shown) and "/" not in kept.name and "\\" not in kept.name and "\n" not in kept.name
    assert Path(settings.BLOBS) in blobs.path(kept.sha256).parents
    page = clerk.get(f"/cases/{case.number}/").content.decode()
    assert "<img src=x" not in page
    given = clerk.get(f"/cases/{case.number}/files/{kept.pk}/")
    assert b"".join(given.streaming_content) == "车间".encode()
    assert given["Content-Disposition"].startswith("attachment") and given["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in given.headers and "sandbox" in given["Content-Security-Policy"]


class _Endless:
    """An upload that says nothing of its size and does not end."""

    name = "视频.jpg"
    given = 0

    def chunks(self) -> Iterator[bytes]:
        yield b"\xff\xd8\xff"
        while True:
            self.given += 1_000_000
            yield bytes(1_000_000)


def test_an_endless_upload_is_cut_off(db: None) -> None:
    kept, upload = set(_stored()), _Endless()
    with pytest.raises(blobs.BadFile, match="20MB"):
        blobs.store(upload)
    assert upload.given <= blobs.LARGEST + 1_000_000 and set(_stored()) == kept


@pytest.mark.usefixtures("wsgi_keeps_the_connection")
def test_a_false_length_is_not_believed(house: House) -> None:
    """Two gigabytes declared and nine bytes sent: refused at once."""
    case = house.matters["window"]
    body = b'--b\r\nContent-Disposition: form-data; name="files"; filename="x.jpg"\r\n\r\n\xff\xd8\xff'
    cookies = house.cookies("window_clerk")
    environ = EnvironBuilder(
        f"/cases/{case.number}/answer_now/", method="POST", input_stream=io.BytesIO(body), content_length=2**31,
        content_type="multipart/form-data; boundary=b",
        headers={
            "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()), "X-CSRFToken": SAFETY_MARK,
        },
    ).get_environ()  # fmt: skip
    _, status, _ = run_wsgi_app(application, environ)
    assert status.split()[0] in {"400", "409"}
    assert not Attachment.objects.filter(case=case).exists()


def _stored() -> Iterator[Path]:
    return (path for path in Path(settings.BLOBS).rglob("*") if path.is_file())


def _task(case: Case) -> int:
    return int(case.tasks.get(state="open").pk)
