"""`./run test [--long] [pytest arguments]`: the suite on SQLite, on PostgreSQL, and in a real browser.

A quick run asks PostgreSQL everything but what is marked `alike` (what pages show and whom they let in, what is learnt
from texts); --long asks it everything.
With pytest arguments (`./run test tests/lib -k friday`) it runs only those, on SQLite: for quick work.
The exit code is 0 only if nothing failed; what could not run on this machine is said at the end.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from dev import browser, postgres

ROOT = Path(__file__).resolve().parents[1]
IN_PARALLEL = ["-n", "2", "--dist", "loadfile"]
IN_BROWSER = ["--no-loadscope-reorder", "tests/stories", "tests/browser"]  # the only places; the longest first


@dataclass(frozen=True)
class Outcome:
    """What one run of pytest gave. `why` says why it did not run."""

    name: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0
    why: str = ""

    def __str__(self) -> str:
        if self.why:
            return f"{self.name:12} DID NOT RUN: {self.why}"
        return (
            f"{self.name:12} {self.passed} passed, {self.failed} failed, {self.skipped} skipped in {self.seconds:.0f} s"
        )


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./run test", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--long", action="store_true", help="also races, kills and fuzzing")
    chosen, arguments = parser.parse_known_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers are stopped on the way out
    outcomes = []
    try:
        for outcome in _quick(arguments, long=chosen.long) if arguments else _everything(long=chosen.long):
            outcomes.append(outcome)
    except KeyboardInterrupt:
        print("\ninterrupted")
        return 130
    _summary(outcomes)
    return 1 if any(outcome.failed for outcome in outcomes) or not any(outcome.passed for outcome in outcomes) else 0


def _quick(arguments: list[str], *, long: bool) -> Iterator[Outcome]:
    yield _pytest("SQLite", [*_long(long, ""), *arguments])


def _everything(*, long: bool) -> Iterator[Outcome]:
    server, chromium = postgres.ensure(), browser.ensure()  # first: some tests of the first run use them too
    yield _pytest("SQLite", [*_long(long, "not browser"), *IN_PARALLEL])
    if server is None:
        yield Outcome("PostgreSQL", why="not installed, and only root with apt may install it here: install postgresql")
    else:
        with postgres.cluster() as address:
            marks = "not browser" if long else "not browser and not alike"
            yield _pytest("PostgreSQL", [*_long(long, marks), *IN_PARALLEL, "--database-only"], address)
    if chromium is None:
        yield Outcome(
            "Browser", why="no Chromium that starts, and only root with apt may install it here: install chromium"
        )
    else:
        yield _pytest("Browser", [*_long(long, "browser"), *IN_PARALLEL, *IN_BROWSER])


def _long(long: bool, marks: str) -> list[str]:
    """pytest arguments that choose by mark, with the long tests or without."""
    if long:
        return ["-m", marks, "--hypothesis-profile=long", "-o", "faulthandler_timeout=1200"]
    return ["-m", f"{marks} and not long" if marks else "not long"]


def _pytest(name: str, arguments: list[str], database: str = "") -> Outcome:
    print(f"== {name}", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="qinqing-report-") as folder:
        report = Path(folder, "report.xml")
        command = [sys.executable, "-m", "pytest", "-r", "fEs", f"--junitxml={report}", *arguments]
        environment = {**os.environ, "QINQING_DATABASE": database}
        code = _call(command, environment)
        passed, failed, skipped = _counts(report)
    if code and not failed:
        print(f"pytest ended with code {code}", flush=True)
        failed = 1  # no test collected, a broken option, a crash: never a success
    return Outcome(name, passed, failed, skipped, time.monotonic() - began)


def _call(command: list[str], environment: dict[str, str]) -> int:
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL) as process:
        try:
            return process.wait()
        except BaseException:  # Ctrl-C reached pytest too: let it tidy up
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.send_signal(signal.SIGINT)
                process.wait(15)
            process.kill()
            raise


def _counts(report: Path) -> tuple[int, int, int]:
    """Passed, failed and skipped tests of a JUnit report; zeros when pytest wrote none."""
    if not report.exists():
        return 0, 0, 0
    failed = skipped = total = 0
    for suite in ElementTree.parse(report).getroot().iter("testsuite"):  # noqa: S314 - our own pytest wrote it
        failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped += int(suite.get("skipped", 0))
        total += int(suite.get("tests", 0))
    return total - failed - skipped, failed, skipped


def _summary(outcomes: list[Outcome]) -> None:
    print()
    for outcome in outcomes:
        print(outcome)
    print(
        f"{sum(o.passed for o in outcomes)} passed, {sum(o.failed for o in outcomes)} failed, "
        f"{sum(o.skipped for o in outcomes)} skipped",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
