"""What is missing: three values after Kleene, in expressions and in groups; a missing fact is never zero, never false,
and never money. The conformance suite of CEL has no such cases, so these are our own."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from itertools import permutations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qinqing.lib.rules.evaluating import amount, combined, decide, evaluate
from qinqing.lib.rules.parsing import parse
from qinqing.lib.rules.rule import (
    Benefit,
    Condition,
    Fixed,
    Group,
    Higher,
    Node,
    Rate,
    Rule,
    Schedule,
    Step,
    Tiers,
    Verdict,
)
from qinqing.lib.rules.terms import Term
from qinqing.lib.rules.values import UNKNOWN, Given
from tests.examples import many
from tests.lib.rules.making import FIXED, SPECS, TODAY, booleans, condition, facts, nodes, rule

NO, MAYBE, YES = Verdict
VALUE: dict[Verdict, Given] = {NO: False, MAYBE: None, YES: True}
# Kleene's strong logic, written out.
AND = {(NO, NO): NO, (NO, MAYBE): NO, (NO, YES): NO, (MAYBE, MAYBE): MAYBE, (MAYBE, YES): MAYBE, (YES, YES): YES}
OR = {(NO, NO): NO, (NO, MAYBE): MAYBE, (NO, YES): YES, (MAYBE, MAYBE): MAYBE, (MAYBE, YES): YES, (YES, YES): YES}
NOT = {NO: YES, MAYBE: MAYBE, YES: NO}
PAIRS = list(product(Verdict, repeat=2))


def verdict(text: str, **values: Given) -> Verdict:
    return decide(Rule("R", condition(text), FIXED), values, SPECS, TODAY).verdict


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_and_or_in_expressions_and_in_groups(one: Verdict, other: Verdict) -> None:
    key = (min(one, other), max(one, other))
    values = {"listed": VALUE[one], "dishonest": VALUE[other]}
    assert verdict("listed && dishonest", **values) is AND[key]
    assert verdict("listed || dishonest", **values) is OR[key]
    assert decide(rule("listed", "dishonest"), values, SPECS, TODAY).verdict is AND[key]
    assert decide(rule("listed", "dishonest", kind="any"), values, SPECS, TODAY).verdict is OR[key]


@pytest.mark.parametrize("value", Verdict)
def test_not_over_unknown_is_unknown(value: Verdict) -> None:
    assert verdict("!listed", listed=VALUE[value]) is NOT[value]
    assert combined("not", [value]) is NOT[value]


@pytest.mark.parametrize(
    "text",
    [
        "revenue >= 0.0", "revenue < 0.0", "revenue == 0.0", "revenue != 0.0", "!(revenue > 0.0)", "revenue == revenue",
        "rd / revenue >= 0.03", "revenue * 0.0 == 0.0", "revenue - revenue == 0.0", "listed == false", "!listed",
        'size_class in ["micro"]', '!(size_class in ["micro"])', 'size_class != "micro"', "size_class == size_class",
        'registered_on < date("2030-01-01")', "years_since(registered_on) >= 0.0", "size(size_class) >= 0",
        'size_class.contains("")', "1.0 in [revenue, 1.0]", "listed ? true : true",
    ],
)  # fmt: skip
def test_whatever_needs_a_missing_fact_is_unknown(text: str) -> None:
    """Not zero, not false, not empty, not equal to itself."""
    assert verdict(text) is MAYBE
    assert verdict(text, rd=100) is MAYBE


def test_groups_without_members_and_wrong_groups() -> None:
    assert combined("all", []) is YES
    assert combined("any", []) is NO
    for kind, members in (("not", []), ("not", [YES, YES]), ("none", [YES])):
        with pytest.raises(ValueError, match="a group is"):
            combined(kind, members)


def fuller(values: dict[str, Given], more: dict[str, Given]) -> dict[str, Given]:
    """The same company when more is known of it."""
    return {**more, **{id: value for id, value in values.items() if value is not None}}


@settings(max_examples=many(400), deadline=None)
@given(nodes(2, booleans(2)), facts(), facts())
def test_more_facts_never_turn_a_yes_or_a_no(node: Node, values: dict[str, Given], more: dict[str, Given]) -> None:
    one = Rule("R", node, FIXED)
    before, after = (decide(one, each, SPECS, TODAY) for each in (values, fuller(values, more)))
    for early, late in zip((before.verdict, *before.by_condition), (after.verdict, *after.by_condition), strict=True):
        assert early in (MAYBE, late)


@settings(max_examples=many(200), deadline=None)
@given(st.lists(booleans(1), min_size=2, max_size=4), st.sampled_from(("all", "any")), facts())
def test_order_never_matters(terms: list[Term], kind: str, values: dict[str, Given]) -> None:
    conditions = [Condition(str(n), SPECS["rd"].label, "", term, "") for n, term in enumerate(terms)]
    found = {
        decide(Rule("R", Group(kind, order), FIXED), values, SPECS, TODAY).verdict for order in permutations(conditions)
    }
    assert len(found) == 1


RD = parse("rd")
CAPPED: list[Benefit] = [
    Rate(Fraction(1, 10), RD, "rd", cap_fen=50_000_00),
    Rate(Fraction(1, 10), RD, "rd", cap_fen=50_000_00, floor_fen=1000_00),
    Rate(Fraction(1, 10), parse("rd / revenue"), "rd / revenue", cap_fen=50_000_00),  # zero revenue
    Rate(Fraction(1, 10), parse("listed ? rd : tax"), "listed ? rd : tax", cap_fen=50_000_00),
    Tiers(RD, "rd", (Step(Fraction(0), fen=100), Step(Fraction(10), fen=200)), cap_fen=50_000_00),
    Tiers(parse("revenue"), "revenue", (Step(Fraction(0), rate=Fraction(1, 2)),), pays_of=RD, cap_fen=50_000_00),
    Higher((Fixed(100), Rate(Fraction(1, 10), RD, "rd", cap_fen=50_000_00))),
    Schedule(Rate(Fraction(1, 10), RD, "rd", cap_fen=50_000_00), ((Fraction(1), SPECS["rd"].label),)),
]


@pytest.mark.parametrize("benefit", CAPPED)
def test_a_missing_base_never_pays_least_of_all_the_cap(benefit: Benefit) -> None:
    values: dict[str, Given] = {"listed": True, "revenue": 0}
    decision = decide(rule("listed", benefit=benefit), values, SPECS, TODAY)
    assert decision.verdict is MAYBE
    assert decision.amount_fen is None
    assert decision.by_condition == (YES,)  # the conditions hold; the money waits
    assert amount(benefit, values, SPECS, TODAY) is None


@settings(max_examples=many(300), deadline=None)
@given(nodes(1), facts(), st.sampled_from([*CAPPED, FIXED]))
def test_money_only_with_a_yes(node: Node, values: dict[str, Given], benefit: Benefit) -> None:
    decision = decide(Rule("R", node, benefit), values, SPECS, TODAY)
    assert (decision.amount_fen is not None) == (decision.verdict is YES)
    if isinstance(benefit, Rate) and decision.amount_fen is not None:
        assert decision.amount_fen <= 50_000_00


def test_a_day_may_decide() -> None:
    values: dict[str, Given] = {"registered_on": date(2023, 11, 23)}
    term = parse("years_since(registered_on) >= 3.0")
    assert evaluate(term, values, SPECS, date(2026, 11, 22)) is False
    assert evaluate(term, values, SPECS, date(2026, 11, 23)) is True
    assert evaluate(term, {}, SPECS, TODAY) is UNKNOWN
