"""What the checker says (检查结论), and what it must know of the house to say it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from qinqing.lib.labels import Label


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: the rule's name, the dotted place in the definition, and a text that names the stage and the mend.

    `line` and `column` count from 1; 0 where the text of the definition is not at hand (see library.py)."""

    rule: str
    place: str
    text: Label
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class Known:
    """Names from outside the definition: capacity -> its roles, desks of the county, registered guards and effects."""

    capacities: Mapping[str, Collection[str]]
    desks: Collection[str]
    guards: Collection[str]
    effects: Collection[str]


Fault = tuple[str, str, str]
"""(place, text in Chinese, text in English): what a rule yields; `check` makes Findings of it."""
Faults = Iterator[Fault]


def names(values: Collection[str]) -> str:
    """Names as they stand in a text; the same in both languages."""
    return ", ".join(sorted(values)) or "-"
