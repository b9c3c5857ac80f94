"""结论: what a rule's tree makes of its conditions' verdicts, and which of them would have to turn for a yes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple, TypeAlias

from qinqing.lib.rules.evaluating import combined
from qinqing.lib.rules.favouring import both, either
from qinqing.lib.rules.rule import Condition, Node, Verdict

Verdicts: TypeAlias = tuple[Verdict, ...]  # of a rule's conditions, in the order written
Tree: TypeAlias = "int | tuple[str, tuple[Tree, ...]]"  # a rule's tree with its conditions by number
Turned: TypeAlias = Collection[tuple[int, bool]]  # conditions by number, each with what is wanted of it

MOST_REMEMBERED = 6  # conditions: 729 combinations


def tree_of(node: Node, numbers: Iterator[int]) -> Tree:
    if isinstance(node, Condition):
        return next(numbers)
    return (node.kind, tuple(tree_of(member, numbers) for member in node.members))


class Outcome:
    """What a tree makes of one combination of verdicts."""

    def __init__(self, tree: Tree, verdicts: Verdicts) -> None:
        self._tree = tree
        self._verdicts = verdicts
        self.verdict = _verdict(tree, verdicts)

    @cached_property
    def turns(self) -> Turned:
        """The fewest known conditions that would have to turn for a yes."""
        turns = _turns(self._tree, True, self._verdicts)
        return turns.known if turns else ()

    @cached_property
    def openings(self) -> Sequence[Turned]:
        """Sets of unknown conditions, each of which would make a yes if they came out well."""
        return _openings(self._tree, True, self._verdicts)


class Shape:
    """A tree. Rules of one shape share what was worked out before: four conditions have 81 combinations."""

    def __init__(self, tree: Tree, size: int) -> None:
        self._tree = tree
        self._remembers = size <= MOST_REMEMBERED
        self._outcomes: dict[Verdicts, Outcome] = {}

    def outcome(self, verdicts: Verdicts) -> Outcome:
        found = self._outcomes.get(verdicts)
        if found is None:
            found = Outcome(self._tree, verdicts)
            if self._remembers:
                self._outcomes[verdicts] = found
        return found


def _verdict(tree: Tree, verdicts: Verdicts) -> Verdict:
    if isinstance(tree, int):
        return verdicts[tree]
    kind, members = tree
    return combined(kind, [_verdict(member, verdicts) for member in members])


def _openings(tree: Tree, wanted: bool, verdicts: Verdicts) -> list[frozenset[tuple[int, bool]]]:
    """Sets of unknown conditions, each of which would bring it about if they came out well."""
    if isinstance(tree, int):
        if verdicts[tree] is Verdict.UNKNOWN:
            return [frozenset([(tree, wanted)])]
        return [frozenset()] if (verdicts[tree] is Verdict.YES) is wanted else []
    kind, members = tree
    if kind == "not":
        return _openings(members[0], not wanted, verdicts)
    each = [_openings(member, wanted, verdicts) for member in members]
    return both(each) if (kind == "all") is wanted else either(each)


class _Turns(NamedTuple):
    """Conditions known that would have to turn, and unknown that would have to come out well."""

    known: Turned
    unknown: Turned


def _turns(tree: Tree, wanted: bool, verdicts: Verdicts) -> _Turns | None:
    """The fewest known conditions that would have to turn; among equals with the fewest unknown ones. None where no
    change of conditions brings it about (a group without members)."""
    if isinstance(tree, int):
        verdict = verdicts[tree]
        if verdict is Verdict.UNKNOWN:
            return _Turns((), ((tree, wanted),))
        return _Turns((), ()) if (verdict is Verdict.YES) is wanted else _Turns(((tree, wanted),), ())
    kind, members = tree
    if kind == "not":
        return _turns(members[0], not wanted, verdicts)
    each = [_turns(member, wanted, verdicts) for member in members]
    possible = [turns for turns in each if turns is not None]
    if (kind == "all") is not wanted:
        return min(possible, key=lambda turns: (len(turns.known), len(turns.unknown)), default=None)
    if len(possible) < len(each):
        return None
    known = tuple(turn for turns in possible for turn in turns.known)
    return _Turns(known, tuple(turn for turns in possible for turn in turns.unknown))
