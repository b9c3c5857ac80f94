"""A policy's form as a browser would send it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qinqing.directory.facts.dictionary import FactDef
from qinqing.policies import editing
from qinqing.policies.checker.shape import policy_of
from qinqing.policies.folder import county
from qinqing.policies.policy import Policy
from tests.policies.texts import DEMO

FACTS: dict[str, FactDef] = dict(county(DEMO).dictionary)


def policy(text: str) -> Policy:
    found, findings, _ = policy_of(text)
    assert found is not None, findings
    return found


def names_of(part: Any, before: str = "") -> Iterator[tuple[str, str]]:
    """Every field with its full name."""
    if isinstance(part, str):
        yield before, part
    else:
        for name, each in part.items() if isinstance(part, dict) else enumerate(part):
            yield from names_of(each, f"{before}.{name}" if before else str(name))


def sent(text: str) -> dict[str, str]:
    """What the form of this definition sends."""
    return dict(names_of(editing.fields_of(policy(text), FACTS)))
