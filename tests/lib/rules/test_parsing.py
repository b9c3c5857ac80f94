"""Reading and writing expressions: what is read is written back the same; what cannot be read says where and how to
mend it, in both languages."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qinqing.lib.rules.parsing import MAX_TEXT, name_fault, parse
from qinqing.lib.rules.printing import text
from qinqing.lib.rules.terms import Binary, Call, Choice, ListOf, Literal, Name, Term, TermError, Unary
from tests.examples import many
from tests.lib.rules.making import booleans, doubles, ints, strings

X, Y = Name("x"), Name("y")


SCRAPS = 'x 1 2.5 "a" ( ) [ ] , . ! - + * / % < <= == && || ? : in true date size 营 5万 \\'.split()  # noqa: SIM905


def number(value: float | int) -> Literal:
    return Literal(value, repr(value))


@settings(max_examples=many(500), deadline=None)
@given(booleans(2) | doubles(2) | ints(2) | strings())
def test_what_is_written_is_read_as_the_same_term(term: Term) -> None:
    assert parse(text(term)) == term


@given(st.text(max_size=40).map(Literal))
def test_any_text_survives(term: Term) -> None:
    assert parse(text(term)) == term


@settings(max_examples=many(500), deadline=None)
@given(st.text(max_size=60) | st.lists(st.sampled_from(SCRAPS)).map(" ".join))
def test_whatever_is_typed_is_read_or_refused_at_a_place(typed: str) -> None:
    try:
        term = parse(typed)
    except TermError as refused:
        assert 0 <= refused.at <= len(typed)
        assert refused.label.zh and refused.label.en and refused.label.zh != refused.label.en
    else:
        assert parse(text(term)) == term


@pytest.mark.parametrize(
    ("typed", "term"),
    [
        ("x - y - 1.0", Binary("-", Binary("-", X, Y), number(1.0))),
        ("x - (y - 1.0)", Binary("-", X, Binary("-", Y, number(1.0)))),
        ("x + y * 2.0", Binary("+", X, Binary("*", Y, number(2.0)))),
        ("a || b && c", Binary("||", Name("a"), Binary("&&", Name("b"), Name("c")))),
        ("!a == b", Binary("==", Unary("!", Name("a")), Name("b"))),
        ("a ? x : b ? y : 1.0", Choice(Name("a"), X, Choice(Name("b"), Y, number(1.0)))),
        ("-x", Unary("-", X)),
        ("- 5", number(-5)),
        ("-(5)", Unary("-", number(5))),
        ("x -1", Binary("-", X, number(1))),
        ("0x1F", Literal(31, "0x1F")),
        ("1.10", Literal(1.1, "1.10")),
        (".5e1", Literal(5.0, ".5e1")),
        ("-9223372036854775808", number(-(2**63))),
        ('s in ["a", "b",]', Binary("in", Name("s"), ListOf((Literal("a"), Literal("b"))))),
        ("s.startsWith('39')", Call("startsWith", (Name("s"), Literal("39")))),
        ("s.size()", Call("size", (Name("s"),))),
        ('d >= date("2024-02-29")', Binary(">=", Name("d"), Literal(date(2024, 2, 29)))),
        ("x // 注释\n > 1.0", Binary(">", X, number(1.0))),
        (r'"\u4e2d\x41\101\n\""', Literal('中AA\n"')),
        (r"r'\d'", Literal(r"\d")),
        ('"""a"b\nc"""', Literal('a"b\nc')),
        ("in_park", Name("in_park")),
    ],
)
def test_reads(typed: str, term: Term) -> None:
    assert parse(typed) == term


@pytest.mark.parametrize(
    ("typed", "at", "mend"),
    [
        ("研发费用 > 1.0", 0, "write the fact's code"),
        ("x > 1.0 and y > 1.0", 8, "write &&"),
        ("x > 1.0 AND y > 1.0", 8, "write &&"),
        ("not x", 0, "write !"),
        ("x = 1.0", 2, "write =="),
        ("x ≥ 1.0", 2, "write >="),
        ("x＞1.0", 1, "write >"),
        ("x in （1.0）", 5, "write ("),
        ("s == “a”", 5, 'write "'),
        ("s == 'a", 5, "closing quote"),
        ("x > 5%", 6, "5% is 0.05"),
        ("x > 5% && y", 7, "5% is 0.05"),
        ("x > 1,000.0", 5, "no thousands separators"),
        ("x > 50万", 6, "in full"),
        ("x > 5u", 5, "leave out the u"),
        ("s == b'a'", 5, "leave out the b"),
        ("x > 9223372036854775808", 4, "write 9223372036854775808.0"),
        ("x > 1e999", 4, "out of range"),
        ("x > 1e-999", 4, "out of range"),
        ("(x > 1.0", 8, ") is expected"),
        ("[1.0, 2.0", 9, "] is expected"),
        ("x ? y", 5, ": is expected"),
        ("x > ", 4, "expected here"),
        ("", 0, "expected here"),
        ("x y", 2, "should end here"),
        ("x # y", 2, "leave it out"),
        ("x.y", 2, "no fields"),
        ("x[0]", 1, "by position"),
        ("f(x)", 0, "known are date"),
        ("x.matches('a')", 2, "known are date"),
        ("contains(x, 'a')", 0, "write x.contains"),
        ("size(x, y)", 0, "takes 1 argument"),
        ("x.contains()", 2, "takes 1 argument"),
        ("size(x,)", 7, "after the comma"),
        ("date('2026-02-30')", 0, 'date("2026-01-31")'),
        ("date(x)", 0, 'date("2026-01-31")'),
        (r"'\q'", 1, "for a backslash"),
        (r"'a\ud800'", 2, "no character"),
        ("size > 1.0", 0, "size_value"),
        ("if", 0, "if_value"),
        ("today > date('2026-01-01')", 0, "today_value"),
        ("True", 0, "write true"),
        ("(" * 50 + "x" + ")" * 50, 40, "divide it"),
        ("!" * 50 + "x", 40, "divide it"),
        (" || ".join("x" * 150), None, "combined by all or any"),
        ("x" * 10_000, MAX_TEXT, "Divide it"),
    ],
)
def test_refuses_with_place_and_mend(typed: str, at: int | None, mend: str) -> None:
    with pytest.raises(TermError) as refused:
        parse(typed)
    assert mend in refused.value.label.en
    assert any("一" <= char <= "鿿" for char in refused.value.label.zh)
    assert at is None or refused.value.at == at


def test_forty_brackets_and_a_hundred_members_are_read() -> None:
    assert parse("(" * 39 + "x" + ")" * 39) == X
    assert parse(" || ".join("x" * 99))


@pytest.mark.parametrize(
    "id", ["size", "date", "in", "true", "int", "has", "contains", "研发", "3d", "a-b", "", "today"]
)
def test_facts_cannot_be_called_what_the_language_calls_its_own(id: str) -> None:
    fault = name_fault(id)
    assert fault and id in fault.zh and id in fault.en


def test_plain_ids_are_free() -> None:
    assert name_fault("rd_expense") is None
