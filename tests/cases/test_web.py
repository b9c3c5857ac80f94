"""The pages of the kernel through the real routes: who sees what, and what the page says when it cannot be done."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from qinqing.cases import acting, blobs, indexing
from qinqing.cases.models import Attachment, Case
from tests.cases.county import TUESDAY, County, build
from tests.cases.doors import PDF, addresses, at, client, code, form, happened, page
from tests.conftest import Clock
from tests.worlds import Once

pytestmark = pytest.mark.django_db
INJECTION = "{{ 7*7 }}{% now 'Y' %}<script>alert(1)</script>\"'><b>x"
LANGUAGES = {"zh": "我的办件", "en": "My matters"}


@pytest.fixture(scope="module")
def built(once: Once) -> County:
    return once(build)


@pytest.fixture
def county(built: County, clock: Clock, settings: Any, tmp_path: Path) -> County:
    settings.BLOBS = tmp_path
    clock.set(TUESDAY)
    return deepcopy(built)


def feed_back(county: County, case: Case, answer: str = "已划车位") -> None:
    acting.act(case.pk, "feed_back", county["handler_a"], TUESDAY, {"answer": answer, "result": "solved"})


# -- who sees what


STAFF = ("clerk", "window_head", "handler_a", "head_a", "supervisor", "leader")
PAGES = {
    "/desk/": (*STAFF, "inspector"),
    "/unit/": ("window_head", "head_a"),
    "/cases/": (*STAFF, "inspector"),
    "/my/": ("agent", "stranger"),
    "/calendar/": (*STAFF, "inspector"),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("address", PAGES)
def test_a_page_opens_for_whom_it_is_in_both_languages(county: County, address: str, language: str) -> None:
    case = county.dispatched("b")
    for name in (*STAFF, "inspector", "agent", "stranger"):
        answer = client(county, name, language).get(address)
        if name not in PAGES[address]:
            assert answer.status_code == 403, f"{name} opens {address}"
            continue
        text = answer.content.decode()
        assert answer.status_code == 200, f"{name}: {answer.status_code}"
        assert f'<html lang="{"zh-CN" if language == "zh" else "en"}"' in text
        concerned = (name not in {"stranger"} and address in {"/cases/", "/my/"}) or name == "handler_a"
        if address != "/calendar/" and concerned:
            assert case.number in text, f"{name} does not see the case on {address}"
        assert name != "stranger" or case.number not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_case_page_for_each_who_may_open_it(county: County, language: str) -> None:
    case = county.dispatched("b")
    may = {"clerk", "window_head", "supervisor", "leader", "inspector", "handler_a", "head_a", "handler_b", "agent"}
    for name in county.people:
        answer = client(county, name, language).get(at(case))
        assert answer.status_code == (200 if name in may | {"head_b"} else 404), name
        if answer.status_code == 200:
            assert case.number in (text := answer.content.decode()) and "停车难" in text


def test_a_page_offers_its_reader_only_what_is_theirs(county: County) -> None:
    case = county.dispatched("b")
    offered = {
        name: addresses(page(client(county, name), at(case)))
        for name in ("clerk", "handler_a", "handler_b", "inspector")
    }
    assert {at(case, "feed_back"), at(case, "return"), at(case, "sign")} <= offered["handler_a"]
    assert at(case, "advise") in offered["handler_b"] and at(case, "feed_back") not in offered["handler_b"]
    assert not {address for address in offered["clerk"] if address.startswith("/cases/")}
    assert {address for address in offered["inspector"] if address.startswith("/cases/")} == {at(case, "send_letter")}


def test_nobody_signed_in_and_strangers_find_nothing(county: County) -> None:
    case = county.dispatched()
    for address in (at(case), at(case, "receipt"), at(case, "files", "1")):
        assert Client().get(address).status_code == 302
        assert client(county, "stranger").get(address).status_code == 404
    assert client(county, "handler_e").get(at(case)).status_code == 404
    assert client(county, "stranger").post(at(case, "withdraw"), {"reason": "x"}).status_code == 404
    assert happened(case) == ["open", "dispatch"]


@pytest.mark.parametrize("number", ["帮2026-9999", "..", "%00", "a%00b", "x" * 500, "%F0%9F%98%80", "%ff"])
def test_numbers_that_are_none(county: County, number: str) -> None:
    for address in (f"/cases/{number}/", f"/cases/{number}/receipt/", f"/cases/{number}/files/1/", f"/r/{number}/"):
        assert client(county, "clerk").get(address).status_code in {404, 400}, address
    assert client(county, "clerk").post(f"/cases/{number}/sign/").status_code in {404, 400}


@pytest.mark.parametrize(
    "text", ["停车", "禾穗", "2026-0001", "停车 禾穗", "", "%", "' OR 1=1 --", "x" * 3000, INJECTION]
)
def test_finding(county: County, text: str) -> None:
    case = county.dispatched()
    indexing.index([case.pk])
    answer = client(county, "clerk").get("/cases/", {"q": text, "page": "99999999999999999999"})
    assert answer.status_code == 200
    expected = all(part in f"{case.number} {case.title} {case.party.name}" for part in text.split())
    assert (f'href="{at(case)}"' in answer.content.decode()) is expected
    mine = client(county, "handler_e").get("/cases/", {"q": text}).content.decode()
    assert f'href="{at(case)}"' not in mine, "not on the desks of that unit"


@pytest.mark.parametrize("query", ["?tab=nonsense", "?tab=closed", "?tab=approve", "?page=-1", "?of=returned", "?of=x"])
def test_pages_bear_any_query(county: County, query: str) -> None:
    county.dispatched()
    for address in ("/desk/", "/unit/", "/cases/"):
        page(client(county, "head_a"), address + query)


# -- acting


def test_an_act_leads_back_to_the_case_and_says_so(county: County) -> None:
    case = county.dispatched()
    handler = client(county, "handler_a")
    sent = form(page(handler, at(case)), at(case, "feed_back"))
    answer = handler.post(at(case, "feed_back"), {**sent, "answer": "已划车位", "result": "solved"}, follow=True)
    assert answer.redirect_chain == [(at(case), 302)]
    text = answer.content.decode()
    assert "提交反馈：已办" in text and "已划车位" in text
    assert happened(case)[-1] == "feed_back"
    again = handler.post(at(case, "feed_back"), {**sent, "answer": "已划车位", "result": "solved"})
    assert again.status_code == 302 and happened(case).count("feed_back") == 1, "pressed twice by the same person"


def test_the_button_pressed_twice(county: County) -> None:
    """The second press arrives before the page has changed: the offer still stands, the key has been seen."""
    case = county.dispatched()
    handler = client(county, "handler_a")
    sent = form(page(handler, at(case)), at(case, "note"))
    for _ in range(2):
        assert handler.post(at(case, "note"), {**sent, "version": "", "note": "已联系"}).status_code == 302
    assert happened(case).count("note") == 1


def test_what_is_missing_is_said_and_what_was_typed_is_kept(county: County) -> None:
    case = county.open()
    clerk = client(county, "clerk")
    sent = form(page(clerk, at(case)), at(case, "dispatch"))
    answer = clerk.post(at(case, "dispatch"), {**sent, "class": "complex", "assistants": [county.unit("b")]})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "请选择“主办科室”" in text or "请选择“主办" in text
    assert 'value="complex"' in text and "checked" in text.split('value="complex"')[1][:80]
    assert f'value="{county.unit("b")}"' in text
    assert happened(case) == ["open"]
    fresh = form(text, at(case, "dispatch"))
    answer = clerk.post(at(case, "dispatch"), {**fresh, "class": "complex", "lead": county.unit("a")})
    assert answer.status_code == 302 and happened(case) == ["open", "dispatch"]


def test_too_long_and_control_characters_come_back_with_the_text(county: County) -> None:
    case = county.dispatched()
    handler = client(county, "handler_a")
    sent = form(page(handler, at(case)), at(case, "feed_back"))
    for typed, says in (("长" * 5001, "超出"), ("响\x07铃", "控制字符")):
        answer = handler.post(at(case, "feed_back"), {**sent, "answer": typed, "result": "solved"})
        text = answer.content.decode()
        assert answer.status_code == 422 and says in text and typed[:50] in text
    assert happened(case) == ["open", "dispatch"]


def test_two_people_and_the_second_keeps_the_text_and_sees_what_changed(county: County) -> None:
    case = county.dispatched()
    first, second = client(county, "handler_a"), client(county, "head_a")
    mine, theirs = (form(page(who, at(case)), at(case, "feed_back")) for who in (first, second))
    assert (
        first.post(at(case, "note"), {**form(page(first, at(case)), at(case, "note")), "note": "正在现场"}).status_code
        == 302
    )
    answer = second.post(at(case, "feed_back"), {**theirs, "answer": "我写了很久的答复", "result": "solved"})
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "我写了很久的答复" in text and "刚刚" in text
    assert "正在现场" in text, "what changed stands below"
    assert happened(case) == ["open", "dispatch", "note"]
    again = second.post(
        at(case, "feed_back"), {**form(text, at(case, "feed_back")), "answer": "我写了很久的答复", "result": "solved"}
    )
    assert again.status_code == 302, "the form that came back can be sent"
    gone = first.post(at(case, "feed_back"), {**mine, "answer": "我也写了", "result": "solved"})
    assert gone.status_code == 409
    assert "我也写了" in gone.content.decode(), "the step is gone, what was typed is not"


def test_a_refusal_keeps_the_text(county: County) -> None:
    case = county.dispatched("b")
    handler = client(county, "handler_a")
    sent = form(page(handler, at(case)), at(case, "feed_back"))
    answer = handler.post(at(case, "feed_back"), {**sent, "answer": "等不及了", "result": "solved"})
    assert answer.status_code == 403
    assert "1项协办意见" in answer.content.decode() and "等不及了" in answer.content.decode()


@pytest.mark.parametrize(
    "action", ["approve", "write_off", "rung", "proceed", "reproject", "nonsense", "open", "feed_back"]
)
def test_what_is_not_offered_is_refused(county: County, action: str) -> None:
    case = county.dispatched()
    answer = client(county, "clerk").post(at(case, action), {"answer": "好", "result": "solved", "finding": "x"})
    assert answer.status_code in {403, 409}
    assert happened(case) == ["open", "dispatch"]


@pytest.mark.parametrize("field", ["task", "version", "key"])
@pytest.mark.parametrize("value", ["²", "٣", "9" * 5000, "-1", "x", "\x00", "坏", " ", "k" * 61])
def test_hidden_fields_that_somebody_changed(county: County, field: str, value: str) -> None:
    case = county.dispatched()
    handler = client(county, "handler_a", raise_request_exception=True)
    sent = form(page(handler, at(case)), at(case, "note"))
    assert handler.post(at(case, "note"), {**sent, "note": "x", field: value}).status_code in {302, 409, 422}


def test_acts_are_posted_and_belong_to_the_session(county: County) -> None:
    case = county.dispatched()
    assert client(county, "handler_a").get(at(case, "feed_back")).status_code == 405
    strict = client(county, "handler_a", enforce_csrf_checks=True)
    assert strict.post(at(case, "note"), {"note": "x"}).status_code == 403
    assert happened(case) == ["open", "dispatch"]


# -- injection


def test_whatever_is_typed_is_shown_as_typed(county: County) -> None:
    case = county.open(title=INJECTION, data={"text": INJECTION})
    acting.act(case.pk, "dispatch", county["clerk"], TUESDAY, {"class": "general", "lead": county.unit("a")})
    feed_back(county, case, INJECTION)
    acting.act(case.pk, "approve", county["head_a"], TUESDAY)
    shown = "{{ 7*7 }}{% now &#x27;Y&#x27; %}&lt;script&gt;alert(1)&lt;/script&gt;"
    for name, address in (("clerk", at(case)), ("agent", at(case)), ("clerk", "/cases/"), ("agent", "/my/"),
                          ("clerk", at(case, "receipt")), ("supervisor", "/desk/")):  # fmt: skip
        text = page(client(county, name), address)
        assert shown in text, f"{name} {address}"
        assert "<script>alert" not in text and "<b>x" not in text
    text = page(Client(), code(case))
    assert shown in text and "<script>alert" not in text
    found = client(county, "clerk").get("/cases/", {"q": INJECTION}).content.decode()
    assert "<script>alert" not in found


# -- files


def test_a_file_comes_back_as_a_download_or_safely_shown(county: County) -> None:
    case = county.dispatched()
    handler = client(county, "handler_a")
    sent = form(page(handler, at(case)), at(case, "note"))
    texts = SimpleUploadedFile('会议"纪要.txt', "同意".encode()), SimpleUploadedFile("图.pdf", PDF)
    assert handler.post(at(case, "note"), {**sent, "note": "见附件", "files": texts}).status_code == 302
    named = {file.name: file for file in Attachment.objects.all()}
    for name, disposition in (('会议"纪要.txt', "attachment"), ("图.pdf", "inline")):
        answer = handler.get(at(case, "files", str(named[name].pk)))
        assert answer.status_code == 200
        assert answer["Content-Disposition"].startswith(disposition)
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer["Content-Security-Policy"]
        assert b"".join(answer.streaming_content) in {PDF, "同意".encode()}  # type: ignore[attr-defined]
    assert client(county, "handler_e").get(at(case, "files", str(named["图.pdf"].pk))).status_code == 404
    other = county.dispatched()
    assert handler.get(at(other, "files", str(named["图.pdf"].pk))).status_code == 404, "a file of another case"


@pytest.mark.parametrize(
    ("name", "content"), [("空.pdf", b""), ("程序.pdf", b"MZ\x90\x00"), ("大.pdf", PDF + b"0" * blobs.LARGEST)]
)
def test_a_file_that_is_not_taken_is_said_and_nothing_happens(county: County, name: str, content: bytes) -> None:
    case = county.dispatched()
    handler = client(county, "handler_a")
    sent = form(page(handler, at(case)), at(case, "note"))
    answer = handler.post(at(case, "note"), {**sent, "note": "写好的记事", "files": SimpleUploadedFile(name, content)})
    assert answer.status_code in {422, 413}
    text = answer.content.decode()
    assert name in text and "写好的记事" in text
    assert happened(case) == ["open", "dispatch"] and not Attachment.objects.exists()


def test_evidence_is_a_file(county: County) -> None:
    case = county.dispatched()
    feed_back(county, case)
    acting.act(case.pk, "approve", county["head_a"], TUESDAY)
    supervisor = client(county, "supervisor")
    send: Callable[[dict[str, Any]], Any] = lambda more: supervisor.post(at(case, "write_off"), {  # noqa: E731
        **form(page(supervisor, at(case)), at(case, "write_off")), "finding": "属实", **more})  # fmt: skip
    without = send({})
    assert without.status_code in {403, 422} and "佐证" in without.content.decode()
    assert send({"files": SimpleUploadedFile("现场.pdf", PDF)}).status_code == 302
    assert Case.objects.get().outcome == "resolved"
    assert "现场.pdf" in page(client(county, "inspector"), at(case))


def test_the_page_verifies_its_history(county: County) -> None:
    case = county.dispatched()
    assert "历史完整" in (whole := page(client(county, "clerk"), at(case))) or "核验" in whole
    state = json.loads(Case.objects.get().state)
    state["fields"]["class"] = "general"
    Case.objects.update(state=json.dumps(state))
    assert page(client(county, "clerk"), at(case)) != whole
