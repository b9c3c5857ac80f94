"""Values, dates and amounts of one company: exact, against arithmetic written anew here."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate
from math import floor, inf, nan

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from qinqing.lib.labels import Label
from qinqing.lib.rules.evaluating import amount, decide, evaluate, instalments
from qinqing.lib.rules.parsing import parse
from qinqing.lib.rules.rule import Benefit, Decided, Fixed, Higher, Rate, Schedule, Step, Tiers, Verdict
from qinqing.lib.rules.terms import FactSpec, FactType
from qinqing.lib.rules.values import UNKNOWN, Given, exact
from tests.lib.rules.making import SPECS, TODAY, rule

FEN = st.integers(0, 10**14)
RATES = st.decimals("0.001", "0.5", places=3).map(Fraction)
BODY = Label("县科技局", "Science bureau")


def value(text: str, **values: Given) -> object:
    return evaluate(parse(text), values, SPECS, TODAY)


def pays(benefit: Benefit, **values: Given) -> int | None:
    return amount(benefit, values, SPECS, TODAY)


def rate(rate: str | Fraction, text: str = "rd", **limits: int | None) -> Rate:
    return Rate(Fraction(rate), parse(text), text, **limits)


@pytest.mark.parametrize(
    ("text", "values", "worth"),
    [
        ("rd", {"rd": 123}, Fraction("1.23")),  # fen in, yuan in expressions
        ("rd / revenue", {"rd": 1, "revenue": 3}, Fraction(1, 3)),
        ("0.1 + 0.2 == 0.3", {}, True),  # decimals as written
        ("share == 0.3", {"share": 0.1 + 0.2}, True),  # a number in its places
        ("share", {"share": Decimal("0.03125")}, Fraction("0.0312")),  # half to even, as columns keep it
        ("staff >= 20", {"staff": 20}, True),
        ("-7 / 2", {}, -3),  # towards zero, as in CEL
        ("-7 % 2", {}, -1),
        ("7 % -2", {}, 1),
        ("9223372036854775807 + 1", {}, UNKNOWN),  # errors in CEL
        ("-9223372036854775808 / -1", {}, UNKNOWN),
        ("-(-9223372036854775808)", {}, UNKNOWN),
        ("1 / 0", {}, UNKNOWN),
        ("1 % 0", {}, UNKNOWN),
        ("rd / revenue", {"rd": 0, "revenue": 0}, UNKNOWN),
        ('industry + "x"', {"industry": "a"}, "ax"),
        ("size(industry)", {"industry": "小微"}, 2),
        ('industry.startsWith("39")', {"industry": "3912"}, True),
        ("listed ? rd : tax", {"listed": False, "rd": 1}, UNKNOWN),
        ("listed ? rd : tax", {"listed": True, "rd": 100}, Fraction(1)),
        ("listed ? rd : rd", {"rd": 100}, UNKNOWN),  # the test is unknown: CEL does not look further
        ("1.0 in [rd, 1.0]", {}, UNKNOWN),
        ('registered_on == date("2020-02-29")', {"registered_on": date(2020, 2, 29)}, True),
        ("listed", {"listed": None}, UNKNOWN),
        ("share > 0.0", {"share": nan}, UNKNOWN),
        ("share > 0.0", {"share": inf}, UNKNOWN),
        ("share > 0.0", {"share": Decimal("NaN")}, UNKNOWN),
    ],
)
def test_values(text: str, values: dict[str, Given], worth: object) -> None:
    found = value(text, **values)
    assert found == worth and type(found) is type(worth)


@pytest.mark.parametrize(
    ("start", "today", "years"),
    [
        ("2020-11-22", "2026-11-22", 6),
        ("2020-11-23", "2026-11-22", 5),
        ("2024-02-29", "2025-02-28", 0),  # 29 February: complete on 1 March
        ("2024-02-29", "2025-03-01", 1),
        ("2024-02-29", "2028-02-29", 4),
        ("2026-11-23", "2026-11-22", -1),
    ],
)
def test_completed_years(start: str, today: str, years: int) -> None:
    values: dict[str, Given] = {"registered_on": date.fromisoformat(start)}
    assert evaluate(parse("years_since(registered_on)"), values, SPECS, date.fromisoformat(today)) == Fraction(years)


@pytest.mark.parametrize(
    ("id", "wrong"),
    [
        ("rd", 1.5), ("rd", Decimal(1)), ("rd", True), ("rd", "1"), ("staff", True), ("listed", 1), ("industry", 3912),
        ("registered_on", "2020-01-01"),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused_not_guessed(id: str, wrong: Given) -> None:
    with pytest.raises(ValueError, match=id):
        exact(wrong, SPECS[id])


@given(st.integers(-(10**15), 10**15), st.integers(0, 6))
def test_a_float_is_the_decimal_that_was_recorded(units: int, places: int) -> None:
    spec = FactSpec("n", FactType.NUMBER, Label("数", "n"), places=places)
    assert exact(float(Decimal(units).scaleb(-places)), spec) == Fraction(units, 10**places)
    assert exact(Decimal(units).scaleb(-places), spec) == Fraction(units, 10**places)


# Amounts


@given(FEN, RATES, st.none() | FEN, st.none() | FEN)
def test_a_rate_is_floored_and_limited(fen: int, part: Fraction, cap: int | None, least: int | None) -> None:
    paid = pays(rate(part, cap_fen=cap, floor_fen=least), rd=fen)
    plain = fen * part.numerator // part.denominator
    at_least = least or 0 if fen * part > 0 else 0
    assert paid == min(max(plain, at_least), cap if cap is not None else 10**20)


def test_the_floor_raises_the_smallest_amount_and_grants_nothing_of_nothing() -> None:
    """最低额: a hundredth of a fen is an amount, zero is none."""
    assert pays(rate("0.01", floor_fen=500_00), rd=1) == 500_00
    assert pays(rate("0.01", floor_fen=500_00), rd=0) == 0
    assert pays(rate("0", floor_fen=500_00), rd=10**9) == 0


@given(st.integers(-(10**12), 0), FEN)
def test_a_base_of_zero_or_below_pays_nothing_not_the_floor(fen: int, least: int) -> None:
    assert pays(rate("0.1", floor_fen=least), rd=fen) == 0
    assert pays(Tiers(parse("tax"), "tax", (Step(Fraction(0), rate=Fraction(1, 10)),), parse("rd")), tax=1, rd=fen) == 0


def test_a_rate_of_a_quantity_is_yuan_for_each() -> None:
    assert pays(rate("500", "staff"), staff=7) == 3500_00
    assert pays(rate("0.005", "staff"), staff=1) == 0  # half a fen


TIERS = Tiers(
    parse("revenue"),
    "revenue",
    (Step(Fraction(1000), fen=5), Step(Fraction(2000), rate=Fraction("0.01")), Step(Fraction(2000), fen=9, above=True)),
    pays_of=parse("rd"),
    cap_fen=8,
)


@pytest.mark.parametrize(
    ("revenue", "rd", "paid"),
    [
        (999_99, 1, 0),
        (1000_00, None, 5),  # what this step pays needs no other fact
        (1999_99, 1, 5),
        (2000_00, 250, 2),
        (2000_00, 10**9, 8),
        (2000_00, None, None),
        (2000_01, None, 8),  # above: capped
        (None, 250, None),
    ],
)
def test_tiers(revenue: int | None, rd: int | None, paid: int | None) -> None:
    assert pays(TIERS, revenue=revenue, rd=rd) == paid


@given(st.lists(st.integers(-100, 100), min_size=1, max_size=6, unique=True), st.integers(-12000, 12000), st.randoms())
def test_the_highest_step_reached_pays_whatever_the_order(starts: list[int], fen: int, random) -> None:  # type: ignore[no-untyped-def]
    steps = [Step(Fraction(start), fen=start + 1000) for start in starts]
    random.shuffle(steps)
    reached = [start + 1000 for start in starts if start * 100 <= fen]
    assert pays(Tiers(parse("rd"), "rd", tuple(steps)), rd=fen) == max(reached, default=0)


def test_the_higher_waits_for_all() -> None:
    both = Higher((Fixed(100), rate("0.1")))
    assert pays(both, rd=5000) == 500
    assert pays(both, rd=50) == 100
    assert pays(both) is None


def test_what_a_body_decides_is_never_computed() -> None:
    decided = Decided(BODY, 100, 200)
    assert pays(decided) is None
    assert pays(Higher((Fixed(100), decided))) is None
    decision = decide(rule("listed", benefit=decided), {"listed": True}, SPECS, TODAY)
    assert (decision.verdict, decision.amount_fen) == (Verdict.YES, None)
    waiting = Higher((rate("0.1"), decided))  # unknown goes before decided
    assert decide(rule("listed", benefit=waiting), {"listed": True}, SPECS, TODAY).verdict is Verdict.UNKNOWN


def test_a_schedule_pays_the_whole() -> None:
    parts = tuple((Fraction(part), Label(part, part)) for part in ("0.3", "0.3", "0.4"))
    assert pays(Schedule(rate("0.1"), parts), rd=1001) == 100


@given(st.integers(0, 10**12), st.lists(st.integers(0, 1000), min_size=1, max_size=8).filter(any))
def test_instalments_sum_to_the_whole_and_none_is_a_fen_off(fen: int, weights: list[int]) -> None:
    parts = [Fraction(weight, sum(weights)) for weight in weights]
    paid = instalments(fen, parts)
    assert sum(paid) == fen
    assert all(floor(fen * part) <= each <= floor(fen * part) + 1 for each, part in zip(paid, parts, strict=True))
    for one, other in ((i, j) for i in range(len(paid)) for j in range(len(paid))):
        up, down = paid[one] > fen * parts[one], paid[other] <= fen * parts[other] and fen * parts[other] % 1 > 0
        if up and down:  # who got the fen had no smaller remainder
            assert fen * parts[one] % 1 >= fen * parts[other] % 1


def test_instalments() -> None:
    assert instalments(100_01, [Fraction("0.3"), Fraction("0.3"), Fraction("0.4")]) == (3000, 3000, 4001)
    assert instalments(100, [Fraction(1, 3)] * 3) == (34, 33, 33)
    for wrong in ([Fraction(1, 2)], [Fraction(3, 2), Fraction(-1, 2)]):
        with pytest.raises(ValueError, match="sum to 1"):
            instalments(100, wrong)
    with pytest.raises(ValueError, match="instalments of -1"):
        instalments(-1, [Fraction(1)])


@given(st.lists(st.integers(1, 10**9), min_size=2, max_size=12))
def test_more_base_never_pays_less(increments: list[int]) -> None:
    paid = [pays(rate("0.0333", cap_fen=10**8), rd=fen) for fen in accumulate(increments)]
    assume(None not in paid)
    assert paid == sorted(paid)  # type: ignore[type-var]
