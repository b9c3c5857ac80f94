"""政策: one clause of support as data: for whom, how much, from when to when, out of which money. Pure, frozen.

What decides and what it pays is a `lib.rules` rule; here is everything around it: clauses, effect, window, stacking,
budget, documents, the fair-competition review (公平竞争审查), examples. YAML in: reading.py; out: to_yaml.py; the hash
of its content: content.py. Claims, rounds and payments are not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from qinqing.lib.labels import Label
from qinqing.lib.rules.rule import Rule, Verdict


class Origin(StrEnum):
    """Where the words of the policy come from. Whatever is fictional says so on every page."""

    FICTIONAL = "fictional"  # 虚构: for the demo and for tests
    PUBLIC = "public"  # modelled on a published document, named in `cite`
    OWN = "own"  # the county's own document


ORIGINS: Mapping[Origin, Label] = {
    Origin.FICTIONAL: Label("虚构", "Fictional"),
    Origin.PUBLIC: Label("据公开文件", "From a published document"),
    Origin.OWN: Label("本县文件", "The county's own"),
}


@dataclass(frozen=True, slots=True)
class Source:
    """来源. `cite`: which document, where it stands."""

    origin: Origin
    cite: str = ""


@dataclass(frozen=True, slots=True)
class Effect:
    """施行期间: both days included; `end` None: until superseded."""

    start: date
    end: date | None = None

    def covers(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day <= self.end)

    def overlaps(self, other: Effect) -> bool:
        return (self.end is None or other.start <= self.end) and (other.end is None or self.start <= other.end)


@dataclass(frozen=True, slots=True)
class Window:
    """申报窗口. `without_application`: 免申即享, the county asks the company's will and pays."""

    start: date
    end: date | None = None
    without_application: bool = False


class Short(StrEnum):
    """What happens when the budget runs short."""

    FIRST_COME = "first_come"
    PRO_RATA = "pro_rata"
    RANKED = "ranked"


SHORTS: Mapping[Short, Label] = {
    Short.FIRST_COME: Label("先到先得", "first come, first served"),
    Short.PRO_RATA: Label("按比例", "in proportion"),
    Short.RANKED: Label("排名择优", "by rank"),
}


@dataclass(frozen=True, slots=True)
class Budget:
    """预算. `by`: the fact that ranks, where `short` is ranked; `highest_first` its direction."""

    fen: int
    short: Short
    by: str = ""
    highest_first: bool = True


@dataclass(frozen=True, slots=True)
class Document:
    """A document that no office holds already, so that the company must bring it."""

    id: str
    label: Label


class ReviewResult(StrEnum):
    """公平竞争审查结论. `exception`: 适用例外规定 (条例第十二条)."""

    PASSED = "passed"
    EXCEPTION = "exception"
    FAILED = "failed"


REVIEW_RESULTS: Mapping[ReviewResult, Label] = {
    ReviewResult.PASSED: Label("通过", "passed"),
    ReviewResult.EXCEPTION: Label("适用例外规定", "an exception applies"),
    ReviewResult.FAILED: Label("未通过", "not passed"),
}


@dataclass(frozen=True, slots=True)
class Review:
    """What the document says of its own fair-competition review. The review of a *version* stands in its record."""

    result: ReviewResult
    on: date
    by: Label
    words: str = ""


Given: TypeAlias = str | bool | int | Decimal
"""A fact in an example as YAML gives it: money in yuan, dates as text."""


@dataclass(frozen=True, slots=True)
class Example:
    """例: facts of a made-up company and what must come of them. Left-out facts are unknown.

    `on`: the day of matching (default: the first day of effect). `fen` None: no amount is promised here. `missing`:
    the fewest facts that would decide, where the verdict is unknown; None: not promised."""

    label: Label
    facts: Mapping[str, Given]
    verdict: Verdict
    on: date | None = None
    fen: int | None = None
    missing: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """One support as the county's documents word it. `clauses`: clause (第七条第一款) -> its words."""

    code: str
    title: Label
    reference: str  # 文号
    source: Source
    departments: tuple[str, ...]  # unit codes; the first leads
    clauses: Mapping[str, str]
    effect: Effect
    rule: Rule
    benefit_clause: str
    window: Window | None = None
    supersedes: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()  # whoever is paid by this is not paid by those, nor the other way round
    stacks_with: tuple[str, ...] = ()  # said outright: paid besides those, even within one group
    highest_of: str = ""  # group of which a company is paid the highest only (就高不重复)
    budget: Budget | None = None
    documents: tuple[Document, ...] = ()
    review: Review | None = None
    examples: tuple[Example, ...] = ()

    @property
    def day_of_examples(self) -> date:
        """The day of matching where an example names none."""
        return self.effect.start
