"""Reading tables that offices send (CSV and XLSX) and writing CSV that spreadsheets open safely. Pure.

A cell is None (empty), text, a number, a date, or a date with its hour (no zone); text keeps its inner blanks. CSV is
read as UTF-8, with or without BOM, else as GB18030. XLSX is read by calamine, the first sheet.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from pathlib import Path

from python_calamine import CalamineSheet

from qinqing.directory.workbooks import Unreadable, first_sheet

__all__ = ["MAX_BYTES", "Cell", "Unreadable", "read_table", "safe_cell", "sheet_rows", "write_csv"]

Cell = str | float | date | None
MAX_BYTES = 200_000_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def read_table(path: Path, suffix: str | None = None) -> Iterator[list[Cell]]:
    """The rows of a table, the header first; rows wholly empty are given as empty lists, so that numbers agree with
    the spreadsheet's. `suffix` overrides the path's. Raises Unreadable."""
    kind = (suffix or path.suffix).lower()
    if kind == ".xlsx":
        return sheet_rows(first_sheet(path, 5 * MAX_BYTES))
    if kind in {".csv", ".txt"}:
        return _csv(path)
    raise Unreadable(
        f"不支持{kind or '无扩展名'}文件，请另存为CSV或XLSX", f"Cannot read {kind or 'such'} files; save as CSV"
    )


def safe_cell(value: object) -> str:
    """Text for a CSV that a spreadsheet will open: what could start a formula is led by an apostrophe."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A CSV with BOM (spreadsheets then show Chinese), every cell safe."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows([safe_cell(cell) for cell in row] for row in rows)


def _csv(path: Path) -> Iterator[list[Cell]]:
    text = _decoded(path.read_bytes())
    first = text[: text.find("\n") if "\n" in text else len(text)]
    delimiter = max(",;\t", key=first.count)
    csv.field_size_limit(1_000_000)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            cells: list[Cell] = [cell.strip() or None for cell in row]
            yield cells if any(cell is not None for cell in cells) else []
    except csv.Error as error:
        raise Unreadable(f"CSV格式有误（{error}），请检查引号是否成对", f"CSV: {error}; check its quotes") from error


def _decoded(raw: bytes) -> str:
    encodings = ["utf-16"] if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            raise Unreadable("文件含有空字符，不是文本表格；请另存为CSV（UTF-8）", "Holds NUL characters; save as CSV")
        return text
    raise Unreadable(
        "文字编码既不是UTF-8也不是GB18030，请另存为CSV（UTF-8）", "Neither UTF-8 nor GB18030; save as CSV (UTF-8)"
    )


def sheet_rows(sheet: CalamineSheet) -> Iterator[list[Cell]]:
    """The rows of a sheet, numbered as in the spreadsheet."""
    before = sheet.start[0] if sheet.start else 0
    yield from ([] for _ in range(before))  # calamine leaves out empty rows above the table
    for row in sheet.iter_rows():
        cells = [_xlsx_cell(cell) for cell in row]
        yield cells if any(cell is not None for cell in cells) else []


def _xlsx_cell(cell: object) -> Cell:
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, str):
        return cell.strip() or None
    if isinstance(cell, datetime):  # a day without hours is a day
        return cell if cell.time() != time() else cell.date()
    if isinstance(cell, int | float | date):
        return cell
    return None if cell is None else str(cell)
