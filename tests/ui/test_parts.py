"""Clocks, the working-day ruler, charts, flow and QR: what they show is what the figures say."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from django.core.paginator import Paginator
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from qinqing.lib.labels import Label
from qinqing.lib.wallclock import CHINA
from qinqing.lib.workdays import Budget, due, left, shipped_calendar
from qinqing.ui import charts, flow, icons, parts, qr, ruler

CALENDAR = shipped_calendar()
DUE = datetime(2026, 9, 30, 17, tzinfo=CHINA)


def clock_at(now: datetime, *, provisional: bool = False) -> parts.Clock:
    return parts.running_clock(left(now, DUE, CALENDAR), 5 * CALENDAR.minutes_per_day, provisional=provisional)


@given(st.integers(-30 * 24 * 60, 30 * 24 * 60))
def test_the_lamp_follows_the_time_left(minutes: int) -> None:
    now = DUE - timedelta(minutes=minutes)
    rest = left(now, DUE, CALENDAR)
    clock = clock_at(now)
    assert clock.kind == ("over" if now > DUE else "soon" if rest.minutes < CALENDAR.minutes_per_day else "ok")
    assert 0 <= clock.share <= 100
    assert clock.text == rest.text


def test_a_provisional_end_says_so_until_it_is_near() -> None:
    assert clock_at(DUE - timedelta(days=2), provisional=True).kind == "provisional"
    assert clock_at(DUE - timedelta(hours=1), provisional=True).kind == "soon"
    assert clock_at(DUE + timedelta(hours=20), provisional=True).kind == "over"


starts = st.integers(0, 700 * 24 * 60).map(lambda m: datetime(2025, 1, 1, tzinfo=CHINA) + timedelta(minutes=m))


@given(starts, st.integers(1, 60), st.integers(0, 90), st.booleans())
def test_the_ruler_keeps_every_day_in_order(start: datetime, days: int, later: int, compact: bool) -> None:
    end = due(start, Budget("working_days", days), CALENDAR)
    now = start + timedelta(days=later)
    cells = ruler.ruler_cells(end.steps, now, compact=compact)
    assert cells[0].kind == "start"
    assert cells[-1].kind == "due"
    assert sum(cell.today for cell in cells) == (1 if end.steps[0].first <= now.date() <= end.steps[-1].last else 0)
    passed = [cell.passed for cell in cells]
    assert passed == sorted(passed, reverse=True)
    assert not any(cell.passed and cell.today for cell in cells)
    if not compact:  # every working day up to the due one is numbered, folded or not
        numbers = [int(n) for cell in cells if cell.kind == "counted" for n in re.findall(r"\d+", cell.foot.zh)]
        assert numbers == sorted(numbers)
        assert max(numbers, default=0) == days - 1


def test_the_ruler_of_the_case_page() -> None:
    start = datetime(2026, 9, 21, 10, 15, tzinfo=CHINA)
    stop = (datetime(2026, 9, 23, 8, 30, tzinfo=CHINA), datetime(2026, 9, 24, 8, 30, tzinfo=CHINA))
    steps = due(start, Budget("working_days", 5), CALENDAR, [stop]).steps
    cells = ruler.ruler_cells(steps, datetime(2026, 9, 29, 10, 20, tzinfo=CHINA), compact=True)
    assert [(cell.head.zh, cell.foot.zh, cell.kind) for cell in cells] == [
        ("9/21", "起", "start"),
        ("22", "1", "counted"),
        ("23", "停", "suspended"),
        ("24", "2", "counted"),
        ("25—27", "中秋节休", "off"),
        ("28", "3", "counted"),
        ("29", "4", "counted"),
        ("30", "到期", "due"),
    ]
    assert [cell.today for cell in cells].index(True) == 6


def test_sixty_days_fold() -> None:
    steps = due(datetime(2026, 3, 2, 9, tzinfo=CHINA), Budget("working_days", 60), CALENDAR).steps
    cells = ruler.ruler_cells(steps, datetime(2026, 3, 20, 9, tzinfo=CHINA))
    assert len(cells) < 16 < len(steps)
    assert any("清明" in cell.foot.zh for cell in cells)  # what has a name stays visible


values = st.lists(st.none() | st.integers(0, 5000) | st.floats(0, 50), max_size=40)


@given(values, st.booleans(), st.sampled_from([charts.columns, charts.bars, charts.line]))
def test_charts_are_sound_drawings_inside_their_width(numbers: list[float | None], narrow: bool, draw: object) -> None:
    marks = [charts.Mark(Label(f"{n}月<", f"{n}<"), value, f"/x?m={n}&a=1") for n, value in enumerate(numbers)]
    svg = draw(marks, title=Label("标题", "Title"), narrow=narrow)  # type: ignore[operator]
    tree = ElementTree.fromstring(svg)
    width = float(tree.attrib["width"])
    assert width == (charts.NARROW if narrow else charts.WIDE)
    for rect in tree.iter("rect"):
        assert float(rect.attrib["x"]) >= -0.1
        assert float(rect.attrib["x"]) + float(rect.attrib["width"]) <= width + 0.1
    assert "nan" not in svg
    if draw is not charts.line:
        assert len(list(tree.iter("a"))) == len(numbers)  # every figure is a door, also an unknown one
    assert sum(1 for rect in tree.iter("rect") if rect.attrib.get("class") == "mark") <= sum(map(bool, numbers))


def test_column_heights_are_in_proportion_and_ticks_do_not_touch() -> None:
    marks = [charts.Mark(f"2026-{n:02d}", n) for n in range(1, 61)]
    tree = ElementTree.fromstring(charts.columns(marks, title="x", narrow=True))
    tall = [float(rect.attrib["height"]) for rect in tree.iter("rect") if rect.attrib["class"] == "mark"]
    assert tall[59] / tall[29] == pytest.approx(2, rel=0.02)
    ticks = [float(text.attrib["x"]) for text in tree.iter("text") if (text.text or "").startswith("2026")]
    assert all(b - a > charts.text_width("2026-01") for a, b in pairwise(sorted(ticks)))


def test_a_flow_is_drawn_with_its_words() -> None:
    nodes = [flow.FlowNode("a b", "登记<", "start"), flow.FlowNode('"', Label("办理", "Handle"), note="5日", href="/x")]
    edges = [flow.FlowEdge("a b", '"', "交办"), flow.FlowEdge('"', "a b", "退回", "return")]
    svg = flow.draw_flow(nodes, edges, title="流程")
    tree = ElementTree.fromstring(svg)
    assert [text.text for text in tree.iter("text")] == ["交办", "退回", "登记<", "办理", "5日"]
    box = tree.attrib["viewBox"].split()
    for rect in tree.iter("rect"):
        assert float(rect.attrib["x"]) + float(rect.attrib["width"]) <= float(box[2])
        assert float(rect.attrib["width"]) >= 2 * 14
    with pytest.raises(ValueError, match="not drawn"):
        flow.draw_flow(nodes, [flow.FlowEdge("a b", "z")], title="x")


def test_flow_boxes_do_not_overlap() -> None:
    nodes = [flow.FlowNode(str(n), "很长的环节名称" * 2) for n in range(5)]
    edges = [flow.FlowEdge("0", str(n), "交由主办单位办理") for n in range(1, 5)]
    tree = ElementTree.fromstring(flow.draw_flow(nodes, edges, title="x", down=True))
    boxes = [[float(rect.attrib[side]) for side in ("x", "y", "width", "height")] for rect in tree.iter("rect")]
    for i, (x, y, w, h) in enumerate(boxes):
        for x2, y2, w2, h2 in boxes[i + 1 :]:
            assert x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=120))
def test_the_qr_drawing_is_its_matrix(text: str) -> None:
    import segno

    svg = ElementTree.fromstring(qr.qr_svg(text, text))
    path = next(svg.iter("path")).attrib["d"]
    dark = {
        (int(x) + step, int(y))
        for x, y, run in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", path)
        for step in range(int(run))
    }
    matrix = segno.make(text, error="m", micro=False).matrix_iter()
    assert dark == {(x, y) for y, line in enumerate(matrix) for x, bit in enumerate(line) if bit}


def test_an_unknown_icon_is_an_error() -> None:
    with pytest.raises(KeyError):
        icons.icon("pirnt")


def test_the_pager_keeps_the_other_filters() -> None:
    request = RequestFactory().get("/desk/", {"q": "车位&", "page": "2", "lang": "en"})
    turn = parts.turn_of(request, Paginator(range(337), 20).page(2))
    assert (turn.first, turn.last, turn.total) == (21, 40, 337)
    assert turn.next == "/desk/?q=%E8%BD%A6%E4%BD%8D%26&page=3"
    assert None in turn.pages
