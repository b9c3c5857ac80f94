"""政策规则: the conditions of one policy as a tree and what it pays, as frozen objects. Pure.

Amounts are whole fen, rounded down (向下取整到分). A benefit whose base is missing pays nothing and is
unknown: never its cap. Only the verdict YES goes to money.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from typing import TypeAlias

from qinqing.lib.labels import Label
from qinqing.lib.rules.terms import Term


class Verdict(IntEnum):
    NO = 0
    UNKNOWN = 1  # a fact is missing, and what is known does not decide
    YES = 2

    __hash__ = int.__hash__  # an enum's own hashes the name; combinations of verdicts are looked up by the thousand


@dataclass(frozen=True, slots=True)
class Condition:
    """条件: one named test of the policy's text. `clause`: where it stands (第七条第二款第一项)."""

    id: str
    label: Label
    clause: str
    term: Term
    text: str  # the CEL text it came from


@dataclass(frozen=True, slots=True)
class Group:
    """`all`, `any`, or `not` (of exactly one member)."""

    kind: str
    members: tuple[Node, ...]


Node: TypeAlias = Condition | Group


@dataclass(frozen=True, slots=True)
class Fixed:
    """定额."""

    fen: int


@dataclass(frozen=True, slots=True)
class Rate:
    """比例: `rate` of the base (yuan, or a quantity: then yuan for each), at least `floor_fen`, at most `cap_fen`.
    The floor raises a positive amount, however small (before it is rounded down to the fen); it grants nothing where
    there is none: a base of zero or below, or a rate of zero, pays nothing."""

    rate: Fraction
    of: Term
    text: str
    cap_fen: int | None = None
    floor_fen: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """From this value of the base on (itself included, unless `above`): a fixed sum, or a rate of `Tiers.pays_of`."""

    start: Fraction
    fen: int | None = None
    rate: Fraction | None = None
    above: bool = False


@dataclass(frozen=True, slots=True)
class Tiers:
    """分档: the step that the base has reached decides the whole (not marginally); below the first nothing is paid.
    Rates are of `pays_of` (the base itself where None)."""

    of: Term
    text: str
    steps: tuple[Step, ...]
    pays_of: Term | None = None
    cap_fen: int | None = None
    pays_text: str = ""  # of `pays_of`, as written


@dataclass(frozen=True, slots=True)
class Schedule:
    """分期: a benefit paid in instalments; `parts` sum to 1 (30/30/40), each with what it waits for."""

    whole: Benefit
    parts: tuple[tuple[Fraction, Label], ...]


@dataclass(frozen=True, slots=True)
class Decided:
    """区间或一事一议: a named body decides within the range, with reasons; None: no bound. Never computed."""

    body: Label
    low_fen: int | None = None
    high_fen: int | None = None


@dataclass(frozen=True, slots=True)
class Higher:
    """就高: the highest of several; unknown where any is unknown."""

    of: tuple[Benefit, ...]


Benefit: TypeAlias = Fixed | Rate | Tiers | Schedule | Decided | Higher


@dataclass(frozen=True, slots=True)
class Rule:
    """What the kernel decides: who qualifies, and for how much."""

    code: str
    conditions: Node
    benefit: Benefit

    def all_conditions(self) -> Iterator[Condition]:
        """Every condition, in the order written."""
        yield from _conditions(self.conditions)


def _conditions(node: Node) -> Iterator[Condition]:
    if isinstance(node, Condition):
        yield node
    else:
        for member in node.members:
            yield from _conditions(member)
