"""One row of a table of companies: which column is which fact, what is wrong with a cell and how to mend it. Pure.

An empty cell says nothing: the fact is left out of `values`, so that a known value stays, unless its column is
marked `clear`. NaN, infinity and figures finer than a fen are refused, never rounded away.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from qinqing.directory.industries import check_industry, code_of_name
from qinqing.directory.phones import check_phone
from qinqing.directory.tables import Cell
from qinqing.lib import safe_yaml
from qinqing.lib.identifiers import Invalid, credit_code
from qinqing.lib.labels import Label

_FILE = Path(__file__).with_name("data") / "company_columns.yaml"
REQUIRED = ("name", "credit_code")
_KINDS = {
    "company": ("企业", "公司", "内资企业", "外资企业", "私营企业", "company", "enterprise"),
    "sole_trader": ("个体", "个体户", "个体工商户", "soletrader", "sole_trader"),
}
_LENGTHS = {"name": 200, "short_name": 40, "status": 20, "region": 12, "town": 40, "address": 300}
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]0?0:00(?::00)?)?")
_FIGURE = re.compile(r"\d+(\.\d+)?|\d{1,3}(,\d{3})+(\.\d+)?")
_REQUIRED_MISSING = Label("不能为空，请填写", "Required; fill it in")
_MOST_FEN = 10**17  # a thousand billion yuan: more is a wrong unit


@dataclass(frozen=True, slots=True)
class Fault:
    """One bad cell: row as numbered in the spreadsheet, column header, the value found, and the mend."""

    row: int
    column: str
    value: str
    mend: Label

    def as_json(self) -> dict[str, Any]:
        return {"row": self.row, "column": self.column, "value": self.value, "mend": self.mend.as_json()}


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column holds which fact. `clear`: facts whose empty cells erase the known value."""

    header: tuple[str, ...]
    fields: Mapping[int, str]  # column index -> field of company_columns.yaml
    clear: frozenset[str] = frozenset()

    @property
    def ignored(self) -> tuple[str, ...]:
        """Headers of columns that are not read."""
        return tuple(name for index, name in enumerate(self.header) if name and index not in self.fields)


@dataclass(frozen=True, slots=True)
class Row:
    """A checked row: `values` by the names of Party's columns (dates as ISO text), and what is wrong with it."""

    number: int
    values: dict[str, Any] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()


def field_labels() -> dict[str, Label]:
    """Field -> label, for choosing columns."""
    return {name: Label.of(entry["label"]) for name, entry in _columns().items()}


def find_columns(header: Sequence[Cell], given: Mapping[str, str] | None = None) -> Columns:
    """Recognise columns by their headers; `given` (header -> field, `-` to ignore, `field!clear` to erase by empty
    cells) comes first. Raises Invalid naming what is missing, unknown or held twice."""
    names = tuple("" if cell is None else str(cell).strip() for cell in header)
    known = {plain_header(text): name for name, entry in _columns().items() for text in entry["headers"]}
    wanted = {plain_header(column): target for column, target in (given or {}).items()}
    if lost := [column for column in given or {} if plain_header(column) not in map(plain_header, names)]:
        raise Invalid(
            f"文件中没有“{lost[0]}”这一列；现有列：{'、'.join(filter(None, names))}",
            f"The file has no column {lost[0]!r}; it has: {', '.join(filter(None, names))}",
        )
    fields: dict[int, str] = {}
    clear = set()
    for index, name in enumerate(names):
        target, _, mark = wanted.get(plain_header(name), known.get(plain_header(name), "-")).partition("!")
        if not name or target in {"-", ""}:
            continue
        if target not in _columns() or mark not in {"", "clear"}:
            raise Invalid(
                f"没有“{target}”这一项；可用：{'、'.join(_columns())}",
                f"There is no field {target!r}; there are: {', '.join(_columns())}",
            )
        fields[index] = target
        if mark:
            clear.add(target)
    _once(names, fields)
    return Columns(names, fields, frozenset(clear))


