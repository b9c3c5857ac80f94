"""`./run bench kernel`: the act, measured beside a bare commit, SpiffWorkflow and viewflow, and under a steady load.

Work 1, "act": eleven-act flow with a five-way join (joint.py), every act committed for good, as fast as it goes.
Work 2, "100 acts/s": the same acts on a fixed schedule while another process reads desk pages without a pause.
Everything is made in temporary folders and taken away again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg

from bench.harness import Report, Row, interleaved, machine, percentile, progress, ratio
from bench.peers import environment
from bench.team import Engine, Team
from dev import postgres

ACT, STEADY = "act", "100 acts/s, pages read"
OWN, OWN_2, OWN_PG = "qinqing, SQLite, 1 process", "qinqing, SQLite, 2 processes", "qinqing, PostgreSQL, 2 processes"
BARE, BARE_PG = "bare commit, SQLite, 1 process", "bare commit, PostgreSQL, 2 processes"
SPIFF_KEPT, SPIFF = "SpiffWorkflow kept in memory, SQLite, 1 process", "SpiffWorkflow reloaded, SQLite, 1 process"
VIEWFLOW, VIEWFLOW_PG = "viewflow, SQLite, 1 process", "viewflow, PostgreSQL, 2 processes"
WRITER, READER = "qinqing, SQLite, 1 writer", "qinqing, SQLite, 1 reader"
STEADY_RATE = 100
BACKLOG = 300  # open cases on the desks that are read


@dataclass(frozen=True, slots=True)
class Plan:
    """How long: repetitions of the first work and seconds of each, runs of the second and seconds of each."""

    repetitions: int
    seconds: float
    steady_runs: int
    steady_seconds: float


FULL = Plan(repetitions=7, seconds=1.0, steady_runs=3, steady_seconds=20)
QUICK = Plan(repetitions=3, seconds=0.4, steady_runs=1, steady_seconds=6)


def measure(quick: bool) -> Report:
    """Both works. What cannot be had here (peers, PostgreSQL) leaves its figures None, with a note."""
    plan = QUICK if quick else FULL
    with tempfile.TemporaryDirectory(prefix="qinqing-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        report = Report("kernel", machine(folder))
        chosen = engines(folder, stack, report)
        with _teams(chosen, folder) as teams:
            measured = interleaved({name: _rate(team, plan) for name, team in teams.items()}, plan.repetitions)
            for team in teams.values():
                team.check()
        report.rows += [Row(ACT, engine, "acts/s", values) for engine, values in measured.items()]
        report.rows += _steady(folder, plan)
    report.figures = figures(report)
    return report


def engines(folder: Path, stack: ExitStack, report: Report) -> dict[str, Engine]:
    """All that can be had here, with stores in `folder`; what cannot is noted in the report."""
    found = {
        OWN: _own(folder / "own-1"),
        OWN_2: _own(folder / "own-2", processes=2),
        BARE: Engine("bench.engines.bare", {"database": str(folder / "bare.sqlite3")}),
    }
    try:
        python = environment.python()
        for name, keep in ((SPIFF_KEPT, True), (SPIFF, False)):
            config = {"database": str(folder / f"spiff-{keep}.sqlite3"), "keep": keep}
            found[name] = Engine("bench.peers.spiff", config, python=python)
        found[VIEWFLOW] = _viewflow(str(folder / "viewflow.sqlite3"), python)
    except environment.Unavailable as why:
        python = None
        report.notes.append(f"SpiffWorkflow and viewflow were not measured: {why}")
    try:
        address = stack.enter_context(postgres.cluster(durable=True))
        report.machine = {**report.machine, "postgresql": _version(address)}
        found[OWN_PG] = _own(folder / "own-pg", _database(address, "own"), processes=2)
        found[BARE_PG] = Engine("bench.engines.bare", {"database": _database(address, "bare")}, processes=2)
        if python:
            found[VIEWFLOW_PG] = _viewflow(_database(address, "viewflow"), python, processes=2)
    except RuntimeError as why:
        report.notes.append(f"nothing was measured on PostgreSQL: {why}")
    return found


def _own(home: Path, database: str = "", processes: int = 1, backlog: int = 0) -> Engine:
    """The product as installed: production settings, a home of its own."""
    variables = {
        "DJANGO_SETTINGS_MODULE": "qinqing.config.settings",
        "QINQING_MODE": "production",
        "QINQING_HOME": str(home),
        "QINQING_DATABASE": database or str(home / "qinqing.sqlite3"),
    }
    return Engine("bench.engines.own", {"backlog": backlog}, processes, environment=variables)


def _viewflow(database: str, python: Path, processes: int = 1) -> Engine:
    return Engine("bench.peers.viewflow", {"database": database}, processes, python)


def _database(address: str, name: str) -> str:
    """A new empty database beside the one at `address`."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return f"{address.rpartition('/')[0]}/{name}"


