"""Parts of a policy with the paths at which its YAML holds them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from qinqing.lib.rules.checking import names
from qinqing.lib.rules.rule import Benefit, Condition, Decided, Fixed, Higher, Node, Rate, Schedule, Tiers
from qinqing.lib.rules.terms import Term
from qinqing.policies.policy import Policy

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression: `wants` is what it must be (`lib.rules.checking.check`)."""

    path: Path
    term: Term
    wants: str


def conditions(policy: Policy) -> Iterator[tuple[Path, Condition]]:
    """Every condition, in the order written."""
    return _conditions(("conditions",), policy.rule.conditions)


def _conditions(path: Path, node: Node) -> Iterator[tuple[Path, Condition]]:
    if isinstance(node, Condition):
        yield path, node
    elif node.kind == "not":
        yield from _conditions((*path, "not"), node.members[0])
    else:
        for at, member in enumerate(node.members):
            yield from _conditions((*path, node.kind, str(at)), member)


def benefits(policy: Policy) -> Iterator[tuple[Path, Benefit]]:
    """The benefit and all that it is made of, the whole first."""
    return _benefits(("benefit",), policy.rule.benefit)


def _benefits(path: Path, benefit: Benefit) -> Iterator[tuple[Path, Benefit]]:
    yield path, benefit
    if isinstance(benefit, Schedule):
        yield from _benefits((*path, "whole"), benefit.whole)
    elif isinstance(benefit, Higher):
        for at, each in enumerate(benefit.of):
            yield from _benefits((*path, "higher_of", str(at)), each)


def expressions(policy: Policy) -> Iterator[Expression]:
    """Every expression: conditions, then bases of what is paid."""
    for path, condition in conditions(policy):
        yield Expression((*path, "if"), condition.term, "bool")
    for path, benefit in benefits(policy):
        yield from _bases(path, benefit)


def _bases(path: Path, benefit: Benefit) -> Iterator[Expression]:
    match benefit:
        case Rate():
            yield Expression((*path, "of"), benefit.of, "number")
        case Tiers():
            yield Expression((*path, "of"), benefit.of, "number")
            if benefit.pays_of is not None:
                yield Expression((*path, "pays_of"), benefit.pays_of, "number")
        case Fixed() | Schedule() | Decided() | Higher():
            pass


def facts_used(policy: Policy) -> frozenset[str]:
    """Facts that decide or pay; not the one that ranks."""
    return frozenset(name for each in expressions(policy) for name in names(each.term))
