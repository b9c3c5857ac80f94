"""进出与在办、科室用时: the leader's two drawings, as server-side SVG in the manner of `ui.charts`.

The viewBox is the drawn width, so that 12 px stays 12 px; each is drawn again, narrow, for phones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from qinqing.lib.labels import Label
from qinqing.ui.charts import cut, px

WIDE, NARROW = 568, 340


@dataclass(frozen=True, slots=True)
class Week:
    """One week of the flow: counts, and links to the cases behind each."""

    label: str
    taken: int
    closed: int
    stock: int
    taken_href: str
    closed_href: str
    stock_href: str
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Pace:
    """One section's time to answer, in working days."""

    name: str
    median: float
    p90: float
    total: int
    href: str


def flow(weeks: Sequence[Week], *, narrow: bool = False) -> SafeString:
    """In above the line, out below it, the stock as a line over both. The week that is not over is marked."""
    width = NARROW if narrow else WIDE
    left, right, zero, tall, height = 30, 44 if narrow else 52, 176, 68, 290
    place = (width - left - right) / max(1, len(weeks))
    wide = min(24.0, place * 0.6)
    step = _step(max((max(week.taken, week.closed) for week in weeks), default=0))
    scale = tall / (2 * step)
    size = "n" if narrow else "w"  # a pattern that is not shown fills nothing: each drawing has its own
    parts = [_hatch(f"out-{size}", "hatch-out"), _hatch(f"in-{size}", "hatch")]
    for n in (-2, -1, 1, 2):
        y = zero - n * step * scale
        parts.append(
            format_html('<line class="gr" x1="{}" x2="{}" y1="{}" y2="{}"/>', left, width - right, px(y), px(y))
        )
        parts.append(format_html('<text x="{}" y="{}" text-anchor="end">{}</text>', left - 6, px(y + 4), abs(n) * step))
    parts.append(format_html('<line class="ax" x1="{0}" x2="{1}" y1="{2}" y2="{2}"/>', left, width - right, zero))
    parts += _stock(weeks, left, place)
    every = 1 if place > 36 else ceil(44 / place)
    for index, week in enumerate(weeks):
        middle = left + place * (index + 0.5)
        told = index == len(weeks) - 1 or (not narrow and index == max(range(len(weeks)), key=lambda n: weeks[n].taken))
        parts += _bars(week, middle, wide, zero, scale, told, size)
        if (len(weeks) - 1 - index) % every == 0:
            parts.append(_text(middle, height - 6, week.label, anchor="middle"))
    end = width - right + 6
    parts.append(_text(end, zero - 12, Label("新收", "In"), "lbl"))
    parts.append(_text(end, zero + 22, Label("办结", "Out"), "lbl"))
    return _svg(width, height, Label("近12周新收、办结与在办", "Taken in, closed and open over 12 weeks"), parts)


def paces(rows: Sequence[Pace], promise: float, *, narrow: bool = False) -> SafeString:
    """Each section's median as a dot, a band up to its 90th percentile, against the promise as a dashed line."""
    width = NARROW if narrow else WIDE
    left, right, top = (0, 86, 34) if narrow else (156, 96, 34)
    row, drop = (52, 24) if narrow else (42, 0)
    most = max([promise * 1.2, *(pace.p90 for pace in rows)])
    step = max(1, ceil(most / 6))
    ceiling = step * ceil(most / step)
    bottom = top + row * len(rows)

    def x(days: float) -> float:
        return left + 6 + (width - left - right - 12) * days / ceiling

    parts = []
    for n in range(0, ceiling + 1, step):
        parts.append(format_html('<line class="gr" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>', px(x(n)), top - 6, bottom))
        parts.append(_text(x(n), bottom + 18, n, anchor="middle"))
    parts.append(
        format_html('<line class="goal" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>', px(x(promise)), top - 10, bottom)
    )
    said = Label(f"承诺{promise:g}日", f"promise {promise:g} d")
    parts.append(_text(x(promise), top - 16, said, "red", "middle"))
    for index, pace in enumerate(rows):
        y = top + row * index + row / 2 + drop / 2
        late = pace.p90 > promise
        words = Label(
            f"{pace.name}：半数在{pace.median:.1f}个工作日内，九成在{pace.p90:.1f}个工作日内，{pace.total}件",
            f"{pace.name}: half within {pace.median:.1f} working days, nine in ten within {pace.p90:.1f}; {pace.total}",
        )
        name = _text(0, y - 16, pace.name, "lbl") if narrow else _text(0, y + 4, cut(pace.name, left - 12), "lbl")
        band = format_html(
            '<rect class="ci" x="{}" y="{}" width="{}" height="8"/>', px(x(pace.median)), px(y - 4),
            px(max(0.1, x(pace.p90) - x(pace.median))),
        )  # fmt: skip
        dot = format_html('<circle class="pt" cx="{}" cy="{}" r="6"/>', px(x(pace.median)), px(y))
        # with less than a dot's width between them, the figure would stand on the dot
        value = _text(max(x(pace.p90), x(pace.median) + 6) + 6, y + 4, f"{pace.p90:.1f}", "red" if late else "lbl")
        number = _text(width - 2, y + 4, Label(f"{pace.total}件", f"{pace.total}"), anchor="end")
        parts.append(_link(pace.href, words, (0, y - row / 2, width, row), (name, band, dot, value, number)))
    return _svg(width, bottom + 26, Label("反馈最慢的科室", "Sections slowest to answer"), parts)


