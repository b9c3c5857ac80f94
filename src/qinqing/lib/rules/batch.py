"""全体判定: every rule over every company, with the very verdicts and amounts of `evaluating.decide`. Pure; numpy.

Distinct atoms are decided once, each into two bitmaps (`matching.py`); the rules combine bitmaps; companies and amounts
are read off only where the verdict is yes. numpy lets go of Python's lock meanwhile, so threads share the work.
After a change only what it touches need run: `rules_touched` for facts, `rows` for companies, `depends_on_day` for a
new day. A table holds what fits in memory; longer ones come in parts (`Table.stream_parquet`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from qinqing.lib.rules import bitmaps
from qinqing.lib.rules.amounts import is_decided, needed, pay, terms_of
from qinqing.lib.rules.bitmaps import Bits, Pair
from qinqing.lib.rules.checking import names, walk
from qinqing.lib.rules.columns import Table
from qinqing.lib.rules.conditions import Atom, Atoms, Combined, Tree, combined
from qinqing.lib.rules.matching import Matching
from qinqing.lib.rules.rule import Rule
from qinqing.lib.rules.terms import Call, FactSpec, Term

BLOCK = 2**17  # bits read off in one stroke: many rules of few companies, one rule of many
ALONE = 2**14  # of fewer rows one thread makes short work
MOST_THREADS = 8

One = TypeVar("One")


@dataclass(slots=True, eq=False)
class Outcome:
    """One rule. `yes`: row numbers of the table, ascending; `fen`: what each of them is paid (None: a body decides);
    `unknown`: how many rows cannot be decided. Arrays are parts of those of the whole run: copy what is kept long."""

    code: str
    yes: NDArray[np.int32]
    fen: NDArray[np.int64] | None
    unknown: int
    _open: Bits
    _rows: NDArray[np.intp] | None

    def unknown_rows(self) -> NDArray[np.int32]:
        """The rows that cannot be decided, ascending."""
        rows = bitmaps.rows_of(self._open)
        return (rows if self._rows is None else self._rows.take(rows)).astype(np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class Result(Mapping[str, Outcome]):
    """Outcomes by the code of their rule, in the order of the rules."""

    outcomes: Mapping[str, Outcome]

    def __getitem__(self, code: str) -> Outcome:
        return self.outcomes[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self.outcomes)

    def __len__(self) -> int:
        return len(self.outcomes)


@dataclass(frozen=True, slots=True)
class _Plan:
    rule: Rule
    tree: Tree
    atoms: tuple[int, ...]
    bases: tuple[Term, ...]  # without which nothing is paid
    decided: bool  # by a body
    facts: frozenset[str]
    by_day: bool


def compile_rules(rules: Iterable[Rule], specs: Mapping[str, FactSpec]) -> Batch:
    """Rules made ready for many runs. Their terms have passed `checking.check`. Raises ValueError where two have one
    code."""
    return Batch(rules, specs)


class Batch:
    """Rules over facts. Nothing in it changes, so threads may share one."""

    def __init__(self, rules: Iterable[Rule], specs: Mapping[str, FactSpec]) -> None:
        self.specs = specs
        atoms = Atoms(specs)
        self._plans: dict[str, _Plan] = {}
        for rule in rules:
            if rule.code in self._plans:
                raise ValueError(f"two rules have the code {rule.code}")
            self._plans[rule.code] = _plan(rule, atoms)
        self._atoms = tuple(atoms.numbers)
        self._facts = _facts(self._plans.values())

    def facts_of(self, code: str) -> frozenset[str]:
        """The facts that the rule's verdict or amount depends on."""
        return self._plans[code].facts

    def rules_touched(self, facts: Collection[str]) -> list[str]:
        """The codes of the rules that depend on any of these facts."""
        changed = frozenset(facts)
        return [code for code, plan in self._plans.items() if plan.facts & changed]

    def depends_on_day(self, code: str) -> bool:
        """Whether another day may bring another outcome from the same facts."""
        return self._plans[code].by_day

    def run(
        self,
        table: Table,
        today: date,
        rows: NDArray[np.integer[Any]] | None = None,
        codes: Collection[str] | None = None,
    ) -> Result:
        """Decide these rows of the table (ascending; None: all) by these rules (None: all).

        Raises ColumnError for a column that does not fit its fact.
        """
        plans = list(self._plans.values()) if codes is None else [self._plans[code] for code in codes]
        chosen = None if rows is None else np.asarray(rows, dtype=np.intp)
        if chosen is not None:
            table = table.take(chosen, self._facts if codes is None else _facts(plans))
        deciding = _Deciding(plans, self._atoms, Matching(table, self.specs, today), chosen)
        return Result(deciding.outcomes(min(_cores(), MOST_THREADS) if len(table) > ALONE else 1))


