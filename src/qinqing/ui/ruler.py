"""工作日尺: why a deadline falls where it does, one cell per counted day. Pure.

Solid counts, pale has passed, dotted is off (a run is one cell), double amber is suspended, tinted is due, underlined
is today. A long ruler folds runs of ordinary days, so that 60 working days still read at a glance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from qinqing.lib.labels import Label
from qinqing.lib.workdays import Step
from qinqing.ui.dates import local, short_day

FULL, COMPACT = 14, 9  # columns that fit one line; a longer ruler is folded (a range takes two in the compact one)

_SHORT = {
    "start": Label("起", "from"),
    "off": Label("休", "off"),
    "suspended": Label("停", "held"),
    "due": Label("到期", "due"),
}


@dataclass(frozen=True, slots=True)
class Span:
    """Consecutive steps drawn as one cell: counted days `low` to `high`, or one step of another kind."""

    first: date
    last: date
    kind: str
    low: int | None
    high: int | None
    note: Label


@dataclass(frozen=True, slots=True)
class RulerCell:
    kind: str  # start | counted | off | suspended | due
    head: Label
    foot: Label
    passed: bool
    today: bool
    wide: bool  # a range: two columns in the compact ruler


def ruler_cells(steps: Sequence[Step], now: datetime, *, compact: bool = False) -> list[RulerCell]:
    """The cells of `steps`, in order; months are written where they change."""
    today = local(now).date()
    spans = [_span(step) for step in steps]
    columns = sum(2 if compact and span.first != span.last else 1 for span in spans)
    if columns > (COMPACT if compact else FULL):
        spans = _folded(spans, today)
    cells: list[RulerCell] = []
    before: date | None = None
    for span in spans:
        head = _head(span, before, today, compact)
        here = span.first <= today <= span.last
        ranged = span.first != span.last
        cells.append(RulerCell(span.kind, head, _foot(span, compact), span.last < today, here, ranged))
        before = span.last
    return cells


def _span(step: Step) -> Span:
    return Span(step.first, step.last, step.kind, step.number, step.number, step.note)


def _folded(spans: list[Span], today: date) -> list[Span]:
    """Join neighbouring ordinary days (counted, and unnamed days off between them) on the same side of today."""
    folded: list[Span] = []
    for span in spans:
        last = folded[-1] if folded else None
        if last and _ordinary(last, today) and _ordinary(span, today) and (last.last < today) == (span.last < today):
            low = last.low if last.low is not None else span.low
            high = span.high if span.high is not None else last.high
            kind = "counted" if low is not None else "off"
            folded[-1] = Span(last.first, span.last, kind, low, high, _days(low, high))
        else:
            folded.append(span)
    return folded


def _ordinary(span: Span, today: date) -> bool:
    """A counted day without a name, or a weekend; not today, which is always shown by itself."""
    plain = span.kind == "counted" and span.note == _days(span.low, span.high)
    weekend = span.kind == "off" and span.note.zh == _SHORT["off"].zh
    return (plain or weekend) and not span.first <= today <= span.last


def _days(low: int | None, high: int | None) -> Label:
    """第3日 / day 3, 第3—8日 / days 3–8."""
    if low == high:
        return Label(f"第{low}日", f"day {low}")
    return Label(f"第{low}—{high}日", f"days {low}–{high}")


def _head(span: Span, before: date | None, today: date, compact: bool) -> Label:
    first = _day(span.first, before, today, compact)
    if span.first == span.last:
        return first
    last = _day(span.last, span.first, today, compact)
    if span.last.month == span.first.month and not compact:
        zh = f"{span.first.month}月{span.first.day}" if first.zh.endswith("日") else first.zh
        return Label(
            f"{zh}—{span.last.day}{'日' if zh != first.zh else ''}",
            f"{span.first.day}–{short_day(span.last, today).en}",
        )
    return Label(f"{first.zh}—{last.zh}", f"{first.en}–{last.en}")


def _day(value: date, before: date | None, today: date, compact: bool) -> Label:
    """The day; with its month where that is new."""
    if before is not None and before.month == value.month:
        return Label(str(value.day), str(value.day))
    if compact:
        return Label(f"{value.month}/{value.day}", f"{value.day}/{value.month}")
    return short_day(value, today)


def _foot(span: Span, compact: bool) -> Label:
    if not compact:
        return span.note
    if span.kind == "counted" and span.low is not None:
        text = str(span.low) if span.low == span.high else f"{span.low}—{span.high}"
        return Label(text, text)
    if span.kind == "off":
        return Label(span.note.zh, _SHORT["off"].en)
    return _SHORT.get(span.kind, span.note)
