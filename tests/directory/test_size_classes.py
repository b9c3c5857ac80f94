"""Size classes: the published tables, and that a missing figure is unknown exactly where it matters."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qinqing.directory.size_classes import CLASSES, SizeFacts, rule, size_class

WAN = 1_000_000
ORDER = ("micro", "small", "medium", "large")


@pytest.mark.parametrize(
    ("industry", "staff", "revenue", "assets", "expected"),
    [  # 万元; bounds of the published tables, each row once from below and once on the bound
        ("A0111", None, 49, None, "micro"),
        ("A0111", None, 50, None, "small"),
        ("A0111", None, 500, None, "medium"),
        ("A0111", None, 20000, None, "large"),
        ("C3482", 999, 40000, None, "medium"),
        ("C3482", 1000, 39999, None, "medium"),
        ("C3482", 1000, 40000, None, "large"),
        ("C3482", 299, 40000, None, "small"),
        ("C3482", 19, 40000, None, "micro"),
        ("D4411", 300, 1999, None, "small"),
        ("E4710", None, 80000, 79999, "medium"),
        ("E4710", None, 6000, 4999, "small"),
        ("E4710", None, 299, 5000, "micro"),
        ("F5179", 20, 5000, None, "medium"),
        ("F5219", 20, 5000, None, "small"),
        ("G5430", 300, 3000, None, "medium"),
        ("G5920", 100, 1000, None, "medium"),
        ("G5910", 100, 1000, None, "small"),
        ("G6010", 300, 2000, None, "medium"),
        ("H6110", 100, 2000, None, "medium"),
        ("H6210", 9, 2000, None, "micro"),
        ("I6311", 2000, 100000, None, "large"),
        ("I6510", 10, 49, None, "micro"),
        ("I6510", 10, 50, None, "small"),
        ("K7010", None, 1000, 5000, "medium"),
        ("K7020", 100, 500, None, "small"),
        ("L7210", 100, None, 8000, "medium"),
        ("M7310", 300, None, None, "large"),
        ("O8010", 10, None, None, "small"),
    ],
)
@pytest.mark.parametrize("by", ["policy", "statistics"])
def test_bounds_of_the_tables(industry, staff, revenue, assets, expected, by):
    facts = SizeFacts(industry, staff, revenue and revenue * WAN, assets and assets * WAN)
    assert size_class(facts, by).code == expected


def test_a_fen_below_the_bound_is_below():
    assert size_class(SizeFacts("A01", revenue_fen=500 * WAN - 1), "policy").code == "small"


def test_missing_is_unknown_and_named_never_zero():
    answer = size_class(SizeFacts("C3482", staff=400), "policy")
    assert (answer.code, answer.missing) == ("unknown", ("revenue",))
    assert size_class(SizeFacts("C3482", staff=0), "policy").code == "micro"
    assert size_class(SizeFacts(None, 400, 1, 1), "policy").missing == ("industry",)


def test_missing_figure_that_cannot_matter_is_not_asked_for():
    answer = size_class(SizeFacts("C3482", staff=12), "statistics")
    assert answer.code == "micro"
    assert "从业人员低于小型下限20人" in [reason.zh for reason in answer.decided_by]
    assert answer.industry.zh == "工业"


def test_an_industry_of_several_rows_is_decided_where_they_agree():
    assert size_class(SizeFacts("F", staff=4), "policy").code == "micro"
    unsure = size_class(SizeFacts("F", staff=60, revenue_fen=3000 * WAN), "policy")  # wholesale small, retail medium
    assert (unsure.code, unsure.missing) == ("unknown", ("industry",))


def test_industries_outside_the_rule_are_said_to_be():
    for industry in ("J6620", "P8334", "S9221", "G5310"):
        answer = size_class(SizeFacts(industry, 5, 1, 1), "policy")
        assert answer.code == "not_covered"
        assert "办公室" in answer.decided_by[0].zh
    assert size_class(SizeFacts("K7040", 5), "policy").code == "micro"
    assert size_class(SizeFacts("K7040", 5), "statistics").code == "not_covered"


@pytest.mark.parametrize("by", ["policy", "statistics"])
def test_every_division_falls_into_the_rule_or_outside_it(by):
    for letter, first, last in [("A", 1, 5), ("B", 6, 12), ("C", 13, 43), ("E", 47, 50), ("F", 51, 52), ("G", 53, 60),
                                ("H", 61, 62), ("I", 63, 65), ("J", 66, 69), ("K", 70, 70), ("L", 71, 72),
                                ("M", 73, 75), ("N", 76, 79), ("O", 80, 82), ("P", 83, 83), ("Q", 84, 85),
                                ("R", 86, 90), ("S", 91, 96), ("T", 97, 97)]:  # fmt: skip
        for division in range(first, last + 1):
            tiny = size_class(SizeFacts(f"{letter}{division:02d}", 0, 0, 0), by)
            assert tiny.code in {"micro", "not_covered"} or (letter, tiny.missing) in {
                ("K", ("industry",)),  # 70 holds development, management and what is left out
            }, (letter, division, tiny)


INDUSTRIES = [row.codes[0] for row in rule("policy").rows] + ["F", "G59", "K70", "J", "Q"]
FLOORS = {
    name: sorted({f[name] for row in rule("policy").rows for f in row.floors.values() if name in f})
    for name in ("staff", "revenue", "assets")
}


def around(name):
    bounds = [b + d for b in FLOORS[name] for d in (-1, 0, 1)] + [0, 10**14]
    return st.none() | st.sampled_from(bounds)


@given(st.sampled_from(INDUSTRIES), around("staff"), around("revenue"), around("assets"))
def test_unknown_exactly_where_the_missing_figures_could_change_the_answer(industry, staff, revenue, assets):
    answer = size_class(SizeFacts(industry, staff, revenue, assets), "policy")
    values = [
        [value] if value is not None else [0, *FLOORS[name], 10**14]
        for name, value in (("staff", staff), ("revenue", revenue), ("assets", assets))
    ]
    codes = {size_class(SizeFacts(industry, *filled), "policy").code for filled in product(*values)}
    if answer.code != "unknown":
        assert codes == {answer.code}
        assert not answer.missing
    else:
        assert len(codes) > 1 or codes == {"unknown"}
        assert answer.missing


@given(st.sampled_from([row.codes[0] for row in rule("policy").rows]), *[st.integers(0, 10**13)] * 6)
def test_growing_never_makes_a_company_smaller(industry, staff, revenue, assets, more_staff, more_revenue, more_assets):
    before = size_class(SizeFacts(industry, staff, revenue, assets), "policy").code
    after = size_class(SizeFacts(industry, staff + more_staff, revenue + more_revenue, assets + more_assets), "policy")
    assert ORDER.index(after.code) >= ORDER.index(before)


def test_the_two_rules_say_where_they_come_from():
    for by in ("policy", "statistics"):
        which = rule(by)
        assert "〔20" in which.source
        assert "核对" in which.status.zh
        assert "confirmed" in which.status.en
        assert len(which.rows) == 16
        assert all(set(row.floors) == set(CLASSES) for row in which.rows)
