"""An installation as it runs in an office, on the database under test: granian, workers, a receiver on the other side.

Each is a process (group) of its own that can be killed outright and started again.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.cases.processes import ROOT, environment

STARTER = Path(__file__).with_name("ends_with_parent.py")
PATIENCE = 60  # seconds until a process answers, on a machine that does other things as well
# as `qinqing.site.demo.running` starts it
GRANIAN = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--workers", "1", "--blocking-threads", "4",
           "--no-ws", "--log-level", "error", "qinqing.config.wsgi:application"]  # fmt: skip


def command(*words: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """`qinqing GROUP NAME ...` as a process, to its end."""
    whole = [sys.executable, "-m", "qinqing", *words]
    return subprocess.run(
        whole, cwd=ROOT, env=environment() | changes, capture_output=True, text=True, timeout=240, check=False
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Part:
    """One process (group) of the installation; `port` 0 when it serves nothing."""

    def __init__(self, words: Sequence[str], port: int = 0, more: Mapping[str, str] | None = None) -> None:
        self.words, self.port, self.more, self.kills = words, port, more or {}, 0
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-IS", str(STARTER), sys.executable, "-m", *self.words]
        whole = environment() | self.more
        self.process = subprocess.Popen(command, cwd=ROOT, env=whole, stdin=subprocess.DEVNULL, start_new_session=True)

    def kill(self) -> None:
        """Outright, with everything it started: as when the power goes."""
        self._signal(signal.SIGKILL)
        self.kills += 1

    def stop(self) -> int:
        """Asked politely; returns its exit code."""
        self._signal(signal.SIGTERM)
        return self.process.wait(20)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)
        if number == signal.SIGKILL:
            self.process.wait()

    def wait_until_up(self) -> None:
        """Until its port takes connections."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            assert self.process.poll() is None, f"{self.words[0]} ended with code {self.process.returncode}"
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.02)
        raise AssertionError(f"{self.words[0]} does not answer")

    def pids(self) -> list[int]:
        """The processes of its group."""
        found = []
        for status in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError, ValueError):
                fields = status.read_text().rpartition(")")[2].split()
                if int(fields[2]) == self.process.pid:
                    found.append(int(status.parent.name))
        return found

    def peak_memory(self) -> int:
        """Most bytes of memory that one of its processes has held so far (VmHWM)."""
        peaks = [0]
        for pid in self.pids():
            with suppress(OSError):
                lines = Path(f"/proc/{pid}/status").read_text().splitlines()
                peaks += [int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")]
        return max(peaks)


@contextmanager
def running(*parts: Part) -> Iterator[None]:
    """Within the block they run; afterwards none is left."""
    try:
        for part in parts:
            if part.port:
                part.wait_until_up()
        yield
    finally:
        for part in parts:
            part.kill()


def server() -> Part:
    port = free_port()
    return Part([*GRANIAN, "--port", str(port)], port)


def worker() -> Part:
    return Part(["qinqing", "messaging", "work"])


def receiver(inbox: Path, secret: str, *, moody: bool) -> Part:
    """The other office's system, with its own database file."""
    port = free_port()
    words = ["tests.proof.receiving", str(port), str(inbox), secret, "moody" if moody else "calm"]
    return Part(words, port)
