"""The floor: one INSERT and one UPDATE, committed for good, with the drivers' own statements and nothing else.

No rule, no form, no permission, no clock, no outbox; a chain's hash is written but not computed.
`config`: `database`, a SQLite file or a postgresql:// address, and `worker`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg

from bench.joint import ACTS, NOTE

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLES = (
    "CREATE TABLE matter (id BIGINT PRIMARY KEY, version INT NOT NULL, stage TEXT NOT NULL, head TEXT NOT NULL)",
    "CREATE TABLE event (matter_id BIGINT NOT NULL, seq INT NOT NULL, body TEXT NOT NULL, hash TEXT NOT NULL,"
    " PRIMARY KEY (matter_id, seq))",
)
OPEN = "INSERT INTO matter VALUES (?, 1, ?, ?)"
APPEND = "INSERT INTO event VALUES (?, ?, ?, ?)"
MOVE = "UPDATE matter SET version = version + 1, stage = ?, head = ? WHERE id = ?"
CLOSED = "SELECT COUNT(*) FROM matter WHERE stage = 'filing'"
BODY = json.dumps({"note": NOTE}, ensure_ascii=False)
HASH = "0" * 64
CASES_A_WORKER = 10_000_000  # room between the numbers that two workers give


def is_postgresql(database: str) -> bool:
    return database.startswith("postgresql://")


def prepare(config: Mapping[str, Any]) -> None:
    """Make the two tables."""
    if is_postgresql(config["database"]):
        with psycopg.connect(config["database"], autocommit=True) as server:
            for table in TABLES:
                server.execute(table.encode())
    else:
        file = sqlite(config["database"])
        for table in TABLES:
            file.execute(table)
        file.close()


def start(config: Mapping[str, Any]) -> Bare:
    return Bare(config["database"], config["worker"])


def sqlite(path: str) -> sqlite3.Connection:
    """A connection set up as the product sets up its own: WAL, a commit is on the disk when it returns."""
    file = sqlite3.connect(path, timeout=30, isolation_level=None)
    file.execute("PRAGMA journal_mode=WAL")
    file.execute("PRAGMA synchronous=FULL")
    return file


class Bare:
    """One connection, working one case after another."""

    def __init__(self, database: str, worker: int) -> None:
        self.matter = worker * CASES_A_WORKER
        self.next = 0
        self.connection: Any
        if is_postgresql(database):
            self.connection = psycopg.connect(database, autocommit=True, prepare_threshold=0)
            self.statements = [statement.replace("?", "%s") for statement in (OPEN, APPEND, MOVE)]
            self.transaction = self.connection.transaction
        else:
            self.connection = sqlite(database)
            self.statements = [OPEN, APPEND, MOVE]
            self.transaction = self._immediate

    def step(self) -> bool:
        act, seq = ACTS[self.next], self.next + 1
        run, (open_, append, move) = self.connection.execute, self.statements
        with self.transaction():
            if seq == 1:
                self.matter += 1
                run(open_, (self.matter, act, HASH))
            run(append, (self.matter, seq, BODY, HASH))
            run(move, (act, HASH, self.matter))
        self.next = seq % len(ACTS)
        return self.next == 0

    def counts(self) -> dict[str, int]:
        return {"closed": self.connection.execute(CLOSED).fetchone()[0]}

    @contextmanager
    def _immediate(self) -> Iterator[None]:
        self.connection.execute("BEGIN IMMEDIATE")
        yield
        self.connection.execute("COMMIT")
