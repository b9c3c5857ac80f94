"""比对: what atoms and quantities are in every row of one table on one day. Pure; numpy."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from datetime import date
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qinqing.lib.rules import bitmaps
from qinqing.lib.rules.bitmaps import Bits, Flags, Pair, Rows
from qinqing.lib.rules.checking import names
from qinqing.lib.rules.columns import Column, ColumnError, Table, missing
from qinqing.lib.rules.conditions import Atom, Atoms, Comparison, Flag, OneOf, Other, combined
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

MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


class Matching:
    """What several atoms and amounts need is made once. Two threads may use it; at worst both make the same thing."""

    def __init__(self, table: Table, specs: Mapping[str, FactSpec], today: date) -> None:
        self.table = table
        self.specs = specs
        self.today = today
        self.rows = len(table)
        self._known: dict[str, Bits] = {}
        self._codes: dict[tuple[str, str], Bits] = {}
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
            self._verdicts[term] = combined(tree, [self.atom(atom) for atom in atoms.numbers], self.rows)
        return self._verdicts[term]

    def atom(self, atom: Atom) -> Pair:
        """The verdicts of one atom."""
        match atom:
            case Flag(fact):
                return bitmaps.pair(bitmaps.pack(self.column(fact).values), self.known(fact), self.rows)
            case OneOf(fact, codes):
                none = np.zeros(bitmaps.words(self.rows), dtype=np.uint64)
                surely = reduce(operator.or_, [self._code(fact, code) for code in codes], none)
                return bitmaps.pair(surely, self.known(fact), self.rows)
            case Comparison(op, left, right):
                return self._comparison(op, left, right)
            case Other(term):
                return self._one_by_one(term)

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

    def _code(self, fact: str, code: str) -> Bits:
        if (fact, code) not in self._codes:
            column = self.column(fact)
            number = column.codes.index(code) if code in column.codes else -1
            self._codes[fact, code] = bitmaps.pack(column.values == number) & self.known(fact)
        return self._codes[fact, code]

    def _comparison(self, op: str, left: Term, right: Term) -> Pair:
        try:
            return self._exactly(op, quantity(Exact, left, self), quantity(Exact, right, self))
        except Beyond:
            pass
        try:
            return self._nearly(op, left, right)
        except Beyond:
            return self._one_by_one(Binary(op, left, right))

    def _exactly(self, op: str, a: Exact, b: Exact) -> Pair:
        if isinstance(a.values, int):
            a, b, op = b, a, MIRRORED[op]
        known = both_known(a.known, b.known)
        if isinstance(a.values, int):
            raise Beyond
        if isinstance(b.values, int):
            found = _against(op, a.values, *divmod(b.values * a.scale, b.scale))
        else:
            c, d = aligned(a, b)
            found = OPERATORS[op](c.values, d.values)
        surely = bitmaps.pack(found)
        return bitmaps.pair(surely if known is None else surely & known, known, self.rows)

    def _nearly(self, op: str, left: Term, right: Term) -> Pair:
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
        truth &= known
        truth[rows], known[rows] = self._decided(Binary(op, left, right), rows)
        return bitmaps.pair(bitmaps.pack(truth), bitmaps.pack(known), self.rows)

    def _one_by_one(self, term: Term) -> Pair:
        truth, known = self._decided(term, np.arange(self.rows))
        return bitmaps.pair(bitmaps.pack(truth), bitmaps.pack(known), self.rows)

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
