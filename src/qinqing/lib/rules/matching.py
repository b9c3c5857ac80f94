"""比对: what atoms and quantities are in every row of one table on one day. Pure; numpy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qinqing.lib.rules import bitmaps
from qinqing.lib.rules.bitmaps import Bits, Flags, Pair, Rows
from qinqing.lib.rules.checking import names
from qinqing.lib.rules.columns import Column, ColumnError, Table, missing
from qinqing.lib.rules.conditions import Atom, Atoms, Comparison, Flag, Known, OneOf, Other, combined
from qinqing.lib.rules.quantities import (
    SAFETY,
    Beyond,
    Doubles,
    Exact,
    Way,
    aligned,
    both_known,
    quantity,
    years_since,
)
from qinqing.lib.rules.terms import Binary, FactSpec, FactType, Term
from qinqing.lib.rules.values import OPERATORS, Company, Unknown, decimals, value_of

# What is true (read only where it is known; True: everywhere), and where it is known (None: everywhere).
Found: TypeAlias = tuple[Flags | bool, Bits | None]

EVERYWHERE = np.uint64(2**64 - 1)
MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


class Matching:
    """What several atoms and amounts need is made once. Two threads may use it; at worst both make the same thing."""

    def __init__(self, table: Table, specs: Mapping[str, FactSpec], today: date) -> None:
        self.table = table
        self.specs = specs
        self.today = today
        self.rows = len(table)
        self._known: dict[str, Bits] = {}
        self._facts: dict[tuple[type, str], Any] = {}
        self._years: dict[Term, Exact] = {}
        self._exact: dict[Term, Exact | None] = {}
        self._verdicts: dict[Term, Pair] = {}

    def column(self, fact: str) -> Column:
        """The fact's column. Raises ColumnError where it was made for another type or other places."""
        spec = self.specs[fact]
        found = self.table.columns.get(fact)
        if found is None:
            return missing(spec, self.rows)
        if found.type is not spec.type or (spec.type is FactType.NUMBER and found.places != decimals(spec)):
            made = f"{found.type} with {found.places} places"
            raise ColumnError(f"{fact}: the column is {made}, the fact {spec.type} with {decimals(spec)}")
        return found

    def known(self, fact: str) -> Bits:
        """Where the fact is known."""
        if fact not in self._known:
            self._known[fact] = bitmaps.pack(self.column(fact).known)
        return self._known[fact]

    def fact(self, way: type[Way], fact: str) -> Way:
        """A number or date as a quantity. Raises Beyond for other facts."""
        if self.specs[fact].type not in (FactType.MONEY, FactType.NUMBER, FactType.DATE):
            raise Beyond
        if (way, fact) not in self._facts:
            self._facts[way, fact] = way.of_column(self.column(fact), self.known(fact))
        found: Way = self._facts[way, fact]
        return found

    def years(self, way: type[Way], of: Term) -> Way:
        """Completed years since a date."""
        if of not in self._years:
            self._years[of] = years_since(quantity(Exact, of, self), self.today)
        return way.of_whole(self._years[of])

    def exact(self, term: Term) -> Exact | None:
        """The term in whole numbers, or None where they do not hold it."""
        if term not in self._exact:
            try:
                self._exact[term] = quantity(Exact, term, self)
            except Beyond:
                self._exact[term] = None
        return self._exact[term]

    def verdicts(self, term: Term) -> Pair:
        """A whole term that is yes, no or unknown."""
        if term not in self._verdicts:
            atoms = Atoms(self.specs)
            tree = atoms.of_term(term)
            self._verdicts[term] = combined(tree, list(self.atoms(list(atoms.numbers))), self.rows)
        return self._verdicts[term]

    def atoms(self, some: Sequence[Atom]) -> Pair:
        """The verdicts of some atoms, a pair for each."""
        words = bitmaps.words(self.rows)
        truth = np.zeros((len(some), 64 * words), dtype=np.bool_)
        known = np.empty((len(some), words), dtype=np.uint64)
        for number, atom in enumerate(some):
            truth[number, : self.rows], bits = self._atom(atom)
            known[number] = EVERYWHERE if bits is None else bits
        return bitmaps.pairs(truth, known, self.rows)

    def combinations(self, facts: Sequence[str], rows: Rows) -> tuple[list[Company], NDArray[np.intp]]:
        """The distinct companies of these rows, as far as these facts go, and which of them each row is."""
        which = np.zeros(len(rows), dtype=np.intp)
        if not len(rows):
            return [], which
        columns = {fact: self.column(fact).take(rows) for fact in facts}
        for column in columns.values():
            _, number = np.unique(column.values, return_inverse=True)
            number = number * 2 + column.known
            _, which = np.unique(which * (int(number.max()) + 1) + number, return_inverse=True)
        _, first = np.unique(which, return_index=True)
        found = [{fact: column.value_at(row) for fact, column in columns.items()} for row in first.tolist()]
        return [Company(values, self.specs, self.today) for values in found], which

    def _atom(self, atom: Atom) -> Found:
        match atom:
            case Flag(fact, wanted):
                values = self.column(fact).values
                return values if wanted else ~values, self.known(fact)
            case OneOf(fact, codes):
                return self._one_of(self.column(fact), codes), self.known(fact)
            case Comparison(op, left, right):
                return self._comparison(op, left, right)
            case Known(term):
                base = self.exact(term)
                return True, None if base is None else base.known
            case Other(term):
                return self._one_by_one(term)

    def _one_of(self, column: Column, codes: frozenset[str]) -> Flags:
        truth = np.zeros(self.rows, dtype=np.bool_)
        for code in codes.intersection(column.codes):
            truth |= column.values == column.codes.index(code)
        return truth

    def _comparison(self, op: str, left: Term, right: Term) -> Found:
        try:
            return self._exactly(op, quantity(Exact, left, self), quantity(Exact, right, self))
        except Beyond:
            pass
        try:
            return self._nearly(op, left, right)
        except Beyond:
            return self._one_by_one(Binary(op, left, right))

    def _exactly(self, op: str, a: Exact, b: Exact) -> Found:
        if isinstance(a.values, int):
            a, b, op = b, a, MIRRORED[op]
        if isinstance(a.values, int):
            raise Beyond
        if isinstance(b.values, int):
            return _against(op, a.values, *divmod(b.values * a.scale, b.scale)), both_known(a.known, b.known)
        c, d = aligned(a, b)
        return OPERATORS[op](c.values, d.values), both_known(a.known, b.known)

    def _nearly(self, op: str, left: Term, right: Term) -> Found:
        """In doubles; rows that lie within their error of equality are decided exactly."""
        with np.errstate(all="ignore"):
            a, b = quantity(Doubles, left, self), quantity(Doubles, right, self)
            error = a.error + b.error
            sure = (np.abs(a.values - b.values) > SAFETY * error) | (error == 0)
            truth: Flags = OPERATORS[op](a.values, b.values)
        bits = both_known(a.known, b.known)
        if truth.ndim == 0 or bits is None:
            raise Beyond
        known = bitmaps.flags_of(bits, self.rows)
        rows = np.flatnonzero(known & ~sure)
        truth[rows], known[rows] = self._decided(Binary(op, left, right), rows)
        return truth, bitmaps.pack(known)

    def _one_by_one(self, term: Term) -> Found:
        truth, known = self._decided(term, np.arange(self.rows))
        return truth, bitmaps.pack(known)

    def _decided(self, term: Term, rows: Rows) -> tuple[Flags, Flags]:
        """True and known, for each of the rows, by the exact reference."""
        companies, which = self.combinations(sorted(names(term)), rows)
        values = [value_of(term, company) for company in companies]
        truth = np.array([value is True for value in values], dtype=np.bool_)
        known = np.array([not isinstance(value, Unknown) for value in values], dtype=np.bool_)
        return truth.take(which), known.take(which)


def _against(op: str, values: NDArray[Any], whole: int, rest: int) -> Flags:
    """Whole numbers compared with `whole` and something more where `rest` is not zero."""
    if rest and op in ("==", "!="):
        return np.full(len(values), op == "!=")
    found: Flags = OPERATORS[op](values, whole + 1 if rest and op in (">=", "<") else whole)
    return found
