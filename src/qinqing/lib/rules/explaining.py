"""说明理由: why a company qualifies, does not, or may: for each condition what it has and what is asked; the fewest
missing facts that could make a yes; the fewest conditions that a no would have to change.

`Explainer` is prepared once for many rules: a condition that many policies share is decided once for each company.
What is not read is not worked out (`conditions`, `missing` and `changes` are made when asked for).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import count
from operator import itemgetter
from typing import Any

from qinqing.lib.labels import Label
from qinqing.lib.rules.checking import walk
from qinqing.lib.rules.comparing import Subject, comparison_in, test_of
from qinqing.lib.rules.evaluating import payable
from qinqing.lib.rules.favouring import Ways, both, divides_by_zero, either, fewest, ways_of_term, ways_to_pay
from qinqing.lib.rules.needing import needs, unit_of
from qinqing.lib.rules.outcomes import Shape, Tree, tree_of
from qinqing.lib.rules.printing import text
from qinqing.lib.rules.rule import Condition, Rule, Verdict
from qinqing.lib.rules.terms import FactSpec, Name, Term
from qinqing.lib.rules.values import Given, Unknown, Value, value_of


class Found:
    """One condition, decided for one company; shared by all rules that have it."""

    __slots__ = ("_sides", "_ways", "asked", "subject", "verdict")

    def __init__(self, asked: Asked, subject: Subject, verdict: Verdict) -> None:
        self.asked = asked
        self.subject = subject
        self.verdict = verdict
        self._sides: tuple[Value, Value, Fraction | None] | None = None
        self._ways: dict[bool, Ways] = {}

    @property
    def sides(self) -> tuple[Value, Value, Fraction | None]:
        """What the company has, what is asked, and the first less the second."""
        if self._sides is None:
            compares = self.asked.compares
            value = self._known(compares.measured) if compares else None
            threshold = self._known(compares.bound) if compares else None
            self._sides = (value, threshold, _difference(value, threshold))
        return self._sides

    def ways(self, wanted: bool) -> Ways:
        """Which missing facts could make it come out as wanted."""
        if wanted not in self._ways:
            self._ways[wanted] = ways_of_term(self.asked.term, wanted, self.subject)
        return self._ways[wanted]

    def _known(self, term: Term) -> Value:
        value = value_of(term, self.subject)
        return None if isinstance(value, Unknown) else value


class ConditionFound:
    """A line of the explanation: the condition as the policy states it, and what was found."""

    __slots__ = ("condition", "found")

    def __init__(self, condition: Condition, found: Found) -> None:
        self.condition = condition
        self.found = found

    @property
    def verdict(self) -> Verdict:
        return self.found.verdict

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts it uses, in the order written."""
        return self.found.asked.facts

    @property
    def value(self) -> Value:
        """What the company has (money in yuan, exact); None: unknown, or several tests in one condition."""
        return self.found.sides[0]

    @property
    def threshold(self) -> Value:
        """What it is held against; a tuple for a list."""
        return self.found.sides[1]

    @property
    def op(self) -> str | None:
        """How the value is held against the threshold: CEL's operator or method, or `not in`."""
        compares = self.found.asked.compares
        return compares.op if compares else None

    @property
    def unit(self) -> str:
        return self.found.asked.unit

    @property
    def distance(self) -> Fraction | None:
        """Value less threshold, in `unit` (dates: days); None where either is not a number."""
        return self.found.sides[2]

    @property
    def divides_by_zero(self) -> bool:
        """Unknown not for want of a fact, but because a divisor is zero."""
        return self.verdict is Verdict.UNKNOWN and divides_by_zero(self.condition.term, self.found.subject)


class Change(ConditionFound):
    """A condition that would have to come out otherwise. `wanted`: False where it stands under a not."""

    __slots__ = ("wanted",)

    def __init__(self, condition: Condition, found: Found, wanted: bool) -> None:
        self.condition = condition
        self.found = found
        self.wanted = wanted

    @property
    def needs(self) -> Label:
        """What that takes, in words, beside what the company has."""
        return needs(self.condition.term, self.wanted, self.value, self.threshold, self.found.subject.specs)


