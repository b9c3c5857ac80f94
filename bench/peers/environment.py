"""The peers' own environment: made at the first need, renewed when the lock changes."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from bench.harness import progress

LOCK = Path(__file__).with_name("requirements.lock")
HOME = Path(__file__).resolve().parents[2] / ".venv-peers"
INSTALL_SECONDS = 180


class Unavailable(RuntimeError):
    """The peers could not be installed; the text says what the installer said."""


def python() -> Path:
    """The environment's interpreter, with everything in the lock installed. Raises Unavailable.

    The stamp is written last, so an interrupted installation is repeated from the start.
    """
    program = HOME / "bin" / "python"
    stamp = HOME / "lock.sha256"
    wanted = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()
    if stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        return program
    progress("installing the peers into .venv-peers (once)")
    shutil.rmtree(HOME, ignore_errors=True)
    _run([sys.executable, "-m", "venv", *(["--without-pip"] if shutil.which("uv") else []), str(HOME)])
    _run([*_installer(program), "--require-hashes", "-r", str(LOCK)])
    stamp.write_text(wanted, encoding="ascii")
    return program


def _installer(program: Path) -> list[str]:
    uv = shutil.which("uv")
    return [uv, "pip", "install", "--python", str(program)] if uv else [str(program), "-m", "pip", "install"]


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise Unavailable(f"not installed within {INSTALL_SECONDS} s") from None
    if done.returncode:
        raise Unavailable((done.stderr or done.stdout).strip()[-500:])
