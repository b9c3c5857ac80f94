"""Structured fields: what is written is read again; what is not of the RFC is refused, whatever it is."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qinqing.lib.httpsig import Reason, SignatureRefused
from qinqing.lib.httpsig.digest import check_digest, content_digest
from qinqing.lib.httpsig.fields import (
    MAX_LENGTH,
    InnerList,
    Item,
    Token,
    read_dictionary,
    write_bare,
    write_dictionary,
)

KEYS = st.from_regex(r"[a-z*][a-z0-9_\-.*]{0,8}", fullmatch=True)
BARE = (
    st.booleans()
    | st.integers(-(10**15) + 1, 10**15 - 1)
    | st.integers(-(10**15) + 1, 10**15 - 1).map(lambda n: Decimal(n).scaleb(-3))
    | st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)
    | st.from_regex(r"[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]{0,8}", fullmatch=True).map(Token)
    | st.binary(max_size=12)
)
PARAMETERS = st.dictionaries(KEYS, BARE, max_size=3)
ITEMS = st.builds(Item, BARE, PARAMETERS)
MEMBERS = ITEMS | st.builds(InnerList, st.lists(ITEMS, max_size=4).map(tuple), PARAMETERS)


@given(st.dictionaries(KEYS, MEMBERS, max_size=5))
def test_what_is_written_is_read_again(members: dict[str, Item | InnerList]) -> None:
    text = write_dictionary(members)
    found = read_dictionary(text, "x")
    assert found == members
    assert list(found) == list(members)
    assert write_dictionary(found) == text


@given(st.text(max_size=60) | st.text('abz*=;,()":?0123. \t\\-\x7f\n', max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = read_dictionary(text, "x")
    except SignatureRefused as refused:
        assert refused.reason is Reason.MALFORMED
        assert refused.where.startswith("x, character ")
    else:
        assert read_dictionary(write_dictionary(found), "x") == found


@pytest.mark.parametrize(
    "text",
    [
        *("a=", "a=1,", "a=1, ", "a=1,,b", ",a", "a=1 b", "a=1,a=2", "a;x;x", "A=1", "é=1", "1", "a=1\n"),
        *("a=1234567890123456", "a=1.2345", "a=1234567890123.1", "a=1.", "a=--1", "a=.5", "a=?2", "a=?"),
        *('a="', 'a="\\', 'a="\\n"', 'a="é"', 'a="\t"', "a=:YQ:", "a=:YR==:", "a=:Y=Q=:", "a=:YQ==", "a=:é:"),
        *("a=(", "a=(1", "a=(1,2)", "a=((1))", 'a=("b""c")', "a=(1\t2)", "a=1;", "a=1; =2", "a=@1659578233", 'a=%"f"'),
    ],
)
def test_what_is_not_of_the_rfc(text: str) -> None:
    with pytest.raises(SignatureRefused) as refused:
        read_dictionary(text, "x")
    assert refused.value.reason is Reason.MALFORMED


@pytest.mark.parametrize(
    ("text", "member"),
    [
        ("a", Item(True)),
        ("a;x=2", Item(True, {"x": 2})),
        ("  a=1.50  ", Item(Decimal("1.5"))),
        ('a="q\\"b\\\\"', Item('q"b\\')),
        ("a=( 1  2 )", InnerList((Item(1), Item(2)))),
        ("a=();  x", InnerList((), {"x": True})),
        ("a=*t/x:", Item(Token("*t/x:"))),
        ("a=-0", Item(0)),
    ],
)
def test_what_is_of_the_rfc(text: str, member: Item | InnerList) -> None:
    assert read_dictionary(text, "x") == {"a": member}


@pytest.mark.parametrize(
    "text",
    [
        "a" * (MAX_LENGTH + 1),
        ",".join(f"k{n}" for n in range(65)),
        f"a=({'1 ' * 65})",
        "a" + "".join(f";p{n}" for n in range(17)),
    ],
)
def test_limits(text: str) -> None:
    with pytest.raises(SignatureRefused) as refused:
        read_dictionary(text, "x")
    assert refused.value.reason is Reason.TOO_LARGE


@pytest.mark.parametrize(
    "seed", ['"', "a", "a=:", "a=:A", 'a="\\', "a=(", "a;", "a=1", " ", ",", "a=(1 ", 'a="\\"', "\t"]
)
def test_nothing_makes_reading_slow(seed: str) -> None:
    """One pass: the longest field takes milliseconds whatever it repeats (a quadratic reader would take seconds)."""
    for text in ((seed * MAX_LENGTH)[:MAX_LENGTH], seed + (seed[-1] * MAX_LENGTH)[: MAX_LENGTH - len(seed)]):
        began = perf_counter()
        with suppress(SignatureRefused):
            read_dictionary(text, "x")
        assert perf_counter() - began < 0.5


@pytest.mark.parametrize("value", ["é", "\n", 10**15, Decimal(10**12), Decimal("NaN"), Token("a b"), Token("")])
def test_what_cannot_be_written(value: object) -> None:
    with pytest.raises(ValueError, match="cannot hold"):
        write_bare(value)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="cannot hold"):
        write_dictionary({"A": Item(1)})


# RFC 9530, appendix B.1 and section 2
HELLO = b'{"hello": "world"}\n'


def test_digests_of_the_rfc() -> None:
    assert content_digest(HELLO) == "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
    assert content_digest(b"") == "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"


@given(st.binary(max_size=50), st.binary(max_size=50), st.sampled_from(["sha-256", "sha-512"]))
def test_a_digest_fits_its_body_only(body: bytes, other: bytes, algorithm: str) -> None:
    value = content_digest(body, algorithm)
    check_digest(value, body)
    check_digest(f"md5=:AAAA:, {value}", body)
    if other != body:
        with pytest.raises(SignatureRefused) as refused:
            check_digest(value, other)
        assert refused.value.reason is Reason.DIGEST


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("", Reason.DIGEST),
        ("md5=:AAAA:", Reason.DIGEST),
        ("sha-256=:AAAA:", Reason.DIGEST),
        (f"{content_digest(HELLO)}, sha-512=:AAAA:", Reason.DIGEST),
        ("sha-256=AAAA", Reason.MALFORMED),
        ('sha-256="x"', Reason.MALFORMED),
        ("sha-256=(:AAAA:)", Reason.MALFORMED),
        (f"{content_digest(HELLO)}, {content_digest(HELLO)}", Reason.MALFORMED),
        ("x" * 9000, Reason.TOO_LARGE),
    ],
)
def test_digests_that_are_none(value: str, reason: Reason) -> None:
    with pytest.raises(SignatureRefused) as refused:
        check_digest(value, HELLO)
    assert refused.value.reason is reason
