"""读格子: one cell of a sheet that somebody filled in, as a value, or `Invalid`: what is wrong and what to write. Pure.

Each function here makes a reader for `sheet_imports.InColumn`. Text that looks like a formula is text like any other:
it is kept and shown as text, and written back as text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from qinqing.directory.phones import check_phone
from qinqing.directory.tables import Cell
from qinqing.lib.identifiers import Invalid, credit_code
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import CHINA

Read = Callable[[Cell], Any]
_DAY = r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
_MOMENT = re.compile(_DAY + r"(?:[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?")
_NO_SUCH = ("没有这一天或这一时刻，请核对", "There is no such day or time; check it")


def plain(cell: Cell) -> str:
    """A cell as text; a whole number without `.0`. Invalid for one so long that the spreadsheet has lost digits."""
    if isinstance(cell, float | int):
        if abs(cell) >= 1e15:
            raise Invalid(
                "表格软件已把这串数字存成数值，末几位可能丢失；请将该列设为文本后重新填写",
                "The spreadsheet kept this as a number and may have lost its last digits; format the column as text",
            )
        return str(int(cell)) if float(cell).is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M}"
    return "" if cell is None else str(cell)


def text(most: int, *, lines: bool = False) -> Read:
    """At most `most` characters; with `lines` it may hold line breaks."""

    def read(cell: Cell) -> str:
        found = plain(cell).replace("\r\n", "\n").replace("\r", "\n").replace("_x000D_\n", "\n")
        if len(found) > most:
            raise Invalid(f"共{len(found)}字，应不超过{most}字", f"{len(found)} characters; at most {most}")
        if any(unicodedata.category(char) in {"Cc", "Cs"} and not (lines and char in "\n\t") for char in found):
            raise Invalid("含有不可见的控制字符或换行，请删去", "Holds control characters or line breaks; remove them")
        return found

    return read


def whole(least: int = 0, most: int = 10**12) -> Read:
    """A whole number within the bounds."""

    def read(cell: Cell) -> int:
        figure = plain(cell).replace(",", "")
        if not re.fullmatch(r"-?\d{1,15}", figure) or not least <= int(figure) <= most:
            raise Invalid(f"应为{least}至{most}的整数", f"Write a whole number from {least} to {most}")
        return int(figure)

    return read


def day(cell: Cell) -> date:
    """A day: a date cell, or text such as 2026-09-30."""
    return moment(cell).date()


def moment(cell: Cell) -> datetime:
    """A time in China: a date cell, or text such as 2026-09-30 15:20. A day alone is its beginning."""
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=CHINA, microsecond=0)
    if isinstance(cell, date):
        return datetime(cell.year, cell.month, cell.day, tzinfo=CHINA)
    match = _MOMENT.fullmatch(plain(cell)) if isinstance(cell, str) else None
    if match is None:
        raise Invalid(
            "应为日期，如2026-09-30或2026-09-30 15:20；请将该列设为日期格式或照此填写",
            "Write a date such as 2026-09-30 or 2026-09-30 15:20, or format the column as dates",
        )
    try:
        return datetime(*(int(part or 0) for part in match.groups()), tzinfo=CHINA)  # type: ignore[arg-type,misc]
    except ValueError:
        raise Invalid(*_NO_SUCH) from None


def choice(named: Mapping[Any, Label]) -> Read:
    """One of the names, in either language; gives its value."""
    known = {str(name).casefold(): value for value, label in named.items() for name in label}

    def read(cell: Cell) -> Any:
        found = plain(cell).casefold()
        if found not in known:
            names = [Label.of(label) for label in named.values()]
            raise Invalid(
                f"应为{'、'.join(label.zh for label in names)}之一",
                f"Write one of: {', '.join(label.en for label in names)}",
            )
        return known[found]

    return read


YES_NO = {True: Label("是", "yes"), False: Label("否", "no")}
yes_no = choice(YES_NO)


def phone(cell: Cell) -> str:
    """A mobile number or a landline with its area code."""
    return check_phone(plain(cell))


def code(cell: Cell) -> str:
    """A unified social credit code, checked."""
    return credit_code(plain(cell))
