"""Random facts, terms and rules for the tests of the batch, where ties are the rule: few values, which the literals
hit, and one fen beside them; nulls everywhere, zero denominators, leap days. (`making.py` draws more widely.)"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from qinqing.lib.labels import Label
from qinqing.lib.rules.rule import (
    Benefit,
    Condition,
    Decided,
    Fixed,
    Group,
    Higher,
    Node,
    Rate,
    Rule,
    Schedule,
    Step,
    Tiers,
)
from qinqing.lib.rules.terms import Binary, Call, Choice, FactSpec, FactType, ListOf, Literal, Name, Term, Unary

TODAY = date(2026, 3, 1)
NAMED = Label("某项", "something")


def _spec(id: str, type: FactType, places: int = 4) -> FactSpec:
    return FactSpec(id, type, NAMED, places=places)


SPECS = {
    spec.id: spec
    for spec in (
        _spec("revenue", FactType.MONEY),
        _spec("research", FactType.MONEY),
        _spec("ratio", FactType.NUMBER, 4),
        _spec("staff", FactType.NUMBER, 0),
        _spec("listed", FactType.BOOLEAN),
        _spec("honest", FactType.BOOLEAN),
        _spec("industry", FactType.CATEGORY),
        _spec("town", FactType.CATEGORY),
        _spec("founded", FactType.DATE),
        _spec("moved", FactType.DATE),
    )
}
OF_TYPE = {type: [spec.id for spec in SPECS.values() if spec.type is type] for type in FactType}

MONEY = st.sampled_from([0, 1, -1, 3, 100, 299, 300, 333, 999, 1000, 10**4, 3 * 10**4, 10**6, 10**11, -(10**6)])
NUMBERS: dict[int, st.SearchStrategy[Any]] = {
    4: st.sampled_from([0.0, 0.03, 0.1, 0.3, -0.5, 1.0, 2.5, 3.3333]) | st.decimals(-10, 10, places=4),
    0: st.integers(-3, 40) | st.sampled_from([Decimal(7), 10.0, float("nan")]),
}
DAYS = "2024-02-29 2023-02-28 2023-03-01 2023-03-02 1970-01-01 2025-12-31 1949-10-01 1968-02-29"
DATES = st.sampled_from([date.fromisoformat(day) for day in DAYS.split()])
CODES = ["A01", "A02", "B11", "C", ""]


def values_of(spec: FactSpec) -> st.SearchStrategy[Any]:
    """A value of the fact, or None."""
    known: dict[FactType, st.SearchStrategy[Any]] = {
        FactType.MONEY: MONEY,
        FactType.NUMBER: NUMBERS.get(spec.places, NUMBERS[0]),
        FactType.BOOLEAN: st.booleans(),
        FactType.CATEGORY: st.sampled_from(CODES),
        FactType.DATE: DATES,
    }
    return known[spec.type] | st.none()


def companies() -> st.SearchStrategy[list[dict[str, Any]]]:
    """A few distinct ones, each in several rows: up to three words of a bitmap."""
    one = st.fixed_dictionaries({spec.id: values_of(spec) for spec in SPECS.values()})
    few = st.lists(one, min_size=1, max_size=5)
    return st.tuples(few, st.sampled_from([1, 2, 13, 30])).map(lambda drawn: drawn[0] * drawn[1])


def _literal(value: Any) -> Literal:
    return Literal(value, str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else "")


DOUBLES = "0.0 1.0 3.0 -1.0 0.03 0.1 1.10 2.5 0.3333 1e3 10000.0 3.335"
LITERALS = st.sampled_from(DOUBLES.split()).map(lambda text: Literal(float(text), text))
WHOLES = st.integers(-3, 40).map(_literal)


def names(*types: FactType) -> st.SearchStrategy[Term]:
    return st.sampled_from([name for type in types for name in OF_TYPE[type]]).map(Name)


def _binary(ops: st.SearchStrategy[str], left: st.SearchStrategy[Term], right: st.SearchStrategy[Term]) -> Any:
    return st.builds(Binary, ops, left, right)


def dates(depth: int) -> st.SearchStrategy[Term]:
    simple = names(FactType.DATE) | DATES.map(Literal)
    test = st.deferred(lambda: conditions(depth - 1))
    return simple | st.builds(Choice, test, simple, simple) if depth else simple


def numbers(depth: int) -> st.SearchStrategy[Term]:
    """A term worth a double."""
    simple = names(FactType.MONEY, FactType.NUMBER) | LITERALS
    if not depth:
        return simple
    below, test = st.deferred(lambda: numbers(depth - 1)), st.deferred(lambda: conditions(depth - 1))
    return st.one_of(
        simple,
        st.deferred(lambda: dates(depth - 1)).map(lambda day: Call("years_since", (day,))),
        below.map(lambda term: Unary("-", term)),
        st.builds(Choice, test, below, below),
        *[_binary(st.sampled_from("+-*//"), below, below)] * 4,
    )


COMPARE = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
EQUAL = st.sampled_from(["==", "!="])


def conditions(depth: int) -> st.SearchStrategy[Term]:
    """A term that is yes, no or unknown."""
    codes = st.sampled_from(CODES).map(_literal)
    category, boolean = names(FactType.CATEGORY), names(FactType.BOOLEAN)
    number = names(FactType.MONEY, FactType.NUMBER)
    size = category.map(lambda of: Call("size", (of,)))
    texts = st.sampled_from(["startsWith", "endsWith", "contains"])
    letters = st.sampled_from(["A", "1", ""]).map(_literal)
    simple = [
        boolean | st.booleans().map(_literal),
        _binary(COMPARE, number, LITERALS | WHOLES),
        _binary(COMPARE, LITERALS | WHOLES, number),
        _binary(COMPARE, numbers(depth), numbers(depth)),
        _binary(COMPARE, numbers(depth), LITERALS),
        _binary(COMPARE, dates(depth), dates(depth)),
        _binary(EQUAL, category, category | codes),
        _binary(EQUAL, boolean, boolean | st.booleans().map(_literal)),
        st.builds(_in, category, st.lists(codes, max_size=3)),
        st.builds(_in, numbers(depth), st.lists(LITERALS, max_size=3)),
        st.builds(lambda name, of, part: Call(name, (of, part)), texts, category, letters),
        _binary(COMPARE, _binary(st.sampled_from("+-*/%"), size, WHOLES), WHOLES),
    ]
    if not depth:
        return st.one_of(simple)
    below = st.deferred(lambda: conditions(depth - 1))
    joined = _binary(st.sampled_from(["&&", "||"]), below, below)
    return st.one_of(*simple, joined, below.map(lambda term: Unary("!", term)), st.builds(Choice, below, below, below))


def _in(item: Term, items: list[Literal]) -> Term:
    return Binary("in", item, ListOf(tuple(items)))


def trees() -> st.SearchStrategy[Node]:
    leaves = conditions(2).map(lambda term: Condition("a", NAMED, "", term, ""))

    def group(members: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
        several = st.tuples(st.sampled_from(["all", "any"]), st.lists(members, max_size=3))
        negated = members.map(lambda one: Group("not", (one,)))
        return several.map(lambda drawn: Group(drawn[0], tuple(drawn[1]))) | negated

    return st.recursive(leaves, group, max_leaves=4)


FEN = st.sampled_from([0, 1, 5, 100, 10**6])
RATES = st.sampled_from(["0", "0.03", "1/3", "1", "0.125", "7.7", "100000000001/1000000"]).map(Fraction)
STARTS = st.sampled_from(["-1", "0", "0.01", "3", "3.001", "3.0015", "100", "1/3"]).map(Fraction)


@st.composite
def benefits(draw: st.DrawFn, depth: int = 1) -> Benefit:
    """Of every kind. Caps keep amounts within 64 bits."""
    base, cap = numbers(draw(st.integers(0, 2))), st.sampled_from([7, 10**5, 10**17])
    match draw(st.sampled_from(["fixed", "rate", "tiers", "decided"] + (["schedule", "higher"] if depth else []))):
        case "fixed":
            return Fixed(draw(FEN))
        case "rate":
            return Rate(draw(RATES), draw(base), "", draw(cap), draw(st.none() | FEN))
        case "tiers":
            steps = draw(st.dictionaries(st.tuples(STARTS, st.booleans()), FEN | RATES, max_size=4))
            made = tuple(
                Step(start, pays if isinstance(pays, int) else None, pays if not isinstance(pays, int) else None, above)
                for (start, above), pays in steps.items()
            )
            return Tiers(draw(base), "", made, draw(st.none() | base), draw(cap))
        case "schedule":
            return Schedule(draw(benefits(0)), ((Fraction(1), NAMED),))
        case "higher":
            return Higher(tuple(draw(st.lists(benefits(0), min_size=1, max_size=3))))
    return Decided(NAMED)


def rules() -> st.SearchStrategy[list[Rule]]:
    """Some, with codes of their own."""
    drawn = st.lists(st.tuples(trees(), benefits()), min_size=1, max_size=4)
    return drawn.map(lambda pairs: [Rule(f"r{n}", tree, benefit) for n, (tree, benefit) in enumerate(pairs)])
