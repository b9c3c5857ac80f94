"""Google's evaluator of CEL as oracle, company by company, on random conditions and facts with holes everywhere: an
error there is unknown here. Set apart, and tested by their own arithmetic below: division by zero (infinity there,
unknown here) and what doubles decide by rounding (exact here)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from qinqing.lib.rules.checking import check, walk
from qinqing.lib.rules.evaluating import decide, evaluate
from qinqing.lib.rules.parsing import parse
from qinqing.lib.rules.rule import Condition, Node, Rule, Verdict
from qinqing.lib.rules.standard import cel
from qinqing.lib.rules.terms import Binary, FactType, Term
from qinqing.lib.rules.values import UNKNOWN, Given
from tests.examples import many
from tests.lib.rules.making import FIXED, SPECS, TODAY, booleans, condition, facts, nodes

oracle = pytest.importorskip("cel_expr_python.cel", reason="cel-expr-python is not installed")
MANY = settings(max_examples=many(600), deadline=None, suppress_health_check=list(HealthCheck))


@cache
def environment() -> Any:
    types = {
        FactType.MONEY: oracle.Type.DOUBLE,
        FactType.NUMBER: oracle.Type.DOUBLE,
        FactType.BOOLEAN: oracle.Type.BOOL,
        FactType.CATEGORY: oracle.Type.STRING,
        FactType.DATE: oracle.Type.TIMESTAMP,
    }
    variables = {id: types[spec.type] for id, spec in SPECS.items()}
    return oracle.NewEnv(variables=variables | {"today": oracle.Type.TIMESTAMP})


def bindings(values: Mapping[str, Given]) -> dict[str, Any]:
    """The same facts as CEL takes them; missing ones are not bound."""
    bound: dict[str, Any] = {"today": datetime.combine(TODAY, time(), UTC)}
    for id, value in values.items():
        match SPECS[id].type:
            case _ if value is None:
                continue
            case FactType.MONEY:
                bound[id] = value / 100  # type: ignore[operator]
            case FactType.NUMBER:
                bound[id] = float(value)  # type: ignore[arg-type]
            case FactType.DATE:
                bound[id] = datetime.combine(value, time(), UTC)  # type: ignore[arg-type]
            case _:
                bound[id] = value
    return bound


def oracle_verdict(text: str, values: Mapping[str, Given]) -> Verdict:
    result = environment().compile(text).eval(data=bindings(values))
    if result.type() == oracle.Type.ERROR or result.type() == oracle.Type.UNKNOWN:
        return Verdict.UNKNOWN
    assert isinstance(result.value(), bool), (text, result)
    return Verdict.YES if result.value() else Verdict.NO


def node_text(node: Node) -> str:
    if isinstance(node, Condition):
        return f"({cel(node.term, SPECS)})"
    if node.kind == "not":
        return f"!({node_text(node.members[0])})"
    return "(" + {"all": " && ", "any": " || "}[node.kind].join(map(node_text, node.members)) + ")"


def set_apart(term: Term, values: Mapping[str, Given]) -> bool:
    """Divides by zero, or compares the results of arithmetic nearer to each other than doubles tell."""
    for each in walk(term):
        if not isinstance(each, Binary):
            continue
        left, right = (evaluate(side, values, SPECS, TODAY) for side in (each.left, each.right))
        if each.op == "/" and right == 0:
            return True
        reckoned = any(isinstance(part, Binary) for side in (each.left, each.right) for part in walk(side))
        if reckoned and isinstance(left, Fraction) and isinstance(right, Fraction | int):
            terms = [abs(Fraction(value)) for value in _numbers(each, values)]
            if abs(left - right) <= max(terms) * Fraction(1, 10**9):  # of the largest number on the way: cancellation
                return True
    return False


def _numbers(term: Term, values: Mapping[str, Given]) -> list[Fraction]:
    found = [evaluate(each, values, SPECS, TODAY) for each in walk(term)]
    return [Fraction(value) for value in found if isinstance(value, int | Fraction)]


@MANY
@given(booleans(2), facts())
def test_a_condition_is_what_cel_makes_of_it(term: Term, values: dict[str, Given]) -> None:
    check(term, SPECS)
    assume(not set_apart(term, values))
    one = Rule("R", Condition("c", SPECS["rd"].label, "", term, ""), FIXED)
    assert decide(one, values, SPECS, TODAY).verdict is oracle_verdict(cel(term, SPECS), values)


@MANY
@given(nodes(2), facts())
def test_a_rule_is_what_cel_makes_of_it(node: Node, values: dict[str, Given]) -> None:
    rule = Rule("R", node, FIXED)
    assume(not any(set_apart(each.term, values) for each in rule.all_conditions()))
    assert decide(rule, values, SPECS, TODAY).verdict is oracle_verdict(node_text(node), values)


@pytest.mark.parametrize("text", ["rd / revenue >= 0.03", "rd / revenue < 0.03", "revenue / rd != 1.0"])
def test_division_by_zero_is_unknown_though_cel_has_infinity(text: str) -> None:
    values: dict[str, Given] = {"rd": 500_00, "revenue": 0} if text.startswith("rd") else {"rd": 0, "revenue": 500_00}
    rule = Rule("R", condition(text), FIXED)
    assert oracle_verdict(cel(parse(text), SPECS), values) is not Verdict.UNKNOWN
    assert decide(rule, values, SPECS, TODAY).verdict is Verdict.UNKNOWN
    assert evaluate(parse(text), values, SPECS, TODAY) is UNKNOWN


@settings(max_examples=many(300))
@given(
    st.integers(1, 10**12),
    st.integers(-2, 2),
    st.sampled_from([("1.10", 11, 10), ("0.03", 3, 100), ("1.005", 201, 200)]),
)
def test_a_limit_is_reached_exactly_where_doubles_round(base: int, beside: int, rate: tuple[str, int, int]) -> None:
    """`rd >= 1.10 * revenue` on the boundary and one fen beside it, against whole numbers."""
    text, numerator, denominator = rate
    rd, revenue = base * numerator + beside, base * denominator
    values: dict[str, Given] = {"rd": rd, "revenue": revenue}
    for op, holds in (
        (">=", beside >= 0),
        (">", beside > 0),
        ("==", beside == 0),
        ("<=", beside <= 0),
        ("<", beside < 0),
    ):
        assert evaluate(parse(f"rd {op} {text} * revenue"), values, SPECS, TODAY) is holds
        assert evaluate(parse(f"rd / revenue {op} {text}"), values, SPECS, TODAY) is holds


def test_doubles_do_round_there() -> None:
    """Why the above is needed: the oracle refuses a company that spent exactly 110% of last year."""
    values: dict[str, Given] = {"rd": 330, "revenue": 300}  # 3.30 yuan against 1.10 * 3.00 yuan
    assert oracle_verdict("rd >= 1.10 * revenue", values) is Verdict.NO
    assert evaluate(parse("rd >= 1.10 * revenue"), values, SPECS, TODAY) is True
