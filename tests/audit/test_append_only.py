"""Triggers refuse what a history must not suffer, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from qinqing.audit import histories
from qinqing.audit.append_only import append_only, erase_only, missing_guards
from qinqing.audit.models import Anchor, Erasure, ReadLog, SecurityLog
from qinqing.audit.services import OWN_TABLES, verify_database
from tests.audit.chains import Keeper
from tests.audit.unguarded import unguarded

NOW = datetime(2026, 9, 29, tzinfo=UTC)


def refused(sql: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    except DatabaseError as error:
        assert "append-only" in str(error)
        return True
    return False


@pytest.fixture
def rows(db: None) -> None:
    ReadLog.objects.create(user_name="甲", what="party.phone", object_ref="1", reason="核对", at=NOW)
    SecurityLog.objects.create(event="x", at=NOW)
    Anchor.objects.create(day=NOW.date(), algorithm="sha256", root="0", chains=0, leaves_file="", made_at=NOW)
    Erasure.objects.create(history="cases", retention="standard", before=NOW, count=1, user_name="甲", at=NOW)


@pytest.mark.parametrize("table", OWN_TABLES)
def test_the_rooms_own_records_cannot_be_changed(table: str, rows: None) -> None:
    assert refused(f"UPDATE {table} SET id = id")
    assert refused(f"DELETE FROM {table}")
    if connection.vendor == "postgresql":
        assert refused(f"TRUNCATE {table}")


def test_missing_guards_are_noticed(rows: None, keeper: Keeper) -> None:
    assert missing_guards(OWN_TABLES) == []
    with unguarded():
        assert missing_guards(OWN_TABLES) == list(OWN_TABLES)
        assert {f.kind for f in verify_database(NOW).findings} >= {"unguarded"}
    assert missing_guards(OWN_TABLES) == []


def test_verification_asks_for_the_guard_of_every_guarded_table(db: None) -> None:
    query = (
        "SELECT tgname FROM pg_trigger WHERE tgname LIKE %s"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, ["append_only_%_delete"])
        standing = {name.removeprefix("append_only_").removesuffix("_delete") for (name,) in cursor.fetchall()}
    assert len(standing) > 20
    assert standing == {*OWN_TABLES, *histories.guarded()}


@pytest.fixture
def payload_table(transactional_db: None) -> Iterator[str]:
    """A table as the kernel's payloads are, with its guard."""
    name = "scratch_payload"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {name} (id integer, salt text, body text, retention text, erased_at text)")
        cursor.execute(f"INSERT INTO {name} VALUES (1, 'ab', '内容', 'standard', NULL), (2, 'cd', 'x', 'long', NULL)")
    (operation,) = erase_only(name, ["id", "retention"])
    with connection.schema_editor() as editor:
        operation.code(apps, editor)
    yield name
    with connection.schema_editor() as editor:
        assert operation.reverse_code is not None
        operation.reverse_code(apps, editor)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {name}")


def test_a_payload_may_be_erased_once_and_nothing_else(payload_table: str) -> None:
    erase = f"UPDATE {payload_table} SET body = NULL, salt = '', erased_at = 'now'"
    assert refused(f"UPDATE {payload_table} SET body = '改' WHERE id = 1")
    assert refused(f"UPDATE {payload_table} SET body = NULL, salt = '' WHERE id = 1")
    assert refused(f"UPDATE {payload_table} SET body = NULL, erased_at = 'now' WHERE id = 1")
    assert refused(f"{erase}, retention = 'long' WHERE id = 1")
    assert refused(f"DELETE FROM {payload_table}")
    assert not refused(f"{erase} WHERE id = 1")
    assert refused(f"{erase} WHERE id = 1")
    assert refused(f"UPDATE {payload_table} SET body = '回来', salt = 'ab', erased_at = NULL WHERE id = 1")
    assert not refused(f"INSERT INTO {payload_table} VALUES (3, 'ef', 'y', 'standard', NULL)")
    assert missing_guards([payload_table]) == []


def test_guards_come_off_with_the_migration(transactional_db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE scratch_events (id integer)")
        cursor.execute("INSERT INTO scratch_events VALUES (1)")
    (operation,) = append_only("scratch_events")
    with connection.schema_editor() as editor:
        operation.code(apps, editor)
    assert refused("DELETE FROM scratch_events")
    with connection.schema_editor() as editor:
        assert operation.reverse_code is not None
        operation.reverse_code(apps, editor)
    assert not refused("DELETE FROM scratch_events")
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE scratch_events")


def test_a_transactional_test_may_leave_guarded_rows_behind(transactional_db: None) -> None:
    """Its flush must not fail, and the guards stand again afterwards (the next test looks)."""
    SecurityLog.objects.create(event="left behind", at=NOW)


def test_after_the_flush_the_guards_stand_again(transactional_db: None) -> None:
    assert not SecurityLog.objects.exists()
    assert missing_guards(OWN_TABLES) == []
