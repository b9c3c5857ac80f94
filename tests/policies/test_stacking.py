"""Stacking and “the higher of, not both”: against trying every combination."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, combinations

from hypothesis import given
from hypothesis import strategies as st

from qinqing.policies.checker.shape import policy_of
from qinqing.policies.policy import Policy
from qinqing.policies.stacking import clash, settle
from tests.policies.texts import SOUND

_found = policy_of(SOUND)[0]
assert _found is not None
BASE = replace(_found, excludes=(), stacks_with=(), highest_of="")


def _policy(code: str, group: str = "", excludes: tuple[str, ...] = (), stacks: tuple[str, ...] = ()) -> Policy:
    return replace(BASE, code=code, highest_of=group, excludes=excludes, stacks_with=stacks)


CODES = ("a", "b", "c", "d", "e", "f")
some = st.lists(st.sampled_from(CODES), max_size=3, unique=True).map(tuple)
houses = st.fixed_dictionaries({code: st.tuples(st.sampled_from(["", "", "g", "h"]), some, some) for code in CODES})
amounts = st.dictionaries(st.sampled_from(CODES), st.integers(0, 5), max_size=6)


def _policies(house: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]]) -> dict[str, Policy]:
    return {
        code: _policy(code, group, tuple(c for c in excludes if c != code), tuple(c for c in stacks if c != code))
        for code, (group, excludes, stacks) in house.items()
    }


@given(houses, amounts)
def test_the_company_gets_the_combination_worth_most(
    house: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]], amounts: dict[str, int]
) -> None:
    policies = _policies(house)
    settled = settle(amounts, policies)
    free = [
        codes
        for codes in chain.from_iterable(combinations(sorted(amounts), n) for n in range(len(amounts) + 1))
        if not any(clash(policies[a], policies[b]) for a, b in combinations(codes, 2))
    ]
    best = max(sum(amounts[code] for code in codes) for codes in free)
    assert settled.paid in free, "nothing that clashes is paid together"
    assert sum(amounts[code] for code in settled.paid) == best
    assert set(settled.paid) | set(settled.instead) == set(amounts) and not set(settled.paid) & set(settled.instead)
    assert settled.waiting == ()


@given(houses, amounts, st.permutations(CODES))
def test_the_order_of_policies_never_matters(
    house: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]], amounts: dict[str, int], order: list[str]
) -> None:
    policies = _policies(house)
    turned = {code: amounts[code] for code in order if code in amounts}
    assert settle(turned, {code: policies[code] for code in order}) == settle(amounts, policies)


def test_of_a_group_the_highest_is_paid() -> None:
    policies = {code: _policy(code, "level") for code in "abc"}
    settled = settle({"a": 10, "b": 50, "c": 30}, policies)
    assert (settled.paid, settled.instead) == (("b",), {"a": ("b",), "c": ("b",)})


def test_two_together_may_be_worth_more_than_the_highest() -> None:
    policies = {"a": _policy("a", excludes=("b", "c")), "b": _policy("b"), "c": _policy("c")}
    assert settle({"a": 10, "b": 6, "c": 6}, policies).paid == ("b", "c")
    assert settle({"a": 13, "b": 6, "c": 6}, policies).paid == ("a",)


def test_one_that_stacks_is_paid_besides() -> None:
    policies = {"a": _policy("a", "g"), "b": _policy("b", "g", stacks=("a",))}
    assert settle({"a": 10, "b": 5}, policies).paid == ("a", "b")


def test_what_a_body_has_not_decided_holds_up_what_it_clashes_with_and_nothing_else() -> None:
    policies = {"a": _policy("a", "g"), "b": _policy("b", "g"), "c": _policy("c")}
    settled = settle({"a": 10, "b": None, "c": 5}, policies)
    assert (settled.paid, settled.waiting, settled.instead) == (("c",), ("a", "b"), {})
    assert settle({"b": None}, policies).paid == ("b",), "alone it clashes with nothing: it is paid once decided"


def test_a_large_group_is_settled_at_once() -> None:
    policies = {f"p{n}": _policy(f"p{n}", "g") for n in range(60)}
    assert settle({code: n for n, code in enumerate(policies)}, policies).paid == ("p59",)
