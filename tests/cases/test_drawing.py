"""The picture of a procedure: everything is in it, nothing lies on top of anything else, texts fit their boxes."""

from __future__ import annotations

import re
import shutil
import xml.etree.ElementTree as ET
from itertools import combinations
from pathlib import Path

import pytest
import yaml

from qinqing.cases import drawing
from qinqing.cases.drawing import DrawingError, dot, draw
from qinqing.cases.reading import parse
from tests.cases.definitions import HARD_CASE, SOUND, changed, dump

SVG = "{http://www.w3.org/2000/svg}"
Box = tuple[float, float, float, float]


def _numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", text)]


def _box(group: ET.Element) -> Box:
    shape = next(e for e in group.iter() if e.tag in {f"{SVG}polygon", f"{SVG}path", f"{SVG}ellipse"})
    if shape.tag == f"{SVG}ellipse":
        x, y, r = (float(shape.get(name, "")) for name in ("cx", "cy", "rx"))
        return x - r, y - r, x + r, y + r
    numbers = _numbers(shape.get("points") or shape.get("d") or "")
    return min(numbers[0::2]), min(numbers[1::2]), max(numbers[0::2]), max(numbers[1::2])


def _groups(svg: str, kind: str) -> dict[str, ET.Element]:
    root = ET.fromstring(svg)
    groups = [group for group in root.iter(f"{SVG}g") if group.get("class") == kind]
    return {str(group.findtext(f"{SVG}title")): group for group in groups}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("text", [SOUND, HARD_CASE], ids=["sound", "hard_case"])
def test_everything_is_in_the_picture(text: str, language: str) -> None:
    procedure = parse(text)
    svg = draw(procedure, language=language)
    texts = " ".join(element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text"))
    leaving = [act for _, act in procedure.all_acts() if act.to]
    for item in [*procedure.stages.values(), *procedure.closed.values(), *leaving]:
        assert getattr(item.label, language) in texts
    assert set(procedure.stages) | set(procedure.closed) <= set(_groups(svg, "node"))
    assert {"cluster_find", "cluster_assign", "cluster_supervise", "cluster_write_off"} == set(_groups(svg, "cluster"))


def test_chinese_texts_fit_their_boxes_and_are_centred() -> None:
    for group in _groups(draw(parse(HARD_CASE), language="zh"), "node").values():
        left, top, right, bottom = _box(group)
        for text in group.iter(f"{SVG}text"):
            size = float(text.get("font-size", "0"))
            width = sum(size if ord(character) > 0x2E80 else size * 0.55 for character in text.text or "")
            x, y = float(text.get("x", "")), float(text.get("y", ""))
            assert text.get("text-anchor") == "middle"
            assert left <= x - width / 2 and x + width / 2 <= right, text.text
            assert abs(x - (left + right) / 2) < 1
            assert top < y - size * 0.7 and y < bottom


def test_boxes_do_not_overlap_and_stand_in_their_phase() -> None:
    procedure = parse(HARD_CASE)
    svg = draw(procedure, language="zh")
    boxes = {name: _box(group) for name, group in _groups(svg, "node").items()}
    for (one, a), (other, b) in combinations(boxes.items(), 2):
        assert a[2] < b[0] or b[2] < a[0] or a[3] < b[1] or b[3] < a[1], (one, other)
    phases = {name: _box(group) for name, group in _groups(svg, "cluster").items()}
    for item in [*procedure.stages.values(), *procedure.closed.values()]:
        box, phase = boxes[item.name], phases[f"cluster_{item.phase}"]
        assert phase[0] < box[0] and phase[1] < box[1] and box[2] < phase[2] and box[3] < phase[3]


def test_returns_are_dashed_and_time_is_dotted() -> None:
    svg = draw(parse(SOUND), language="zh")

    def dashes(name: str) -> str:
        return next(path.get("stroke-dasharray", "") for path in _groups(svg, "edge")[name].iter(f"{SVG}path"))

    assert dashes("looking->working") == dashes("done->working") == "5,2"
    assert dashes("sorting->working") == ""
    assert dashes("registering->ruling") == ""  # by itself or when time is up: one arrow
    by_time = changed(
        yaml.safe_load(SOUND), {"stages.looking.clock.rungs.due": "ruling", "stages.looking.acts.redo": None}
    )
    svg = draw(parse(dump(by_time)), language="zh")
    assert dashes("looking->ruling") == "1,5"


def test_no_inline_style_so_that_it_may_stand_in_a_page() -> None:
    """The pages' content security policy forbids style attributes and scripts."""
    svg = draw(parse(HARD_CASE), language="zh")
    assert svg.startswith("<svg ") and not re.search(r"\sstyle=|<style|<script|\son\w+=", svg)
    assert 'role="img"' in svg and 'aria-label="难事帮办"' in svg
    assert drawing.CELL not in svg


def test_names_from_a_definition_cannot_break_out() -> None:
    raw = changed(
        yaml.safe_load(SOUND), {"stages.sorting.zh": '<script>"&\\N{}', "title.zh": '"><b>', "closed.done.zh": "a\nb"}
    )
    svg = draw(parse(dump(raw)), language="zh")
    ET.fromstring(svg)
    assert "<script" not in svg and "<b>" not in svg


def test_dot_is_the_same_every_time() -> None:
    assert dot(parse(HARD_CASE), language="en") == dot(parse(HARD_CASE), language="en")
    assert dot(parse(HARD_CASE), language="en") != dot(parse(HARD_CASE), language="zh")


def test_a_missing_program_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(DrawingError, match="graphviz-pure"):
        draw(parse(SOUND), language="zh")
