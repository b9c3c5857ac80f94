"""`./run bench policies`: all companies against all policies, beside OpenFisca and DuckDB; what changed; one company.

The work is made up (`workload.py`), the same for all, and their answers are compared: by policy how many are paid, how
many unknown, and fen in all. Each engine is a process of its own; the folder of Parquet files goes away afterwards.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import workload
from bench.harness import Report, Row, machine, progress, ratio, significant
from bench.peers import environment
from bench.team import Engine, TeamError

ALL, CHANGED, ONE, STREAM = "all x all", "1,000 changed companies", "one company explained", "streamed from Parquet"
OWN, OPENFISCA, DUCKDB = "qinqing", "OpenFisca with unknowns", "DuckDB"
ROUNDS, REPETITIONS = 3, 7  # of all engines in turn; of ours in each
STREAMED, STREAMED_QUICK = 10_000_000, 1_000_000
MOST_SECONDS = 900


def measure(quick: bool) -> Report:
    """Seconds and milliseconds one by one. Raises TeamError where an engine fails or answers differently."""
    with tempfile.TemporaryDirectory(prefix="qinqing-bench-") as name:
        folder = Path(name)
        report = Report("policies", machine(folder))
        _all_by_all(report, folder / "companies", 1 if quick else ROUNDS)
        _streamed(report, folder / "streamed", STREAMED_QUICK if quick else STREAMED)
    return report


def _all_by_all(report: Report, folder: Path, rounds: int) -> None:
    progress(f"{workload.COMPANIES:,} companies")
    _own("write", folder, workload.COMPANIES)
    peers = _peers(report)
    found: dict[str, list[dict[str, Any]]] = {}
    for turn in range(rounds):
        progress(f"round {turn + 1} of {rounds}, load {os.getloadavg()[0]:.1f}")
        report.notes.append(f"load of the last minute before round {turn + 1}: {os.getloadavg()[0]:.1f}")
        found.setdefault(OWN, []).append(_own("whole", folder, REPETITIONS))
        for engine, (module, python) in peers.items():
            found.setdefault(engine, []).append(_run(module, [str(folder), "1"], python))
    for engine, each in found.items():
        report.rows.append(Row(ALL, engine, "s", _values(each, "seconds")))
        report.rows.append(Row(f"{ALL}: peak memory", engine, "MB", tuple(one["peak_mb"] for one in each)))
        _compare(engine, each[0]["answers"], found[OWN][0]["answers"])
    own = found[OWN]
    if own[0]["qualifying"] != [workload.QUALIFYING, workload.UNDECIDED]:
        raise TeamError(f"{OWN}: {own[0]['qualifying']} pairs qualify or cannot be decided, which is not this work")
    report.rows.append(Row("policies made ready", OWN, "ms", tuple(one["compile_ms"] for one in own)))
    report.rows.append(Row(CHANGED, OWN, "ms", _values(own, "changed_ms")))
    report.rows.append(Row(ONE, OWN, "ms", _values(own, "one_company_ms")))
    seconds = report.median(ALL, OWN)
    report.figures = {
        "seconds_130k_x_1000": seconds,
        "vs_openfisca": ratio(report.median(ALL, OPENFISCA), seconds),
        "vs_duckdb": ratio(report.median(ALL, DUCKDB), seconds),
        "peak_mb": report.median(f"{ALL}: peak memory", OWN),
        "one_company_ms": report.median(ONE, OWN),
        "changed_1000_ms": report.median(CHANGED, OWN),
    }


def _peers(report: Report) -> dict[str, tuple[str, Path]]:
    try:
        python = environment.python()
    except environment.Unavailable as why:
        report.notes.append(f"OpenFisca and DuckDB were not measured: {why}")
        return {}
    return {OPENFISCA: ("bench.peers.fisca", python), DUCKDB: ("bench.peers.duck", python)}


def _compare(engine: str, answers: list[list[int]], own: list[list[int]]) -> None:
    """The same verdicts, and the same fen. OpenFisca does not round down to fen, and counts in 32 bits."""
    for policy, (theirs, mine) in enumerate(zip(answers, own, strict=True)):
        slack = mine[0] + mine[2] // 1_000_000 if engine == OPENFISCA else 0
        if theirs[:2] != mine[:2] or abs(theirs[2] - mine[2]) > slack:
            raise TeamError(f"{engine} answers {theirs} to policy {policy}, {OWN} {mine}")


def _streamed(report: Report, folder: Path, rows: int) -> None:
    progress(f"writing {rows:,} companies as Parquet")
    _own("write", folder, rows)
    progress(f"streaming them, load {os.getloadavg()[0]:.1f}")
    found = _own("streamed", folder, 1)
    report.rows.append(Row(f"{STREAM}: {rows:,} companies", OWN, "s", (found["seconds"],)))
    report.rows.append(Row(f"{STREAM}: peak memory", OWN, "MB", (found["peak_mb"],)))
    whole = rows == STREAMED
    report.figures["streamed_10m_seconds"] = found["seconds"] if whole else None
    report.figures["streamed_10m_peak_mb"] = found["peak_mb"] if whole else None
    if not whole:
        seconds = significant(found["seconds"])
        report.notes.append(f"quick: {rows:,} companies streamed ({seconds} s), so the figures of 10 million are null")


def _values(each: list[dict[str, Any]], name: str) -> tuple[float, ...]:
    return tuple(value for one in each for value in one[name])


def _own(work: str, folder: Path, number: int) -> dict[str, Any]:
    return _run("bench.engines.policies", [work, str(folder), str(number)], Path(sys.executable))


def _run(module: str, arguments: list[str], python: Path) -> dict[str, Any]:
    """One engine in its process, and the JSON object that it prints."""
    done = subprocess.run(
        [str(python), "-m", module, *arguments],
        env=Engine("", {}).variables(), cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, timeout=MOST_SECONDS,
        check=False,
    )  # fmt: skip
    if done.returncode:
        raise TeamError(f"{module} ended with {done.returncode}")
    found: dict[str, Any] = json.loads(done.stdout or "{}")
    return found
