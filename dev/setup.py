"""Makes `.venv` as the lock says. Called by `./run` when the stamp does not fit; needs only Python's own library.

The stamp is written last, so an interrupted set-up is seen and done again. Two at once: the second waits for the
first, on a file lock that the kernel gives up when its holders are gone (pip and uv hold it with us, so that a set-up
that was killed while pip runs on is not started over beneath pip).
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import venv
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
STAMP = ENVIRONMENT / "stamp"
PYTHON = ENVIRONMENT / "bin" / "python"


def main(stamp: str) -> int:
    """Build unless another call just did; `stamp` is what `./run` compares. Returns the exit code."""
    (ROOT / "var").mkdir(exist_ok=True)
    with open(ROOT / "var" / "setup.lock", "w", encoding="ascii") as lock:
        os.set_inheritable(lock.fileno(), True)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("another call is setting up; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        if STAMP.exists() and STAMP.read_text(encoding="ascii").strip() == stamp and PYTHON.exists():
            return 0
        return _build(stamp)


def _build(stamp: str) -> int:
    _say(f"setting up .venv with Python {sys.version.split()[0]} (once; a minute or less)")
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    uv = shutil.which("uv")
    if not (uv and _install_with_uv(uv)) and not _install_with_pip():
        return 1
    packages = next(ENVIRONMENT.glob("lib/python*/site-packages"))
    (packages / "qinqing.pth").write_text("../../../../src\n", encoding="ascii")  # relative: the folder may be moved
    STAMP.write_text(f"{stamp}\n", encoding="ascii")
    return 0


def _install_with_uv(uv: str) -> bool:
    venv.create(ENVIRONMENT, symlinks=True)
    arguments = ["pip", "install", "--quiet", "--python", str(PYTHON), "--no-deps", "--require-hashes", "-r", str(LOCK)]
    if _call([uv, *arguments]):
        return True
    _say("uv could not; trying pip")
    return False


def _install_with_pip() -> bool:
    if find_spec("ensurepip") is None:
        _say("this Python makes no environments: install uv, or Python's venv (Debian: apt-get install python3-venv)")
        return False
    venv.create(ENVIRONMENT, clear=True, symlinks=True, with_pip=True)
    flags = ["-qq", "--disable-pip-version-check", "--no-input", "--no-compile", "--progress-bar", "off"]
    if _call([str(PYTHON), "-m", "pip", "install", *flags, "--no-deps", "--require-hashes", "-r", str(LOCK)]):
        return True
    _say("pip could not install what requirements.lock names; its reasons stand above. Mend them and call again")
    return False


def _call(command: list[str]) -> bool:
    return subprocess.run(command, stdin=subprocess.DEVNULL, close_fds=False, check=False).returncode == 0


def _say(words: str) -> None:
    print(f"./run: {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1]))
    except KeyboardInterrupt:
        sys.exit(130)