class _Deciding:
    """One run. Results of all rules stand one behind the other in a few large arrays, which memory takes back whole."""

    def __init__(
        self, plans: list[_Plan], atoms: Sequence[Atom], matching: Matching, chosen: NDArray[np.intp] | None
    ) -> None:
        self.plans = plans
        self.atoms = atoms
        self.matching = matching
        self.chosen = chosen
        self.words = bitmaps.words(matching.rows)
        self.pairs: dict[int, Pair] = {}
        self.surely = np.empty((len(plans), self.words), dtype=np.uint64)
        self.unknown = np.empty_like(self.surely)
        self.paid: dict[str, Outcome] = {}

    def outcomes(self, threads: int) -> dict[str, Outcome]:
        """By code, in the order of the rules."""
        _spread(threads, self._decide_atom, dict.fromkeys(chain.from_iterable(plan.atoms for plan in self.plans)))
        _spread(threads, self.matching.exact, dict.fromkeys(chain.from_iterable(plan.bases for plan in self.plans)))
        size = max(BLOCK // (64 * self.words), 1)
        blocks = [slice(first, first + size) for first in range(0, len(self.plans), size)]
        _spread(threads, self._decide, blocks)
        self.ends = np.cumsum([0, *np.bitwise_count(self.surely).sum(axis=1, dtype=np.int64)]).tolist()
        self.yes = np.empty(self.ends[-1], dtype=np.int32)
        self.fen = np.empty(self.ends[-1], dtype=np.int64)
        _spread(threads, self._pay, blocks)
        return {plan.rule.code: self.paid[plan.rule.code] for plan in self.plans}

    def _decide_atom(self, number: int) -> None:
        self.pairs[number] = self.matching.atom(self.atoms[number])

    def _decide(self, block: slice) -> None:
        """The bitmaps of some rules. A base that is missing makes the yes unknown."""
        for number, plan in enumerate(self.plans[block], block.start):
            surely, possibly = combined(plan.tree, self.pairs, self.matching.rows)
            for term in plan.bases:
                base = self.matching.exact(term)
                if base is not None and base.known is not None:
                    surely = surely & base.known
            self.surely[number] = surely
            np.bitwise_xor(possibly, surely, out=self.unknown[number])

    def _pay(self, block: slice) -> None:
        """Companies and amounts of some rules, read off together."""
        plans = self.plans[block]
        counts = np.bitwise_count(self.unknown[block]).sum(axis=1, dtype=np.int64).tolist()
        begin, end = self.ends[block.start], self.ends[block.start + len(plans)]
        all_rows = bitmaps.rows_of(self.surely[block]) % (64 * self.words)
        self.yes[begin:end] = all_rows if self.chosen is None else self.chosen.take(all_rows)
        for number, plan in enumerate(plans, block.start):
            first, last = self.ends[number], self.ends[number + 1]
            rows, yes, fen = all_rows[first - begin : last - begin], self.yes[first:last], self.fen[first:last]
            count = counts[number - block.start]
            known = pay(plan.rule.benefit, self.matching, rows, fen)
            if known is not None and not known.all():
                yes, fen = yes[known], fen[known]
                self.unknown[number] |= bitmaps.pack_rows(rows[~known], self.matching.rows)
                count = bitmaps.count(self.unknown[number])
            paid = None if plan.decided else fen
            self.paid[plan.rule.code] = Outcome(plan.rule.code, yes, paid, count, self.unknown[number], self.chosen)


def _plan(rule: Rule, atoms: Atoms) -> _Plan:
    tree = atoms.of_node(rule.conditions)
    terms = [condition.term for condition in rule.all_conditions()] + list(terms_of(rule.benefit))
    return _Plan(
        rule=rule,
        tree=tree,
        atoms=tuple(dict.fromkeys(_leaves(tree))),
        bases=tuple(dict.fromkeys(needed(rule.benefit))),
        decided=is_decided(rule.benefit),
        facts=frozenset[str]().union(*map(names, terms)),
        by_day=any(isinstance(part, Call) and part.name == "years_since" for term in terms for part in walk(term)),
    )


def _facts(plans: Iterable[_Plan]) -> frozenset[str]:
    return frozenset[str]().union(*(plan.facts for plan in plans))


def _leaves(tree: Tree) -> Iterator[int]:
    if isinstance(tree, Combined):
        for member in tree.members:
            yield from _leaves(member)
    else:
        yield tree


def _spread(threads: int, work: Callable[[One], object], items: Iterable[One]) -> None:
    """Do the work for every item, on so many threads."""
    waiting = iter(list(items))  # which hands out each item once, whoever asks

    def some() -> None:
        for item in waiting:
            work(item)

    if threads == 1:
        some()
        return
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(some) for _ in range(threads)]:
            done.result()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
