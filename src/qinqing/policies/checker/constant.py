"""Rules about sense: a condition can be true and can be false, and so can the whole.

A condition is tried on a grid: for each of its facts the limits that its expression names, just below, just above,
nothing at all, the fact's own bounds and every code. Where it only compares facts with constants the grid reaches every
outcome, and what never comes is proved impossible. Where it calculates, the grid is only a sample, and says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice, product

from qinqing.lib.labels import Label
from qinqing.lib.rules.checking import names, walk
from qinqing.lib.rules.evaluating import evaluate
from qinqing.lib.rules.rule import Condition
from qinqing.lib.rules.terms import Binary, Call, FactType, Literal, Term, Unary
from qinqing.lib.rules.values import UNKNOWN, Given
from qinqing.policies.checker.known import Faults, Known
from qinqing.policies.finding import Fault
from qinqing.policies.parts import conditions
from qinqing.policies.policy import Policy

_MOST_TRIED = 20_000
_OTHER = "…"  # a code that no expression names
_NEVER = date(1949, 10, 1)


def constant(policy: Policy, known: Known) -> Faults:
    """No condition is true, or false, whatever the facts."""
    for path, condition in conditions(policy):
        if not names(condition.term):
            said = Label("没有用到任何事实，请改写或删去", "uses no fact; write it anew or take it out")
            yield Fault((*path, "if"), said)
        elif not _calculates(condition.term):
            yield from _one_sided((*path, "if"), condition, policy, known)


def _one_sided(path: tuple[str, ...], condition: Condition, policy: Policy, known: Known) -> Faults:
    tried = 0
    outcomes = set()
    for values in islice(_grid(condition.term, known, policy.day_of_examples), _MOST_TRIED + 1):
        tried += 1
        outcome = evaluate(condition.term, values, known.specs, policy.day_of_examples)
        if outcome is not UNKNOWN:
            outcomes.add(bool(outcome))
        if len(outcomes) == 2:
            return
    if tried > _MOST_TRIED:
        return  # too many codes and limits to try them all: nothing is proved
    if outcomes == {True}:
        zh, en = "对任何企业都成立，等于没有条件", "holds for every company, as if there were no condition"
    else:
        zh, en = "对任何企业都不成立，谁也不符合", "holds for no company, so that nobody qualifies"
    yield Fault(path, Label(f"“{condition.label.zh}”{zh}，请核对", f"{condition.label.en!r} {en}; check it"))


def _calculates(term: Term) -> bool:
    """Whether it does more than compare facts with constants."""
    return any(_is_calculation(each) for each in walk(term) if names(each))


def _is_calculation(term: Term) -> bool:
    if isinstance(term, Binary):
        both = bool(names(term.left)) and bool(names(term.right)) and term.op not in {"&&", "||"}
        return both or term.op in {"+", "-", "*", "/", "%"}  # one fact with another: limits show not every outcome
    if isinstance(term, Unary):
        return term.op == "-"
    return isinstance(term, Call) and term.name in {"size", "contains", "startsWith", "endsWith"}


def _grid(term: Term, known: Known, today: date) -> Iterator[Mapping[str, Given]]:
    used = sorted(names(term))
    literals = [each.value for each in walk(term) if isinstance(each, Literal)]
    choices = [list(_tries(name, literals, known, today)) for name in used]
    for values in product(*choices):
        yield dict(zip(used, values, strict=True))


def _tries(name: str, literals: Sequence[object], known: Known, today: date) -> Iterator[Given]:
    fact = known.dictionary[name]
    match fact.type:
        case FactType.BOOLEAN:
            yield from (True, False)
        case FactType.CATEGORY:
            yield from fact.codes or [*{each for each in literals if isinstance(each, str)}, _OTHER]
        case FactType.DATE:
            yield from _days(literals, today)
        case FactType.MONEY | FactType.NUMBER:
            scale = 100 if fact.type is FactType.MONEY else 1
            smallest = Decimal(1).scaleb(-fact.places)
            least, most = fact.least, fact.most
            numbers = {
                Decimal(str(each)) for each in literals if isinstance(each, int | float) and not isinstance(each, bool)
            }
            near = {number + step for number in numbers for step in (-smallest, Decimal(0), smallest)}
            for value in sorted({round(each, fact.places) for each in near} | {least, most}):
                if least <= value <= most:
                    yield int(value * scale) if scale == 100 else value


def _days(literals: Sequence[object], today: date) -> Iterator[date]:
    """Around every day named, and around so many years ago."""
    named = {each for each in literals if isinstance(each, date)}
    named_years = {int(each) for each in literals if isinstance(each, int | float) and abs(each) < 1000}
    for years in {each + step for each in named_years for step in (-1, 0, 1)}:
        year = today.year - years
        if 1 < year < 9000:
            named.add(date(year, today.month, min(today.day, 28)))
    for day in sorted(named | {_NEVER, today}):
        yield from (day - timedelta(days=4), day, day + timedelta(days=4))