def check_row(number: int, cells: Sequence[Cell], columns: Columns, today: date) -> Row:
    """The facts of one row, or all its faults."""
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for index, name in columns.fields.items():
        cell = cells[index] if index < len(cells) else None
        target, read = _READERS[name]
        if cell is None:
            if name in REQUIRED:
                faults.append(
                    Fault(number, columns.header[index], "", Label("不能为空，请填写", "Required; fill it in"))
                )
            elif name in columns.clear:
                values[target] = None
            continue
        try:
            values[target] = read(cell, today)
        except Invalid as error:
            faults.append(Fault(number, columns.header[index], _shown(cell), error.label))
    return Row(number, {} if faults else values, tuple(faults))


def with_duplicates(rows: Iterable[Row], code_column: str) -> Iterator[Row]:
    """The same rows; one whose credit code stood in an earlier row is at fault and names that row."""
    first: dict[str, int] = {}
    for row in rows:
        code = row.values.get("credit_code")
        if code is None or (earlier := first.setdefault(code, row.number)) == row.number:
            yield row
        else:
            yield Row(row.number, {}, (Fault(row.number, code_column, code, _twice(earlier)),))


# ── readers of one cell: Invalid says what is wrong and what to write ──


def _text(limit: int) -> Callable[[Cell, date], str]:
    def read(cell: Cell, today: date) -> str:
        text = _plain_text(cell)
        if text.startswith(("=", "+", "-", "@")):
            raise Invalid(f"以“{text[0]}”开头，像是公式；请改为文字", f"Begins with {text[0]!r}, like a formula")
        if len(text) > limit:
            raise Invalid(f"共{len(text)}字，应不超过{limit}字", f"{len(text)} characters; at most {limit}")
        if any(unicodedata.category(character) == "Cc" for character in text):
            raise Invalid("含有不可见的控制字符或换行，请删去", "Holds control characters or line breaks; remove them")
        return text

    return read


def _code(cell: Cell, today: date) -> str:
    if isinstance(cell, float | int):
        raise Invalid(
            "表格软件已把代码存成数字，末几位可能丢失；请将该列设为文本后重新填写",
            "The spreadsheet kept the code as a number and may have lost its last digits; format the column as text",
        )
    return credit_code(_plain_text(cell))


def _kind(cell: Cell, today: date) -> str:
    text = plain_header(_plain_text(cell))
    for kind, words in _KINDS.items():
        if text in words:
            return kind
    raise Invalid("未知的主体类别，请写“企业”或“个体工商户”", "Unknown kind; write company or sole trader")


def _phone(cell: Cell, today: date) -> str:
    return check_phone(_plain_text(cell))


def _industry(cell: Cell, today: date) -> str:
    text = _plain_text(cell)
    return code_of_name(text) or check_industry(text)


def _day(cell: Cell, today: date) -> str:
    if isinstance(cell, datetime):
        cell = cell.date()
    day = cell if isinstance(cell, date) else _day_of_text(_plain_text(cell), cell)
    if day > today:
        raise Invalid(f"晚于今天（{today}），请核对", f"Later than today ({today}); check it")
    if day.year < 1900:
        raise Invalid("早于1900年，请核对", "Before 1900; check it")
    return day.isoformat()


def _day_of_text(text: str, cell: Cell) -> date:
    if isinstance(cell, float | int) and 20_000 < cell < 80_000:  # a spreadsheet's day number that lost its format
        return date(1899, 12, 30) + timedelta(days=int(cell))
    match = _DATE.fullmatch(text) or re.fullmatch(r"(\d{4})(\d{2})(\d{2})", text)
    try:
        if match is not None:
            return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        raise Invalid("没有这一天，请核对月和日", "There is no such day; check month and day") from None
    raise Invalid("日期应写成2020-01-31", "Write dates as 2020-01-31")


