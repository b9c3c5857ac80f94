"""The receipt: who holds it follows the matter, supplements and withdraws, without signing in and without more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from qinqing.cases import acting, blobs
from qinqing.cases.models import Attachment, Case
from tests.cases.county import TUESDAY, County, build
from tests.cases.doors import PDF, addresses, at, client, code, form, happened, page
from tests.conftest import Clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def county(clock: Clock, settings: Any, tmp_path: Path) -> County:
    settings.BLOBS = tmp_path
    clock.set(TUESDAY)
    return build()


def feed_back(county: County, case: Case, answer: str = "已划车位") -> None:
    acting.act(case.pk, "feed_back", county["handler_a"], TUESDAY, {"answer": answer, "result": "solved"})


def test_the_receipt_names_the_code_and_the_address(county: County) -> None:
    case = county.open()
    for name in ("clerk", "window_head", "agent"):
        text = page(client(county, name), at(case, "receipt"))
        assert case.number in text and case.receipt_code in text and f"testserver{code(case)}" in text
    page(client(county, "handler_a"), at(case, "receipt"), 403)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_whoever_has_the_receipt_follows_without_signing_in(county: County, language: str) -> None:
    case = county.dispatched()
    feed_back(county, case, "内部草稿")
    reader = Client(headers={"accept-language": language})
    for written in (case.receipt_code, case.receipt_code.lower(), f"{case.receipt_code[:5]}-{case.receipt_code[5:]}"):
        text = page(reader, f"/r/{written}/")
        assert case.number in text and "停车难" in text
    assert "内部草稿" not in text, "an answer is told once it is signed off"
    assert addresses(text) == {code(case, "supplement"), code(case, "withdraw")}
    acting.act(case.pk, "approve", county["head_a"], TUESDAY)
    assert "内部草稿" in page(reader, code(case))


def test_supplement_and_withdraw_by_the_code(county: County) -> None:
    case = county.dispatched()
    reader = Client()
    sent = form(page(reader, code(case)), code(case, "supplement"))
    answer = reader.post(code(case, "supplement"), {**sent, "supplement": "附平面图"}, follow=True)
    assert answer.redirect_chain == [(code(case), 302)] and "附平面图" in answer.content.decode()
    missing = reader.post(code(case, "withdraw"), form(answer.content.decode(), code(case, "withdraw")))
    assert missing.status_code == 422
    sent = form(page(reader, code(case)), code(case, "withdraw"))
    assert reader.post(code(case, "withdraw"), {**sent, "reason": "已解决"}).status_code == 302
    assert happened(case) == ["open", "dispatch", "supplement", "withdraw"]
    assert reader.post(code(case, "supplement"), {"supplement": "再补"}).status_code == 409
    assert Case.objects.get().outcome == "withdrawn"


@pytest.mark.parametrize("action", ["feed_back", "approve", "urge", "instruct", "rung", "dispatch", "note", "nonsense"])
def test_the_code_opens_nothing_that_is_not_the_partys(county: County, action: str) -> None:
    case = county.dispatched()
    answer = Client().post(code(case, action), {"answer": "好", "result": "solved", "reason": "x", "note": "x"})
    assert answer.status_code in {403, 409}
    assert happened(case) == ["open", "dispatch"]


def test_a_wrong_code_says_what_to_do(county: County) -> None:
    county.open()
    text = page(Client(), "/r/ZZZZZZZZZZ/", 404)
    assert "没有这个回执码" in text
    assert Client().post("/r/ZZZZZZZZZZ/withdraw/", {"reason": "x"}).status_code == 404


def test_by_the_code_only_the_files_that_were_told(county: County) -> None:
    case = county.dispatched()
    inside = blobs.store(SimpleUploadedFile("内部.pdf", PDF))
    acting.act(case.pk, "note", county["handler_a"], TUESDAY, {"note": "内部"}, files=[inside],
               task_id=county.task(case, "lead").pk)  # fmt: skip
    reader = Client()
    sent = form(page(reader, code(case)), code(case, "supplement"))
    mine = SimpleUploadedFile("平面图.pdf", PDF + b"x")
    assert reader.post(code(case, "supplement"), {**sent, "supplement": "见附件", "files": mine}).status_code == 302
    files = {file.name: file.pk for file in Attachment.objects.all()}
    assert reader.get(code(case, "files", str(files["平面图.pdf"]))).status_code == 200
    assert reader.get(code(case, "files", str(files["内部.pdf"]))).status_code == 404
    assert "内部.pdf" not in page(reader, code(case))
