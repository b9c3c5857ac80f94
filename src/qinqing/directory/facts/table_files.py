"""事实表的文件: CSV, XLSX and Parquet as rows of cells, the header found among the upper ones. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from qinqing.directory.company_rows import plain_header
from qinqing.directory.facts.dictionary import Book
from qinqing.directory.facts.table_columns import CODE_HEADERS, FactColumns, find_columns
from qinqing.directory.tables import Unreadable, read_table
from qinqing.lib.identifiers import Invalid

_UPPER = 10  # rows among which the header is looked for: offices like to put a title above it
_SLICE = 20_000  # rows of a Parquet file in memory at once


@dataclass(frozen=True, slots=True)
class Opened:
    """The columns of a table, and its rows below the header with their numbers in the file."""

    columns: FactColumns
    rows: Iterator[tuple[int, list[Any]]]


def open_table(path: Path, suffix: str, book: Book, mapping: Mapping[str, str]) -> Opened:
    """Raises Invalid when it is no table of facts."""
    if suffix == ".parquet":
        return _parquet(path, book, mapping)
    numbered = enumerate(read_table(path, suffix), 1)
    refused: list[tuple[tuple[bool, int], Invalid]] = []
    for _, cells in islice(numbered, _UPPER):
        try:
            columns = find_columns(cells, book, mapping)
        except Invalid as error:
            names = {plain_header(str(cell)) for cell in cells if cell is not None}
            refused.append(((bool(names & CODE_HEADERS), len(names)), error))
        else:
            return Opened(columns, ((number, cells) for number, cells in numbered if cells))
    if not refused:
        raise Unreadable("文件是空的", "The file is empty")
    raise max(refused, key=lambda each: each[0])[1]  # of the row most like a header; the first of equals


def _parquet(path: Path, book: Book, mapping: Mapping[str, str]) -> Opened:
    import polars  # noqa: PLC0415 - 40 MB that nothing else here needs

    try:
        file = polars.scan_parquet(path)
        schema = file.collect_schema()
        total = file.select(polars.len()).collect().item()
    except (polars.exceptions.PolarsError, OSError) as error:
        raise Unreadable(f"文件损坏或不是Parquet：{error}"[:200], f"Damaged or no Parquet: {error}"[:200]) from None
    whole = frozenset(name for name, kind in schema.items() if kind.is_integer())
    columns = find_columns(list(schema), book, mapping, whole)

    def rows() -> Iterator[tuple[int, list[Any]]]:
        for start in range(0, total, _SLICE):
            for number, cells in enumerate(file.slice(start, _SLICE).collect().iter_rows(), start + 1):
                yield number, list(cells)

    return Opened(columns, rows())
