"""Text that other programs would take for orders: kept as typed, shown as text, in every field of every act.

Templates of Django and typst, HTML, spreadsheets. Every text field that any role is offered on the window's, the
party's and the case pages is filled with it; then every page, the API, the workbook and the PDF are looked at.
"""

from __future__ import annotations

import html
import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest
import typst
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest import MonkeyPatch

from qinqing.accounts.access import actor_for
from qinqing.accounts.actor import Actor
from qinqing.cases import library, shelf
from qinqing.cases.casefile import CaseFile, Offer
from qinqing.cases.models import Case, Event, Payload
from qinqing.cases.procedure import Field
from qinqing.lib.wallclock import now as present
from qinqing.ui import papers
from tests.api.conftest import House
from tests.api.test_fuzz import _undone
from tests.cases.county import TUESDAY
from tests.worlds import Once

pytestmark = pytest.mark.alike
ORDERS = [
    "{{7*7}}{{request.user}}{{settings.SECRET_KEY}}",
    "{% debug %}{% load static %}{% now 'Y' %}{% include '/etc/passwd' %}",
    '#read("/etc/passwd") #eval("7*7") $7*7$ @label <tag>',
    "<b onmouseover=alert(1)>x</b><script>alert(1)</script>&lt;i&gt;",
    '=HYPERLINK("http://x.example","点")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1)",
    "https://x.example/?a=1&b=2",
]
ALL = "=1<b onmouseover=alert(1)>{{7*7}}{{settings.SECRET_KEY}}{% debug %}" + " ".join(ORDERS)  # what is short is cut
READERS = ["window_clerk", "handler", "supervisor", "party"]
ROLES = ["window_clerk", "window_head", "handler", "section_head", "supervisor", "leader", "inspector", "party"]


@pytest.fixture(scope="module", autouse=True)
def every_procedure(once: Once, built: House) -> None:
    """As after `qinqing site prepare`: pages also show what belongs to other wings' procedures."""
    once(_load_all)


def _load_all() -> None:
    known = library.installed()
    for source in library.read_all(settings.COUNTY):
        shelf.store(library.load(source.text, source.path, known), TUESDAY)


def _client(house: House, role: str) -> Client:
    client = Client(raise_request_exception=False)
    client.cookies.load(house.cookies(role))
    return client


def _actor(house: House, role: str) -> Actor:
    user = house.users[role]
    assert user is not None
    return actor_for(user, present())


def _offers(house: House) -> Iterator[tuple[str, Case, Offer]]:
    """Every act with a text field that some role may do in some matter."""
    for role in ROLES:
        for case in house.matters.values():
            for offer in CaseFile(case, _actor(house, role), present()).offers:
                if any(item.type == "text" for item in offer.fields):
                    yield role, case, offer


def _filled(house: House, item: Field, text: str) -> Any:
    """A fitting value for what is no text."""
    values: dict[str, Any] = {
        "text": text[: item.max or 500], "phone": "13800002046", "unit": house.county.unit("a"),
        "units": [house.county.unit("b")], "number": "3", "date": "2026-09-29", "confirm": "on",
        "choice": next(iter(item.choices), ""), "officer": "",
    }  # fmt: skip
    return values[item.type]


@pytest.mark.long
def test_every_text_field_of_every_act_keeps_and_shows_it_as_text(house: House) -> None:
    taken, refused, done = set(), dict[str, int](), set()
    for role, case, offer in list(_offers(house)):
        if (role, offer.action) in done:
            continue
        done.add((role, offer.action))
        data = {item.name: _filled(house, item, ALL) for item in offer.fields}
        for item in offer.fields:
            if item.name == "class":  # the first choice may not lead here
                data[item.name] = "simple" if offer.action == "answer_now" else "complex"
        data |= {"task": offer.task.pk if offer.task else "", "version": offer.version}
        data["files"] = SimpleUploadedFile("说明.txt", "说明".encode())
        with _undone():
            before = Event.objects.filter(case=case).count()
            answer = _client(house, role).post(f"/cases/{case.number}/{offer.action}/", data)
            if answer.status_code != 302:
                assert answer.status_code in {409, 422}, f"{offer.action}: {answer.status_code}"
                assert ALL[:40] in html.unescape(answer.content.decode()), f"{offer.action}: what was typed is lost"
                _shown_as_text(answer.content.decode(), ALL[:40], offer.action)
                refused[offer.action] = answer.status_code
                continue
            assert Event.objects.filter(case=case).count() == before + 1
            _kept_as_typed(case, offer, data)
            _everywhere(house, case, ALL[:40], offer.action)
            taken.add(offer.action)
    usual = {"answer_now", "decline", "feed_back", "return", "ask_party", "extend", "urge", "withdraw", "note"}
    assert usual - taken == set(), f"never taken; refused: {refused}"


