"""Explanations: the same verdicts and amounts as `decide`; the fewest facts and the fewest changes, against a search of
all sets; and the figures and words beside them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qinqing.lib.labels import Label
from qinqing.lib.rules.evaluating import combined, decide
from qinqing.lib.rules.explaining import Explainer, Explanation, explain
from qinqing.lib.rules.parsing import parse
from qinqing.lib.rules.rule import Benefit, Condition, Fixed, Group, Higher, Node, Rate, Rule, Step, Tiers, Verdict
from qinqing.lib.rules.terms import FactSpec, FactType
from qinqing.lib.rules.values import Given
from tests.examples import many
from tests.lib.rules.making import FIXED, SPECS, TODAY, booleans, condition, facts, nodes, rule

RD = parse("rd")
BENEFITS: list[Benefit] = [
    FIXED,
    Rate(Fraction(1, 10), RD, "rd", cap_fen=500),
    Tiers(parse("revenue"), "revenue", (Step(Fraction(0), fen=1), Step(Fraction(9), rate=Fraction(1, 9))), pays_of=RD),
    Higher((Fixed(7), Rate(Fraction(1, 10), parse("rd / tax"), "rd / tax"))),
]


def of(*texts: str, kind: str = "all", benefit: Benefit = FIXED, **values: Given) -> Explanation:
    return explain(rule(*texts, kind=kind, benefit=benefit), values, SPECS, TODAY)


@settings(max_examples=many(300), deadline=None)
@given(st.lists(st.tuples(nodes(2, booleans(1)), st.sampled_from(BENEFITS)), max_size=5), facts())
def test_explains_what_is_decided(drawn: list[tuple[Node, Benefit]], values: dict[str, Given]) -> None:
    rules = [Rule(str(number), node, benefit) for number, (node, benefit) in enumerate(drawn)]
    explained = Explainer(rules, SPECS).explain_all(values, TODAY)
    assert [each.rule for each in explained] == rules
    for one, each in zip(rules, explained, strict=True):
        decision = decide(one, values, SPECS, TODAY)
        assert (each.verdict, each.amount_fen, each.by_condition) == (
            decision.verdict,
            decision.amount_fen,
            decision.by_condition,
        )
        assert tuple(line.verdict for line in each.conditions) == decision.by_condition
        assert all(values.get(id) is None for id in each.missing)
        for change in each.changes:  # figures and words can be made of whatever condition
            assert change.needs.zh and change.needs.en


@given(st.integers(-50, 50), st.integers(-500, 500), st.sampled_from(("==", "!=", "<", "<=", ">", ">=")))
def test_a_bound_between_two_values_of_a_fact_divides_them(staff: int, tenths: int, op: str) -> None:
    """Persons come whole, the bound may not: 20 is not at least 20.5."""
    one = rule(f"staff {op} {tenths / 10:.1f}", f"{tenths / 10:.1f} {op} staff", kind="any")
    holds = {"==": 10 * staff == tenths, "!=": 10 * staff != tenths, "<": 10 * staff < tenths}
    holds |= {">=": not holds["<"], "<=": 10 * staff <= tenths, ">": 10 * staff > tenths}
    turned = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}.get(op, op)
    found = explain(one, {"staff": staff}, SPECS, TODAY).by_condition
    assert found == tuple(Verdict.YES if holds[each] else Verdict.NO for each in (op, turned))


# The fewest, against a search of all sets

FLAGS = tuple(f"f{number}" for number in range(7))
FLAG_SPECS = {id: FactSpec(id, FactType.BOOLEAN, Label(id, id)) for id in FLAGS}


@st.composite
def trees_of_flags(draw: st.DrawFn) -> Node:
    """Trees over yes-or-no facts, each fact in one place: only then are conditions independent of each other."""
    ids = list(FLAGS)

    def grow(depth: int) -> Node:
        if depth == 0 or len(ids) < 3 or draw(st.integers(0, 3)) == 0:
            return Condition(ids[-1], Label("", ""), "", parse(ids.pop()), "")
        if draw(st.integers(0, 4)) == 0:
            return Group("not", (grow(depth - 1),))
        members = tuple(grow(depth - 1) for _ in range(draw(st.integers(1, 3))) if ids)
        return Group(draw(st.sampled_from(("all", "any"))), members)

    return grow(3)


FLAG_VALUES = st.fixed_dictionaries(dict.fromkeys(FLAGS, st.sampled_from((True, False, None, None))))


@settings(max_examples=many(400), deadline=None)
@given(trees_of_flags(), FLAG_VALUES)
def test_missing_is_the_smallest_set_that_can_make_a_yes(tree: Node, values: dict[str, Given]) -> None:
    one = Rule("R", tree, FIXED)
    found = explain(one, values, FLAG_SPECS, TODAY)
    if found.verdict is not Verdict.UNKNOWN:
        assert found.missing == frozenset()
        return

    def can(ids: Sequence[str]) -> bool:
        for filled in product((True, False), repeat=len(ids)):
            fuller = {**values, **dict(zip(ids, filled, strict=True))}
            if decide(one, fuller, FLAG_SPECS, TODAY).verdict is Verdict.YES:
                return True
        return False

    missing = [id for id in FLAGS if values[id] is None]
    smallest = next(size for size in range(len(missing) + 1) if any(can(ids) for ids in combinations(missing, size)))
    assert len(found.missing) == smallest
    assert can(sorted(found.missing))


@settings(max_examples=many(400), deadline=None)
@given(trees_of_flags(), FLAG_VALUES)
def test_changes_are_the_fewest_that_can_make_a_yes(tree: Node, values: dict[str, Given]) -> None:
    one = Rule("R", tree, FIXED)
    found = explain(one, values, FLAG_SPECS, TODAY)
    if found.verdict is not Verdict.NO:
        assert found.changes == ()
        return
    known = [each.id for each in one.all_conditions() if values[each.id] is not None]
    unknown = [each.id for each in one.all_conditions() if values[each.id] is None]

    def can(turned: Sequence[str]) -> bool:
        for filled in product((True, False), repeat=len(unknown)):
            other = {**values, **{id: not values[id] for id in turned}, **dict(zip(unknown, filled, strict=True))}
            if decide(one, other, FLAG_SPECS, TODAY).verdict is Verdict.YES:
                return True
        return False

    smallest = next(size for size in range(len(known) + 1) if any(can(ids) for ids in combinations(known, size)))
    turned = [change.condition.id for change in found.changes]
    assert len(turned) == smallest
    assert can(turned)


@pytest.mark.parametrize(
    ("texts", "values", "missing"),
    [
        (("rd >= 1.0", "listed"), {}, {"rd", "listed"}),
        (("rd / revenue >= 0.03",), {"revenue": 100}, {"rd"}),
        (("rd >= 1.0 || listed",), {"rd": 0}, {"listed"}),
        (("rd + tax >= 1.0 || listed",), {}, {"listed"}),  # one fact rather than two
        (("!(rd >= 1.0 || listed)",), {}, {"rd", "listed"}),
        (("listed ? rd >= 1.0 : true",), {}, {"listed"}),
        (("rd / revenue >= 0.03",), {"rd": 100, "revenue": 0}, set()),  # no fact is missing
        (("rd / revenue >= 0.03",), {"revenue": 0}, set()),  # nor would this one help
        (("rd / revenue >= 0.03 || listed",), {"rd": 100, "revenue": 0}, {"listed"}),
    ],
)
def test_missing_within_conditions(texts: tuple[str, ...], values: dict[str, Given], missing: set[str]) -> None:
    found = of(*texts, **values)
    assert (found.verdict, found.missing) == (Verdict.UNKNOWN, missing)


def test_the_base_counts_among_the_missing() -> None:
    found = of("listed", benefit=BENEFITS[1], listed=True)
    assert (found.verdict, found.amount_fen, found.missing) == (Verdict.UNKNOWN, None, {"rd"})
    assert found.base_missing
    assert of("listed", benefit=BENEFITS[1]).missing == {"listed", "rd"}
    assert of("listed", benefit=BENEFITS[2], listed=True, revenue=899).missing == frozenset()
    assert of("listed", benefit=BENEFITS[2], listed=True, revenue=900).missing == {"rd"}
    assert of("rd > 0.0", benefit=BENEFITS[3], rd=100).missing == {"tax"}


def test_a_zero_divisor_is_named_as_such() -> None:
    assert of("rd / revenue >= 0.03", rd=1, revenue=0).conditions[0].divides_by_zero
    assert not of("rd / revenue >= 0.03", revenue=1).conditions[0].divides_by_zero
    assert not of("rd / revenue >= 0.03", rd=1, revenue=1).conditions[0].divides_by_zero


@pytest.mark.parametrize(
    ("text", "values", "value", "op", "threshold", "distance", "unit"),
    [
        ("rd >= 500000.0", {"rd": 480_000_00}, Fraction(480_000), ">=", Fraction(500_000), Fraction(-20_000), "元"),
        ("500000.0 <= rd", {"rd": 480_000_00}, Fraction(480_000), ">=", Fraction(500_000), Fraction(-20_000), "元"),
        ("!(rd < 5.0)", {"rd": 6_00}, Fraction(6), ">=", Fraction(5), Fraction(1), "元"),
        ("rd / revenue >= 0.03", {"rd": 1, "revenue": 50},
         Fraction(1, 50), ">=", Fraction(3, 100), Fraction(-1, 100), ""),
        ("rd >= 1.10 * tax", {"rd": 110, "tax": 200}, Fraction("1.1"), ">=", Fraction("2.2"), Fraction("-1.1"), "元"),
        ("staff < 20", {"staff": 25}, Fraction(25), "<", 20, Fraction(5), "人"),
        ("rd >= 5.0", {}, None, ">=", Fraction(5), None, "元"),
        ("listed", {"listed": False}, False, "==", True, None, ""),
        ("!listed", {"listed": False}, False, "==", False, None, ""),
        ('industry in ["a", "b"]', {"industry": "c"}, "c", "in", ("a", "b"), None, ""),
        ('industry.startsWith("39")', {"industry": "3912"}, "3912", "startsWith", "39", None, ""),
        ('registered_on < date("2024-01-01")', {"registered_on": date(2024, 1, 3)},
         date(2024, 1, 3), "<", date(2024, 1, 1), Fraction(2), ""),
        ("years_since(registered_on) >= 3.0", {"registered_on": date(2024, 1, 3)},
         Fraction(2), ">=", Fraction(3), Fraction(-1), "年"),
        ("rd > 1.0 || listed", {"rd": 1, "listed": True}, None, None, None, None, ""),
    ],
)  # fmt: skip
def test_figures_of_a_condition(
    text: str, values: dict[str, Given], value: object, op: str, threshold: object, distance: object, unit: str
) -> None:
    (line,) = of(text, **values).conditions
    assert (line.value, line.op, line.threshold, line.distance, line.unit) == (value, op, threshold, distance, unit)
    assert line.condition.label == Label("条件c0", "Condition c0") and line.condition.clause == "第一条"


def test_facts_of_a_condition_in_the_order_written() -> None:
    assert of("tax + rd >= 1.0 || listed && tax > 2.0").conditions[0].facts == ("tax", "rd", "listed")


@pytest.mark.parametrize(
    ("text", "values", "zh", "en"),
    [
        ("rd >= 500000.0", {"rd": 480_000_00},
         "研发费用应不低于500,000.00元，现为480,000.00元，差20,000.00元",
         "R&D expense must be at least 500,000.00; it is 480,000.00, 20,000.00 away"),
        ("rd / revenue >= 0.03", {"rd": 2, "revenue": 100},
         "研发费用 / 营业收入应不低于0.03，现为0.02，差0.01",
         "R&D expense / Revenue must be at least 0.03; it is 0.02, 0.01 away"),
        ("share >= 0.03", {"share": 0.0299},
         "占比应不低于0.03，现为0.0299，差0.0001",
         "Share must be at least 0.03; it is 0.0299, 0.0001 away"),
        ("staff < 20", {"staff": 20}, "从业人数应低于20人，现为20人", "Staff must be less than 20; it is 20"),
        ("listed", {"listed": False}, "是否上市应为是，现为否", "Listed must be yes; it is no"),
        ("!dishonest", {"dishonest": True}, "是否失信应为否，现为是", "Dishonest must be no; it is yes"),
        ('industry in ["a", "b"]', {"industry": "c"}, "行业应属于a、b，现为c", "Industry must be one of a, b; it is c"),
        ('registered_on < date("2024-01-01")', {"registered_on": date(2024, 1, 3)},
         "注册日期应早于2024年1月1日，现为2024年1月3日",
         "Registered on must be before 2024-01-01; it is 2024-01-03"),
        ("years_since(registered_on) >= 3.0", {"registered_on": date(2024, 1, 3)},
         "注册日期起年数应不低于3年，现为2年，差1年",
         "Years since Registered on must be at least 3; it is 2, 1 away"),
        ("rd > 1.0 && listed", {"rd": 1},
         "应满足：研发费用 > 1.0 && 是否上市",
         "must hold: R&D expense > 1.0 && Listed"),
    ],
)  # fmt: skip
def test_words_of_a_change(text: str, values: dict[str, Given], zh: str, en: str) -> None:
    (change,) = of(text, **values).changes
    assert change.needs == Label(zh, en)


def test_words_of_a_change_under_a_not() -> None:
    excluded = Rule("R", Group("not", (condition("rd >= 5.0"),)), FIXED)
    (change,) = explain(excluded, {"rd": 600}, SPECS, TODAY).changes
    assert change.needs.zh == "研发费用应低于5.00元，现为6.00元，差1.00元"
    flag = Rule("R", Group("not", (condition("dishonest"),)), FIXED)
    assert explain(flag, {"dishonest": True}, SPECS, TODAY).changes[0].needs.zh == "是否失信应为否，现为是"
    both = Rule("R", Group("not", (condition("rd >= 5.0 && listed"),)), FIXED)
    (change,) = explain(both, {"rd": 600, "listed": True}, SPECS, TODAY).changes
    assert change.needs.en == "must not hold: R&D expense >= 5.0 && Listed"


def test_what_falls_short_is_never_shown_as_reached() -> None:
    (change,) = of("rd / revenue >= 0.03", rd=299_999_99, revenue=10_000_000_00).changes
    assert "现为0.0299" in change.needs.zh


def test_a_condition_that_many_rules_share_is_decided_once(monkeypatch: pytest.MonkeyPatch) -> None:
    decided: list[str] = []
    rules = [rule("rd >= 1.0", "listed", f"tax > {number}.0") for number in range(20)]
    explainer = Explainer(rules, SPECS)
    for asked in explainer._asked.values():
        test = asked.test
        monkeypatch.setattr(
            asked, "test", lambda subject, test=test, facts=asked.facts: (decided.extend(facts), test(subject))[1]
        )
    explainer.explain_all({"rd": 100, "listed": True}, TODAY)
    assert sorted(decided) == ["listed", "rd"] + ["tax"] * 20


def test_wide_rules_are_explained_too() -> None:
    """Beyond what is remembered by combination."""
    texts = [f"rd >= {number}.0" for number in range(30)]
    found = of(*texts, rd=15_00)
    assert [change.condition.id for change in found.changes] == [f"c{number}" for number in range(16, 30)]
    assert of(*texts).missing == {"rd"}
    assert found.verdict is combined("all", found.by_condition)
