"""Workbooks that go out: text stays text whatever it says, unknown stays empty, the reader's language, the read log."""

from __future__ import annotations

import io
import re
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pytest
from django.http import HttpRequest, QueryDict
from django.template import Context, Template
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from qinqing.accounts.actor import Actor
from qinqing.audit.models import ReadLog
from qinqing.lib.labels import Label, speaking
from qinqing.lib.wallclock import CHINA
from qinqing.ui import sheets
from qinqing.ui.sheets import Column, Sheet
from tests.ui.sheet_files import definitions, parts, rows, table

NOW = datetime(2026, 9, 30, 23, 40, tzinfo=CHINA)
MEANING = Label("含义", "Meaning")
NOTE = Label("全部", "All")
HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", "http://a.b", "mailto:a@b.c", "{=1}"]


def one(value: Any, kind: str = "text") -> Sheet:
    return Sheet(
        Label("表", "Sheet"), [Column(Label("列", "Column"), MEANING, lambda row: row, 14, kind)], [value], NOTE
    )


def written(sheet: Sheet) -> bytes:
    file = io.BytesIO()
    sheets.write(file, sheet, "何以宁", NOW)
    return file.getvalue()


def request(address: str = "/desk/") -> HttpRequest:
    made = RequestFactory().get(address)
    made.actor = Actor(7, "何以宁", "officer")  # type: ignore[attr-defined]
    return made


@pytest.mark.parametrize("text", HOSTILE)
def test_what_looks_like_a_formula_is_text(text: str) -> None:
    content = written(one(text))
    inside = parts(content)
    sheet = inside["xl/worksheets/sheet1.xml"]
    assert "<f>" not in sheet
    assert "<f " not in sheet
    assert "<hyperlink" not in sheet
    assert not any("sheet1.xml.rels" in name for name in inside), "a link would stand there"
    assert rows(content)[1] == [text.replace("\r", "\n")]
    style = re.search(r'<c r="A2" s="(\d+)" t="inlineStr">', sheet)
    assert style, "a string cell"
    formats = re.findall(r'<xf numFmtId="(\d+)"', inside["xl/styles.xml"].split("<cellXfs")[1])
    assert formats[int(style[1])] == "49", "formatted as text, so that editing the cell makes it no formula either"


@given(st.text(max_size=200))
def test_any_text_comes_back_without_what_the_format_forbids(text: str) -> None:
    content = written(one(text))
    assert "<f" not in re.sub("<f(ont|ill|orm|ormat)", "", parts(content)["xl/worksheets/sheet1.xml"])
    kept = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", text).replace("\r\n", "\n").replace("\r", "\n")
    lines = rows(content)[1:]
    assert (lines[0][0] if lines else "") == kept


@given(st.text(alphabet=st.characters(codec=None), max_size=60))
def test_halves_of_characters_are_dropped(text: str) -> None:
    written(one(text))  # no encoding writes them


def test_a_literal_escape_is_not_decoded() -> None:
    assert rows(written(one("_x0041_")))[1] == ["_x0041_"]


@pytest.mark.parametrize("character", ["长", "😀"])
def test_too_long_a_text_is_cut_with_a_mark(character: str) -> None:
    kept = rows(written(one(character * 40_000)))[1][0]
    assert kept.endswith("……（过长，已截断）")
    assert len(kept.encode("utf-16-le")) // 2 <= 32_767
    assert "�" not in kept


def test_kinds_of_cells() -> None:
    moment = datetime(2026, 9, 30, 16, 30, 59, 7, tzinfo=UTC)
    assert rows(written(one(28_613_240, "yuan")))[1] == [286_132.40]
    assert rows(written(one(Decimal("-1.5"), "number")))[1] == [-1.5]
    assert rows(written(one(0, "number")))[1] == [0.0]
    assert rows(written(one(moment, "moment")))[1] == [moment.astimezone(CHINA).replace(tzinfo=None, microsecond=0)]
    assert rows(written(one(moment, "day")))[1] == [date(2026, 10, 1)]
    assert rows(written(one(0.875, "share")))[1] == [0.875]
    assert rows(written(one(True)))[1] == ["是"]


