"""Values and periods: read exactly or refused, kept and given back unchanged."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qinqing.directory.facts import periods, values
from qinqing.directory.facts.dictionary import dictionary
from qinqing.directory.facts.party_facts import PARTY_FACTS
from qinqing.directory.industries import check_industry
from qinqing.directory.size_classes import SizeFacts, size_class
from qinqing.lib.identifiers import Invalid

TODAY = date(2026, 9, 29)


def fact(name):
    return dictionary()[name]


@pytest.mark.parametrize(
    ("name", "cell", "unit", "value"),
    [
        ("rd_expense", "1,234.56", "wan", 1_234_560_000),
        ("rd_expense", 0.1 + 0.2, "yuan", 30),
        ("rd_expense", 12, "fen", 12),
        ("profit", "-5.5", "yuan", -550),
        ("land_area_mu", "12.50", "yuan", Decimal("12.5")),
        ("rd_staff", 3.0, "yuan", Decimal(3)),
        ("high_tech_enterprise", "是", "yuan", True),
        ("high_tech_enterprise", False, "yuan", False),
        ("high_tech_enterprise", 1.0, "yuan", True),
        ("srdi_level", "省级专精特新中小企业", "yuan", "provincial"),
        ("srdi_level", "little_giant", "yuan", "little_giant"),
        ("key_industry", "大健康", "yuan", "大健康"),
        ("listed_on", "2020年1月31日", "yuan", date(2020, 1, 31)),
        ("rd_expense", "不详", "yuan", None),
    ],
)
def test_read(name, cell, unit, value):
    found = values.read(fact(name), cell, unit)
    assert (found, type(found)) == (value, type(value))
    if value is not None:
        assert values.from_kept(fact(name), values.kept(fact(name), found)) == value


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("rd_expense", "NaN"), ("rd_expense", float("nan")), ("rd_expense", float("inf")), ("rd_expense", "-inf"),
        ("rd_expense", "-1"), ("rd_expense", "0.001"), ("rd_expense", 1e300), ("rd_expense", Decimal("NaN")),
        ("rd_expense", "1万"), ("rd_expense", True), ("rd_expense", date(2020, 1, 1)), ("rd_expense", ""),
        ("rd_staff", "2.5"), ("rd_staff", "10000001"), ("land_area_mu", "1.234"), ("high_tech_enterprise", "2"),
        ("srdi_level", "市级"), ("key_industry", "大\n健康"), ("key_industry", "x" * 81), ("listed_on", "2020-02-30"),
        ("listed_on", "0001-01-01"), ("listed_on", 43861), ("rd_expense", "9" * 60), ("rd_expense", Decimal("1e99")),
    ],
)  # fmt: skip
def test_refused(name, cell):
    with pytest.raises(Invalid) as error:
        values.read(fact(name), cell)
    assert error.value.label.zh and error.value.label.en != error.value.label.zh


@pytest.mark.parametrize(
    ("name", "value"), [("rd_expense", 1.5), ("rd_expense", True), ("rd_staff", 3), ("srdi_level", 1)]
)
def test_the_wrong_type_is_refused(name, value):
    with pytest.raises(Invalid):
        values.check(fact(name), value)


@given(st.integers(-9 * 10**15, 9 * 10**15))
def test_money_is_exact(fen):
    profit = fact("profit")
    for text in (f"{fen / 100:.2f}" if abs(fen) < 10**12 else str(Decimal(fen) / 100),):
        assert values.read(profit, text) == fen


@given(st.decimals(0, 10**6, places=4))
def test_numbers_are_exact(number):
    intensity = fact("energy_intensity")
    if number <= intensity.most:
        assert values.from_kept(intensity, values.kept(intensity, values.read(intensity, str(number)))) == number


def test_words():
    assert values.words(fact("rd_expense"), 123_456).zh == "1,234.56元"
    assert values.words(fact("tax_per_mu"), 150_000_000) == ("1,500,000.00元/亩", "1,500,000.00 yuan per mu")
    assert values.words(fact("land_area_mu"), Decimal("12.50")) == ("12.5亩", "12.5 mu")
    assert values.words(fact("rd_staff"), Decimal(1200)).zh == "1,200人"
    assert values.words(fact("high_tech_enterprise"), False).zh == "否"
    assert values.words(fact("srdi_level"), "none").en == "None"
    assert values.words(fact("rd_expense"), None).zh == "—"


@pytest.mark.parametrize(
    ("text", "kind", "period", "words"),
    [
        ("2025", "year", 202500, "2025年"),
        ("2025年度", "year", 202500, "2025年"),
        ("2025Q3", "quarter", 202523, "2025年三季度"),
        ("2025年三季度", "quarter", 202523, "2025年三季度"),
        ("2026-09", "month", 202609, "2026年9月"),
        ("2026年9月", "month", 202609, "2026年9月"),
    ],
)
def test_periods(text, kind, period, words):
    assert periods.parse(text, kind, TODAY) == period
    assert periods.kind_of(period) == kind
    assert periods.label(period).zh == words
    assert periods.parse(periods.text_of(period), kind, TODAY) == period


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("2027", "year"),
        ("2026-10", "month"),
        ("2026Q4", "quarter"),
        ("2025Q5", "quarter"),
        ("25", "year"),
        ("2025-13", "month"),
    ],
)
def test_periods_refused(text, kind):
    with pytest.raises(Invalid):
        periods.parse(text, kind, TODAY)


INDUSTRIES = st.sampled_from(["", "C3484", "F", "E4710", "K7010", "I6513", "J6620", "A0141", "L7243", "F5179"])
FIGURE = st.none() | st.integers(0, 5_000) | st.integers(0, 3 * 10**11)


@given(INDUSTRIES, FIGURE, FIGURE, FIGURE)
def test_the_size_is_that_of_the_rules(industry, staff, revenue, assets):
    row = {
        "industry": industry and check_industry(industry),
        "staff": staff,
        "revenue_fen": revenue,
        "assets_fen": assets,
    }
    for code in ("policy", "statistics"):
        plain = size_class(SizeFacts(row["industry"] or None, staff, revenue, assets), code).code
        assert PARTY_FACTS[f"size_{code}"](row) == (None if plain == "unknown" else plain)
