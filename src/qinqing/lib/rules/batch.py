"""全体判定: every rule over every company, with the very verdicts and amounts of `evaluating.decide`. Pure; numpy.

Distinct atoms are decided once, each into two bitmaps (`matching.py`); the rules combine bitmaps; companies and amounts
are read off only where the verdict is yes. Of few companies, rules that are alike are done in one stroke, for a call of
numpy costs more than its work; of many, numpy lets go of Python's lock meanwhile, so threads share the work.
After a change only what it touches need run: `rules_touched` for facts, `rows` for companies, `depends_on_day` for a
new day. A table holds what fits in memory; longer ones come in parts (`Table.stream_parquet`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from itertools import chain, pairwise
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from qinqing.lib.rules import bitmaps
from qinqing.lib.rules.amounts import alike, is_decided, needed, pay, terms_of
from qinqing.lib.rules.bitmaps import Bits
from qinqing.lib.rules.checking import walk
from qinqing.lib.rules.columns import Table
from qinqing.lib.rules.conditions import Atom, Atoms, Combined, Tree, combined, shape_of
from qinqing.lib.rules.matching import Matching
from qinqing.lib.rules.rule import Benefit, Rule
from qinqing.lib.rules.terms import Call, FactSpec, Name

BLOCK = 2**17  # bits made or read off in one stroke: many rules of few companies, one rule of many
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
    code: str
    tree: Tree  # the shape of its conditions, and of the demand that the amount's bases are known
    atoms: tuple[int, ...]  # by their places in the shape
    shape: int  # number of the shape
    benefit: Benefit
    payment: int  # number of what is `alike`
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
        atoms, shapes, payments = Atoms(specs), dict[Tree, int](), dict[Hashable, int]()
        self._plans: dict[str, _Plan] = {}
        for rule in rules:
            if rule.code in self._plans:
                raise ValueError(f"two rules have the code {rule.code}")
            self._plans[rule.code] = _plan(rule, atoms, shapes, payments)
        self._atoms = tuple(atoms.numbers)
        self._all = _Work(self._plans.values())

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
        work = self._all if codes is None else _Work(self._plans[code] for code in codes)
        chosen = None if rows is None else np.asarray(rows, dtype=np.intp)
        if chosen is not None:
            table = table.take(chosen, work.facts)
        deciding = _Deciding(work, self._atoms, Matching(table, self.specs, today), chosen)
        found = deciding.outcomes(min(_cores(), MOST_THREADS) if len(table) > ALONE else 1)
        return Result({code: found[code] for code in work.codes})


class _Work:
    """Rules made ready for one run or many: which of them can be done in one stroke. Numbers are places in `plans`."""

    def __init__(self, plans: Iterable[_Plan]) -> None:
        given = list(plans)
        self.codes = [plan.code for plan in given]
        self.plans = sorted(given, key=lambda plan: plan.payment)  # so those paid alike stand one behind the other
        self.facts = frozenset[str]().union(*(plan.facts for plan in given))
        self.atoms = sorted(set[int]().union(*(plan.atoms for plan in given)))
        self.of_one_shape = self._alike(lambda plan: plan.shape)
        self.paid_alike = self._alike(lambda plan: plan.payment)

    def _alike(self, kind: Callable[[_Plan], int]) -> list[list[int]]:
        found: dict[int, list[int]] = {}
        for number, plan in enumerate(self.plans):
            found.setdefault(kind(plan), []).append(number)
        return list(found.values())


class _Deciding:
    """One run. Results of all rules stand one behind the other in a few large arrays, which memory takes back whole."""

    def __init__(self, work: _Work, atoms: Sequence[Atom], matching: Matching, chosen: NDArray[np.intp] | None) -> None:
        self.work = work
        self.atoms = atoms
        self.matching = matching
        self.chosen = chosen
        self.words = bitmaps.words(matching.rows)
        self.pairs = np.empty((len(atoms), 2, self.words), dtype=np.uint64)
        self.surely = np.empty((len(work.plans), self.words), dtype=np.uint64)
        self.unknown = np.empty_like(self.surely)
        self.paid: dict[str, Outcome] = {}

    def outcomes(self, threads: int) -> dict[str, Outcome]:
        """By code."""
        _spread(threads, self._decide_atoms, self._blocks([self.work.atoms]))
        _spread(threads, self._decide, self._blocks(self.work.of_one_shape))
        self.ends = np.cumsum([0, *np.bitwise_count(self.surely).sum(axis=1, dtype=np.int64)]).tolist()
        self.yes = np.empty(self.ends[-1], dtype=np.int32)
        self.fen = np.empty(self.ends[-1], dtype=np.int64)
        _spread(threads, self._pay, self._blocks(self.work.paid_alike))
        return self.paid

    def _blocks(self, groups: Iterable[list[int]]) -> Iterator[list[int]]:
        """As many of one group together as are done in one stroke."""
        size = max(BLOCK // (64 * self.words), 1)
        for group in groups:
            for first in range(0, len(group), size):
                yield group[first : first + size]

    def _decide_atoms(self, block: list[int]) -> None:
        self.pairs[block] = self.matching.atoms([self.atoms[number] for number in block])

    def _decide(self, block: list[int]) -> None:
        """The bitmaps of some rules of one shape."""
        plans = [self.work.plans[number] for number in block]
        if len(plans) == 1:
            pairs = [self.pairs[number] for number in plans[0].atoms]  # not copied: they may be large
        else:
            pairs = list(self.pairs[np.array([plan.atoms for plan in plans], dtype=np.intp).T])
        found = combined(plans[0].tree, pairs, self.matching.rows)
        self.surely[block] = found[..., 0, :]
        self.unknown[block] = found[..., 1, :] ^ found[..., 0, :]

    def _pay(self, block: list[int]) -> None:
        """Companies and amounts of some rules that are paid alike."""
        some, ends = slice(block[0], block[-1] + 1), self.ends[block[0] : block[-1] + 2]
        plans, unknown = self.work.plans[some], self.unknown[some]
        places = bitmaps.rows_of(self.surely[some])  # counted through the rules
        rows = places % (64 * self.words) if len(plans) > 1 else places
        yes, fen = self.yes[ends[0] : ends[-1]], self.fen[ends[0] : ends[-1]]
        yes[:] = rows if self.chosen is None else self.chosen.take(rows)
        lengths = [last - first for first, last in pairwise(ends)]
        known = pay([plan.benefit for plan in plans], lengths, self.matching, rows, fen)
        if known is not None:
            unknown |= bitmaps.pack_rows(places[~known], 64 * unknown.size).reshape(unknown.shape)
        counts = np.bitwise_count(unknown).sum(axis=1, dtype=np.int64).tolist()
        for plan, first, last, bits, count in zip(plans, ends[:-1], ends[1:], unknown, counts, strict=True):
            yes, fen = self.yes[first:last], self.fen[first:last]
            if known is not None:
                sure = known[first - ends[0] : last - ends[0]]
                yes, fen = yes[sure], fen[sure]
            paid = None if plan.decided else fen
            self.paid[plan.code] = Outcome(plan.code, yes, paid, count, bits, self.chosen)


def _plan(rule: Rule, atoms: Atoms, shapes: dict[Tree, int], payments: dict[Hashable, int]) -> _Plan:
    tree = Combined("all", (atoms.of_node(rule.conditions), *atoms.of_bases(needed(rule.benefit))))
    members: list[int] = []
    shape = shape_of(tree, members)
    terms = chain((condition.term for condition in rule.all_conditions()), terms_of(rule.benefit))
    parts = [part for term in terms for part in walk(term)]
    return _Plan(
        code=rule.code,
        tree=shape,
        atoms=tuple(members),
        shape=shapes.setdefault(shape, len(shapes)),
        benefit=rule.benefit,
        payment=payments.setdefault(alike(rule.benefit), len(payments)),
        decided=is_decided(rule.benefit),
        facts=frozenset(part.id for part in parts if isinstance(part, Name)),
        by_day=any(isinstance(part, Call) and part.name == "years_since" for part in parts),
    )


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