@pytest.mark.parametrize("kind", ["text", "number", "yuan", "day", "moment", "share"])
def test_unknown_is_an_empty_cell(kind: str) -> None:
    content = written(one(None, kind))
    assert rows(content)[1:] in ([], [[""]])
    assert "<v>" not in parts(content)["xl/worksheets/sheet1.xml"]


@pytest.mark.parametrize(
    ("value", "kind"), [("1", "number"), (True, "number"), (NOW.replace(tzinfo=None), "moment"), (3, "day")]
)
def test_a_value_of_another_kind_is_refused(value: Any, kind: str) -> None:
    with pytest.raises(ValueError):
        written(one(value, kind))


def test_second_sheet_says_what_the_columns_mean_and_who_exported() -> None:
    found = definitions(written(one("x")))
    assert found["列"] in {"含义", "Column"}
    assert found["范围"] == "全部"
    assert found["行数"] == "1"
    assert found["导出人"] == "何以宁"
    assert found["导出时间"] == "2026-09-30 23:40（北京时间）"
    with speaking("en"):
        content = written(one("x"))
    assert rows(content)[0] == ["Column"]
    assert definitions(content)["Filter"] == "All"


@pytest.mark.django_db
def test_the_answer_is_an_attachment_with_a_chinese_name_and_stands_in_the_read_log() -> None:
    answer = sheets.download(request(), Sheet(Label("我的/办件", "Mine"), one("x").columns, ["a", "b"], NOTE), NOW)
    assert answer["Content-Type"] == sheets.MIME
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert unquote(answer["Content-Disposition"]).endswith("我的-办件-2026-09-30.xlsx")
    entry = ReadLog.objects.get()
    assert (entry.user_id, entry.user_name, entry.what) == (7, "何以宁", "export")
    assert entry.reason == "我的/办件 · 2行 · 全部"


@pytest.mark.django_db
def test_more_rows_than_the_format_holds_are_refused_and_not_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_ROWS", 3)
    with pytest.raises(sheets.TooManyRows):
        sheets.download(request(), Sheet(Label("表", "Sheet"), one("x").columns, "abcd", NOTE), NOW)
    assert not ReadLog.objects.exists()


def test_the_link_keeps_the_filters_and_never_the_page() -> None:
    at = request("/cases/?q=%E5%81%9C%E8%BD%A6&tab=sign&page=4&lang=en")
    link = sheets.link(at)
    query = QueryDict(link.split("?")[1])
    assert query.dict() == {"q": "停车", "tab": "sign", "format": "xlsx"}
    assert sheets.wanted(RequestFactory().get(link))
    assert not sheets.wanted(at)
    assert not sheets.wanted(RequestFactory().post(link))
    button = Template("{% load qinqing %}{% download_link %}").render(Context({"request": at}))
    assert "导出Excel" in button
    posted = RequestFactory().post("/messaging/5/drop/")
    assert not Template("{% load qinqing %}{% download_link %}").render(Context({"request": posted}))
    assert "&amp;tab=sign" in button


@pytest.mark.long
def test_a_hundred_thousand_rows_in_bounded_memory() -> None:
    """What is in memory is the packed file and one row, not the rows."""

    def many() -> Iterator[int]:
        yield from range(100_000)

    columns = [
        Column(Label("编号", "Number"), MEANING, lambda n: f"帮2026-{n:06}"),
        Column(Label("事项", "Matter"), MEANING, lambda n: f"厂区门口停车难第{n % 977}次反映", 40),
        Column(Label("剩余", "Left"), MEANING, lambda n: n % 7, 8, "number"),
    ]
    file = io.BytesIO()
    tracemalloc.start()
    try:
        count = sheets.write(file, Sheet(Label("表", "Sheet"), columns, many(), NOTE), "何以宁", NOW)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 100_000
    assert peak < 40_000_000, f"{peak:,} bytes at the peak"
    found = table(file.getvalue())
    assert len(found) == 100_000
    assert found[-1]["编号"] == "帮2026-099999"
