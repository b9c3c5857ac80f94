"""Whom a registered name means: exact normal forms, periods, codes and where they went; never a likeness."""

from __future__ import annotations

import ast
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from qinqing.lib.names import normal
from qinqing.mortgages import authorisations, names, suggesting
from qinqing.mortgages.names import Book, Borne
from qinqing.mortgages.register import Creditor
from tests.mortgages.world import World, code, where, work

A, B, C = code(0), code(1), code(2)
DAY = date(2015, 6, 1)
PRESENT = [("甲银行示范支行", A), ("乙银行示范支行", B)]


def whom(book: Book, name: str, credit_code: str = "", on: str = DAY.isoformat()) -> set[str]:
    return set(book.resolve(Creditor(name, credit_code), on).codes)


def test_a_present_name_in_any_spelling_of_the_same_characters() -> None:
    book = Book(PRESENT, [])
    assert whom(book, "　甲银行 示范支行") == {A}
    assert whom(book, "甲银行示范") == set()
    assert whom(book, "") == set()


@pytest.mark.parametrize(
    ("start", "end", "covered"),
    [
        (DAY, DAY, True),
        (DAY + timedelta(1), None, False),
        (None, DAY - timedelta(1), False),
        (DAY, None, True),
        (None, DAY, True),
        (None, None, True),
    ],
)
def test_a_former_name_counts_from_its_first_day_to_its_last(
    start: date | None, end: date | None, covered: bool
) -> None:
    book = Book(PRESENT, [Borne("旧名", A, "", start, end)])
    assert whom(book, "旧名") == ({A} if covered else set())


def test_of_an_unknown_day_only_a_name_without_bounds_is_certain() -> None:
    open_ended, bounded = Borne("甲", A), Borne("乙", B, "", None, DAY)
    assert whom(Book(PRESENT, [open_ended, bounded]), "甲", on="") == {A}
    assert whom(Book(PRESENT, [open_ended, bounded]), "乙", on="不详") == set()


def test_two_bearers_are_two_and_a_person_decides() -> None:
    assert whom(Book(PRESENT, [Borne("旧名", A), Borne("旧名", B)]), "旧名") == {A, B}
    assert whom(Book(PRESENT, [Borne(normal("乙银行示范支行"), A)]), "乙银行示范支行") == {A, B}


def test_a_name_that_was_handed_on_means_its_bearer_of_the_day() -> None:
    """B is called today what A was called until DAY; until then B was called otherwise."""
    handed_on, before = Borne("乙银行示范支行", A, "", None, DAY), Borne("丙分理处", B, "", None, DAY)
    both = Book(PRESENT, [handed_on, before])
    assert whom(both, "乙银行示范支行") == {A}
    assert whom(both, "乙银行示范支行", on=(DAY + timedelta(1)).isoformat()) == {B}
    assert whom(Book(PRESENT, [before]), "乙银行示范支行") == set(), "nobody known bore it that day"
    assert whom(Book(PRESENT, [Borne("乙行", B)]), "乙银行示范支行") == {B}, "another spelling takes nothing away"


def test_a_known_code_decides_whatever_the_name() -> None:
    book = Book(PRESENT, [Borne("旧名", B)])
    assert whom(book, "乙银行示范支行", A) == {A}
    assert whom(book, "旧名", C) == {B}, "a code that nobody bears leaves it to the name"
    assert whom(book, "旧名", A[:17] + "0") == {B}, "so does one that fails its check"


def test_a_code_that_went_over_means_todays_bearer() -> None:
    merged = Borne("丙信用社", A, C, None, DAY)
    assert whom(Book(PRESENT, [merged]), "丙信用社", C) == {A}
    assert whom(Book(PRESENT, [merged]), "无人", C) == {A}
    chain = [merged, Borne("甲银行示范支行", B, A)]
    assert whom(Book(PRESENT, chain), "", C) == {B}
    assert whom(Book(PRESENT, chain), "甲银行示范支行") == {B}
    split = [Borne("丙", A, C), Borne("丙", B, C)]
    assert whom(Book(PRESENT, split), "", C) == {A, B}
    circle = [Borne("甲旧", B, A), Borne("乙旧", A, B)]
    assert len(whom(Book(PRESENT, circle), "", A)) == 2, "a circle decides nothing"


