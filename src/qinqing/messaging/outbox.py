"""Outbox (发件箱): what an act tells others, written in the act's own transaction. At least once goes out.

The kernel inserts with `SQL` beside its own fixed statements; others call `enqueue`. Identity is (source, key): using
one twice is a mistake of the sender and fails on the unique constraint.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from qinqing.audit.chain import canonical
from qinqing.messaging.models import Outbox

# Parameters in this order; the time as the database wants it (`connection.ops.adapt_datetimefield_value`).
SQL = "INSERT INTO messaging_outbox (source, key, topic, body, created_at) VALUES (%s, %s, %s, %s, %s)"


@dataclass(frozen=True, slots=True)
class Message:
    """What a reaction gets. `topic` is dotted (`case.closed`), `body` holds references, no personal text."""

    id: int
    source: str
    key: str
    topic: str
    body: dict[str, Any]
    created_at: datetime

    @classmethod
    def of(cls, row: Outbox) -> Message:
        return cls(row.pk, row.source, row.key, row.topic, json.loads(row.body), row.created_at)


def enqueue(source: str, key: str, topic: str, body: Mapping[str, Any], now: datetime) -> None:
    """One message, in the caller's transaction. Raises IntegrityError when (source, key) was used before."""
    Outbox.objects.create(source=source, key=key, topic=topic, body=canonical(dict(body)), created_at=now)


def concerns(prefix: str, topic: str) -> bool:
    """Does a receiver of `prefix` want `topic`? Whole words: `case` wants `case.closed`, not `cases.closed`."""
    return prefix in {"", topic} or topic.startswith(f"{prefix}.")
