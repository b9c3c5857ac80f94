"""Canonical text, commitments, links, Merkle trees."""

from __future__ import annotations

import hashlib
import json
import math
from datetime import date
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qinqing.audit import chain

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
surrogate_free = st.text(st.characters(exclude_categories=["Cs"]))
lines = st.lists(surrogate_free, min_size=1, max_size=70)


def test_canonical_has_sorted_keys_no_blanks_and_chinese_as_it_is() -> None:
    assert chain.canonical({"b": [1, None, True], "a": {"理由": "材料 齐全"}}) == (
        '{"a":{"理由":"材料 齐全"},"b":[1,null,true]}'
    )


@given(values)
def test_canonical_reads_back_and_is_one_text_per_value(value: object) -> None:
    try:
        text = chain.canonical(value)
    except UnicodeEncodeError:
        return  # a lone surrogate: refused
    assert chain.canonical(json.loads(text)) == text


@pytest.mark.parametrize(
    "bad",
    [math.nan, [math.inf], {"a": -math.inf}, {1: 2}, [{None: 1}], {"x": {True: 1}}, {"d": date(2026, 1, 1)}, b"", {1}],
)
def test_canonical_refuses(bad: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        chain.canonical(bad)


def test_canonical_refuses_text_that_is_not_unicode() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        chain.canonical("\ud800")


def test_hashes_are_what_the_documentation_says() -> None:
    assert chain.commitment("ab", "内容") == hashlib.sha256(b"\x02ab\n" + "内容".encode()).hexdigest()
    assert chain.link("", "{}") == hashlib.sha256(b"\x03\n{}").hexdigest()
    assert chain.commitment("a", "b") != chain.link("a", "b")


def test_sm3_names_itself_and_is_the_standard_one() -> None:
    """GB/T 32905-2016, example 1: SM3("abc"); here through a leaf, whose first byte we can account for."""
    from cryptography.hazmat.primitives import hashes

    digest = hashes.Hash(hashes.SM3())
    digest.update(b"abc")
    assert digest.finalize().hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    hashed = chain.link("", "{}", chain.SM3)
    assert hashed.startswith("sm3:")
    assert len(hashed) == chain.HASH_LENGTH
    assert chain.algorithm_of(hashed) == chain.SM3
    assert chain.algorithm_of(chain.link("", "{}")) == chain.SHA256


def test_unknown_algorithm_is_refused() -> None:
    with pytest.raises(ValueError, match="md5"):
        chain.link("", "{}", "md5")


@pytest.mark.parametrize("algorithm", [chain.SHA256, chain.SM3])
@given(lines, st.data())
def test_every_leaf_has_a_proof_and_no_other_leaf_passes(
    algorithm: str, leaves: list[str], data: st.DataObject
) -> None:
    root = chain.merkle_root(leaves, algorithm)
    index = data.draw(st.integers(0, len(leaves) - 1))
    path = chain.merkle_path(leaves, index, algorithm)
    assert chain.verify_path(leaves[index], index, len(leaves), path, root)
    other = data.draw(surrogate_free.filter(lambda text: text != leaves[index]))
    assert not chain.verify_path(other, index, len(leaves), path, root)
    assert not chain.verify_path(leaves[index], index, len(leaves), [*path, "00" * 32], root)
    assert not path or not chain.verify_path(leaves[index], index, len(leaves), path[:-1], root)


@given(lines, st.data())
def test_the_root_changes_with_any_leaf(leaves: list[str], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    changed = leaves.copy()
    changed[index] += "x"
    assert chain.merkle_root(changed) != chain.merkle_root(leaves)
    assert chain.merkle_root([*leaves, leaves[-1]]) != chain.merkle_root(leaves)  # no doubling of the last leaf


def test_the_tree_is_the_one_of_rfc_6962() -> None:
    """Computed here by the recursive definition of section 2.1, the room computes layer by layer."""

    def root(leaves: list[str]) -> bytes:
        if len(leaves) == 1:
            return hashlib.sha256(b"\x00" + leaves[0].encode()).digest()
        split = 1
        while split * 2 < len(leaves):
            split *= 2
        return hashlib.sha256(b"\x01" + root(leaves[:split]) + root(leaves[split:])).digest()

    for size in range(1, 40):
        leaves = [f"叶{i}" for i in range(size)]
        assert chain.merkle_root(leaves) == root(leaves).hex()
    assert chain.merkle_root([]) == hashlib.sha256().hexdigest()


def test_a_link_takes_less_than_ten_microseconds() -> None:
    head = chain.canonical({"case": "帮2026-000001", "seq": 3, "moves": {"stage": "x" * 400}})
    best = min(_seconds(head) for _ in range(5))
    assert best / 2000 < 10e-6


def _seconds(head: str) -> float:
    start = perf_counter()
    for _ in range(2000):
        chain.link("0" * 64, head)
    return perf_counter() - start
