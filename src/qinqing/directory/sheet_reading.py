"""读表: the rows of a small sheet by its columns, with every bad cell named. Pure.

The header is the first of the upper rows that holds all required columns, in either language: offices like to put a
title above it. Formulas count as the values stored with them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from qinqing.directory.company_rows import Fault, plain_header
from qinqing.directory.sheet_cells import Read, plain
from qinqing.directory.tables import Cell, Unreadable, read_table, sheet_rows
from qinqing.directory.workbooks import column_letters, first_sheet
from qinqing.lib.identifiers import Invalid
from qinqing.lib.labels import Label

__all__ = ["MOST_BYTES", "Fault", "Found", "ReadRow", "read"]
MOST_BYTES = 5_000_000
MOST_UNPACKED = 100_000_000
_REQUIRED = Label("不能为空，请填写", "Required; fill it in")
_UPPER = 10  # rows among which the header is looked for


class Wanted(Protocol):
    """A column as `sheet_imports.InColumn` declares it."""

    @property
    def name(self) -> str: ...
    @property
    def label(self) -> Label: ...
    @property
    def read(self) -> Read: ...
    @property
    def required(self) -> bool: ...
    @property
    def clears(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A row as numbered in the spreadsheet: its values by column, or what is wrong with it."""

    number: int
    values: dict[str, Any]
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What a file holds."""

    rows: Sequence[ReadRow]
    headers: Mapping[str, str]  # column name -> header as the file writes it
    ignored: tuple[str, ...]

    def header(self, name: str) -> str:
        return self.headers.get(name, name)


def read(path: Path, suffix: str, columns: Sequence[Wanted], most_rows: int) -> Found:
    """The rows below the header. Raises Unreadable naming what is wrong with the file as a whole."""
    if path.stat().st_size > MOST_BYTES:
        raise Unreadable("文件超过5MB，请分成几个文件", "The file is larger than 5 MB; split it")
    table, merged = _table(path, suffix)
    at, header, places = _header(table, columns)
    for first, last in merged:
        if last[0] >= at:
            where = f"{column_letters(first[1])}{first[0] + 1}:{column_letters(last[1])}{last[0] + 1}"
            raise Unreadable(
                f"{where}是合并单元格，无法分清各格；请取消合并后再上传",
                f"The cells {where} are merged, so that one cannot be told from another; unmerge them",
            )
    body = [(number, cells) for number, cells in enumerate(table[at + 1 :], at + 2) if cells]
    if not body:
        raise Unreadable("表头之下没有数据行", "There are no rows below the header")
    if len(body) > most_rows:
        raise Unreadable(
            f"共{len(body):,}行，一次最多{most_rows:,}行；请分成几个文件",
            f"{len(body):,} rows; at most {most_rows:,} at once. Split the file",
        )
    used = set(places.values())
    ignored = tuple(name for place, name in enumerate(header) if name and place not in used)
    headers = {name: header[place] for name, place in places.items()}
    return Found([_row(number, cells, columns, places, headers) for number, cells in body], headers, ignored)


_Corner = tuple[int, int]


def _table(path: Path, suffix: str) -> tuple[list[list[Cell]], list[tuple[_Corner, _Corner]]]:
    """The rows, and the rectangles of merged cells as (row, column) from 0."""
    if suffix in {".xlsm", ".xlsb", ".xltm"}:
        raise Unreadable(
            f"{suffix}文件可能含有宏，不予读取；请另存为XLSX", f"{suffix} files may hold macros; save it as XLSX"
        )
    if suffix != ".xlsx":
        if not path.stat().st_size:
            raise Unreadable("文件是空的（0字节），请重新选择", "The file is empty (0 bytes); choose another")
        return list(read_table(path, suffix)), []
    sheet = first_sheet(path, MOST_UNPACKED)
    return list(sheet_rows(sheet)), list(sheet.merged_cell_ranges or ())


def _header(table: list[list[Cell]], columns: Sequence[Wanted]) -> tuple[int, list[str], dict[str, int]]:
    """(row from 0, headers, column name -> place) of the first row that has every required column."""
    known = {plain_header(text): column.name for column in columns for text in column.label}
    best: tuple[int, list[str], dict[str, int]] = (0, [], {})
    for at, cells in enumerate(islice(table, _UPPER)):
        header = [str(cell) if isinstance(cell, str) else "" for cell in cells]
        named = [(known[plain_header(text)], place) for place, text in enumerate(header) if plain_header(text) in known]
        places = dict(named)
        if len(places) < len(named):
            _, place = next(pair for pair in named if places[pair[0]] != pair[1])
            raise Unreadable(
                f"“{header[place]}”这一列出现了两次，请只保留一列", f"The column {header[place]!r} stands there twice"
            )
        if all(column.name in places for column in columns if column.required) and places:
            return at, header, places
        best = max(best, (at, header, places), key=lambda one: len(one[2]))
    missing = [column.label for column in columns if column.required and column.name not in best[2]]
    zh, en = "、".join(label.zh for label in missing), ", ".join(label.en for label in missing)
    raise Unreadable(
        f"没有找到“{zh}”列；请使用本页的模板，列名不要改动",
        f"No column {en!r} was found; use the template of this page and leave its headers as they are",
    )


def _row(
    number: int, cells: list[Cell], columns: Sequence[Wanted], places: Mapping[str, int], headers: Mapping[str, str]
) -> ReadRow:
    values: dict[str, Any] = {}
    faults = []
    for column in columns:
        place = places.get(column.name)
        if place is None:
            continue
        cell = cells[place] if place < len(cells) else None
        if cell is None:
            if column.clears:
                values[column.name] = None
            if column.required:
                faults.append(Fault(number, headers[column.name], "", _REQUIRED))
            continue
        try:
            values[column.name] = column.read(cell)
        except Invalid as error:
            faults.append(Fault(number, headers[column.name], _shown(cell), error.label))
    return ReadRow(number, values, tuple(faults))


def _shown(cell: Cell) -> str:
    try:
        return plain(cell)[:80]
    except Invalid:
        return str(cell)
