"""演示库的表: the empty tables of a new county. Making them by migration takes longer than all that fills them, so an
empty database is kept in `var` and copied while nothing has changed that a migration may read."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import sys
from contextlib import closing, suppress
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection

SOURCE = Path(__file__).resolve().parents[2]


def make() -> None:
    """All tables in a database that has none. A copy may lack migrations: `migrate` still looks."""
    database = Path(str(connection.settings_dict["NAME"]))
    if connection.vendor != "sqlite" or database.exists():
        return
    kept = settings.ROOT / "var" / f"tables-{state_of_source()}.sqlite3"
    if kept.exists():
        copy = database.with_suffix(".new")
        shutil.copyfile(kept, copy)
        copy.rename(database)  # whole or not at all
        return
    call_command("migrate", verbosity=0)
    with suppress(OSError, sqlite3.Error):  # a folder that is not ours to write in: made anew each time
        _keep(kept)


def state_of_source() -> str:
    """What a migration may read or import, as one word."""
    found = hashlib.sha256(f"{sys.version}{django.__version__}{sqlite3.sqlite_version}".encode())
    for path in sorted(SOURCE.rglob("*")):
        if path.suffix in {".py", ".yaml", ".json", ".csv"}:
            found.update(f"{path}\0".encode() + path.read_bytes())
    return found.hexdigest()[:16]


def _keep(kept: Path) -> None:
    made = kept.with_suffix(f".{os.getpid()}")  # two at once: each its own, the last one stays
    with closing(sqlite3.connect(made)) as copy:
        connection.connection.backup(copy)
    for old in kept.parent.glob("tables-*.sqlite3"):
        old.unlink(missing_ok=True)
    made.rename(kept)
