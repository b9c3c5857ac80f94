"""Types are CEL's, strictly; every fault has a mend; what passes never has a type fault when it is decided."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from qinqing.lib.rules.checking import check, kind_of, names
from qinqing.lib.rules.evaluating import evaluate
from qinqing.lib.rules.parsing import parse
from qinqing.lib.rules.terms import Term, TermError
from qinqing.lib.rules.values import Given
from tests.examples import many
from tests.lib.rules.making import SPECS, TODAY, booleans, doubles, facts


@pytest.mark.parametrize(
    ("typed", "wants"),
    [
        ("rd / revenue >= 0.03", "bool"),
        ("revenue >= 3", "bool"),  # a whole number may be compared with a decimal
        ("staff in [1, 2.5]", "bool"),
        ("listed && !dishonest", "bool"),
        ("size_class in []", "bool"),
        ('registered_on < date("2020-01-01") && years_since(registered_on) >= 3.0', "bool"),
        ("size(industry) == 4", "bool"),
        ("listed == (staff > 300.0)", "bool"),
        ("rd - 0.5 * tax", "number"),
        ("size(industry) % 2", "number"),
        ("listed ? rd : tax", "number"),
        ("registered_on", "date"),
        ('industry + "x"', "string"),
    ],
)
def test_allows(typed: str, wants: str) -> None:
    check(parse(typed), SPECS, wants)


@pytest.mark.parametrize(
    ("typed", "wants", "at", "mend"),
    [
        ("revenu > 1.0", "bool", 0, "did you mean revenue (Revenue)"),
        ("xyz > 1.0", "bool", 0, "dictionary of facts"),
        ("2 * revenue > 1.0", "bool", 0, "write 2.0"),
        ("revenue + 1 > 1.0", "bool", 10, "write 1.0"),
        ("size(industry) + 1.0 > 2.0", "bool", 0, "does not mix"),
        ("listed ? 1 : 2.0", "number", 9, "write 1.0"),
        ('listed ? 1.0 : "a"', "any", 15, "write a decimal"),
        ("revenue ? 1.0 : 2.0", "any", 0, "comparison"),
        ('revenue == "100"', "bool", 8, "codes in quotes"),
        ("industry == 3912", "bool", 9, "codes in quotes"),
        ('registered_on >= "2020-01-01"', "bool", 14, "write a date as"),
        ("registered_on >= 3.0", "bool", 14, "years_since"),
        ("registered_on + 1.0 > 2.0", "bool", 0, "years_since"),
        ("listed == 1", "bool", 7, "by itself"),
        ("revenue == null", "bool", 8, "leave this comparison out"),
        ("1.0 < revenue < 2.0", "bool", 14, "a < x && x < b"),
        ("revenue && listed", "bool", 0, "comparison"),
        ("!revenue", "bool", 0, "use brackets"),
        ('-industry == "a"', "bool", 0, "leave out"),
        ("revenue % 5.0 == 0.0", "bool", 8, "0.05"),
        ("industry in 'abc'", "bool", 12, 'in ["A", "B"]'),
        ("revenue in ['1']", "bool", 8, "quotes"),
        ("industry in [1, 2]", "bool", 9, "quotes"),
        ("industry in ['1', 2]", "bool", 18, "one type"),
        ("industry == ['1']", "bool", 9, "use in"),
        ("years_since(revenue) > 1.0", "bool", 12, "takes a date"),
        ("size(revenue) > 1", "bool", 5, "takes a text"),
        ("revenue.contains('1')", "bool", 0, "takes a text"),
        ("revenue", "bool", 0, "compare it"),
        ("industry", "bool", 0, "compare it with a code"),
        ("listed", "number", 0, "a number is wanted"),
    ],
)
def test_refuses_with_place_and_mend(typed: str, wants: str, at: int, mend: str) -> None:
    with pytest.raises(TermError) as refused:
        check(parse(typed), SPECS, wants)
    assert mend in refused.value.label.en
    assert refused.value.at == at
    assert any("一" <= char <= "鿿" for char in refused.value.label.zh)


def test_names() -> None:
    assert names(parse("rd / revenue >= 0.03 || years_since(registered_on) < 1.0")) == {
        "rd",
        "revenue",
        "registered_on",
    }
    assert names(parse("true")) == frozenset()


@settings(max_examples=many(300), deadline=None)
@given(booleans(2) | doubles(2), facts())
def test_what_passes_never_has_a_type_fault(term: Term, values: dict[str, Given]) -> None:
    kind = kind_of(term, SPECS)
    check(term, SPECS, "bool" if kind == "bool" else "number")
    evaluate(term, values, SPECS, TODAY)  # raises TermError where a type does not fit
