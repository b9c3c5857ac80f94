"""A PostgreSQL server of one's own, thrown away afterwards: no port, no password, only a socket in a private folder."""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from dev import apt

_SPEED = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "jit=off")  # for small data that may be lost
_INITIAL = ("--username=qinqing", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync")
_START_SECONDS = 30


def binaries() -> Path | None:
    """Folder with `initdb` and `postgres` (the newest found), or None."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda bin: float(bin.parent.name), reverse=True)
    if config := shutil.which("pg_config"):
        said = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False).stdout.strip()
        folders.insert(0, Path(said))
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def ensure() -> Path | None:
    """Folder with the server's programs, installed first when missing and permitted; None when they cannot be had."""
    if binaries() is None:
        apt.install("postgresql")
    return binaries()


@contextmanager
def cluster(*, durable: bool = False) -> Iterator[str]:
    """A fresh server with an empty database; yields its QINQING_DATABASE address; stopped and deleted at the end.

    `durable` keeps fsync on, for measurements. PostgreSQL refuses to run as root: then it runs as `postgres` or
    `nobody`. Raises RuntimeError when PostgreSQL is not installed or does not start.
    """
    programs = ensure()
    if programs is None:
        raise RuntimeError("PostgreSQL is not installed (initdb not found): install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="qinqing-pg-", dir="/tmp"))  # a socket's path must be short
    try:
        user = _server_user()
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        with _server(programs, folder, user, durable=durable):
            _client(programs / "createdb", folder, "qinqing")
            yield f"postgresql://qinqing@{quote(str(folder), safe='')}/qinqing"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _server_user() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")


@contextmanager
def _server(programs: Path, folder: Path, user: pwd.struct_passwd | None, *, durable: bool) -> Iterator[None]:
    data, log = folder / "data", folder / "log"
    ownership: dict[str, Any] = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    made = subprocess.run(
        [programs / "initdb", "--pgdata", data, *_INITIAL],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        **ownership,
    )
    if made.returncode:
        raise RuntimeError(f"initdb failed:\n{made.stdout}{made.stderr}")
    options = ["listen_addresses=", f"unix_socket_directories={folder}", "max_connections=200"]
    options += () if durable else _SPEED
    with log.open("wb") as output:
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, *(part for option in options for part in ("-c", option))],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C stops the tests first, then the server
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - no threads here
            **ownership,
        )
    try:
        _wait(programs, folder, server, log)
        yield
    finally:
        server.send_signal(signal.SIGINT)  # "fast shutdown": disconnects the rest
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _end_with_parent() -> None:
    """Runs in the new process: have the kernel stop the server if the tests are killed outright."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGINT)  # PR_SET_PDEATHSIG


def _wait(programs: Path, folder: Path, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(_START_SECONDS * 10):
        if _client(programs / "pg_isready", folder, check=False) == 0:
            return
        if server.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")


def _client(program: Path, folder: Path, *arguments: str, check: bool = True) -> int:
    environment = {**os.environ, "PGHOST": str(folder), "PGUSER": "qinqing"}
    return subprocess.run([program, *arguments], env=environment, stdout=subprocess.DEVNULL, check=check).returncode