def _kept_as_typed(case: Case, offer: Offer, data: dict[str, Any]) -> None:
    said = json.loads(Payload.objects.filter(event__case=case).order_by("-event__seq")[0].body or "")["texts"]
    for item in offer.fields:
        if item.type == "text":
            assert said[item.name] == data[item.name].strip(), f"{offer.action}.{item.name} is not what was typed"


def _everywhere(house: House, case: Case, text: str, where: str) -> None:
    """Whoever may see the case sees text; somebody does."""
    shown = 0
    for role in READERS:
        answer = _client(house, role).get(f"/cases/{case.number}/")
        assert answer.status_code in {200, 403, 404}, f"{where}, as {role}: {answer.status_code}"
        if answer.status_code == 200:
            _shown_as_text(answer.content.decode(), text, f"{where}, as {role}")
            shown += text in html.unescape(answer.content.decode())
    assert shown, f"{where}: shown to nobody"


def _shown_as_text(page: str, text: str, where: str) -> None:
    tree_safe = html.escape(text, quote=False)
    if tree_safe != text:
        assert text not in page, f"{where}: shown unescaped"
    for result in ("<b onmouseover", "<script>alert", "root:x:0"):
        assert result not in page, f"{where}: {result}"
    for made in ("AnonymousUser", "django.template"):
        assert made not in page, f"{where}: a template ran"


@pytest.mark.parametrize("text", ORDERS)
def test_the_windows_other_fields(house: House, text: str) -> None:
    """A new company, its visitor, a title: what the window types besides the matter."""
    sent = {
        "new_kind": "company", "new_name": text[:60], "text": text, "cls": "general", "channel": "window",
        "lead": house.county.unit("a"), "visitor": text[:40],
    }  # fmt: skip
    answer = _client(house, "window_clerk").post("/window/", sent)
    assert answer.status_code in {302, 422}, answer.content[-1500:]
    if answer.status_code == 422:
        page = answer.content.decode()
        assert text[:60] in html.unescape(page), "what was typed is lost"
        _shown_as_text(page, text, "window")
        return
    case = Case.objects.order_by("-pk")[0]
    assert case.party.name == text[:60].strip()
    _everywhere(house, case, text, "window")


@pytest.mark.parametrize("text", ORDERS)
def test_the_exported_list_holds_text_and_no_formula(house: House, text: str) -> None:
    case = house.matters["window"]
    Case.objects.filter(pk=case.pk).update(title=text[:80])
    answer = _client(house, "window_clerk").get("/cases/", {"format": "xlsx"})
    assert answer.status_code == 200 and "spreadsheetml" in answer["Content-Type"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        sheets = [ElementTree.fromstring(book.read(name)) for name in book.namelist() if "worksheets/sheet" in name]
        texts = "".join(
            "".join(ElementTree.fromstring(book.read(name)).itertext()) for name in book.namelist() if "xml" in name
        )
        links = [name for name in book.namelist() if name.startswith("xl/worksheets/_rels") or "externalLinks" in name]
    assert sheets and not [cell for sheet in sheets for cell in sheet.iter() if cell.tag.endswith(("}f", "}hyperlink"))]
    assert links == []
    assert text[:80] in texts, "not as typed"


@pytest.mark.parametrize("text", ORDERS)
def test_a_printed_paper_shows_it_as_text(text: str, tmp_path: Any, monkeypatch: MonkeyPatch) -> None:
    template = tmp_path / "probe.typ"
    template.write_text("#let data = json(bytes(sys.inputs.data))\n#data.text\n#metadata(data.text) <said>\n", "utf-8")
    monkeypatch.setattr(papers, "ROOT", tmp_path)
    pdf = papers.paper(template, {"text": text})
    assert pdf.startswith(b"%PDF-") and b"/URI" not in pdf
    inputs = {"data": json.dumps({"text": text}, ensure_ascii=False)}
    said = json.loads(typst.query(str(template), "<said>", field="value", sys_inputs=inputs))
    assert said == [text]


def test_the_same_file_twice_in_one_act_and_in_two(house: House) -> None:
    """Kept once, attached as often as it was sent; the history still verifies."""
    from qinqing.audit.services import verify_database
    from qinqing.cases import blobs

    case, clerk = house.matters["window"], _client(house, "window_clerk")
    paper = "同一份说明".encode()
    sent = {
        "class": "simple", "answer": "见附件", "confirmed": "on", "task": case.tasks.get(state="open").pk,
        "files": [SimpleUploadedFile("甲.txt", paper), SimpleUploadedFile("乙.txt", paper)],
    }  # fmt: skip
    assert clerk.post(f"/cases/{case.number}/answer_now/", sent).status_code == 302
    kept = case.attachments.order_by("pk")
    assert [one.name for one in kept] == ["甲.txt", "乙.txt"] and len({one.sha256 for one in kept}) == 1
    assert blobs.path(kept[0].sha256).read_bytes() == paper
    assert [found for found in verify_database(present()).findings if found.kind in {"state", "file"}] == []
