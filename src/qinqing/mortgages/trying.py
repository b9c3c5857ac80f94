"""推荐质量 (B7): real renames run through resolver and suggestions, as `qinqing mortgages suggest` prints it. Pure.

The resolver must name nobody for an old name that is not filed, though all others are, and exactly the right one once
it is. Suggestions are measured with every new name of the file as a candidate; halves show what tuning on a file hides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from qinqing.lib.names import normal
from qinqing.mortgages.names import Book, Borne
from qinqing.mortgages.register import Creditor
from qinqing.mortgages.suggesting import Candidate, Index

FIVE = 5


@dataclass(frozen=True, slots=True)
class Rename:
    """One row: `on`, the day of the new name."""

    on: date
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Ranked:
    """How many of `rows` have the right name first, and among the first five."""

    rows: int
    first: int
    first_five: int

    @property
    def shares(self) -> dict[str, float]:
        return {"first": round(self.first / self.rows, 4), "first_five": round(self.first_five / self.rows, 4)}


@dataclass(frozen=True, slots=True)
class Linked:
    """`without`: old names that mean somebody though their own alias is not filed; `with_alias`: that mean the right
    one alone once it is; `of_another`: that are somebody else's present name when nothing at all is filed."""

    without: int
    with_alias: int
    of_another: int


def rank(renames: Sequence[Rename], tried: Sequence[Rename]) -> Ranked:
    """Each old name of `tried` against all new names of `renames`."""
    index = Index(Candidate(each.new) for each in renames)
    first = five = 0
    for each in tried:
        found = [suggestion.candidate.name for suggestion in index.rank(each.old, FIVE)]
        first += found[:1] == [each.new]
        five += each.new in found
    return Ranked(len(tried), first, five)


def link(renames: Sequence[Rename]) -> Linked:
    """Each old name as an old record has it: of a day before the first rename. Every row is an institution of its own;
    its alias is filed until the day before its rename."""
    day = (min(each.on for each in renames) - timedelta(days=1)).isoformat()
    filed = [Borne(normal(each.old), str(at), ends_on=each.on - timedelta(days=1)) for at, each in enumerate(renames)]
    called: dict[str, list[int]] = defaultdict(list)
    bore: dict[str, list[int]] = defaultdict(list)
    for at, each in enumerate(renames):
        called[normal(each.new)].append(at)
        bore[filed[at].name].append(at)
    without = with_alias = of_another = 0
    for at, each in enumerate(renames):
        name = filed[at].name
        present = [(name, str(other)) for other in called[name]]
        others = [filed[other] for other in {*bore[name], *called[name]} if other != at]
        creditor = Creditor(each.old)
        of_another += bool(Book(present, ()).resolve(creditor, day).codes)
        without += bool(Book(present, others).resolve(creditor, day).codes)
        with_alias += Book(present, [*others, filed[at]]).resolve(creditor, day).codes == {str(at)}
    return Linked(without, with_alias, of_another)