# ── private ──


def _stock(weeks: Sequence[Week], left: float, place: float) -> list[SafeString]:
    """The line has a scale of its own, told by its first and last value."""
    values = [week.stock for week in weeks]
    low, reach = min(values, default=0), max(1, max(values, default=0) - min(values, default=0))
    spots = [(left + place * (n + 0.5), 66 - 40 * (value - low) / reach) for n, value in enumerate(values)]
    points = format_html_join(" ", "{},{}", ((px(x), px(y)) for x, y in spots))
    parts = [format_html('<polyline class="ln" points="{}"/>', points)]
    for n, (week, (x, y)) in enumerate(zip(weeks, spots, strict=True)):
        last = n == len(weeks) - 1
        words = Label(
            f"{week.label}当周末在办{week.stock}件", f"{week.stock} open at the end of the week of {week.label}"
        )
        dot = format_html('<circle class="pt" cx="{}" cy="{}" r="{}"/>', px(x), px(y), 5 if last else 3)
        told = _text(x, y - 10, week.stock, "hi", "middle") if n in {0, len(weeks) - 1} else mark_safe("")
        parts.append(_link(week.stock_href, words, (x - place / 2, 8, place, 70), (dot, told)))
    if spots:
        parts.append(_text(spots[-1][0] + place / 2 + 6, spots[-1][1] + 4, Label("在办", "Open"), "lbl"))
    return parts


def _bars(week: Week, middle: float, wide: float, zero: float, scale: float, told: bool, size: str) -> list[SafeString]:
    x, up, down = middle - wide / 2, week.taken * scale, week.closed * scale
    partial = Label("（未满）", " (not over)") if week.partial else Label("", "")
    taken = Label(
        f"{week.label}当周{partial.zh}新收{week.taken}件", f"week of {week.label}{partial.en}: {week.taken} in"
    )
    closed = Label(
        f"{week.label}当周{partial.zh}办结{week.closed}件", f"week of {week.label}{partial.en}: {week.closed} out"
    )
    bar = '<rect {} x="{}" y="{}" width="{}" height="{}"/>'
    solid, hatched = mark_safe('class="mark"'), format_html('class="part" fill="url(#flow-in-{})"', size)
    above = format_html(bar, hatched if week.partial else solid, px(x), px(zero - up), px(wide), px(up))
    out = format_html('class="out" fill="url(#flow-out-{})"', size)
    below = format_html(bar, out, px(x), px(zero), px(wide), px(down))
    no = mark_safe("")
    return [
        _link(week.taken_href, taken, (x - 2, zero - 68, wide + 4, 68),
              (above, _text(middle, zero - up - 5, week.taken, "lbl", "middle") if told else no)),
        _link(week.closed_href, closed, (x - 2, zero, wide + 4, 68),
              (below, _text(middle, zero + down + 14, week.closed, "lbl", "middle") if told else no)),
    ]  # fmt: skip


def _hatch(name: str, css: str) -> SafeString:
    return format_html(
        '<defs><pattern id="flow-{}" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<line class="{}" x1="0" y1="0" x2="0" y2="5"/></pattern></defs>',
        name,
        css,
    )


def _link(href: str, words: Label, hit: tuple[float, ...], shapes: Iterable[SafeString]) -> SafeString:
    area = format_html('<rect class="hit" x="{}" y="{}" width="{}" height="{}"/>', *map(px, hit))
    inner = format_html_join("", "{}", ((shape,) for shape in shapes))
    return format_html('<a href="{}" aria-label="{}"><title>{}</title>{}{}</a>', href, words, words, area, inner)


def _text(x: float, y: float, words: object, css: str = "", anchor: str = "") -> SafeString:
    kind = format_html(' class="{}"', css) if css else ""
    where = format_html(' text-anchor="{}"', anchor) if anchor else ""
    return format_html('<text{}{} x="{}" y="{}">{}</text>', kind, where, px(x), px(y), str(words))


def _svg(width: float, height: float, title: Label, parts: Iterable[SafeString]) -> SafeString:
    inner = format_html_join("", "{}", ((part,) for part in parts))
    return format_html(
        '<svg class="ch" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="group" aria-label="{2}">{3}</svg>',
        px(width), px(height), str(title), inner,
    )  # fmt: skip


def _step(most: int) -> int:
    """The axis has two steps to each side, of round numbers."""
    power = 1
    while True:
        for factor in (1, 2, 3, 4, 5, 6, 8):
            if 2 * power * factor >= most:
                return power * factor
        power *= 10
