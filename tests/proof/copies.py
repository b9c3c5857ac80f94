"""A copy of the database under test and of the home, for an attacker who may do anything to it."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from qinqing.audit.append_only import PREFIX
from tests.cases.processes import database
from tests.proof.installation import command

COPY = "copy_for_the_attacker"


@dataclass
class Copy:
    """The copy; `execute` works with the rights of the owner of the schema."""

    address: str
    home: Path
    database: Any  # a sqlite3 or psycopg connection
    postgresql: bool

    def execute(self, sql: str) -> None:
        """One statement that must change something (or define something)."""
        changed = self.database.execute(sql).rowcount
        assert changed != 0, f"changed nothing: {sql}"
        self.database.commit()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        found = self.database.execute(sql).fetchall()
        self.database.commit()
        return list(found)

    @contextmanager
    def unguarded(self) -> Iterator[None]:
        """Triggers off, and on again afterwards so that nobody sees it."""
        guards = self.guards()
        self.drop(guards)
        yield
        for name, rest in guards:
            self.execute(f'ALTER TABLE {rest} ENABLE TRIGGER "{name}"' if self.postgresql else rest)

    def guards(self) -> list[tuple[str, str]]:
        """Name, and its table (PostgreSQL) or definition (SQLite)."""
        return self.rows(
            f"SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE '{PREFIX}_%'"
            if self.postgresql
            else f"SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE '{PREFIX}_%'"
        )  # type: ignore[return-value]

    def drop(self, guards: list[tuple[str, str]]) -> None:
        for name, rest in guards:
            self.execute(
                f'ALTER TABLE {rest} DISABLE TRIGGER "{name}"' if self.postgresql else f'DROP TRIGGER "{name}"'
            )

    def verify(self) -> tuple[int, list[tuple[str, str, int | None]]]:
        """What `qinqing audit verify` says: its exit code, and (kind, chain, record) of each finding."""
        ran = command("audit", "verify", "--json", QINQING_DATABASE=self.address, QINQING_HOME=str(self.home))
        assert ran.stdout.strip(), ran.stderr
        found = json.loads(ran.stdout)["findings"]
        return ran.returncode, [(each["kind"], each["chain"].removeprefix("cases "), each["seq"]) for each in found]

    def said(self) -> str:
        """The same for people."""
        return command("audit", "verify", QINQING_DATABASE=self.address, QINQING_HOME=str(self.home)).stdout


@contextmanager
def copied(folder: Path) -> Iterator[Copy]:
    home = folder / "home"
    shutil.copytree(settings.HOME, home, ignore=shutil.ignore_patterns("*.sqlite3*", "clock-offset"))
    clock = Path(settings.HOME, "clock-offset")
    if clock.exists():
        shutil.copy(clock, home)
    with _sqlite(folder, home) if connection.vendor == "sqlite" else _postgresql(home) as copy:
        yield copy


@contextmanager
def _sqlite(folder: Path, home: Path) -> Iterator[Copy]:
    path = folder / f"{COPY}.sqlite3"
    source, target = sqlite3.connect(database()), sqlite3.connect(path, timeout=30)
    try:
        source.backup(target)
        yield Copy(str(path), home, target, False)
    finally:
        source.close()
        target.close()


@contextmanager
def _postgresql(home: Path) -> Iterator[Copy]:
    import psycopg

    original = database()
    base, _, name = original.rpartition("/")
    connection.close()  # a template may have no guests
    with psycopg.connect(f"{base}/postgres", autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{COPY}_{name}"')
        server.execute(f'CREATE DATABASE "{COPY}_{name}" TEMPLATE "{name}"')
        try:
            with psycopg.connect(f"{base}/{COPY}_{name}") as target:
                yield Copy(f"{base}/{COPY}_{name}", home, target, True)
        finally:
            server.execute(f'DROP DATABASE "{COPY}_{name}" WITH (FORCE)')
