"""One engine with its measured processes, steered from here: started once, then asked for one repetition at a time.

All processes of a team work on one store. They idle on their input between repetitions, so teams can take turns.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from bench.joint import ACTS

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60.0  # seconds beyond the time asked for, after which a silent process is ended


class TeamError(RuntimeError):
    """A measured process failed or fell silent; the text ends with what it said last."""


@dataclass(frozen=True, slots=True)
class Engine:
    """What to start: `module` (see serve.py) under `python`, with `config` and more environment."""

    module: str
    config: Mapping[str, Any]
    processes: int = 1
    python: Path = Path(sys.executable)
    environment: Mapping[str, str] = field(default_factory=dict)

    def command(self, worker: int, *more: str) -> list[str]:
        config = json.dumps({**self.config, "worker": worker})
        return [str(self.python), "-m", "bench.serve", self.module, config, *more]

    def variables(self) -> dict[str, str]:
        """The shell's, without what it says of an installation, so that none is touched."""
        shell = {name: value for name, value in os.environ.items() if not name.startswith(("QINQING_", "DJANGO_"))}
        return {**shell, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}", **self.environment}


class Team:
    """The processes of one engine. Use as a context manager; leaving it ends them.

    `errors` is the file that takes what they write to standard error. Raises TeamError.
    """

    def __init__(self, engine: Engine, errors: Path) -> None:
        self.engine = engine
        self.errors = errors
        self.members: list[subprocess.Popen[str]] = []
        self.acts = 0  # done so far by all members together

    def start(self) -> None:
        """Make the store, start the members, wait until each has warmed up. `close` is needed even if this fails."""
        with self.errors.open("a", encoding="utf-8") as errors:
            self._prepare(errors)
            for worker in range(self.engine.processes):
                self.members.append(
                    subprocess.Popen(
                        self.engine.command(worker),
                        cwd=ROOT,
                        env=self.engine.variables(),
                        stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE,
                        stderr=errors,
                        text=True,
                    )
                )
        self.receive()  # the warm-up

    def __enter__(self) -> Team:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def ask(self, order: str, seconds: float = 0) -> list[dict[str, Any]]:
        """Every member's answer to an order that takes about so many seconds; all begin together."""
        self.send(order)
        return self.receive(seconds)

    def send(self, order: str) -> None:
        """Give an order without waiting; `receive` then gets the answers."""
        for member in self.members:
            assert member.stdin is not None
            try:
                member.stdin.write(order + "\n")
                member.stdin.flush()
            except OSError:
                raise self._failure() from None

    def receive(self, seconds: float = 0) -> list[dict[str, Any]]:
        """The answers to what was sent, within that time and some patience."""
        watch = threading.Timer(seconds + PATIENCE, self._kill)
        watch.start()
        try:
            lines = [member.stdout.readline() for member in self.members if member.stdout]
        finally:
            watch.cancel()
        if not all(lines):
            raise self._failure()
        answers = [json.loads(line) for line in lines]
        self.acts += sum(answer.get("acts", 0) for answer in answers)
        return answers

    def rate(self, seconds: float) -> float:
        """Acts a second of all members together over about so many seconds."""
        answers = self.ask(f"run {seconds}", seconds)
        return float(sum(answer["acts"] / answer["seconds"] for answer in answers))

    def check(self) -> None:
        """Refuse the figures of a team whose store does not show its acts as whole cases. Raises TeamError."""
        self.members, others = self.members[:1], self.members[1:]
        try:
            (counts,) = self.ask("counts")
        finally:
            self.members += others
        if not self.acts or self.acts != counts["closed"] * len(ACTS):
            raise TeamError(
                f"{self.engine.module}: {self.acts} acts done, but {counts['closed']} closed cases of {len(ACTS)} acts"
                " stand in its store; its figures mean nothing"
            )

    def close(self) -> None:
        """End the members: their input closes, which they take as the end; those that do not are killed."""
        for member in self.members:
            if member.stdin:
                with suppress(OSError):
                    member.stdin.close()
        for member in self.members:
            try:
                member.wait(timeout=10)
            except subprocess.TimeoutExpired:
                member.kill()
                member.wait()
            if member.stdout:
                member.stdout.close()
        self.members = []

    def _prepare(self, errors: IO[str]) -> None:
        try:
            subprocess.run(
                self.engine.command(0, "prepare"),
                cwd=ROOT,
                env=self.engine.variables(),
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                timeout=2 * PATIENCE,
                check=True,
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            raise self._failure() from None

    def _kill(self) -> None:
        for member in self.members:
            member.kill()

    def _failure(self) -> TeamError:
        said = self.errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return TeamError(f"{self.engine.module} failed: " + "\n".join(said[-8:] or ["(it said nothing)"]))
