"""文件对文件的匹配: many companies from a file against many policies, without a database. Pure but for its files.

What comes out is each policy's own verdict and amount, before stacking and budgets: who is paid what in the end is
settled in a round.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import repeat
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import numpy as np

from qinqing.directory.facts.dictionary import FactDef
from qinqing.directory.tables import safe_cell
from qinqing.lib.rules.batch import Outcome, compile_rules
from qinqing.lib.rules.columns import Table
from qinqing.policies.policy import Policy

HEADER = ("company", "policy", "verdict", "amount_fen")


@dataclass(slots=True)
class Tally:
    """What one policy came to. `fen` leaves out what a body decides (`undecided` companies)."""

    yes: int = 0
    unknown: int = 0
    fen: int = 0
    undecided: int = 0

    def add(self, outcome: Outcome) -> None:
        self.yes += len(outcome.yes)
        self.unknown += outcome.unknown
        if outcome.fen is None:
            self.undecided += len(outcome.yes)
        else:
            self.fen += int(outcome.fen.sum())


@dataclass(slots=True)
class Summary:
    """What a run came to."""

    companies: int = 0
    with_a_yes: int = 0
    policies: dict[str, Tally] = field(default_factory=dict)

    @property
    def total(self) -> Tally:
        each = self.policies.values()
        return Tally(
            sum(t.yes for t in each),
            sum(t.unknown for t in each),
            sum(t.fen for t in each),
            sum(t.undecided for t in each),
        )


@dataclass(frozen=True, slots=True)
class Matched:
    """Companies of one part of the file, one policy, one verdict. `fen` only for a yes that is not left to a body."""

    policy: str
    verdict: str
    companies: Sequence[Any]
    fen: Sequence[int] | None


class Sink(Protocol):
    """Where matches go."""

    def write(self, matched: Matched) -> None: ...


def match(
    policies: Sequence[Policy],
    dictionary: Mapping[str, FactDef],
    tables: Iterable[Table],
    today: date,
    sink: Sink | None = None,
    *,
    with_no: bool = False,
) -> Summary:
    """Every company of the tables against every policy; yes and unknown go to the sink, with `with_no` no as well."""
    batch = compile_rules([policy.rule for policy in policies], {name: fact.spec for name, fact in dictionary.items()})
    summary = Summary(policies={policy.code: Tally() for policy in policies})
    for table in tables:
        served = np.zeros(len(table), dtype=np.bool_)
        summary.companies += len(table)
        for code, outcome in batch.run(table, today).items():
            summary.policies[code].add(outcome)
            served[outcome.yes] = True
            if sink is not None:
                for matched in _matched(code, outcome, table, with_no):
                    sink.write(matched)
        summary.with_a_yes += int(served.sum())
    return summary


def _matched(code: str, outcome: Outcome, table: Table, with_no: bool) -> Iterator[Matched]:
    unknown = outcome.unknown_rows()
    fen = None if outcome.fen is None else outcome.fen.tolist()
    yield Matched(code, "yes", table.ids[outcome.yes].tolist(), fen)
    yield Matched(code, "unknown", table.ids[unknown].tolist(), None)
    if with_no:
        rest = np.ones(len(table), dtype=np.bool_)
        rest[outcome.yes] = rest[unknown] = False
        yield Matched(code, "no", table.ids[rest].tolist(), None)


class CsvOut:
    """Matches as CSV that spreadsheets open safely: company, policy, verdict, amount_fen."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow(HEADER)

    def __enter__(self) -> CsvOut:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def write(self, matched: Matched) -> None:
        amounts: Iterable[int | str] = repeat("") if matched.fen is None else matched.fen
        companies = map(safe_cell, matched.companies)
        self._writer.writerows(zip(companies, repeat(matched.policy), repeat(matched.verdict), amounts, strict=False))


class ParquetOut:
    """The same as Parquet. Parts are written beside the file and joined at the end, so that memory holds one."""

    _ROWS = 2_000_000

    def __init__(self, path: Path) -> None:
        self._path = path
        self._parts: list[Path] = []
        self._held: list[Matched] = []
        self._rows = 0

    def __enter__(self) -> ParquetOut:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        import polars  # noqa: PLC0415

        try:
            if kind is None:
                self._spill()
                polars.scan_parquet(self._parts).sink_parquet(self._path)
        finally:
            for part in self._parts:
                part.unlink(missing_ok=True)

    def write(self, matched: Matched) -> None:
        self._held.append(matched)
        self._rows += len(matched.companies)
        if self._rows >= self._ROWS:
            self._spill()

    def _spill(self) -> None:
        import polars  # noqa: PLC0415 - 40 MB that CSV does not need

        part = self._path.with_name(f"{self._path.name}.part{len(self._parts)}")
        self._parts.append(part)
        columns: dict[str, list[Any]] = {name: [] for name in HEADER}
        for matched in self._held:
            size = len(matched.companies)
            columns["company"] += map(str, matched.companies)
            columns["policy"] += [matched.policy] * size
            columns["verdict"] += [matched.verdict] * size
            columns["amount_fen"] += [None] * size if matched.fen is None else matched.fen
        kinds = {
            "company": polars.String,
            "policy": polars.String,
            "verdict": polars.String,
            "amount_fen": polars.Int64,
        }
        polars.DataFrame(columns, schema=kinds).write_parquet(part)
        self._held, self._rows = [], 0


@dataclass(frozen=True, slots=True)
class Moved:
    """A company whose outcome differs between two versions. `fen`: None where a body decides, or where not a yes."""

    company: str
    before: int | None
    after: int | None


@dataclass(slots=True)
class Shift:
    """What a change of version does to the companies of a file."""

    companies: int = 0
    before: Tally = field(default_factory=Tally)
    after: Tally = field(default_factory=Tally)
    enters: list[Moved] = field(default_factory=list)
    drops: list[Moved] = field(default_factory=list)
    other_amount: list[Moved] = field(default_factory=list)


def compare(old: Policy, new: Policy, dictionary: Mapping[str, FactDef], tables: Iterable[Table], today: date) -> Shift:
    """Who enters, who drops out, whose amount changes when `new` takes the place of `old`, on one day."""
    specs = {name: fact.spec for name, fact in dictionary.items()}
    one, two = compile_rules([old.rule], specs), compile_rules([new.rule], specs)
    shift = Shift()
    for table in tables:
        was, now = one.run(table, today)[old.rule.code], two.run(table, today)[new.rule.code]
        shift.companies += len(table)
        shift.before.add(was)
        shift.after.add(now)
        before, after = _paid(was), _paid(now)
        for row in sorted(before.keys() | after.keys()):
            moved = Moved(str(table.ids[row]), before.get(row), after.get(row))
            if row not in before:
                shift.enters.append(moved)
            elif row not in after:
                shift.drops.append(moved)
            elif moved.before != moved.after:
                shift.other_amount.append(moved)
    return shift


def _paid(outcome: Outcome) -> dict[int, int | None]:
    """Row -> fen."""
    rows = outcome.yes.tolist()
    fen: list[int | None] = [None] * len(rows) if outcome.fen is None else outcome.fen.tolist()
    return dict(zip(rows, fen, strict=True))
