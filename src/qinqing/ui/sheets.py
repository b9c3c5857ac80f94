"""导出Excel: a list as a workbook: the rows on the first sheet, what each column means on the second.

A door asks `wanted(request)` and answers with `download(request, Sheet(...), now)`; `{% download_link %}` draws the
button. Rows are written one by one to a file beside memory, so that 100,000 of them cost little. Every text is written
as a text (never a formula, never a link), in cells formatted as text, so that editing one makes it no formula either.
Whoever exports stands in the read log with the list, the number of rows and the filter. Reading sheets back:
`directory.sheet_imports`.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header

from qinqing.audit.services import Person, log_read
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import CHINA
from qinqing.ui.dates import local
from qinqing.ui.errors import Problem

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

Cell = str | Label | bool | int | float | Decimal | date | datetime | None
MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 1_048_575  # of the file format, less the header
MOST_CHARACTERS = 32_767  # of one cell, by the file format; counted in UTF-16 units
DEFINITIONS = Label("字段说明", "Definitions")
_CUT = Label("……（过长，已截断）", " … (too long, cut)")
_TEXT = 49  # the format's own number for text
_FORMATS: dict[str, str | int] = {
    "text": _TEXT,
    "number": "General",
    "yuan": "#,##0.00",
    "day": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm",
    "share": "0.0%",
}
_READ_AT_ONCE = 2_000
# what XML 1.0 has no character for, and halves of surrogate pairs, which no encoding writes
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_YES, _NO = Label("是", "yes"), Label("否", "no")


@dataclass(frozen=True, slots=True)
class Column:
    """列. `value` gives a row's cell; None is unknown and stays empty. By `kind` it gives: text; number; yuan (whole
    fen, shown as yuan); day (a date or a moment); moment (aware; shown as China's time); share (0 to 1)."""

    label: Label
    definition: Label
    value: Callable[[Any], Cell]
    width: int = 14
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Sheet:
    """表. `note` says which filter was applied, or that there was none."""

    title: Label
    columns: Sequence[Column]
    rows: Iterable[Any]
    note: Label


class TooManyRows(Problem):
    status = 422
    code = "too-many-rows"
    title = Label("行数过多，无法导出", "Too many rows to export")


_NARROWER = Label(
    f"一个工作表最多{MOST_ROWS:,}行，请缩小筛选范围后再导出",
    f"A sheet holds {MOST_ROWS:,} rows at most; narrow the filter and export again",
)


def wanted(request: HttpRequest) -> bool:
    """Whether the address asks for the list as a workbook (`format=xlsx`)."""
    return request.method == "GET" and request.GET.get("format") == "xlsx"


def link(request: HttpRequest) -> str:
    """The present address with its filters, asking for the workbook; never one page of it."""
    query = request.GET.copy()
    for name in ("page", "lang"):
        query.pop(name, None)
    query["format"] = "xlsx"
    return f"{request.path}?{query.urlencode()}"


def download(request: HttpRequest, sheet: Sheet, now: datetime) -> HttpResponse:
    """The workbook as an attachment named in the reader's language with the date; noted in the read log.

    Raises TooManyRows."""
    person: Person = request.actor  # type: ignore[attr-defined]  # set by accounts.middleware, never None
    file = io.BytesIO()  # holds the packed workbook only
    count = write(file, sheet, person.name, now)
    match = request.resolver_match
    rows = Label(f"{count}行", f"{count} rows")
    log_read(
        person, "export", match.view_name if match else request.path, f"{sheet.title} · {rows} · {sheet.note}", now
    )
    name = re.sub(r'[\\/:*?"<>|\s]+', "-", _clean(sheet.title)).strip("-.") or "export"
    response = HttpResponse(file.getvalue(), content_type=MIME)
    response["Content-Disposition"] = content_disposition_header(True, f"{name}-{now.astimezone(CHINA):%Y-%m-%d}.xlsx")
    response["X-Content-Type-Options"] = "nosniff"
    return response


def write(file: io.BytesIO, sheet: Sheet, by: str, now: datetime) -> int:
    """Write the workbook and give the number of rows. Raises TooManyRows."""
    from xlsxwriter import Workbook  # noqa: PLC0415 - only who writes a workbook need wait for it

    with Workbook(file, {"constant_memory": True, "strings_to_urls": False}) as book:
        count = _write_rows(book, sheet)
        _write_definitions(book, sheet, by, now, count)
    return count


def _write_rows(book: Workbook, sheet: Sheet) -> int:
    page = book.add_worksheet(_sheet_name(sheet.title))
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top", "num_format": _TEXT})
    formats = [book.add_format({"num_format": _FORMATS[column.kind], "valign": "top"}) for column in sheet.columns]
    for at, column in enumerate(sheet.columns):
        page.set_column(at, at, column.width, formats[at])
        page.write_string(0, at, _clean(column.label), head)
    page.freeze_panes(1, 0)
    number = 0
    for number, row in enumerate(islice(_iterate(sheet.rows), MOST_ROWS + 1), 1):
        if number > MOST_ROWS:
            raise TooManyRows(_NARROWER)
        for at, column in enumerate(sheet.columns):
            _write_cell(page, number, at, column.value(row), column.kind, formats[at])
    page.autofilter(0, 0, max(1, number), len(sheet.columns) - 1)
    return number


def _iterate(rows: Iterable[Any]) -> Iterator[Any]:
    """A query is read in pieces, not whole."""
    return rows.iterator(chunk_size=_READ_AT_ONCE) if isinstance(rows, QuerySet) else iter(rows)


def _write_cell(page: Worksheet, row: int, at: int, value: Cell, kind: str, how: Format) -> None:
    """ValueError where the value is not of the column's kind: a wrong figure is worse than no file."""
    if value is None or value == "":
        return
    if kind in {"number", "share", "yuan"}:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise ValueError(f"a {kind} cell holds a number, not {value!r}")
        page.write_number(row, at, float(Decimal(value) / 100 if kind == "yuan" else value), how)
    elif kind in {"day", "moment"}:
        page.write_datetime(row, at, _time(value, kind), how)
    else:
        if isinstance(value, bool):
            value = _YES if value else _NO
        page.write_string(row, at, _clean(value), how)


def _time(value: Cell, kind: str) -> date | datetime:
    """What a time or date cell holds: China's clock, without zone, since spreadsheets know none."""
    if isinstance(value, datetime):
        here = local(value).replace(tzinfo=None)
        return here.date() if kind == "day" else here.replace(microsecond=0)
    if kind == "day" and isinstance(value, date):
        return value
    raise ValueError(f"a {kind} cell holds a time, not {value!r}")


def _clean(value: Cell) -> str:
    """Text that the file can hold: without the characters XML forbids, cut with a mark where it is too long."""
    text = _FORBIDDEN.sub("", str(value)).replace("\r\n", "\n").replace("\r", "\n")
    if len(text) <= MOST_CHARACTERS // 2 or len(text.encode("utf-16-le")) // 2 <= MOST_CHARACTERS:
        return text
    mark = str(_CUT)
    kept = text.encode("utf-16-le")[: 2 * (MOST_CHARACTERS - len(mark))]
    return kept.decode("utf-16-le", "ignore") + mark


def _sheet_name(title: Label) -> str:
    """At most 31 characters, none of those that the format reserves."""
    return re.sub(r"[\[\]:*?/\\']", " ", _clean(title)).strip()[:31] or "1"


def _write_definitions(book: Workbook, sheet: Sheet, by: str, now: datetime, count: int) -> None:
    page = book.add_worksheet(str(DEFINITIONS))
    head = book.add_format({"bold": True, "bottom": 1, "num_format": _TEXT})
    plain = book.add_format({"text_wrap": True, "valign": "top", "num_format": _TEXT})
    page.set_column(0, 0, 20)
    page.set_column(1, 1, 90)
    made = f"{now.astimezone(CHINA):%Y-%m-%d %H:%M}"
    lines: list[tuple[Label | str, Label | str]] = [
        (Label("列", "Column"), Label("含义", "Definition")),
        *((column.label, column.definition) for column in sheet.columns),
        ("", ""),
        (Label("表名", "List"), sheet.title),
        (Label("范围", "Filter"), sheet.note),
        (Label("行数", "Rows"), f"{count:,}"),
        (Label("导出时间", "Exported at"), Label(f"{made}（北京时间）", f"{made} (China time)")),
        (Label("导出人", "Exported by"), by),
        (
            Label("空格", "Empty cells"),
            Label("空格表示未知或没有，不是零", "An empty cell is unknown or absent, not zero"),
        ),
    ]
    for row, (name, text) in enumerate(lines):
        for at, said in enumerate((name, text)):
            if str(said):
                page.write_string(row, at, _clean(said), head if row == 0 else plain)
    page.freeze_panes(1, 0)
