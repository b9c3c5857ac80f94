"""变更标记: the one number that grows with every change of a fact, given in the order of commits."""

from __future__ import annotations

import secrets

from django.db import connection

from qinqing.directory.models import FactClock


def next_mark() -> int:
    """A new mark, for rows that change in this transaction; until it ends nobody else gets one. Take it before locking
    parties: two who lock in different orders would wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO directory_factclock (id, mark, epoch) VALUES (1, 1, %s) "
            "ON CONFLICT (id) DO UPDATE SET mark = directory_factclock.mark + 1 RETURNING mark",
            [secrets.token_hex(8)],
        )
        return int(cursor.fetchone()[0])


def present() -> tuple[str, int]:
    """(epoch of this database, last mark committed); ("", 0) where nothing was ever changed."""
    return FactClock.objects.filter(pk=1).values_list("epoch", "mark").first() or ("", 0)
