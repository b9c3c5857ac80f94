"""图表: bar, column, line and rate drawings as server-side SVG: printable, cacheable, every mark a link.

The viewBox is the drawn width, so 12 px stays 12 px; labels stand at the marks, there is no legend. For phones a chart
is drawn again, narrow: `{% chart wide narrow %}` shows one of the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from math import ceil, log10

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from qinqing.lib.labels import Label
from qinqing.ui.figures import Rate

Text = Label | str
WIDE, NARROW = 720, 340
_TEXT = 12
_ids = count(1)


@dataclass(frozen=True, slots=True)
class Mark:
    """One bar or point: `href` leads to its cases, `title` says it in words, `partial` is an unfinished period.

    `value` None is unknown: the place stays empty, never zero."""

    label: Text
    value: float | None
    href: str = ""
    title: Text = ""
    partial: bool = False


def bars(marks: Sequence[Mark], *, title: Text, narrow: bool = False) -> SafeString:
    """Horizontal bars, one row of 27 per mark: for a few named things, longest label to the left."""
    width = NARROW if narrow else WIDE
    left = min(width * 2 // 5, max((text_width(str(mark.label)) for mark in marks), default=0) + 12)
    top = max((mark.value or 0 for mark in marks), default=0) or 1
    rows = []
    for row, mark in enumerate(marks):
        y = 27 * row
        length = 0 if mark.value is None else (width - left - 56) * mark.value / top
        shape = format_html(
            '<text class="lbl" x="0" y="{}">{}</text>{}<text class="hi" x="{}" y="{}">{}</text>',
            y + 20,
            cut(str(mark.label), left - 8),
            _bar(mark, left, y + 8, length, 16),
            px(left + length + 6),
            y + 20,
            _value(mark.value),
        )
        rows.append(_linked(mark, shape, (0, y + 2, width, 26)))
    return _svg(width, 27 * len(marks) + 6, title, rows)


def columns(marks: Sequence[Mark], *, title: Text, narrow: bool = False, unit: Text = "") -> SafeString:
    """Vertical bars in time or size order (volume by month, histogram); labels are thinned so that none overlap."""
    width, height = (NARROW, 180) if narrow else (WIDE, 220)
    left, right, top, bottom = 36, 6, 22, height - 26
    most = max((mark.value or 0 for mark in marks), default=0)
    step, ceiling = _scale(most)
    place = (width - left - right) / max(1, len(marks))
    wide = max(1.0, min(30.0, place * 0.66))
    every = _every([str(mark.label) for mark in marks], place)
    values_fit = max((text_width(_value(mark.value)) for mark in marks), default=0) + 4 <= place
    last = len(marks) - 1
    parts = _grid(left, width - right, top, bottom, step, ceiling, str(unit))
    for index, mark in enumerate(marks):
        x = left + place * index + (place - wide) / 2
        tall = 0 if mark.value is None else (bottom - top) * mark.value / ceiling
        tells = values_fit or index == last or (mark.value == most and _far(index, last, place))
        number = (
            format_html(
                '<text class="lbl" x="{}" y="{}" text-anchor="middle">{}</text>',
                px(x + wide / 2),
                px(bottom - tall - 5),
                _value(mark.value),
            )
            if tells
            else ""
        )
        shape = format_html("{}{}", _bar(mark, x, bottom - tall, wide, tall), number)
        parts.append(_linked(mark, shape, (left + place * index, top, place, bottom - top)))
        if (last - index) % every == 0:
            parts.append(_tick(x + wide / 2, height - 8, str(mark.label), width))
    return _svg(width, height, title, parts)


def line(
    marks: Sequence[Mark],
    *,
    title: Text,
    narrow: bool = False,
    unit: Text = "",
    goal: float | None = None,
    goal_label: Text = "",
) -> SafeString:
    """A line over equal steps, its last value at its end; gaps where a value is unknown; `goal` a dashed rule."""
    width, height = (NARROW, 160) if narrow else (WIDE, 200)
    left, right, top, bottom = 36, 64, 22, height - 26
    step, ceiling = _scale(max([goal or 0, *(mark.value or 0 for mark in marks)]))
    place = (width - left - right) / max(1, len(marks) - 1)
    every = _every([str(mark.label) for mark in marks], place)
    parts = _grid(left, width - right, top, bottom, step, ceiling, str(unit))
    if goal is not None:
        level = bottom - (bottom - top) * goal / ceiling
        parts.append(
            format_html(
                '<line class="goal" x1="{}" x2="{}" y1="{}" y2="{}"/>', left, width - right, px(level), px(level)
            )
        )
        parts.append(
            format_html('<text class="red" x="{}" y="{}">{}</text>', width - right + 10, px(level + 4), goal_label)
        )
    spots = [
        None if mark.value is None else (left + place * index, bottom - (bottom - top) * mark.value / ceiling)
        for index, mark in enumerate(marks)
    ]
    parts.extend(_runs(spots))
    last = max((index for index, spot in enumerate(spots) if spot), default=-1)
    for index, (mark, spot) in enumerate(zip(marks, spots, strict=True)):
        if spot:
            x, y = spot
            dot = format_html('<circle class="pt" cx="{}" cy="{}" r="{}"/>', px(x), px(y), 5 if index == last else 3)
            parts.append(_linked(mark, dot, (x - min(place, 24) / 2, top, min(place, 24), bottom - top)))
        if (len(marks) - 1 - index) % every == 0:
            parts.append(_tick(left + place * index, height - 8, str(mark.label), width))
    if last >= 0 and (end := spots[last]):
        parts.append(
            format_html(
                '<text class="hi" x="{}" y="{}">{}</text>', px(end[0] + 10), px(end[1] + 4), _value(marks[last].value)
            )
        )
    return _svg(width, height, title, parts)


def rate_gauge(rate: Rate) -> SafeString:
    """A rate on its track from 0 to 100 with its 95 % interval; the upright line is the last period."""
    low, high = rate.interval
    share = rate.hits / rate.total

    def x(value: float) -> str:
        return px(8 + 304 * value)

    parts = [
        mark_safe('<rect class="trk" x="8" y="18" width="304" height="8"/>'),
        format_html('<rect class="ci" x="{}" y="18" width="{}" height="8"/>', x(low), px(304 * (high - low))),
    ]
    if rate.previous is not None:
        parts.append(format_html('<line class="prev" x1="{0}" x2="{0}" y1="12" y2="32"/>', x(rate.previous)))
    parts.append(format_html('<circle class="pt" cx="{}" cy="22" r="6"/>', x(share)))
    parts.extend(
        format_html('<text x="{}" y="46" text-anchor="middle">{}</text>', x(n / 100), n) for n in range(0, 101, 25)
    )
    return _svg(320, 52, f"{rate.label} {rate.percent}%，{rate.bounds}", parts)


def text_width(text: str) -> int:
    """The drawn width at 12 px: 12 for a Chinese character, 7 for others. Wide rather than narrow."""
    return sum(_TEXT if ord(letter) > 0x2E7F else 7 for letter in text)


def _svg(width: int, height: int, title: Text, parts: Sequence[SafeString]) -> SafeString:
    """A group, not an image, so that the links inside stay reachable."""
    return format_html(
        '<svg class="ch" viewBox="0 0 {} {}" width="{}" height="{}" role="group" aria-label="{}">{}</svg>',
        width,
        height,
        width,
        height,
        title,
        format_html_join("", "{}", ((part,) for part in parts)),
    )


def _bar(mark: Mark, x: float, y: float, width: float, height: float) -> SafeString:
    if not mark.value:
        return mark_safe("")
    box = format_html('x="{}" y="{}" width="{}" height="{}"', px(x), px(y), px(width), px(height))
    if not mark.partial:
        return format_html('<rect class="mark" {}/>', box)
    name = f"hatch{next(_ids)}"
    return format_html(
        '<defs><pattern id="{0}" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<line class="hatch" x1="0" y1="0" x2="0" y2="5"/></pattern></defs><rect class="part" fill="url(#{0})" {1}/>',
        name,
        box,
    )


def _linked(mark: Mark, shape: SafeString, hit: tuple[float, float, float, float]) -> SafeString:
    """The mark with its words, inside its link if it has one; the whole row or column is the target."""
    words = str(mark.title) or f"{mark.label} {_value(mark.value)}"
    area = format_html('<rect class="hit" x="{}" y="{}" width="{}" height="{}"/>', *map(px, hit))
    if not mark.href:
        return format_html("<g><title>{}</title>{}{}</g>", words, area, shape)
    return format_html('<a href="{}" aria-label="{}"><title>{}</title>{}{}</a>', mark.href, words, words, area, shape)


def _grid(left: int, right: int, top: int, bottom: int, step: float, ceiling: float, unit: str) -> list[SafeString]:
    parts = []
    for n in range(round(ceiling / step) + 1):
        y = px(bottom - (bottom - top) * n * step / ceiling)
        rule = "ax" if n == 0 else "gr"
        parts.append(format_html('<line class="{}" x1="{}" x2="{}" y1="{}" y2="{}"/>', rule, left, right, y, y))
        parts.append(
            format_html('<text x="{}" y="{}" text-anchor="end">{}</text>', left - 6, px(float(y) + 4), _value(n * step))
        )
    if unit:
        parts.append(format_html('<text x="0" y="10">{}</text>', unit))
    return parts


def _runs(spots: Sequence[tuple[float, float] | None]) -> list[SafeString]:
    """Polylines of the known stretches."""
    runs: list[list[tuple[float, float]]] = [[]]
    for spot in spots:
        if spot is None:
            runs.append([])
        else:
            runs[-1].append(spot)
    return [
        format_html(
            '<polyline class="ln" points="{}"/>', format_html_join(" ", "{},{}", ((px(x), px(y)) for x, y in run))
        )
        for run in runs
        if len(run) > 1
    ]


def _tick(x: float, y: float, label: str, width: int) -> SafeString:
    half = text_width(label) / 2
    return format_html(
        '<text x="{}" y="{}" text-anchor="middle">{}</text>', px(min(max(x, half), width - half)), px(y), label
    )


def _every(labels: Sequence[str], place: float) -> int:
    """Write every n-th label, so that neighbours keep 6 px apart, also where the outer ones are pushed inwards."""
    longest = max(map(text_width, labels), default=0)
    return 1 if longest + 6 <= place else ceil((1.5 * longest + 6) / place)


def _far(index: int, last: int, place: float) -> bool:
    return abs(last - index) * place > 40


def _scale(most: float) -> tuple[float, float]:
    """(step, ceiling) of the axis: 1, 2 or 5 times a power of ten, three to five steps; whole steps for counts."""
    if most <= 0:
        return 1, 1
    rough = most / 4
    power = 10 ** (ceil(log10(rough)) - 1) if rough > 0 else 1
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    step = max(step, 1) if most >= 3 or most == int(most) else step
    return step, step * max(1, ceil(most / step - 1e-9))


def _value(value: float | None) -> str:
    if value is None:
        return "—"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def cut(text: str, width: float) -> str:
    """The text, shortened with … to fit a width in px."""
    if text_width(text) <= width:
        return text
    while text and text_width(text) + 12 > width:
        text = text[:-1]
    return text + "…"


def px(value: float) -> str:
    """A coordinate or a length in px: one decimal at most."""
    return f"{value:.1f}".removesuffix(".0")
