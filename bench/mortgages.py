"""`./run bench mortgages`: 40 banks at once through the signed door, beside a bare signed-POST-and-insert; how long it
takes from event to release at 20 events a second.

On a PostgreSQL that keeps what it acknowledges, two server processes and two workers, the embedded register. The bare
server is the same HTTP server with the same signatures, and one row inserted for each event. See `banks.py` for what is
said and `engines/mortgages.py` for the county.
"""

from __future__ import annotations

import json
import math
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from bench.banks import Answered, Banks, Post, Share, all_at_once, on_schedule, share_of
from bench.harness import Report, Row, machine, percentile, progress, ratio
from bench.team import ROOT, Engine, TeamError
from dev import postgres

BURST, STEADY = "40 banks at once", "20 events a second"
OWN, BARE = "qinqing, PostgreSQL, 2 servers, 2 workers", "bare signed insert, PostgreSQL, 2 servers"
RATE = 20
EVENTS, RUNS, STEADY_SECONDS, STEADY_RUNS = 2_000, 3, 60, 3
QUICK_EVENTS, QUICK_SECONDS = 400, 15
PATIENCE = 60  # seconds without any release after which those that are left count as lost
CHECK = 0.05  # seconds between looks at what has been released
RELEASED = "SELECT certificate FROM mortgages_release WHERE state = 'released'"


