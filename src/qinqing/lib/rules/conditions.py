"""条件的构成: conditions cut into atoms and trees over them. Pure.

An *atom* is the smallest part of a condition that is yes, no or unknown. Many rules share few atoms: each distinct one
is decided once (`matching.py`), and trees of atoms are then combined on bitmaps for next to nothing.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TypeAlias

from qinqing.lib.rules import bitmaps
from qinqing.lib.rules.bitmaps import Pair
from qinqing.lib.rules.rule import Condition, Node
from qinqing.lib.rules.terms import Binary, Choice, FactSpec, FactType, ListOf, Literal, Name, Term, Unary


@dataclass(frozen=True, slots=True)
class Flag:
    """A fact that is yes or no, and which of the two is asked for."""

    fact: str
    wanted: bool


@dataclass(frozen=True, slots=True)
class OneOf:
    """A category that is one of these codes."""

    fact: str
    codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Of numbers or dates, if the columns allow it; otherwise as `Other`."""

    op: str
    left: Term
    right: Term


@dataclass(frozen=True, slots=True)
class Other:
    """Anything else: decided by `values.value_of` for each distinct combination of its facts."""

    term: Term


@dataclass(frozen=True, slots=True)
class Known:
    """Yes where the quantity is known, unknown where it is missing: what an amount is reckoned from."""

    term: Term


Atom: TypeAlias = Flag | OneOf | Comparison | Other | Known


@dataclass(frozen=True, slots=True)
class Combined:
    """`all`, `any`, `not` (of one) or `choose` (of three) of other trees."""

    kind: str
    members: tuple[Tree, ...]


Tree: TypeAlias = int | Combined  # an int is the number of an atom; in a shape, its place among the tree's atoms


class Atoms:
    """Distinct atoms, numbered as they come."""

    def __init__(self, specs: Mapping[str, FactSpec]) -> None:
        self.specs = specs
        self.numbers: dict[Atom, int] = {}

    def of_node(self, node: Node) -> Tree:
        """The tree of a rule's conditions."""
        if isinstance(node, Condition):
            return self.of_term(node.term)
        return Combined(node.kind, tuple(self.of_node(member) for member in node.members))

    def of_bases(self, terms: Iterable[Term]) -> tuple[Tree, ...]:
        """The atoms that ask whether these are known."""
        return tuple(self._number(Known(term)) for term in dict.fromkeys(terms))

    def of_term(self, term: Term) -> Tree:
        """The tree of one condition."""
        match term:
            case Binary("&&" | "||" as op):
                return Combined("all" if op == "&&" else "any", (self.of_term(term.left), self.of_term(term.right)))
            case Name(id):
                return self._number(Flag(id, True))
            case Unary("!", Name(id)):
                return self._number(Flag(id, False))
            case Unary("!"):
                return Combined("not", (self.of_term(term.term),))
            case Choice():
                return Combined("choose", tuple(self.of_term(part) for part in (term.test, term.then, term.other)))
            case Binary("in", item, ListOf(items)) if items and all(isinstance(each, Literal) for each in items):
                return self._in_list(item, items)
            case Binary("==" | "!=" | "<" | "<=" | ">" | ">=" as op):
                return self._comparison(op, term.left, term.right)
        return self._number(Other(term))

    def _in_list(self, item: Term, items: Sequence[Term]) -> Tree:
        if self._is_category(item):
            return self._one_of(item, items)
        return Combined("any", tuple(self._number(Comparison("==", item, each)) for each in items))

    def _comparison(self, op: str, left: Term, right: Term) -> Tree:
        if op in ("==", "!=") and self._is_category(left) and isinstance(right, Literal):
            found = self._one_of(left, (right,))
            return found if op == "==" else Combined("not", (found,))
        return self._number(Comparison(op, left, right))

    def _one_of(self, item: Term, items: Sequence[Term]) -> Tree:
        assert isinstance(item, Name)
        codes = (each.value for each in items if isinstance(each, Literal))
        return self._number(OneOf(item.id, frozenset(code for code in codes if isinstance(code, str))))

    def _is_category(self, term: Term) -> bool:
        return isinstance(term, Name) and self.specs[term.id].type is FactType.CATEGORY

    def _number(self, atom: Atom) -> int:
        return self.numbers.setdefault(atom, len(self.numbers))


def shape_of(tree: Tree, atoms: list[int]) -> Tree:
    """The tree with places instead of atoms, the atoms being added to the list in the order of their places. Trees of
    one shape can be combined in one stroke."""
    if isinstance(tree, int):
        atoms.append(tree)
        return len(atoms) - 1
    return Combined(tree.kind, tuple(shape_of(member, atoms) for member in tree.members))


def combined(tree: Tree, pairs: Sequence[Pair], rows: int) -> Pair:
    """The tree's verdicts from its atoms'. What comes back may be an atom's own: not to be written to."""
    if isinstance(tree, int):
        return pairs[tree]
    members = [pairs[each] if isinstance(each, int) else combined(each, pairs, rows) for each in tree.members]
    match tree.kind:
        case "all":
            return reduce(operator.and_, members) if members else bitmaps.constant(True, True, rows)
        case "any":
            return reduce(operator.or_, members) if members else bitmaps.constant(False, False, rows)
        case "not":
            return bitmaps.negate(members[0], rows)
        case "choose":
            return bitmaps.choose(*members)
    raise ValueError(f"a group is all, any or not; not {tree.kind!r}")
