"""表中的事实: which column of a table is which fact, and what a row says. Pure.

A column is known by the id or the label of a fact, money with its unit: `研发费用（万元）`, `rd_expense` (yuan),
`rd_expense_wan`. Money without a unit is not guessed. An empty cell says nothing; `不详` says that it is not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from qinqing.directory.company_rows import Fault, plain_header
from qinqing.directory.facts import periods, values
from qinqing.directory.facts.dictionary import Book, FactDef
from qinqing.directory.facts.values import FEN, Value
from qinqing.directory.sheet_cells import plain
from qinqing.lib.identifiers import Invalid, credit_code
from qinqing.lib.labels import Label
from qinqing.lib.rules.terms import FactType

CODE_HEADERS = frozenset(
    {"creditcode", "统一社会信用代码", "社会信用代码", "信用代码", "统一代码", "unifiedsocialcreditcode"}
)
PERIOD_HEADERS = frozenset({"period", "报告期", "年度", "年份", "所属期", "期间", "year"})


@dataclass(frozen=True, slots=True)
class FactColumn:
    """A column that holds a fact; `unit` of money: yuan, wan or fen."""

    index: int
    header: str
    fact: FactDef
    unit: str


@dataclass(frozen=True, slots=True)
class FactColumns:
    """What the columns of a table hold. `period`: the one that says it; None: the same for the whole table."""

    header: tuple[str, ...]
    code: int
    period: int | None
    facts: tuple[FactColumn, ...]

    @property
    def ignored(self) -> list[str]:
        """Headers of columns that are not read."""
        read = {self.code, self.period, *(column.index for column in self.facts)}
        return [name for index, name in enumerate(self.header) if name and index not in read]

    @property
    def has_years_before(self) -> bool:
        return any(column.fact.year_before for column in self.facts)


@dataclass(frozen=True, slots=True)
class FactRow:
    """A row as numbered in the file: whose, and (fact, period, value) of every cell that says something; or faults."""

    number: int
    code: str
    said: tuple[tuple[FactDef, int, Value | None], ...] = ()
    faults: tuple[Fault, ...] = ()


def find_columns(
    header: Sequence[object], book: Book, given: Mapping[str, str], whole: frozenset[str] = frozenset()
) -> FactColumns:
    """Recognise columns; `given`: header -> `fact`, `fact@wan` or `-`, comes first. `whole`: columns of whole numbers
    in a Parquet file, where money is in fen. Raises Invalid naming what is missing, unclear or twice there."""
    names = tuple("" if cell is None else str(cell).strip() for cell in header)
    if lost := [column for column in given if column not in names]:
        raise Invalid(f"文件中没有“{lost[0]}”这一列", f"The file has no column {lost[0]!r}")
    known = _known(book)
    code = next((index for index, name in enumerate(names) if plain_header(name) in CODE_HEADERS), None)
    period = next((index for index, name in enumerate(names) if plain_header(name) in PERIOD_HEADERS), None)
    found = []
    for index, name in enumerate(names):
        own = name if name in book.facts and book.facts[name].sources else ""
        target = given.get(name) or own or known.get(plain_header(name), "-")
        if target == "-" or index in {code, period}:
            continue
        fact_id, _, unit = target.partition("@")
        if fact_id not in book.facts or unit not in {"", *FEN, "?"}:
            raise Invalid(f"没有“{target}”这项事实", f"There is no fact {target!r}")
        fact = book.facts[fact_id]
        if unit == "?":
            raise Invalid(
                f"“{name}”一列没有写单位，请把列名改为“{name}（元）”或“{name}（万元）”",
                f"The column {name!r} has no unit; call it {name!r} with (yuan) or (10,000 yuan)",
            )
        if fact.type is FactType.MONEY and not unit:
            unit = "fen" if name in whole else "yuan"
        found.append(FactColumn(index, name, fact, unit or "yuan"))
    if code is None:
        raise Invalid(
            f"没有找到“统一社会信用代码”列；现有列：{'、'.join(filter(None, names))}",
            f"No column with the credit code; there are: {', '.join(filter(None, names))}",
        )
    _check(found)
    return FactColumns(names, code, period, tuple(found))


def check_row(number: int, cells: Sequence[Any], columns: FactColumns, period: str, today: date) -> FactRow:
    """What one row says, or all its faults. `period`: of the whole table, where no column says it."""
    faults: list[Fault] = []
    said: list[tuple[FactDef, int, Value | None]] = []

    def cell(index: int) -> Any:
        found = cells[index] if index < len(cells) else None
        return None if found == "" else found

    code = ""
    try:
        code = credit_code(plain(cell(columns.code)))
    except Invalid as error:
        faults.append(_fault(number, columns.header[columns.code], cell(columns.code), error.label))
    own = cell(columns.period) if columns.period is not None else period
    for column in columns.facts:
        found = cell(column.index)
        if found is None:
            continue
        try:
            of = _period(own, column.fact.period, today)
            said.append((column.fact, of, values.read(column.fact, found, column.unit)))
        except Invalid as error:
            faults.append(_fault(number, column.header, found, error.label))
    return FactRow(number, code, () if faults else tuple(said), tuple(faults))


# ── private ──


def _known(book: Book) -> dict[str, str]:
    """Plain header -> `fact` or `fact@unit`; `fact@?` for money whose unit is not said."""
    known: dict[str, str] = {}
    for fact in book.facts.values():
        if fact.sources:
            known |= {plain_header(name): target for name, target in _names(fact)}
    return known


def _names(fact: FactDef) -> Iterator[tuple[str, str]]:
    """The headers by which a fact is known beside its id: labels, labels with the unit, the id with one of money's."""
    money = fact.type is FactType.MONEY
    for name in fact.label:
        yield name, f"{fact.id}@?" if money else fact.id
    for name, unit, ten_thousand in zip(fact.label, fact.unit or ("", ""), ("万", "10,000 "), strict=True):
        yield name + unit, f"{fact.id}@yuan" if money else fact.id
        if money:
            yield name + ten_thousand + unit, f"{fact.id}@wan"
    for unit in FEN if money else ():
        yield f"{fact.id}_{unit}", f"{fact.id}@{unit}"


def _check(found: Sequence[FactColumn]) -> None:
    if not found:
        raise Invalid(
            "没有一列是字典中的事实；列名见 qinqing facts list",
            "No column is a fact; for their names see `qinqing facts list`",
        )
    first: dict[str, str] = {}
    for column in found:
        if column.fact.id in first:
            raise Invalid(
                f"“{first[column.fact.id]}”和“{column.header}”两列是同一项事实，请去掉一列",
                f"{first[column.fact.id]!r} and {column.header!r} are the same fact; leave one out",
            )
        first[column.fact.id] = column.header


def _period(own: Any, kind: str, today: date) -> int:
    if kind == "none":
        return periods.NONE
    if own in {None, ""}:
        raise Invalid("没有报告期：请写在“报告期”列，或随文件指定", "No period: give it in a column, or with the file")
    if isinstance(own, datetime | date):
        own = f"{own:%Y-%m}" if kind == "month" else f"{own:%Y}"
    return periods.parse(plain(own), kind, today)


def _fault(number: int, header: str, cell: object, mend: Label) -> Fault:
    return Fault(number, header, "" if cell is None else str(cell)[:80], mend)
