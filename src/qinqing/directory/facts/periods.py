"""报告期 (period): the year, quarter or month a figure is of, as one whole number that sorts. Pure.

2025 is 202500, its months 202501 to 202512, its quarters 202521 to 202524; what has no period is 0. A year before is
always 100 less.
"""

from __future__ import annotations

import re
from datetime import date

from qinqing.lib.identifiers import Invalid
from qinqing.lib.labels import Label

NONE = 0
KINDS = ("none", "year", "quarter", "month")
A_YEAR = 100
_FORMS = {
    "year": re.compile(r"(\d{4})(?:年度?)?"),
    "quarter": re.compile(r"(\d{4})(?:年第?|-?Q|-)([1-4一二三四])(?:季度)?"),
    "month": re.compile(r"(\d{4})[-./年](0?[1-9]|1[0-2])月?"),
}
_EXAMPLES = {"year": "2025", "quarter": "2025Q3", "month": "2025-07"}
_QUARTERS = "一二三四"


def parse(text: str, kind: str, today: date) -> int:
    """`2025`, `2025年`; `2025Q3`, `2025年三季度`; `2025-07`, `2025年7月`. Raises Invalid, also for one to come."""
    if kind == "none":
        return NONE
    match = _FORMS[kind].fullmatch(text.strip().upper())
    if match is None:
        example = _EXAMPLES[kind]
        raise Invalid(f"报告期“{text[:20]}”应写成{example}", f"the period {text[:20]!r} should be written {example}")
    period = int(match[1]) * A_YEAR
    if kind == "quarter":
        period += 20 + (_QUARTERS.index(match[2]) + 1 if match[2] in _QUARTERS else int(match[2]))
    elif kind == "month":
        period += int(match[2])
    if not period // A_YEAR >= 1949 or first_month(period) > (today.year, today.month):
        raise Invalid(
            f"报告期{text_of(period)}尚未开始或过早", f"the period {text_of(period)} has not begun, or is too old"
        )
    return period


def kind_of(period: int) -> str:
    """none, year, quarter or month."""
    part = period % A_YEAR
    return "none" if period == NONE else "year" if part == 0 else "quarter" if part > 20 else "month"


def first_month(period: int) -> tuple[int, int]:
    """(year, month) in which a period begins."""
    year, part = divmod(period, A_YEAR)
    return year, 3 * (part - 20) - 2 if part > 20 else max(part, 1)


def text_of(period: int) -> str:
    """As `parse` reads it: 2025, 2025Q3, 2025-07; empty for none."""
    year, part = divmod(period, A_YEAR)
    forms = {"none": "", "year": str(year), "quarter": f"{year}Q{part - 20}", "month": f"{year}-{part:02d}"}
    return forms[kind_of(period)]


def label(period: int) -> Label | None:
    """2025年 / 2025; 2025年三季度 / Q3 2025; 2025年7月 / July 2025. None where there is no period."""
    year, part = divmod(period, A_YEAR)
    if period == NONE:
        return None
    if part > 20:
        return Label(f"{year}年{_QUARTERS[part - 21]}季度", f"Q{part - 20} {year}")
    if part:
        return Label(f"{year}年{part}月", f"{date(year, part, 1):%B} {year}")
    return Label(f"{year}年", str(year))
