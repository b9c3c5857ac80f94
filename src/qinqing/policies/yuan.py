"""元与分: sums of money as banks' files and forms write them. Pure."""

from __future__ import annotations

import re

from qinqing.lib.identifiers import Invalid

_YUAN = re.compile(r"\d{1,12}(\.\d{1,2})?|\d{1,3}(,\d{3})+(\.\d{1,2})?")


def yuan(fen: int) -> str:
    """1234567.89: as banks' files write it."""
    return f"{fen // 100}.{fen % 100:02d}"


def read_yuan(text: str) -> int:
    """Whole fen of 1234.56 or 1,234.56. Raises lib.identifiers.Invalid."""
    found = text.strip()
    if not _YUAN.fullmatch(found):
        raise Invalid("金额应写成1234.56，最多两位小数", "Write the amount as 1234.56, two decimals at most")
    whole, _, cents = found.replace(",", "").partition(".")
    return int(whole) * 100 + int(cents.ljust(2, "0"))
