"""For tests only: take the append-only triggers off, to flush the database or to tamper with a history on purpose.

TransactionTestCase empties tables with DELETE (SQLite) or TRUNCATE (PostgreSQL), which the triggers refuse. The fixture
`flush_in_spite_of_guards` (imported by tests/conftest.py) lets its flush, and nothing else, through.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import TransactionTestCase

from qinqing.audit.append_only import PREFIX
from tests import snapshots

EMPTY = "empty"


@contextmanager
def unguarded() -> Iterator[None]:
    """Within the block the append-only triggers are off; afterwards they stand as before."""
    postgresql = connection.vendor == "postgresql"
    query = (
        "SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE %s"
        if postgresql
        else "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [f"{PREFIX}_%"])
        guards = cursor.fetchall()
        for name, rest in guards:
            cursor.execute(f'ALTER TABLE {rest} DISABLE TRIGGER "{name}"' if postgresql else f'DROP TRIGGER "{name}"')
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            if postgresql and connection.in_atomic_block:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # pending checks would forbid ALTER TABLE
                cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            for name, rest in guards:
                cursor.execute(f'ALTER TABLE {rest} ENABLE TRIGGER "{name}"' if postgresql else rest)


@pytest.fixture(autouse=True, scope="session")
def flush_in_spite_of_guards() -> Iterator[None]:
    """Django's flush between transactional tests, less the seconds in which it writes permissions nobody reads."""
    original = TransactionTestCase._fixture_teardown

    def teardown(self: TransactionTestCase) -> None:
        if not snapshots.back_to(EMPTY):
            with unguarded():
                call_command("flush", verbosity=0, interactive=False, inhibit_post_migrate=True)
            snapshots.keep(EMPTY)

    TransactionTestCase._fixture_teardown = teardown  # type: ignore[method-assign]
    yield
    TransactionTestCase._fixture_teardown = original  # type: ignore[method-assign]
