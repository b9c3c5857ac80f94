"""The batch against `evaluating.decide`, company by company."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from math import floor
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qinqing.lib.rules import batch
from qinqing.lib.rules.batch import Result, compile_rules
from qinqing.lib.rules.checking import check
from qinqing.lib.rules.columns import ColumnError, Table
from qinqing.lib.rules.evaluating import decide
from qinqing.lib.rules.matching import Matching
from qinqing.lib.rules.parsing import parse
from qinqing.lib.rules.rule import Benefit, Decided, Fixed, Node, Rate, Rule, Step, Tiers, Verdict
from qinqing.lib.rules.terms import Name, Term
from tests.lib.rules import making
from tests.lib.rules.random_rules import NAMED, SPECS, TODAY, companies, rules


def table_of(rows: list[dict[str, Any]]) -> Table:
    return Table.from_values(SPECS, {name: [row.get(name) for row in rows] for name in SPECS})


def answers(result: Result, rows: range | list[int]) -> dict[str, list[tuple[Verdict, int | None]]]:
    """Verdict and amount for each row and rule, as `decide` gives them."""
    found = {}
    for code, outcome in result.items():
        fen = [None] * len(outcome.yes) if outcome.fen is None else outcome.fen.tolist()
        paid = dict(zip(outcome.yes.tolist(), fen, strict=True))
        unknown = set(outcome.unknown_rows().tolist())
        assert len(unknown) == outcome.unknown and not unknown & paid.keys()
        assert {*paid, *unknown} <= set(rows)
        found[code] = [
            (Verdict.YES, paid[row]) if row in paid else (Verdict.UNKNOWN if row in unknown else Verdict.NO, None)
            for row in rows
        ]
    return found


def expected(some: list[Rule], rows: list[dict[str, Any]], today: date) -> dict[str, list[tuple[Verdict, int | None]]]:
    decisions = {rule.code: [decide(rule, row, SPECS, today) for row in rows] for rule in some}
    return {code: [(one.verdict, one.amount_fen) for one in each] for code, each in decisions.items()}


@given(rules(), companies())
def test_batch_decides_as_decide_does(some: list[Rule], rows: list[dict[str, Any]]) -> None:
    for rule in some:
        for condition in rule.all_conditions():
            check(condition.term, SPECS)
    result = compile_rules(some, SPECS).run(table_of(rows), TODAY)
    assert answers(result, range(len(rows))) == expected(some, rows, TODAY)


@given(rules(), companies(), st.data())
def test_some_rows_and_rules_are_decided_as_in_the_whole(
    some: list[Rule], rows: list[dict[str, Any]], data: st.DataObject
) -> None:
    chosen = sorted(data.draw(st.sets(st.integers(0, len(rows) - 1))))
    codes = data.draw(st.lists(st.sampled_from([rule.code for rule in some]), unique=True))
    ready, table = compile_rules(some, SPECS), table_of(rows)
    whole = answers(ready.run(table, TODAY), range(len(rows)))
    part = ready.run(table, TODAY, rows=np.array(chosen, dtype=np.intp), codes=codes)
    assert answers(part, chosen) == {code: [whole[code][row] for row in chosen] for code in codes}


def _benefits(base: Term, *more: Fraction) -> list[Benefit]:
    """Several of each kind: every one with limits of its own, or none. `more`: rates besides."""
    rates = [*map(Fraction, ("0", "1/3", "0.125", "7.7")), *more]
    starts = [Fraction(start) for start in ("0", "0.03", "1/30", "0.035", "3", "-1")]
    return [
        *(Fixed(fen) for fen in (0, 1, 10**6)),
        *(Rate(rate, base, "", 10**17, floor) for rate in rates for floor in (None, 5, 100)),
        *(Rate(Fraction(1, 9), base, "", cap, floor) for cap in (None, 7, 10**5) for floor in (None, 5)),
        *(Tiers(base, "", (Step(low, 2, above=above), Step(low + 1, 1))) for low in starts for above in (False, True)),
        *(Tiers(base, "", (Step(low, 30), Step(low + 1, 70)), cap_fen=50) for low in starts),
        *(Tiers(base, "", (Step(low, 30), Step(low + 1, rate=low / 7)), cap_fen=10**9) for low in starts),
    ]


def test_rules_that_are_alike_are_done_together_as_one_by_one() -> None:
    """Conditions of four shapes; amounts on three bases: within 64 bits, beyond them on the way, and a quotient, which
    columns do not hold. Most companies are paid."""
    texts = ["staff >= {}.0", "!listed || staff < {}.0", "!(listed && revenue >= {}.0)", "true"]
    large = _benefits(Name("research"), Fraction(10**11 + 1, 10**6))
    benefits = [*_benefits(Name("revenue")), *large, *_benefits(parse("research / staff"))]
    some = [Rule(f"r{n}", making.condition(texts[n % 4].format(n % 3)), each) for n, each in enumerate(benefits)]
    fen = [None, -200, -1, 0, 1, 2, 3, 4, 100, 103, 300, 10**6, 2**40]
    rows: list[dict[str, Any]] = [
        {"revenue": each, "research": each, "staff": (None, 0, 1, 3)[n % 4], "listed": (None, True, False)[n % 3]}
        for n, each in enumerate(fen * 2)
    ]
    result = compile_rules(some, SPECS).run(table_of(rows), TODAY)
    assert list(result) == [rule.code for rule in some]
    assert answers(result, range(len(rows))) == expected(some, rows, TODAY)


@given(st.lists(making.nodes(), min_size=1, max_size=3), st.lists(making.facts(), min_size=1, max_size=8))
def test_every_operator_of_the_language_is_decided_as_decide_does(
    trees: list[Node], rows: list[dict[str, Any]]
) -> None:
    some = [Rule(f"r{number}", tree, Fixed(100)) for number, tree in enumerate(trees)]
    table = Table.from_values(making.SPECS, {name: [row.get(name) for row in rows] for name in making.SPECS})
    result = compile_rules(some, making.SPECS).run(table, TODAY)
    for rule in some:
        found = [verdict for verdict, _ in answers(result, range(len(rows)))[rule.code]]
        assert found == [decide(rule, row, making.SPECS, TODAY).verdict for row in rows]


def test_threads_share_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    some = [_rule(f"staff >= {limit}.0", Rate(Fraction(1, 3), Name("revenue"), "", 10**9)) for limit in range(40)]
    some = [replace(rule, code=f"r{number}") for number, rule in enumerate(some)]
    rows = [{"staff": n % 41 or None, "revenue": n * 7 if n % 5 else None} for n in range(3000)]
    alone = compile_rules(some, SPECS).run(table_of(rows), TODAY)
    monkeypatch.setattr(batch, "ALONE", 0)
    monkeypatch.setattr(batch, "_cores", lambda: 4)
    together = compile_rules(some, SPECS).run(table_of(rows), TODAY)
    assert list(together) == list(alone) == [rule.code for rule in some]
    assert answers(together, range(3000)) == answers(alone, range(3000)) == expected(some, rows, TODAY)


def test_a_ratio_on_its_limit_is_reached_and_a_fen_below_is_not() -> None:
    revenues = [1, 100, 333, 10**4, 10**9 + 100, 3 * 10**13, 7 * 10**15]
    rows = [
        {"revenue": revenue * 100, "research": revenue * 3 + beside} for revenue in revenues for beside in (-1, 0, 1)
    ]
    result = run(rows, "research / revenue >= 0.03", "research >= 0.03 * revenue", "research / revenue == 0.03")
    reached = [row for row in range(len(rows)) if row % 3]
    assert result["r0"].yes.tolist() == result["r1"].yes.tolist() == reached
    assert result["r2"].yes.tolist() == list(range(1, len(rows), 3))


def test_division_is_decided_on_columns_and_row_by_row_only_beside_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    decided = Matching._decided

    def counted(self: Matching, term: Term, rows: Any) -> Any:
        asked.append(len(rows))
        return decided(self, term, rows)

    monkeypatch.setattr(Matching, "_decided", counted)
    rows = [{"revenue": 10**6 + n, "research": 30_000} for n in range(-500, 500)]
    assert run(rows, "research / revenue > 0.03")["r0"].yes.tolist() == list(range(500))
    assert asked == [1]


def test_a_zero_divisor_and_a_missing_fact_are_unknown() -> None:
    rows = [{"revenue": 0, "research": 5}, {"revenue": None, "research": 5}, {"revenue": 5, "research": 0}]
    result = run(rows, "research / revenue >= 0.03", "!(research / revenue >= 0.03)", "years_since(founded) > 1.0")
    assert result["r0"].unknown_rows().tolist() == result["r1"].unknown_rows().tolist() == [0, 1]
    assert result["r1"].yes.tolist() == [2]
    assert result["r2"].unknown == 3  # no column of founded: known of nobody


def test_a_missing_base_pays_nothing_least_of_all_the_cap() -> None:
    rows = [{"revenue": None}, {"revenue": 10**9}, {"revenue": -5}]
    rule = _rule("true", Rate(Fraction("0.05"), Name("revenue"), "", cap_fen=3_000_000, floor_fen=200))
    outcome = compile_rules([rule], SPECS).run(table_of(rows), TODAY)["r"]
    assert outcome.yes.tolist() == [1, 2]
    assert outcome.fen is not None and outcome.fen.tolist() == [3_000_000, 0]
    assert outcome.unknown_rows().tolist() == [0]


@given(st.lists(st.integers(-(2**61), 2**61), min_size=1), st.fractions(0, 1000, max_denominator=10**6))
def test_amounts_are_exact_however_large(bases: list[int], rate: Fraction) -> None:
    rule = _rule("true", Rate(rate, Name("revenue"), "", cap_fen=2**62))
    outcome = compile_rules([rule], SPECS).run(table_of([{"revenue": base} for base in bases]), TODAY)["r"]
    assert outcome.fen is not None
    assert outcome.fen.tolist() == [min(floor(max(base, 0) * rate), 2**62) for base in bases]


@given(
    st.lists(st.integers(-(2**61), 2**61) | st.integers(-2, 2), min_size=1),
    st.fractions(0, 1000, max_denominator=10**6) | st.just(Fraction(0)),
    st.integers(0, 10**9),
)
def test_the_floor_raises_positive_amounts_only(bases: list[int], rate: Fraction, least: int) -> None:
    """Against fractions, for small bases (whole arrays) and large ones (Python's whole numbers)."""
    due = [min(max(floor(base * rate), least), 2**62) if base * rate > 0 else 0 for base in bases]
    rule = _rule("true", Rate(rate, Name("revenue"), "", cap_fen=2**62, floor_fen=least))
    rows: list[dict[str, Any]] = [{"revenue": base} for base in bases]
    outcome = compile_rules([rule], SPECS).run(table_of(rows), TODAY)["r"]
    assert outcome.fen is not None and outcome.fen.tolist() == due
    assert [decide(rule, row, SPECS, TODAY).amount_fen for row in rows] == due


def test_an_amount_beyond_64_bits_is_refused() -> None:
    rule = _rule("true", Rate(Fraction(1000), Name("revenue"), ""))
    with pytest.raises(OverflowError, match="cap"):
        compile_rules([rule], SPECS).run(table_of([{"revenue": 2**60}]), TODAY)


def test_what_a_body_decides_has_no_amount() -> None:
    outcome = compile_rules([_rule("listed", Decided(NAMED))], SPECS).run(table_of([{"listed": True}]), TODAY)["r"]
    assert outcome.yes.tolist() == [0] and outcome.fen is None


def test_what_a_change_touches() -> None:
    rules = [
        replace(_rule("listed && staff >= 3.0", Fixed(1)), code="a"),
        replace(_rule("years_since(founded) >= 3.0", Rate(Fraction(1), Name("revenue"), "")), code="b"),
        replace(_rule("true", Tiers(Name("staff"), "", (), pays_of=Name("research"))), code="c"),
        replace(_rule("true", Rate(Fraction(1), parse("years_since(moved)"), "")), code="d"),
    ]
    ready = compile_rules(rules, SPECS)
    assert ready.facts_of("b") == {"founded", "revenue"} and ready.facts_of("c") == {"staff", "research"}
    assert ready.rules_touched({"staff"}) == ["a", "c"] and ready.rules_touched({"revenue", "moved"}) == ["b", "d"]
    assert [code for code in "abcd" if ready.depends_on_day(code)] == ["b", "d"]


def test_two_rules_of_one_code_are_refused() -> None:
    with pytest.raises(ValueError, match="code r"):
        compile_rules([_rule("listed", Fixed(1)), _rule("honest", Fixed(1))], SPECS)


def test_an_empty_table_has_an_empty_outcome() -> None:
    result = run([], "listed", "!listed", "staff / revenue > 1.0", "industry.startsWith('A')")
    assert [(len(each.yes), each.unknown, len(each.unknown_rows())) for each in result.values()] == [(0, 0, 0)] * 4


def test_a_column_made_for_another_type_is_refused() -> None:
    table = table_of([{"revenue": 5}])
    wrong = Table({"staff": table.columns["revenue"], "ratio": table.columns["staff"]}, table.ids)
    for text in ("staff > 1.0", "ratio > 1.0"):
        with pytest.raises(ColumnError, match=text.split()[0]):
            compile_rules([_rule(text, Fixed(1))], SPECS).run(wrong, TODAY)


def _rule(text: str, benefit: Benefit) -> Rule:
    return Rule("r", making.condition(text), benefit)


def run(rows: list[dict[str, Any]], *texts: str) -> Result:
    """Rules r0, r1, ... of one condition each."""
    some = [replace(_rule(text, Fixed(1)), code=f"r{number}") for number, text in enumerate(texts)]
    return compile_rules(some, SPECS).run(table_of(rows), TODAY)