def measure(quick: bool) -> Report:
    """Raises TeamError where a server fails or what must stand is released. Without PostgreSQL all figures are None."""
    share = share_of(QUICK_EVENTS if quick else EVENTS)
    runs, seconds = (1, QUICK_SECONDS) if quick else (RUNS, STEADY_SECONDS)
    steady_runs = 1 if quick else STEADY_RUNS
    names = ("events_per_second", "vs_bare", "p99_seconds_at_20", "lost", "doubled", "tampered_accepted")
    with tempfile.TemporaryDirectory(prefix="qinqing-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        report = Report("mortgages", machine(folder))
        try:
            address = stack.enter_context(postgres.cluster(durable=True))
        except RuntimeError as why:
            report.notes.append(f"nothing was measured: {why}")
            report.figures = dict.fromkeys(names)
            return report
        counts = [share.mortgages] * runs + [(RATE * seconds, 0)] * steady_runs
        work = Work(folder, address, counts)
        with work.installation() as port:
            work.bursts(report, port, share, runs)
            work.steady(report, port, seconds, work.prepared["runs"][runs:])
        work.bare(report, share, runs)
    report.figures |= {
        "events_per_second": report.median(BURST, OWN),
        "vs_bare": ratio(report.median(BURST, OWN), report.median(BURST, BARE)),
        "p99_seconds_at_20": report.median(f"{STEADY}: p99", OWN),
    }
    report.figures = {name: report.figures[name] for name in names}
    return report


class Work:
    """One installation and what is measured of it."""

    def __init__(self, folder: Path, address: str, counts: list[tuple[int, int]]) -> None:
        self.folder, self.address = folder, address
        self.variables = Engine("", {}).variables() | {
            "DJANGO_SETTINGS_MODULE": "qinqing.config.settings", "QINQING_MODE": "production",
            "QINQING_HOME": str(folder / "home"), "QINQING_DATABASE": address,
        }  # fmt: skip
        progress(f"{sum(map(sum, counts)):,} mortgages")
        command = [sys.executable, "-m", "bench.engines.mortgages", json.dumps(counts)]
        done = subprocess.run(command, env=self.variables, cwd=ROOT, stdout=subprocess.PIPE, check=False)
        if done.returncode:
            raise TeamError(f"the county could not be prepared: {done.returncode}")
        self.prepared: dict[str, Any] = json.loads(done.stdout)
        self.banks = Banks(self.prepared)
        self.unreleased = 0
        self.seen: dict[str, float] = {}  # certificate -> when its release was first seen

    @contextmanager
    def installation(self) -> Iterator[int]:
        """Two server processes on one port, two workers."""
        with _server("qinqing.config.wsgi:application", self.variables) as port, ExitStack() as stack:
            for _ in range(2):
                worker = [sys.executable, "-m", "qinqing", "messaging", "work"]
                stack.enter_context(_running(worker, self.variables))
            yield port

    def bursts(self, report: Report, port: int, share: Share, runs: int) -> None:
        """Until the last good one is released; then what was lost, doubled, or taken though tampered with."""
        rates, doors, answered, posts = [], [], list[Answered](), list[Post]()
        for run in range(runs):
            said = self.banks.posts(self.prepared["runs"][run], share, f"b{run}")
            progress(f"{share.events} events at once, run {run + 1} of {runs}, load {os.getloadavg()[0]:.1f}")
            begun, found = all_at_once(self.banks, said, port)
            doors.append(len(found) / (time.perf_counter() - begun))
            wanted = {post.certificate for each in said for post in each if post.certificate}
            ended = self.wait_for(wanted)
            good = sum(each.post.good for each in found)
            rates.append(good / (ended - begun))
            answered += found
            posts += [post for each in said for post in each]
        report.rows.append(Row(BURST, OWN, "events/s", tuple(rates)))
        report.rows.append(Row(f"{BURST}: acknowledged", OWN, "events/s", tuple(doors)))
        report.figures |= self.verdict(posts, answered)

    def steady(self, report: Report, port: int, seconds: int, runs: list[list[dict[str, str]]]) -> None:
        """Seconds from the moment an event was due to the moment its release is seen (every 50 ms)."""
        p50, p99, longest = [], [], []
        for run, mortgages in enumerate(runs):
            share = Share(len(mortgages), 0, 0, 0, 0)
            posts = [post for each in self.banks.posts(mortgages, share, f"p{run}") for post in each]
            posts.sort(key=lambda post: int(post.event_id.rpartition("s")[2]))
            progress(f"{RATE} events a second for {seconds} s, load {os.getloadavg()[0]:.1f}")
            with self.watching():
                found = on_schedule(self.banks, posts, port, RATE)
                self.wait_for({post.certificate for post in posts}, watched=True)
            took = [self.seen.get(each.post.certificate, math.inf) - each.at for each in found]
            p50.append(percentile(took, 0.5))
            p99.append(percentile(took, 0.99))
            longest.append(max(took))
        for name, values in (("p50", p50), ("p99", p99), ("max", longest)):
            report.rows.append(Row(f"{STEADY}: {name}", OWN, "s", tuple(values)))

    def bare(self, report: Report, share: Share, runs: int) -> None:
        """The same requests, verified and inserted."""
        keys = self.folder / "keys.json"
        keys.write_text(json.dumps({each["key_id"]: each["public"] for each in self.prepared["banks"]}))
        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute("CREATE DATABASE bare")
        address = f"{self.address.rpartition('/')[0]}/bare"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("CREATE TABLE events (id bigserial PRIMARY KEY, keyid text, body bytea, at timestamptz)")
        rates = []
        variables = self.variables | {"BARE_DATABASE": address, "BARE_KEYS": str(keys)}
        with _server("bench.engines.bare_post:application", variables) as port:
            for run in range(runs + 1):  # the first to warm up
                said = self.banks.posts(self.prepared["runs"][max(0, run - 1)], share, f"b{run}")
                begun, found = all_at_once(self.banks, said, port)
                good = sum(each.post.good for each in found)
                if {each.status for each in found if each.post.good} != {202}:
                    raise TeamError("the bare server refused what is good")
                rates.append(good / (time.perf_counter() - begun))
        report.rows.append(Row(BURST, BARE, "events/s", tuple(rates[1:])))

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Meanwhile a thread notes when each release is first seen."""
        import threading

        stop = threading.Event()

        def watch() -> None:
            with psycopg.connect(self.address, autocommit=True) as connection:
                while not stop.wait(CHECK):
                    self.note(connection)

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def note(self, connection: psycopg.Connection[Any]) -> None:
        rows = connection.execute(RELEASED).fetchall()
        moment = time.perf_counter()
        for (certificate,) in rows:
            self.seen.setdefault(certificate, moment)

    def wait_for(self, wanted: set[str], *, watched: bool = False) -> float:
        """Until all of them are released, or none came for a minute: those are lost. Returns when the last was seen."""
        quiet, last = time.perf_counter(), -1
        with psycopg.connect(self.address, autocommit=True) as connection:
            while True:
                if not watched:
                    self.note(connection)
                left = len(wanted - self.seen.keys())
                if left != last:
                    quiet, last = time.perf_counter(), left
                if not left or time.perf_counter() - quiet > PATIENCE:
                    self.unreleased += left
                    return max((self.seen[each] for each in wanted & self.seen.keys()), default=quiet)
                time.sleep(CHECK)

    def verdict(self, posts: list[Post], answered: list[Answered]) -> dict[str, float | None]:
        """What stands in the database, after the last run."""
        good = {post.event_id for post in posts if post.good}
        bad = {post.event_id for post in posts if not post.good}
        with psycopg.connect(self.address, autocommit=True) as connection:
            stand = [row[0] for row in connection.execute("SELECT event_id FROM mortgages_bankevent").fetchall()]
            twice = connection.execute(
                "SELECT count(*) FROM (SELECT r.certificate FROM mortgages_release r JOIN mortgages_registerrequest q"
                " ON q.release_id = r.id WHERE q.state <> 'cancelled' GROUP BY 1 HAVING count(*) > 1) x"
            ).fetchone()
            waiting = connection.execute("SELECT count(*) FROM mortgages_bankevent WHERE state = 'waiting'").fetchone()
            released = {row[0] for row in connection.execute(RELEASED).fetchall()}
        assert twice and waiting
        if others := released - {post.certificate for post in posts}:
            raise TeamError(f"{len(others)} mortgages were released that should not be; the figures mean nothing")
        refused = sum(each.post.good and each.status not in (200, 202) for each in answered)
        taken = sum(not each.post.good and each.status < 400 for each in answered)
        return {
            "lost": len(good - set(stand)) + refused + waiting[0] + self.unreleased,
            "doubled": twice[0] + len(stand) - len(set(stand)),
            "tampered_accepted": len(bad & set(stand)) + taken,
        }


# ── processes ──


@contextmanager
def _server(application: str, variables: dict[str, str]) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    words = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
        "--workers", "2", "--blocking-threads", "4", "--no-ws", "--log-level", "error", application,
    ]  # fmt: skip
    with _running(words, variables) as process:
        end = time.monotonic() + 60
        while time.monotonic() < end and process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                yield port
                return
            time.sleep(0.05)
        raise TeamError(f"{application} does not answer")


@contextmanager
def _running(words: list[str], variables: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Within the block; afterwards its whole group is gone. What it says goes to standard error."""
    process = subprocess.Popen(words, env=variables, cwd=ROOT, stdout=sys.stderr.fileno(), start_new_session=True)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
