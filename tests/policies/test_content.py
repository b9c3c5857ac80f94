"""The content of a policy and its hash: what changes it and what does not; YAML out and in again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from qinqing.lib.labels import Label
from qinqing.lib.rules.parsing import parse
from qinqing.lib.rules.rule import (
    Benefit,
    Condition,
    Decided,
    Fixed,
    Group,
    Higher,
    Node,
    Rate,
    Rule,
    Schedule,
    Step,
    Tiers,
    Verdict,
)
from qinqing.policies.checker.shape import policy_of
from qinqing.policies.content import decimal, sha256_of
from qinqing.policies.policy import (
    Budget,
    Document,
    Effect,
    Example,
    Origin,
    Policy,
    Review,
    ReviewResult,
    Short,
    Source,
    Window,
)
from qinqing.policies.to_yaml import to_yaml
from tests.examples import many
from tests.policies.texts import DEMO, LIUHE, SOUND, spoilt

KNOWN_HASH = "aa6db4615a5cae38753a350d6b2586c6562d5bdb573109fbe384363312d72f8e"


def _policy(text: str) -> Policy:
    policy, findings, _ = policy_of(text)
    assert policy is not None, findings
    return policy


def test_the_hash_of_a_known_text_never_changes() -> None:
    """Versions are stored with it: whoever breaks this breaks every installation's history."""
    assert sha256_of(_policy(SOUND)) == KNOWN_HASH


SAME: list[tuple[str, Callable[[str], str]]] = [
    ("comments", lambda text: text.replace("policy:", "# another comment\npolicy:", 1)),
    ("blank lines", lambda text: text.replace("\n\n", "\n")),
    ("quotes", lambda text: text.replace("rd_reward\n", "'rd_reward'\n", 1)),
    (
        "order of keys",
        lambda text: text.replace("reference: 示政发〔2026〕7号第七条\n", "") + "reference: 示政发〔2026〕7号第七条\n",
    ),
    ("percent", lambda text: text.replace("5%, of", "0.05, of")),
    ("digits", lambda text: text.replace("20000000.00", "20_000_000")),
    ("rounding, which is always down", lambda text: text.replace(", round: down_to_fen", "")),
    (
        "blanks around an expression",
        lambda text: text.replace("'valid_invention_patents >= 3'", "' valid_invention_patents >= 3 '"),
    ),
    ("windows newlines", lambda text: text.replace("\n", "\r\n")),
    ("english that repeats", lambda text: text.replace("zh: 都符合\n", "zh: 都符合\n    en: 都符合\n")),
]
OTHER: list[tuple[str, str, str]] = [
    ("a clause's words", "在本县生产经营的企业。", "在本县生产经营的企业"),
    ("a limit", "revenue >= 0.03", "revenue >= 0.030"),
    ("a label", "zh: 研发费用占比", "zh: 研发费用比例"),
    ("a rate", "rate: 5%", "rate: 5.01%"),
    ("a cap", "cap_yuan: 500000", "cap_yuan: 500000.01"),
    ("a day", "to: 2026-11-30", "to: 2026-11-29"),
    ("an example", "yuan: 53000.00", "yuan: 53000.01"),
    ("a document", "id: seal", "id: seals"),
    ("the budget's direction", "by: rd_expense}", "by: rd_expense, order: lowest_first}"),
    ("the review", "result: passed", "result: failed"),
    ("what it excludes", "excludes: [other]", "excludes: []"),
    ("a department", "[science, tax]", "[tax, science]"),
    ("no application", "without_application: true", "without_application: false"),
]


@pytest.mark.parametrize(("name", "change"), SAME, ids=[name for name, _ in SAME])
def test_typing_does_not_change_the_hash(name: str, change: Callable[[str], str]) -> None:
    assert change(SOUND) != SOUND
    assert sha256_of(_policy(change(SOUND))) == sha256_of(_policy(SOUND))


@pytest.mark.parametrize(("name", "old", "new"), OTHER, ids=[name for name, _, _ in OTHER])
def test_saying_something_else_changes_the_hash(name: str, old: str, new: str) -> None:
    assert sha256_of(_policy(spoilt(old, new))) != sha256_of(_policy(SOUND))


def test_the_order_of_conditions_is_content() -> None:
    policy = _policy(SOUND)
    group = policy.rule.conditions
    assert isinstance(group, Group)
    turned = replace(policy, rule=replace(policy.rule, conditions=Group("all", group.members[::-1])))
    assert sha256_of(turned) != sha256_of(policy)


FILES = sorted([*(DEMO / "policies").glob("*.yaml"), *(LIUHE / "policies").glob("*.yaml")])


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_policies_written_out_are_read_back_the_same(path: Path) -> None:
    policy = _policy(path.read_text(encoding="utf-8"))
    again = to_yaml(policy)
    assert _policy(again) == policy
    assert to_yaml(_policy(again)) == again
    assert yaml.safe_load(again)["policy"] == policy.code, "any reader of YAML can read it"


# Policies made up at random, as far as the format goes.

words = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="\ufeff\ufffe\uffff"),
    min_size=1,
    max_size=30,
)
trimmed = words.map(str.strip).filter(bool)
codes = st.from_regex(r"[a-z][a-z0-9_]{0,10}", fullmatch=True)
labels = st.builds(Label, words, words)
days = st.dates(date(2000, 1, 1), date(2099, 12, 31))
fens = st.integers(0, 10**13)
rates = st.decimals(0, 1000, places=6).map(Fraction)
TERMS = [
    "dishonest",
    "rd_expense / revenue >= 0.03",
    'status in ["存续", "a\'b"]',
    "!(staff > 3.5 || dishonest)",
    "'x' == status",
]
BASES = ["rd_expense", "rd_expense - rd_expense_last_year", "staff * 2.0 + 1.5"]
terms = st.sampled_from(TERMS)
bases = st.sampled_from(BASES)
conditions = st.builds(
    lambda id, label, clause, text: Condition(id, label, clause, parse(text), text),
    codes,
    labels,
    words.map(lambda w: w[:40]),
    terms,
)
nodes: st.SearchStrategy[Node] = st.recursive(
    conditions,
    lambda inner: st.one_of(
        st.builds(
            lambda kind, members: Group(kind, tuple(members)),
            st.sampled_from(["all", "any"]),
            st.lists(inner, min_size=1, max_size=3),
        ),
        st.builds(lambda member: Group("not", (member,)), inner),
    ),
    max_leaves=6,
)
groups = st.one_of(nodes.filter(lambda node: isinstance(node, Group)), conditions.map(lambda c: Group("all", (c,))))
maybe_fen = st.none() | fens
steps = st.builds(
    lambda start, fen, rate, above: Step(start, fen if rate is None else None, rate, above),
    st.decimals(-1000, 10**9, places=2).map(Fraction), fens, st.none() | rates, st.booleans(),
)  # fmt: skip
plain: st.SearchStrategy[Benefit] = st.one_of(
    st.builds(Fixed, fens),
    st.builds(lambda rate, of, cap, floor: Rate(rate, parse(of), of, cap, floor), rates, bases, maybe_fen, maybe_fen),
    st.builds(
        lambda of, steps, pays, cap: Tiers(parse(of), of, tuple(steps), parse(pays) if pays else None, cap, pays or ""),
        bases,
        st.lists(steps, min_size=1, max_size=3),
        st.none() | bases,
        maybe_fen,
    ),
    st.builds(Decided, labels, maybe_fen, maybe_fen),
)
parts = st.lists(st.tuples(rates.filter(lambda rate: rate <= 1), labels), min_size=2, max_size=4).map(tuple)
benefits = st.one_of(
    plain,
    st.builds(Schedule, plain, parts),
    st.builds(lambda several: Higher(tuple(several)), st.lists(plain, min_size=2, max_size=3)),
)
facts = st.dictionaries(
    codes,
    st.one_of(st.booleans(), st.integers(-(10**15), 10**15), words, st.decimals(-(10**6), 10**6, places=2)),
    max_size=4,
)
examples = st.one_of(
    st.builds(Example, labels, facts, st.just(Verdict.YES), st.none() | days, maybe_fen),
    st.builds(
        Example,
        labels,
        facts,
        st.just(Verdict.UNKNOWN),
        st.none() | days,
        st.none(),
        st.none() | st.frozensets(codes, max_size=3),
    ),
    st.builds(Example, labels, facts, st.just(Verdict.NO), st.none() | days),
)
budgets = st.one_of(
    st.builds(Budget, fens, st.sampled_from([Short.FIRST_COME, Short.PRO_RATA])),
    st.builds(Budget, fens, st.just(Short.RANKED), codes, st.booleans()),
)
policies = st.builds(
    lambda code, conditions, benefit, **rest: Policy(code=code, rule=Rule(code, conditions, benefit), **rest),
    code=codes,
    conditions=groups,
    benefit=benefits,
    title=labels,
    reference=words,
    source=st.builds(Source, st.just(Origin.PUBLIC), words),
    departments=st.lists(
        st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True), min_size=1, max_size=3, unique=True
    ).map(tuple),
    clauses=st.dictionaries(words.map(lambda word: word[:40]), trimmed, min_size=1, max_size=3),
    effect=st.builds(Effect, days, st.none() | days),
    benefit_clause=words,
    window=st.none() | st.builds(Window, days, st.none() | days, st.booleans()),
    supersedes=st.lists(codes, max_size=2, unique=True).map(tuple),
    excludes=st.lists(codes, max_size=2, unique=True).map(tuple),
    highest_of=st.just("") | codes,
    budget=st.none() | budgets,
    documents=st.lists(st.builds(Document, codes, labels), max_size=2).map(tuple),
    review=st.none() | st.builds(Review, st.sampled_from(ReviewResult), days, labels, words),
    examples=st.lists(examples, min_size=1, max_size=3).map(tuple),
)


@settings(max_examples=many(150), deadline=None)
@given(policies)
def test_any_policy_written_out_is_read_back_the_same(policy: Policy) -> None:
    text = to_yaml(policy)
    again, findings, _ = policy_of(text)
    assert again is not None, (findings, text)
    assert sha256_of(again) == sha256_of(policy)
    assert again.rule == policy.rule


@given(st.decimals(-(10**9), 10**9, places=10))
def test_decimals_are_given_back_exactly(value: Decimal) -> None:
    assert decimal(Fraction(value)) == value
