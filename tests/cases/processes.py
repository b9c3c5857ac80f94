"""Real processes on the database under test: each runs one function of `kernel_process.py` (or of another module that
ends as it does) and says what it did.

They start together: every process says `ready`, then all are let go at once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import quote

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
KERNEL = "tests.cases.kernel_process"
PATIENCE = 240  # seconds for one process, on a machine that does other things as well


def database() -> str:
    """The address of the database under test, for another process."""
    facts = connection.settings_dict
    if connection.vendor == "sqlite":
        return str(facts["NAME"])
    password = f":{quote(facts['PASSWORD'])}" if facts["PASSWORD"] else ""
    port = f":{facts['PORT']}" if facts["PORT"] else ""
    return f"postgresql://{quote(facts['USER'])}{password}@{quote(facts['HOST'], safe='')}{port}/{facts['NAME']}"


def environment() -> dict[str, str]:
    """Of every process on the database under test: its database, its home, its movable clock."""
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "qinqing.config.settings",
        "QINQING_DATABASE": database(),
        "QINQING_HOME": str(settings.HOME),
        "QINQING_MODE": "test",
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
    }


class Process:
    """One process doing `job(*arguments)`, a job of the kernel's or `module:job`; what it acknowledged is in `said`."""

    def __init__(self, job: str, arguments: Sequence[Any]) -> None:
        module, _, name = job.rpartition(":")
        command = [sys.executable, "-m", module or KERNEL, name, json.dumps(list(arguments))]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.said: list[Any] = []

    @property
    def output(self) -> IO[str]:
        return cast(IO[str], self.process.stdout)

    def wait_until_ready(self) -> None:
        assert self.output.readline() == "ready\n", "the process did not start"

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def hear(self) -> Any:
        """The next thing it acknowledges; None when it is over. A line cut short by a kill says nothing."""
        line = self.output.readline()
        if not line.endswith("\n"):
            return None
        self.said.append(json.loads(line))
        return self.said[-1]

    def finish(self) -> list[Any]:
        """Everything it acknowledged, after it ended by itself or was killed."""
        while self.hear() is not None:
            pass
        self.process.wait(PATIENCE)
        return self.said


@contextmanager
def running(*jobs: tuple[Any, ...]) -> Iterator[list[Process]]:
    """The processes, started together; each job is (name, *arguments). None is left behind."""
    processes = [Process(job, arguments) for job, *arguments in jobs]
    try:
        for process in processes:
            process.wait_until_ready()
        for process in processes:
            process.go()
        yield processes
    finally:
        for process in processes:
            process.process.kill()
            process.process.wait()
            process.output.close()
