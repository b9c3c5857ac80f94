"""表达式: CEL text over facts as frozen trees. A subset of the Common Expression Language, so that anybody's evaluator
of it can check ours. Pure.

What differs from CEL on purpose (docs/decisions): a fact that is missing makes a comparison *unknown*; dividing by zero
is unknown, not infinity; what doubles would decide by rounding (`rd_expense >= 1.10 * rd_expense_last_year` on the
boundary) is decided in exact decimals, as the clause is written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from qinqing.lib.labels import Label


class FactType(StrEnum):
    """How a fact enters an expression. `money` is kept in whole fen and written in yuan."""

    MONEY = "money"  # CEL double, in yuan with two places
    NUMBER = "number"  # CEL double
    BOOLEAN = "boolean"  # CEL bool
    CATEGORY = "category"  # CEL string: a code of a list
    DATE = "date"  # CEL timestamp at 00:00Z; written date("2026-01-01")


@dataclass(frozen=True, slots=True)
class FactSpec:
    """What the kernel must know of a fact. `places`: decimals that a number is kept with (money: 2)."""

    id: str
    type: FactType
    label: Label
    unit: str = ""
    places: int = 4


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant: int and float are different things in CEL; `text` is a number as it was written (exact decimals)."""

    value: bool | int | float | str | date | None
    text: str = ""
    at: int = field(default=0, compare=False)  # offset of its first character in the text


@dataclass(frozen=True, slots=True)
class Name:
    """A fact, by its id."""

    id: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Unary:
    """`!` or `-`."""

    op: str
    term: Term
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Binary:
    """`|| && == != < <= > >= in + - * / %`."""

    op: str
    left: Term
    right: Term
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Choice:
    """`test ? then : other`."""

    test: Term
    then: Term
    other: Term
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A function: `date("2026-01-01")`, `years_since(registered_on)` (whole years up to the day of matching),
    `size(...)`, and CEL's methods with the receiver as first argument (`startsWith`, `endsWith`, `contains`)."""

    name: str
    args: tuple[Term, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class ListOf:
    """`[a, b, c]`."""

    items: tuple[Term, ...]
    at: int = field(default=0, compare=False)


Term: TypeAlias = Literal | Name | Unary | Binary | Choice | Call | ListOf


class TermError(ValueError):
    """An expression cannot be used: `at` is the offset in its text; the label says what is wrong and how to mend it."""

    def __init__(self, at: int, label: Label) -> None:
        super().__init__(f"{label.zh} / {label.en}")
        self.at = at
        self.label = label