class Explanation:
    """Why this verdict. `amount_fen` as in `evaluating.Decision`; `by_condition` in the order written."""

    __slots__ = ("_answers", "_outcome", "_plan", "amount_fen", "base_missing", "by_condition", "verdict")

    def __init__(self, plan: _Plan, answers: _Answers) -> None:
        self._plan = plan
        self._answers = answers
        self.by_condition = verdicts = plan.own(answers.verdicts)
        self._outcome = outcome = plan.shape.outcome(verdicts)
        self.verdict = outcome.verdict
        self.amount_fen: int | None = None
        self.base_missing = False  # the conditions hold, but a fact that the amount is reckoned from is missing
        if outcome.verdict is Verdict.YES:
            fen = payable(plan.rule.benefit, answers.subject)
            if isinstance(fen, Unknown):
                self.verdict, self.base_missing = Verdict.UNKNOWN, True
            else:
                self.amount_fen = fen

    @property
    def rule(self) -> Rule:
        return self._plan.rule

    @property
    def conditions(self) -> tuple[ConditionFound, ...]:
        """Every condition, in the order written."""
        return tuple(map(ConditionFound, self._plan.conditions, self._own_found()))

    @property
    def missing(self) -> frozenset[str]:
        """For an unknown: the fewest missing facts that would make a yes, were they favourable. Empty for a yes or a
        no, and where no missing fact can help (a divisor is zero)."""
        if self.verdict is not Verdict.UNKNOWN:
            return frozenset()
        found = self._own_found()
        ways = either(both(found[i].ways(wanted) for i, wanted in opening) for opening in self._outcome.openings)
        return fewest(both([ways, ways_to_pay(self.rule.benefit, self._answers.subject)])) or frozenset()

    @property
    def changes(self) -> tuple[Change, ...]:
        """For a no: the fewest known conditions that would have to change, with what each would need. Else none."""
        if self.verdict is not Verdict.NO:
            return ()
        conditions, found = self._plan.conditions, self._own_found()
        return tuple([Change(conditions[i], found[i], wanted) for i, wanted in self._outcome.turns])

    def _own_found(self) -> tuple[Found, ...]:
        return self._plan.own(self._answers.found)


class Explainer:
    """Rules made ready to be explained for one company after another. Their terms must have passed `check`."""

    def __init__(self, rules: Sequence[Rule], specs: Mapping[str, FactSpec]) -> None:
        self._specs = specs
        self._asked: dict[str, Asked] = {}  # by canonical text
        self._shapes: dict[Tree, Shape] = {}
        self._plans = [self._plan(rule) for rule in rules]
        self._used = list(dict.fromkeys(fact for asked in self._asked.values() for fact in asked.facts))

    def explain_all(self, values: Mapping[str, Given], today: date) -> list[Explanation]:
        """One explanation for each rule, in their order. `values` as in `evaluating`. Raises ValueError where a value
        is not of its fact's type."""
        answers = _Answers(Subject(values, self._specs, today, self._used), self._asked.values())
        return [Explanation(plan, answers) for plan in self._plans]

    def _plan(self, rule: Rule) -> _Plan:
        conditions = tuple(rule.all_conditions())
        numbers = []
        for condition in conditions:
            key = text(condition.term)
            if key not in self._asked:
                self._asked[key] = Asked(len(self._asked), condition.term, self._specs)
            numbers.append(self._asked[key].number)
        tree = tree_of(rule.conditions, count())
        shape = self._shapes.setdefault(tree, Shape(tree, len(conditions)))
        return _Plan(rule, conditions, shape, _picker(numbers))


def explain(rule: Rule, values: Mapping[str, Given], specs: Mapping[str, FactSpec], today: date) -> Explanation:
    """One rule for one company; for many rules prepare an `Explainer`."""
    return Explainer([rule], specs).explain_all(values, today)[0]


class Asked:
    """A condition's term made ready: how it is tested and what it compares."""

    __slots__ = ("compares", "facts", "number", "term", "test", "unit")

    def __init__(self, number: int, term: Term, specs: Mapping[str, FactSpec]) -> None:
        self.number = number
        self.term = term
        self.facts = tuple(dict.fromkeys(each.id for each in walk(term) if isinstance(each, Name)))
        self.test = test_of(term, specs)
        self.compares = comparison_in(term)
        self.unit = unit_of(self.compares.measured, specs) if self.compares else ""


class _Answers:
    """All distinct conditions, decided for one company."""

    __slots__ = ("found", "subject", "verdicts")

    def __init__(self, subject: Subject, asked: Iterable[Asked]) -> None:
        self.subject = subject
        self.found = [Found(each, subject, each.test(subject)) for each in asked]
        self.verdicts = [found.verdict for found in self.found]


@dataclass(frozen=True, slots=True)
class _Plan:
    """A rule made ready. `own` picks its conditions' part out of a list of all distinct ones."""

    rule: Rule
    conditions: tuple[Condition, ...]
    shape: Shape
    own: Callable[[Sequence[Any]], tuple[Any, ...]]


def _picker(numbers: Sequence[int]) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    if len(numbers) > 1:
        return itemgetter(*numbers)
    return lambda all_of_them: tuple(all_of_them[number] for number in numbers)


def _difference(value: Value, threshold: Value) -> Fraction | None:
    """Numbers: exact; dates: days; else None."""
    match value, threshold:
        case (bool(), _) | (_, bool()):
            return None
        case ((int() | Fraction()), (int() | Fraction())):
            return Fraction(value) - threshold
        case date(), date():
            return Fraction((value - threshold).days)
        case _:
            return None
