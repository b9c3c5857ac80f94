"""名录中的事实: facts that a party's own row holds, or that follow from it. Pure.

The size classes are those of the page of a company (`size_classes.py`), from the figures of the row; where the rule's
answer is that more data are needed, the fact is unknown.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import Any

from qinqing.directory.size_classes import FIGURES, RuleCode, SizeFacts, rule, size_class

Row = Mapping[str, Any]
COLUMNS = ("kind", "status", "registered_on", "region", "town", "industry", "staff", "revenue_fen", "assets_fen")
"""What of a party's row the functions of PARTY_FACTS look at."""


def _field(name: str) -> Callable[[Row], Any]:
    return lambda row: row[name] if row[name] != "" else None


def _size(code: RuleCode) -> Callable[[Row], str | None]:
    def size(row: Row) -> str | None:
        figures = (_floor(code, name, row[column]) for name, column in _FIGURES.items())
        return _classed(code, row["industry"], *figures)

    return size


PARTY_FACTS: Mapping[str, Callable[[Row], Any]] = {
    **{name: _field(name) for name in COLUMNS},
    "industry_section": lambda row: row["industry"][:1] or None,
    "industry_division": lambda row: row["industry"][:3] if len(row["industry"]) >= 3 else None,
    "size_policy": _size("policy"),
    "size_statistics": _size("statistics"),
}
"""`from_party` -> the value in a party's row: text, date, a whole number (persons, fen), or None: unknown."""

WRITABLE = frozenset({"status", "registered_on", "region", "town", "industry"})
"""Those that an officer may put right in the row itself (`services.update_party`)."""


# ── private ──

_FIGURES = {"staff": "staff", "revenue": "revenue_fen", "assets": "assets_fen"}


@cache
def _floors(code: RuleCode, name: str) -> list[int]:
    """All floors of a figure in a rule, and zero: between two of them no size changes."""
    found = {floors[name] for row in rule(code).rows for floors in row.floors.values() if name in floors}
    return sorted({0, *found})


def _floor(code: RuleCode, name: str, figure: int | None) -> int | None:
    floors = _floors(code, name)
    return None if figure is None else floors[bisect_right(floors, figure) - 1]


@lru_cache(maxsize=100_000)
def _classed(code: RuleCode, industry: str, *figures: int | None) -> str | None:
    """The class by figures brought down to the next floor: few enough to be looked up for all companies."""
    answer = size_class(SizeFacts(industry or None, *figures), code).code
    return None if answer == "unknown" else answer


assert set(FIGURES) == {"industry", *_FIGURES}
