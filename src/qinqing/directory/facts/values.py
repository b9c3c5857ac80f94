"""事实的值: read from a cell, checked, kept as a whole number, and said in words. Pure.

money: whole fen (int); number: Decimal; boolean: bool; category: the code (str); date: date. None is unknown.
What is kept is one whole number: fen, ten-thousandths, 0 or 1, days since year 1; or the text of a category, which the
tables give a number (FactText).
NaN, infinities, wrong codes, wrong types and what is out of range are refused with `Invalid`, never mended.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import TypeAlias, cast

from qinqing.directory.facts.dictionary import SCALE, FactDef
from qinqing.directory.sheet_cells import YES_NO, day
from qinqing.lib.identifiers import Invalid
from qinqing.lib.labels import Label
from qinqing.lib.rules.terms import FactType
from qinqing.ui.figures import UNKNOWN, money

Value: TypeAlias = int | Decimal | bool | str | date
Kept: TypeAlias = int | str | None
Raw: TypeAlias = str | int | float | bool | date | Decimal
FEN = {"yuan": 100, "wan": 1_000_000, "fen": 1}
"""Units in which money may stand in a column."""
UNKNOWN_WORDS = frozenset({"不详", "未知", "unknown"})
_FIGURE = re.compile(r"[-−]?(\d+(\.\d*)?|\d{1,3}(,\d{3})+(\.\d*)?)")
_YES = {"是": True, "有": True, "yes": True, "y": True, "true": True, "1": True}
_NO = {"否": False, "无": False, "no": False, "n": False, "false": False, "0": False}
_LONGEST = 80


def read(fact: FactDef, cell: Raw, unit: str = "yuan") -> Value | None:
    """The value of a cell; None where it says that the source does not know. `unit`: of a column of money."""
    if isinstance(cell, str) and cell.strip().casefold() in UNKNOWN_WORDS:
        return None
    return check(fact, _READERS[fact.type](fact, cell, unit))


def check(fact: FactDef, value: object) -> Value:
    """A value of the fact's type within its bounds. Raises Invalid."""
    expected = _TYPES[fact.type]
    if not isinstance(value, expected) or isinstance(value, bool) != (expected is bool) or isinstance(value, datetime):
        raise Invalid(
            f"“{fact.label.zh}”的类型不对：{value!r}"[:120], f"{fact.label.en}: of another type, {value!r}"[:120]
        )
    if isinstance(value, str):
        return _checked_code(fact, value)
    if isinstance(value, date):
        if not 1900 <= value.year < 2200:
            raise Invalid("日期应在1900年至2199年之间", "Dates lie between 1900 and 2199")
        return value
    if not isinstance(value, bool) and isinstance(value, int | Decimal):
        _check_bounds(fact, value)
    return cast("Value", value)


def kept(fact: FactDef, value: Value | None) -> Kept:
    """What stands for a checked value: the whole number, or the text whose number it will be."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, date):
        return value.toordinal()
    return int(value * SCALE) if fact.type is FactType.NUMBER else int(value)


def from_kept(fact: FactDef, kept_as: Kept) -> Value | None:
    """Back from what was kept."""
    if kept_as is None or isinstance(kept_as, str):
        return kept_as
    if fact.type is FactType.NUMBER:
        return Decimal(kept_as) / SCALE
    if fact.type is FactType.DATE:
        return date.fromordinal(kept_as)
    return bool(kept_as) if fact.type is FactType.BOOLEAN else kept_as


def from_party(fact: FactDef, own: int | str | date) -> Value:
    """A value of the directory's row as a value of the fact: whole numbers of a number are Decimal."""
    return Decimal(own) if fact.type is FactType.NUMBER and isinstance(own, int) else own