def _version(address: str) -> str:
    with psycopg.connect(address) as connection:
        return str(connection.info.parameter_status("server_version")).split()[0]


@contextmanager
def _teams(engines: Mapping[str, Engine], folder: Path) -> Iterator[dict[str, Team]]:
    """All engines, started two at a time and ready."""
    teams = {name: Team(engine, folder / f"stderr-{n}.txt") for n, (name, engine) in enumerate(engines.items())}
    with ExitStack() as stack:
        for team in teams.values():
            stack.callback(team.close)
        with ThreadPoolExecutor(2) as pool:
            for name, _ in zip(teams, pool.map(Team.start, teams.values()), strict=True):
                progress(f"{name} is ready")
        yield teams


def _rate(team: Team, plan: Plan) -> Callable[[], float]:
    return lambda: team.rate(plan.seconds)


def _steady(folder: Path, plan: Plan) -> list[Row]:
    """A writer on its schedule, a reader that never pauses, on one SQLite file."""
    found: dict[str, list[float]] = {"p50": [], "p99": [], "max": [], "pages": []}
    with ExitStack() as stack:
        office = _own(folder / "steady", backlog=BACKLOG)
        writer = stack.enter_context(Team(office, folder / "stderr-writer.txt"))
        reading = replace(office, module="bench.engines.pages")
        reader = stack.enter_context(Team(reading, folder / "stderr-reader.txt"))
        for turn in range(plan.steady_runs):
            progress(
                f"{STEADY_RATE} acts a second for {plan.steady_seconds:.0f} s, run {turn + 1} of {plan.steady_runs}"
            )
            reader.send(f"run {plan.steady_seconds}")
            (answer,) = writer.ask(f"paced {STEADY_RATE} {plan.steady_seconds}", plan.steady_seconds)
            (pages,) = reader.receive(plan.steady_seconds)
            latencies = answer["latencies_ms"]
            found["p50"].append(percentile(latencies, 0.5))
            found["p99"].append(percentile(latencies, 0.99))
            found["max"].append(max(latencies))
            found["pages"].append(pages["acts"] / pages["seconds"])
        writer.ask("run 0")  # on to the end of the case in hand
        writer.check()
    rows = [Row(f"{STEADY}: {share}", WRITER, "ms", tuple(found[share])) for share in ("p50", "p99", "max")]
    return [*rows, Row(f"{STEADY}: pages", READER, "pages/s", tuple(found["pages"]))]


def figures(report: Report) -> dict[str, float | None]:
    """What issue texts and the README quote; a ratio is one median over another of the same run."""
    own = report.median(ACT, OWN)
    return {
        "acts_per_second_sqlite": own,
        "acts_vs_bare_sqlite": ratio(own, report.median(ACT, BARE)),
        "acts_vs_spiff_reloaded": ratio(own, report.median(ACT, SPIFF)),
        "acts_vs_viewflow": ratio(own, report.median(ACT, VIEWFLOW)),
        "acts_per_second_postgresql": report.median(ACT, OWN_PG),
        "p99_ms_at_100": report.median(f"{STEADY}: p99", WRITER),
    }
