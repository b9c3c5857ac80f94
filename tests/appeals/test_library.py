"""The answer library: who reads and who keeps it, and the same as a sheet sent back."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from qinqing.appeals import library
from qinqing.appeals.models import LibraryAnswer
from qinqing.directory import sheet_imports
from qinqing.lib.labels import Label, speaking
from qinqing.ui import sheets
from tests.cases.county import TUESDAY, County, build
from tests.cases.doors import client
from tests.conftest import Clock
from tests.ui.sheet_files import table

pytestmark = pytest.mark.django_db


@pytest.fixture
def county(clock: Clock, settings: Any, tmp_path: Path) -> County:
    settings.HOME = tmp_path / "home"
    clock.set(TUESDAY)
    found = build()
    first = {
        "question": "如何开办企业",
        "answer": "一网通办\n当日办结",
        "keywords": "开办 注册",
        "section_id": found.unit("a"),
    }
    library.save(None, first, TUESDAY)
    library.save(None, {"question": "=停车", "answer": "=1+1", "keywords": "", "withdrawn": True}, TUESDAY)
    return found


def sent(county: County, content: bytes, tmp_path: Path) -> Any:
    path = tmp_path / "l.xlsx"
    path.write_bytes(content)
    return sheet_imports.upload(
        path, "l.xlsx", sheet_imports.kind_of(library.KIND, county["window_head"]), county["window_head"], TUESDAY
    )


def previewed(county: County, batch: Any) -> sheet_imports.Preview:
    return sheet_imports.preview(batch, county["window_head"], TUESDAY)


def written(sheet: sheets.Sheet) -> bytes:
    file = io.BytesIO()
    sheets.write(file, sheet, "x", TUESDAY)
    return file.getvalue()


def edited(rows: list[dict[str, Any]]) -> bytes:
    kind = sheet_imports._kinds[library.KIND]
    return written(sheet_imports.template(kind, rows))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_downloaded_and_sent_back_it_is_the_same(county: County, tmp_path: Path, language: str) -> None:
    with speaking(language):
        kind = sheet_imports._kinds[library.KIND]
        template = written(sheet_imports.template(kind, library.current(county["window_head"], TUESDAY)))
        page = written(library.sheet(library.find("", withdrawn=True), Label("", "")))
    for content, count in ((template, 2), (page, 1)):
        found = previewed(county, sent(county, content, tmp_path))
        assert [(row.status, row.faults) for row in found.rows] == [("same", ())] * count


def test_changed_new_and_bad_rows(county: County, tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = list(library.current(county["window_head"], TUESDAY))
    rows[0] |= {"answer": "新的答复", "section": "b"}  # a code is as good as a name
    rows[1] |= {"withdrawn": False}
    rows += [
        {"question": "社保怎么办", "answer": "到人社局", "section": "科室c"},
        {"question": "没有这个科", "answer": "x", "section": "乌有科"},
        {"number": 999, "question": "没有这个号", "answer": "x"},
        {"question": "如何 开办企业", "answer": "与第一条重复"},
    ]
    batch = sent(county, edited(rows), tmp_path)
    found = previewed(county, batch)
    assert [row.status for row in found.rows] == ["changed", "changed", "new", "bad", "bad", "bad"]
    assert set(found.rows[0].changes) == {"answer", "section"}
    sheet_imports.confirm(batch.pk, found.seen, county["window_head"], TUESDAY)
    kept = {one.question: one for one in LibraryAnswer.objects.all()}
    assert len(kept) == 3
    assert kept["如何开办企业"].answer == "新的答复"
    assert kept["如何开办企业"].section_id == county.unit("b")
    assert kept["=停车"].withdrawn_at is None
    assert kept["社保怎么办"].section_id == county.unit("c")
    again = previewed(county, sent(county, edited(rows), tmp_path))
    assert again.counts == Counter(same=3, bad=3, new=0, changed=0), "the new one is known by its question"


def test_the_page_is_read_by_all_and_kept_by_the_head(county: County) -> None:
    reader, head = client(county, "handler_a"), client(county, "window_head")
    page = reader.get(reverse("appeals:library")).content.decode()
    assert "如何开办企业" in page
    assert "=停车" not in page
    assert reverse("appeals:library_new") not in page
    number = LibraryAnswer.objects.get(question="如何开办企业").pk
    address = reverse("appeals:library_answer", args=[number])
    assert reader.get(address).status_code == 403
    refused = head.post(address, {"question": "", "answer": "新"})
    assert refused.status_code == 422
    entry = {
        "question": "如何开办企业",
        "answer": "新",
        "section": "",
        "keywords": "开办",
        "basis": "",
        "withdrawn": "on",
    }
    assert head.post(address, entry).status_code == 302
    one = LibraryAnswer.objects.get(pk=number)
    assert (one.answer, one.section_id, one.withdrawn_at is None) == ("新", None, False)
    assert head.post(reverse("appeals:library_new"), {"question": "新问题", "answer": "答"}).status_code == 302
    listed = table(reader.get(reverse("appeals:library"), {"format": "xlsx"}).content)
    assert [row["问题"] for row in listed] == ["新问题"]
    found = head.get(reverse("appeals:library"), {"q": "开办", "withdrawn": "1"}, headers={"accept-language": "en"})
    assert "如何开办企业" in found.content.decode()
