"""公平竞争审查的提示: words and facts that reviewers look for. Warnings, never faults: a person decides.

What is looked for is data: `fair_competition.yaml`, each rule with its legal basis.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from qinqing.lib import safe_yaml
from qinqing.lib.labels import Label
from qinqing.lib.rules.checking import names
from qinqing.policies.checker.known import Faults, Known
from qinqing.policies.finding import Fault
from qinqing.policies.parts import conditions, expressions
from qinqing.policies.policy import Policy, ReviewResult

FILE = Path(__file__).parents[1] / "fair_competition.yaml"


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing that reviewers look for, and where it is forbidden."""

    code: str
    label: Label
    basis: str
    mend: Label
    words: tuple[re.Pattern[str], ...]
    facts: frozenset[str]


@cache
def concerns() -> tuple[Concern, ...]:
    """All of them, in the order of the file."""
    raw = safe_yaml.read(FILE)["rules"]
    return tuple(
        Concern(
            code,
            Label(each["zh"], each["en"]),
            each["basis"],
            Label.of(each["mend"]),
            tuple(re.compile(words) for words in each["words"]),
            frozenset(each["facts"]),
        )
        for code, each in raw.items()
    )


def competition(policy: Policy, known: Known) -> Faults:
    """Each concern once, at the first place that raises it; and a document that did not pass its own review."""
    if policy.review and policy.review.result is ReviewResult.FAILED:
        said = Label(
            "文件自身的公平竞争审查未通过，不得出台。请修改后重新审查",
            "the document itself did not pass its fair-competition review; it may not be issued before it is mended",
        )
        yield Fault(("review", "result"), said)
    for concern in concerns():
        found = next(_hits(policy, concern), None)
        if found:
            path, what = found
            said = Label(
                f"{concern.label.zh}（{what}）：{concern.basis}。{concern.mend.zh}",
                f"{concern.label.en} ({what}): {concern.basis}; {concern.mend.en}",
            )
            yield Fault(path, said)


def _hits(policy: Policy, concern: Concern) -> Iterator[tuple[tuple[str, ...], str]]:
    for each in expressions(policy):
        for name in sorted(names(each.term) & concern.facts):
            yield each.path, name
    for path, text in _texts(policy):
        for words in concern.words:
            if hit := words.search(text):
                yield path, hit[0]


def _texts(policy: Policy) -> Iterator[tuple[tuple[str, ...], str]]:
    for clause, words in policy.clauses.items():
        yield ("clauses", clause), words
    for path, condition in conditions(policy):
        yield (*path, "zh"), condition.label.zh
    yield ("title", "zh"), policy.title.zh
