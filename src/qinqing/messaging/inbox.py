"""Inbox (收件箱): the same message acts once per receiver, however often it arrives."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import connection

_SQL = """INSERT INTO messaging_inbox (receiver, source, key, received_at) VALUES {}
ON CONFLICT (receiver, source, key) DO NOTHING RETURNING source, key"""


def first_time(receiver: str, identities: Collection[tuple[str, str]], now: datetime) -> set[tuple[str, str]]:
    """Those of these messages (source, key) that `receiver` meets for the first time. Call it in the transaction that
    acts on them."""
    at = connection.ops.adapt_datetimefield_value(now)
    values = [value for source, key in identities for value in (receiver, source, key, at)]
    with connection.cursor() as cursor:
        cursor.execute(_SQL.format(", ".join(["(%s, %s, %s, %s)"] * len(identities))), values)
        return {(source, key) for source, key in cursor.fetchall()}
