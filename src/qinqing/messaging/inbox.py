"""Inbox (收件箱): the same message acts once per receiver, however often it arrives."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

_SQL = """INSERT INTO messaging_inbox (receiver, source, key, received_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (receiver, source, key) DO NOTHING"""


def first_time(receiver: str, source: str, key: str, now: datetime) -> bool:
    """True when `receiver` meets this message for the first time. Call it in the transaction that acts on it."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL, [receiver, source, key, connection.ops.adapt_datetimefield_value(now)])
        return bool(cursor.rowcount)
