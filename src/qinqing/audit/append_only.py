"""Append-only tables (只增不改): triggers on both databases that refuse UPDATE and DELETE, for use in migrations.

They stop slips and careless programs, not somebody who may change the schema; the chain and the anchors find those.
SQLite drops a table's triggers when Django rebuilds the table (AlterField): such a migration must end with the same
operations again. `missing_guards` finds what was forgotten, and `audit verify` reports it.

Tests: see tests/audit/unguarded.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from django.apps.registry import Apps
from django.db import connection, migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

PREFIX = "append_only"  # every trigger's name begins so
_FUNCTION = "append_only_refuse"


def append_only(table: str) -> list[migrations.RunPython]:
    """Operations that make `table` refuse UPDATE, DELETE and (PostgreSQL) TRUNCATE."""
    return [_operation(table, None)]


def erase_only(table: str, unchanged: Sequence[str]) -> list[migrations.RunPython]:
    """The same for a table of payloads, where one UPDATE is allowed, once: the erasing.

    `body` becomes NULL, `salt` the empty text (with the salt a short payload could be guessed from its commitment),
    `erased_at` is set; the columns in `unchanged` (all others) stay as they are.
    """
    return [_operation(table, lambda same: f"NOT ({_is_erasing(unchanged, same)})")]


def erasable_texts(table: str, texts: Sequence[str], unchanged: Sequence[str]) -> list[migrations.RunPython]:
    """The same for a table whose rows hold personal texts themselves: one UPDATE is allowed, once, by which `texts`
    become empty and `erased_at` is set; the columns in `unchanged` (all others) stay as they are."""
    empty = " AND ".join(f"NEW.\"{column}\" = ''" for column in texts)
    once = f"OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL AND {empty}"
    return [_operation(table, lambda same: f"NOT ({once} AND {_are_same(unchanged, same)})")]


def fixed_columns(table: str, columns: Sequence[str]) -> list[migrations.RunPython]:
    """Operations that make `table` refuse DELETE and any UPDATE of these columns; the others may move on (a state)."""
    return [_operation(table, lambda same: f"NOT ({_are_same(columns, same)})")]


def missing_guards(tables: Iterable[str]) -> list[str]:
    """Which of these tables lack a trigger they should have."""
    if connection.vendor == "postgresql":
        query = "SELECT tgname FROM pg_trigger WHERE tgname LIKE %s AND tgenabled <> 'D'"
    else:
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE %s"
    with connection.cursor() as cursor:
        cursor.execute(query, [f"{PREFIX}_%"])
        standing = {row[0] for row in cursor.fetchall()}
    return [table for table in tables if not standing.issuperset(_names(table))]


def _names(table: str) -> list[str]:
    return [f"{PREFIX}_{table}_{verb}" for verb in ("update", "delete")]


Refused = Callable[[str], str]
"""From the database's operator for "the same, NULL too" to the condition under which an UPDATE is refused."""


def _operation(table: str, refused: Refused | None) -> migrations.RunPython:
    def guard(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
        for statement in _statements(editor.connection.vendor, table, refused):
            editor.execute(statement, params=None)

    def unguard(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
        postgresql = editor.connection.vendor == "postgresql"
        names = [*_names(table), *([f"{PREFIX}_{table}_truncate"] if postgresql else [])]
        for name in names:
            editor.execute(f'DROP TRIGGER IF EXISTS "{name}"' + (f' ON "{table}"' if postgresql else ""), params=None)

    return migrations.RunPython(guard, unguard)


def _statements(vendor: str, table: str, refused: Refused | None) -> list[str]:
    update, delete = _names(table)
    if vendor == "postgresql":
        same = "IS NOT DISTINCT FROM"
        refuse = f"EXECUTE FUNCTION {_FUNCTION}()"
    else:
        same = "IS"
        refuse = f"BEGIN SELECT RAISE(ABORT, 'append-only: {table} may not be changed'); END"
    when = "" if refused is None else f"WHEN ({refused(same)})"
    statements = [
        f'CREATE TRIGGER "{update}" BEFORE UPDATE ON "{table}" FOR EACH ROW {when} {refuse}',
        f'CREATE TRIGGER "{delete}" BEFORE DELETE ON "{table}" FOR EACH ROW {refuse}',
    ]
    if vendor != "postgresql":
        return statements
    function = (
        f"CREATE OR REPLACE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'append-only: % may not be changed', TG_TABLE_NAME "
        "USING ERRCODE = 'restrict_violation'; END $$"
    )
    truncate = f'CREATE TRIGGER "{PREFIX}_{table}_truncate" BEFORE TRUNCATE ON "{table}" FOR EACH STATEMENT {refuse}'
    return [function, *statements, truncate]


def _is_erasing(unchanged: Sequence[str], same: str) -> str:
    parts = ["OLD.body IS NOT NULL", "NEW.body IS NULL", "NEW.salt = ''", "NEW.erased_at IS NOT NULL"]
    return " AND ".join([*parts, _are_same(unchanged, same)])


def _are_same(columns: Sequence[str], same: str) -> str:
    return " AND ".join(f'NEW."{column}" {same} OLD."{column}"' for column in columns)
