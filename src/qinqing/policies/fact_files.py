"""企业事实的文件: CSV, XLSX or Parquet with one row a company, as columns for the rule kernel. Pure; no database.

A column is named after a fact (`rd_expense`, in yuan; `rd_expense_wan`) or by its label with the unit of money
(`研发费用（万元）`). Empty is unknown. What cannot be read is refused with row and column, never taken for unknown. In
Parquet, columns are fact ids; whole numbers of money are fen, decimals yuan.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np

from qinqing.directory.company_rows import plain_header
from qinqing.directory.facts.dictionary import FactDef
from qinqing.directory.facts.values import FEN, check, read
from qinqing.directory.tables import Unreadable, read_table
from qinqing.lib.identifiers import Invalid
from qinqing.lib.rules.columns import ColumnError, Table
from qinqing.lib.rules.terms import FactSpec, FactType

COMPANY_HEADERS = ("company", "企业", "企业名称", "公司", "统一社会信用代码", "creditcode", "统一代码")
_MOST_SHOWN = 20
_MOST_REMEMBERED = 10_000  # texts of a column
_PLAIN_YUAN = re.compile(r"(\d{1,15})(?:\.(\d{1,2}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class FactFile:
    """A file opened: `tables` holds its rows, in one table or, for Parquet, in parts; `ignored`: headers not read."""

    facts: tuple[str, ...]
    ignored: tuple[str, ...]
    tables: Iterator[Table]


def open_facts(path: Path, dictionary: Mapping[str, FactDef], company: str = "") -> FactFile:
    """`company`: header of the column that names the company. Raises Unreadable naming file, row and column."""
    if not path.is_file():
        raise Unreadable(f"没有文件{path}", f"There is no file {path}")
    if path.suffix.lower() == ".parquet":
        return _parquet(path, dictionary, company)
    return _sheet(path, dictionary, company)


@dataclass(frozen=True, slots=True)
class _Column:
    index: int
    header: str
    fact: FactDef
    unit: str


def _sheet(path: Path, dictionary: Mapping[str, FactDef], company: str) -> FactFile:
    rows = read_table(path)
    header = ["" if cell is None else str(cell).strip() for cell in next(rows, [])]
    at = _company_column(header, company, path)
    columns = list(_columns(header, at, dictionary))
    used = {at, *(column.index for column in columns)}
    ignored = tuple(name for index, name in enumerate(header) if name and index not in used)
    if not columns:
        raise Unreadable(
            f"{path.name}中没有一列是字典里的事实；现有列：{'、'.join(filter(None, header))}",
            f"No column of {path.name} is a fact; there are: {', '.join(filter(None, header))}",
        )
    table = _table(path, rows, at, columns)
    return FactFile(tuple(column.fact.id for column in columns), ignored, iter([table]))


def _company_column(header: Sequence[str], company: str, path: Path) -> int:
    wanted = [plain_header(company)] if company else list(COMPANY_HEADERS)
    plain = [plain_header(name) for name in header]
    for name in wanted:
        if name in plain:
            return plain.index(name)
    raise Unreadable(
        f"{path.name}中没有企业列（{company or 'company'}）；请用--company指明是哪一列",
        f"{path.name} has no column {company or 'company'}; say with --company which one names the company",
    )


def _columns(header: Sequence[str], company: int, dictionary: Mapping[str, FactDef]) -> Iterator[_Column]:
    known: dict[str, tuple[FactDef, str]] = {}
    for fact in dictionary.values():
        for name, target in _names(fact):
            known.setdefault(plain_header(name), target)  # the id first: “Revenue” is revenue's label as well
    known |= {plain_header(fact.id): (fact, "yuan") for fact in dictionary.values()}
    seen: dict[str, str] = {}
    for index, name in enumerate(header):
        if index == company or plain_header(name) not in known:
            continue
        fact, unit = known[plain_header(name)]
        if not unit:
            raise Unreadable(
                f"“{name}”一列没有写单位，请改为“{name}（元）”或“{name}（万元）”",
                f"The column {name!r} has no unit; add (yuan) or (10,000 yuan) to its name",
            )
        if fact.id in seen:
            raise Unreadable(
                f"“{seen[fact.id]}”和“{name}”两列是同一项事实，请去掉一列",
                f"{seen[fact.id]!r} and {name!r} are the same fact; leave one out",
            )
        seen[fact.id] = name
        yield _Column(index, name, fact, unit)


def _names(fact: FactDef) -> Iterator[tuple[str, tuple[FactDef, str]]]:
    """(header, (fact, unit)): the unit is empty where money does not say it."""
    yield fact.id, (fact, "yuan")
    money = fact.type is FactType.MONEY
    for name in fact.label:
        yield name, (fact, "" if money else "yuan")
    if money:
        yield from ((f"{fact.id}_{unit}", (fact, unit)) for unit in FEN)
        for name, unit, wan in zip(fact.label, fact.unit or ("元", "yuan"), ("万", "10,000 "), strict=True):
            yield f"{name}（{unit}）", (fact, "yuan")
            yield f"{name}（{wan}{unit}）", (fact, "wan")


def _table(path: Path, rows: Iterator[list[Any]], company: int, columns: list[_Column]) -> Table:
    ids: list[str] = []
    first: dict[str, int] = {}
    values: list[list[Any]] = [[] for _ in columns]
    faults: list[str] = []
    remembered: list[dict[Any, Any]] = [{} for _ in columns]
    for number, cells in enumerate(rows, 2):
        if not cells or len(faults) > _MOST_SHOWN:
            continue
        name = str(cells[company]) if company < len(cells) and cells[company] is not None else ""
        if not name or first.setdefault(name, number) != number:
            why = (
                f"{name}在第{first[name]}行已有 is in row {first[name]} already"
                if name
                else "没有企业 names no company"
            )
            faults.append(f"{path.name}:{number}: {why}")
            continue
        ids.append(name)
        for place, column in enumerate(columns):
            cell = cells[column.index] if column.index < len(cells) else None
            try:
                values[place].append(None if cell is None else _read(column, cell, remembered[place]))
            except Invalid as error:
                values[place].append(None)
                faults.append(f"{path.name}:{number}: {column.header}“{cell}” {error.label}")
    if faults:
        more = "\n…" if len(faults) > _MOST_SHOWN else ""
        raise Unreadable("\n".join(faults[:_MOST_SHOWN]) + more, "\n".join(faults[:_MOST_SHOWN]) + more)
    specs = {column.fact.id: column.fact.spec for column in columns}
    found = {column.fact.id: values[place] for place, column in enumerate(columns)}
    return Table.from_values(specs, found, np.asarray(ids, dtype=object))


def _read(column: _Column, cell: Any, remembered: dict[Any, Any]) -> Any:
    """The value of a cell. Plain sums are read without ado, and what many cells of a column say is read once."""
    if not isinstance(cell, str):
        return read(column.fact, cell, column.unit)
    if column.fact.type is FactType.MONEY and column.unit == "yuan" and (plain := _PLAIN_YUAN.fullmatch(cell)):
        return check(column.fact, int(plain[1]) * 100 + int((plain[2] or "").ljust(2, "0")))
    if cell not in remembered:
        if len(remembered) > _MOST_REMEMBERED:
            return read(column.fact, cell, column.unit)
        remembered[cell] = read(column.fact, cell, column.unit)
    return remembered[cell]


def _parquet(path: Path, dictionary: Mapping[str, FactDef], company: str) -> FactFile:
    import polars  # noqa: PLC0415 - 40 MB that nothing else here needs

    specs: dict[str, FactSpec] = {name: fact.spec for name, fact in dictionary.items()}
    try:
        header = list(polars.scan_parquet(path).collect_schema())
    except (polars.exceptions.PolarsError, OSError) as error:
        raise Unreadable(f"文件损坏或不是Parquet：{error}"[:200], f"Damaged or no Parquet: {error}"[:200]) from None
    at = _company_column(header, company, path)
    facts = tuple(name for index, name in enumerate(header) if name in specs and index != at)
    ignored = tuple(name for index, name in enumerate(header) if name not in facts and index != at)
    return FactFile(facts, ignored, _parts(path, specs, header[at]))


def _parts(path: Path, specs: Mapping[str, FactSpec], company: str) -> Iterator[Table]:
    try:
        yield from Table.stream_parquet(path, specs, company)
    except ColumnError as error:
        raise Unreadable(f"{path.name}：{error}", f"{path.name}: {error}") from None


def nearest(name: str, dictionary: Mapping[str, FactDef]) -> str:
    """The fact that a header not read may have meant; empty where none is near."""
    return next(iter(get_close_matches(name, list(dictionary), 1)), "")