def _staff(cell: Cell, today: date) -> int:
    figure = _figure(cell)
    if figure != int(figure) or figure > 10_000_000:
        raise Invalid("人数应为不超过一千万的整数", "Staff is a whole number up to ten million")
    return int(figure)


def _money(unit: int) -> Callable[[Cell, date], int]:
    """`unit` fen make one of the column's units."""

    def read(cell: Cell, today: date) -> int:
        fen = _figure(cell) * unit
        if fen != int(fen):
            raise Invalid("金额最多精确到分，请核对小数位", "Money is exact to the fen; check the decimals")
        if fen > _MOST_FEN:
            raise Invalid("金额过大，请核对单位是元还是万元", "Too large; check the unit: yuan or 10,000 yuan")
        return int(fen)

    return read


def _figure(cell: Cell) -> Decimal:
    """An exact figure, zero or more. A spreadsheet's number keeps six decimals: its own noise lies beyond."""
    if isinstance(cell, float | int):
        figure = Decimal(repr(cell))
        if not figure.is_finite():
            raise Invalid("不是有效数字（NaN或无穷大），不知道时请留空", "No number; leave it empty if unknown")
        figure = round(figure, 6)
    else:
        text = unicodedata.normalize("NFKC", _plain_text(cell)).removesuffix("人")
        if not _FIGURE.fullmatch(text):
            raise Invalid(
                "应为不小于零的数字，不带单位；不知道时请留空",
                "Write a number of zero or more; leave it empty if unknown",
            )
        figure = Decimal(text.replace(",", ""))
    if figure < 0:
        raise Invalid("不能小于零，请核对", "Cannot be less than zero; check it")
    return figure


_READERS: dict[str, tuple[str, Callable[[Cell, date], Any]]] = {
    **{name: (name, _text(limit)) for name, limit in _LENGTHS.items()},
    "credit_code": ("credit_code", _code),
    "kind": ("kind", _kind),
    "phone": ("phone", _phone),
    "industry": ("industry", _industry),
    "registered_on": ("registered_on", _day),
    "staff": ("staff", _staff),
    "revenue_yuan": ("revenue_fen", _money(100)),
    "revenue_wan": ("revenue_fen", _money(1_000_000)),
    "assets_yuan": ("assets_fen", _money(100)),
    "assets_wan": ("assets_fen", _money(1_000_000)),
}


# ── private ──


@cache
def _columns() -> dict[str, dict[str, Any]]:
    data: dict[str, dict[str, Any]] = safe_yaml.read(_FILE)
    return data


def plain_header(header: str) -> str:
    """A header for comparing: folded, without blanks, brackets and marks."""
    return re.sub(r"[\s()\[\]:：*_、]+", "", unicodedata.normalize("NFKC", header)).lower()


def _twice(earlier: int) -> Label:
    return Label(f"与第{earlier}行重复，请只保留一行", f"The same company stands in row {earlier}; keep one of them")


def _once(names: Sequence[str], fields: Mapping[int, str]) -> None:
    """Each fact stands in one column, and the required ones are there."""
    targets: dict[str, str] = {}
    for index, name in fields.items():
        target = _READERS[name][0]
        if target in targets:
            raise Invalid(
                f"“{targets[target]}”和“{names[index]}”两列都是同一项，请把其中一列设为不导入",
                f"The columns {targets[target]!r} and {names[index]!r} are the same fact; leave one of them out",
            )
        targets[target] = names[index]
    for name in REQUIRED:
        if name not in targets:
            label, columns = field_labels()[name], list(filter(None, names))
            raise Invalid(
                f"没有找到“{label.zh}”列；现有列：{'、'.join(columns)}。请指明哪一列是{label.zh}",
                f"No column for {label.en!r}; there are: {', '.join(columns)}. Say which one it is",
            )


def _plain_text(cell: Cell) -> str:
    """A cell as text: a whole number from a spreadsheet without `.0`."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell)


def _shown(cell: Cell) -> str:
    return _plain_text(cell)[:80]
