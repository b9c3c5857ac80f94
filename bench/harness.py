"""What every bench shares: repetitions become rows, rows and figures become one JSON object or one table.

A row's median, min and max are over its repetitions (`runs` of them). Figures are computed from the medians of rows, so
that a reader can recompute each from the same output.
"""

from __future__ import annotations

import json
import math
import os
import platform
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FSYNC_PROBES = 50


@dataclass(frozen=True, slots=True)
class Row:
    """One work done by one engine: `values` in `unit`, one for each repetition (at least one)."""

    work: str
    engine: str
    unit: str
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def as_json(self) -> dict[str, Any]:
        """The keys every bench prints: work, engine, median, min, max, unit, runs."""
        return {
            "work": self.work,
            "engine": self.engine,
            "median": significant(self.median),
            "min": significant(min(self.values)),
            "max": significant(max(self.values)),
            "unit": self.unit,
            "runs": len(self.values),
        }


@dataclass(slots=True)
class Report:
    """The outcome of one bench. A figure that could not be measured is None, and a note says why."""

    bench: str
    machine: Mapping[str, Any]
    rows: list[Row] = field(default_factory=list)
    figures: dict[str, float | None] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "bench": self.bench,
            "machine": dict(self.machine),
            "rows": [row.as_json() for row in self.rows],
            "figures": {name: None if value is None else significant(value) for name, value in self.figures.items()},
        }

    def median(self, work: str, engine: str) -> float | None:
        """The median of that row, None when it was not measured."""
        return next((row.median for row in self.rows if (row.work, row.engine) == (work, engine)), None)


def significant(value: float, digits: int = 4) -> float:
    """Rounded to so many significant digits; more would be noise."""
    return float(f"{value:.{digits}g}")


def ratio(value: float | None, base: float | None) -> float | None:
    """How many times `base`; None when either is unknown."""
    return None if value is None or not base else value / base


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0 to 1) of all values do not exceed (nearest rank)."""
    rank = math.ceil(round(share * len(values), 6))  # 0.07 * 100 is a little over 7
    return sorted(values)[max(rank, 1) - 1]


def interleaved(contestants: Mapping[str, Callable[[], float]], repetitions: int) -> dict[str, tuple[float, ...]]:
    """Each contestant measured once a round, the first one moving on by one each round, so that a busy moment of the
    machine and the order of turns fall on all alike."""
    names = list(contestants)
    values: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(repetitions):
        progress(f"round {turn + 1} of {repetitions}")
        first = turn % len(names) if names else 0
        for name in names[first:] + names[:first]:
            values[name].append(contestants[name]())
    return {name: tuple(found) for name, found in values.items()}


def machine(folder: Path) -> dict[str, Any]:
    """What the figures depend on: cores, memory, versions, the time `folder`'s disk takes to keep 4 KiB, and the load
    of the last minute by others (much over 0.5: measure again when it is quiet)."""
    return {
        "system": platform.system(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "fsync_ms": significant(_fsync_ms(folder), 3),
        "load": significant(os.getloadavg()[0], 3),
    }


def _fsync_ms(folder: Path) -> float:
    path = folder / "fsync-probe"
    times = []
    with path.open("wb", buffering=0) as file:
        for _ in range(FSYNC_PROBES):
            file.write(b"x" * 4096)
            begun = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - begun)
    path.unlink()
    return statistics.median(times) * 1000


def progress(text: str) -> None:
    """One line for whoever waits; standard output carries results only."""
    print(f"bench: {text}", file=sys.stderr, flush=True)


def show(report: Report, as_json: bool) -> None:
    """Print the report: one JSON object, or a table for people. Notes always go to standard error too."""
    if as_json:
        print(json.dumps(report.as_json(), ensure_ascii=False))
        for note in report.notes:
            progress(note)
        return
    print(f"{report.bench}: " + ", ".join(f"{name} {value}" for name, value in report.machine.items()))
    header = ("work", "engine", "median", "min", "max", "unit", "runs")
    lines = [tuple(_cell(row.as_json()[key]) for key in header) for row in report.rows]
    print("\n" + _table([header, *lines]) + "\n")
    print(_table([(name, "not measured" if value is None else _cell(value)) for name, value in report.figures.items()]))
    for note in report.notes:
        print(f"note: {note}")


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return str(value)


def _table(lines: Iterable[Sequence[str]]) -> str:
    """Columns aligned; those that hold numbers only (below the heading) to the right."""
    rows = list(lines)
    columns = list(zip(*rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    numeric = [all(cell[:1].isdigit() for cell in column[1:]) and len(column) > 1 for column in columns]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ).rstrip()
        for row in rows
    )
