"""`./run bench search`: finding matters by words, and near-duplicates at intake, among 200,000 on both databases.

Everything is made in temporary folders and taken away again; texts are made up (`engines/matters.py`).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.harness import Report, Row, machine, progress
from bench.team import Engine, TeamError
from dev import postgres

FULL, QUICK = 200_000, 10_000  # matters
SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"


def measure(quick: bool) -> Report:
    """Milliseconds for one page of results, from the query to its 50 rows; and for the hints while somebody types."""
    count = QUICK if quick else FULL
    with tempfile.TemporaryDirectory(prefix="qinqing-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        report = Report("search", machine(folder))
        report.figures["matters"] = count
        _add(report, SQLITE, _run(folder / "sqlite", "", count))
        try:
            address = stack.enter_context(postgres.cluster(durable=True))
            _add(report, POSTGRESQL, _run(folder / "postgresql", address, count))
        except RuntimeError as why:
            report.notes.append(f"nothing was measured on PostgreSQL: {why}")
    return report


def _add(report: Report, engine: str, measured: dict[str, Any]) -> None:
    rows = measured["rows"]
    report.rows += [Row(work, engine, "ms", tuple(values)) for work, values in rows.items()]
    searches = [max(values) for work, values in rows.items() if work != "near-duplicates"]
    name = engine.lower()
    report.figures[f"search_worst_ms_{name}"] = max(searches)
    report.figures[f"near_worst_ms_{name}"] = max(rows["near-duplicates"])
    report.figures[f"index_ms_{name}"] = measured["index_ms"]


def _run(home: Path, database: str, count: int) -> dict[str, Any]:
    """One process with production settings in a home of its own."""
    home.mkdir()
    variables = Engine("", {}, environment={
        "DJANGO_SETTINGS_MODULE": "qinqing.config.settings", "QINQING_MODE": "production", "QINQING_HOME": str(home),
        "QINQING_DATABASE": database or str(home / "qinqing.sqlite3"),
    }).variables()  # fmt: skip
    progress(f"{count:,} matters in {home.name}")
    done = subprocess.run(
        [sys.executable, "-m", "bench.engines.search", str(count)],
        env=variables, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, check=False,
    )  # fmt: skip
    if done.returncode:
        raise TeamError(f"bench.engines.search ended with {done.returncode}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found