def words(fact: FactDef, value: Value | None) -> Label:
    """In words, with the unit: 286,132.40元, 12.5亩, 是, 省级, 2020-01-31."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return YES_NO[value]
    if isinstance(value, str):
        return fact.codes.get(value, Label(value, value))
    if isinstance(value, date):
        return Label(value.isoformat(), value.isoformat())
    if fact.type is FactType.MONEY:
        return _money(fact, int(value))
    figure = f"{Decimal(value).normalize():,f}"
    unit = fact.unit or Label("", "")
    return Label(f"{figure}{unit.zh}", f"{figure} {unit.en}".strip())


# ── private ──

_TYPES: Mapping[FactType, type] = {
    FactType.MONEY: int,
    FactType.NUMBER: Decimal,
    FactType.BOOLEAN: bool,
    FactType.CATEGORY: str,
    FactType.DATE: date,
}


def _money(fact: FactDef, fen: int) -> Label:
    said = money(fen)
    if fact.unit is None or fact.unit.zh == "元":
        return said
    return Label(said.zh.removesuffix("元") + fact.unit.zh, f"{said.en.removeprefix('CNY ')} {fact.unit.en}")


def _check_bounds(fact: FactDef, value: int | Decimal) -> None:
    if isinstance(value, Decimal) and not value.is_finite():
        raise Invalid("不是有效数字（NaN或无穷大），不知道时请留空", "No number; leave it empty if unknown")
    least, most = fact.bounds
    if not least <= value <= most:
        unit = fact.unit or Label("", "")
        raise Invalid(
            f"应在{fact.least:,f}至{fact.most:,f}{unit.zh}之间，请核对单位",
            f"Should lie between {fact.least:,f} and {fact.most:,f} {unit.en}; check the unit",
        )
    if isinstance(value, Decimal) and value != round(value, fact.places):
        zh, en = (
            ("应为整数", "Write a whole number")
            if not fact.places
            else (f"最多{fact.places}位小数", f"At most {fact.places} decimals")
        )
        raise Invalid(zh, en)


def _checked_code(fact: FactDef, value: str) -> str:
    if fact.codes:
        if value not in fact.codes:
            raise Invalid(
                f"应为{'、'.join(label.zh for label in fact.codes.values())}之一",
                f"Write one of: {', '.join(label.en for label in fact.codes.values())}",
            )
        return value
    if not value or len(value) > _LONGEST:
        raise Invalid(f"应为1至{_LONGEST}字", f"Write 1 to {_LONGEST} characters")
    if any(unicodedata.category(char) in {"Cc", "Cs"} for char in value):
        raise Invalid("含有不可见的控制字符或换行，请删去", "Holds control characters or line breaks; remove them")
    return value


def _figure(cell: Raw) -> Decimal:
    """An exact figure. A spreadsheet's number keeps six decimals: its own noise lies beyond."""
    if isinstance(cell, bool | date):
        raise Invalid("应为数字，请核对该列", "Write a number; check the column")
    if isinstance(cell, int | float | Decimal):
        try:
            figure = round(Decimal(repr(cell)) if isinstance(cell, float) else Decimal(cell), 6)
        except InvalidOperation:
            figure = Decimal("NaN")
        if not figure.is_finite():
            raise Invalid("不是有效数字（NaN或无穷大），不知道时请留空", "No number; leave it empty if unknown")
        return figure
    text = unicodedata.normalize("NFKC", cell).strip()
    if len(text) > 40 or not _FIGURE.fullmatch(text):
        raise Invalid(
            "应为数字，不带单位；不知道时请留空", "Write a number without its unit; leave it empty if unknown"
        )
    return Decimal(text.replace(",", "").replace("−", "-"))


def _read_money(fact: FactDef, cell: Raw, unit: str) -> int:
    fen = _figure(cell) * FEN[unit]
    if fen != fen.to_integral_value():
        raise Invalid("金额最多精确到分，请核对小数位", "Money is exact to the fen; check the decimals")
    return int(fen)


def _read_number(fact: FactDef, cell: Raw, unit: str) -> Decimal:
    return _figure(cell)


def _read_boolean(fact: FactDef, cell: Raw, unit: str) -> bool:
    text = str(int(cell)) if isinstance(cell, float) and cell in {0.0, 1.0} else str(cell).strip().casefold()
    found = {**_YES, **_NO}.get(text)
    if found is None:
        raise Invalid("应写“是”或“否”，不知道时请留空", "Write yes or no; leave it empty if unknown")
    return found


def _read_category(fact: FactDef, cell: Raw, unit: str) -> str:
    text = str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()
    if text in fact.codes:
        return text
    return {name.casefold(): code for code, label in fact.codes.items() for name in label}.get(text.casefold(), text)


def _read_date(fact: FactDef, cell: Raw, unit: str) -> date:
    if isinstance(cell, bool | int | Decimal):
        raise Invalid("日期应写成2020-01-31", "Write dates as 2020-01-31")
    return day(cell)


_READERS = {
    FactType.MONEY: _read_money,
    FactType.NUMBER: _read_number,
    FactType.BOOLEAN: _read_boolean,
    FactType.CATEGORY: _read_category,
    FactType.DATE: _read_date,
}
