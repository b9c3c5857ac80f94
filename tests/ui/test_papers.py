"""Printed papers: valid files whose text can be copied out, the same for the same data, deaf to what people type."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typst

from qinqing.lib.labels import speaking
from qinqing.ui import papers
from tests.ui.pdf_text import pages_of, text_of

TEMPLATE = """
#import "/ui/papers.typ": *
#show: paper.with(title: data.title)
= #data.title
#b(data.said) #t("中文", "English")
#image(bytes(data.qr), width: 30mm)
"""
NASTY = '#panic("x") $x$ *a* \\ @b <c> “引号” #import "/etc/passwd"'


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "ui").mkdir()
    (tmp_path / "ui" / "papers.typ").write_text((papers.ROOT / "ui" / "papers.typ").read_text("utf-8"), "utf-8")
    file = tmp_path / "paper.typ"
    file.write_text(TEMPLATE, encoding="utf-8")
    monkeypatch.setattr(papers, "ROOT", tmp_path)
    return file


def data(said: str = "你好") -> dict[str, str]:
    return {"title": "督办函", "said": said, "qr": papers.qr("https://example.org/card/abc")}


def test_the_text_can_be_copied_out_and_follows_the_readers_language(template: Path) -> None:
    pdf = papers.paper(template, data())
    assert pdf.startswith(b"%PDF-1.")
    assert pages_of(pdf) == 1
    assert "督办函" in text_of(pdf)
    assert "你好" in text_of(pdf)
    assert "中文" in text_of(pdf)
    with speaking("en"):
        assert "English" in text_of(papers.paper(template, data()))


def test_the_same_data_give_the_same_file(template: Path) -> None:
    assert papers.paper(template, data()) == papers.paper(template, data())


def test_what_was_typed_is_text_and_nothing_else(template: Path) -> None:
    shown = re.sub(r"\s", "", text_of(papers.paper(template, data(NASTY))))
    assert re.sub(r"\s", "", NASTY) in shown


def test_a_template_reads_nothing_outside_the_package(template: Path) -> None:
    template.write_text('#read("../outside.txt")', encoding="utf-8")
    (template.parent.parent / "outside.txt").write_text("secret", encoding="utf-8")
    with pytest.raises(typst.TypstError):
        papers.paper(template, data())


def test_the_answer_is_a_pdf_under_its_name_that_no_cache_keeps() -> None:
    answer = papers.answer(b"%PDF", "廉心卡.pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == "inline; filename*=UTF-8''%E5%BB%89%E5%BF%83%E5%8D%A1.pdf"
    assert "no-store" in answer["Cache-Control"]