NAMES = st.text("甲乙丙银行支（）() AＡ", min_size=1, max_size=6)
CODES = st.sampled_from([A, B, C])
DAYS = st.none() | st.dates(date(2010, 1, 1), date(2020, 1, 1))


@st.composite
def borne(draw: st.DrawFn) -> Borne:
    first, last = draw(DAYS), draw(DAYS)
    if first and last and first > last:
        first, last = last, first
    return Borne(normal(draw(NAMES)), draw(CODES), "", first, last)


@given(st.lists(borne(), max_size=8), NAMES, DAYS, st.sampled_from([" ", "\u3000", "\t"]))
def test_resolving_is_a_function_of_normal_forms(filed: list[Borne], name: str, on: date | None, blank: str) -> None:
    book = Book(PRESENT, filed)
    day = on.isoformat() if on else ""
    assert whom(book, name, on=day) == whom(book, blank.join(name) + blank, on=day)
    assert whom(book, name, on=day) == whom(Book(PRESENT, filed[::-1]), name, on=day), "nor of the order of filing"


@given(st.lists(borne(), max_size=8), borne(), NAMES, st.dates(date(2010, 1, 1), date(2020, 1, 1)))
def test_another_bearers_other_name_changes_nothing(filed: list[Borne], more: Borne, name: str, on: date) -> None:
    assume(more.name != normal(name))
    before = Book(PRESENT, filed).resolve(Creditor(name), on.isoformat()).codes
    assume(more.code not in before)
    assert Book(PRESENT, [*filed, more]).resolve(Creditor(name), on.isoformat()).codes == before


@given(st.lists(borne(), max_size=8), NAMES, st.dates(date(2010, 1, 1), date(2020, 1, 1)))
def test_nobody_is_named_whose_name_of_the_day_is_not_on_file(filed: list[Borne], name: str, on: date) -> None:
    found = whom(Book(PRESENT, filed), name, on=on.isoformat())
    on_file = {each.code for each in filed if each.name == normal(name) and each.covers(on)}
    assert found <= on_file | {each for called, each in PRESENT if called == normal(name)}


def imports_of(module: str) -> set[str]:
    """All modules of this wing that a module needs, at any distance."""
    folder = Path(names.__file__).parent
    seen, ahead = set(), {module}
    while ahead:
        one = ahead.pop()
        seen.add(one)
        path = folder / f"{one}.py"
        tree = ast.parse((path if path.exists() else folder / one / "__init__.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("qinqing.mortgages"):
                inner = (node.module or "").removeprefix("qinqing.mortgages").strip(".").split(".")[0]
                found = {inner} if inner else {each.name for each in node.names}
                ahead |= {each for each in found if (folder / f"{each}.py").exists()} - seen
    return seen


def test_no_score_can_decide() -> None:
    """Neither resolving nor judging nor releasing knows the suggestions."""
    assert Path(suggesting.__file__).stem == "suggesting"
    for module in ("names", "judging", "authorisations", "releasing", "taking"):
        assert "suggesting" not in imports_of(module), module
    assert "suggesting" in imports_of("cleaning")


@pytest.mark.django_db
def test_a_bank_may_go_on_reporting_under_the_code_it_had_before_a_merger(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    mortgage = world.mortgage("a")
    old, new = code(77), world.bank("a").credit_code
    monkeypatch.setattr(Book, "bearers", lambda _, given: frozenset({new}) if given == old else frozenset({given}))
    monkeypatch.setattr(authorisations, "may_speak", lambda *_: True)
    world.settled("a", mortgage, creditor_code=old)
    work()
    assert where(mortgage) == "released"
