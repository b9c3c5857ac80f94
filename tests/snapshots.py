"""Copies of the test database to go back to, on SQLite: as fast as copying a file, where emptying a hundred tables and
settling a county anew take seconds. For tests that commit; on PostgreSQL everything is done each time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime
from typing import Any, TypeVar

from django.db import connection

from qinqing.lib import wallclock

Made = TypeVar("Made")
_copies: dict[str, sqlite3.Connection] = {}  # in memory, of this process
_made: dict[str, tuple[Any, datetime]] = {}


def begin_from(name: str, make: Callable[[], Made]) -> Made:
    """Bring database and clock to where `make` leaves them: it is called once in a process, later its copy is taken.

    Returns a copy of what it returned. Files that it leaves in the home stay there.
    """
    if back_to(name):
        made: Made = _made[name][0]
        wallclock.move_to(_made[name][1])
    else:
        made = make()
        keep(name)
        _made[name] = made, wallclock.now()
    return deepcopy(made)


def keep(name: str) -> None:
    """Keep a copy of the database as it is now. Nothing on PostgreSQL."""
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        _copies[name] = sqlite3.connect(":memory:")
        connection.connection.backup(_copies[name])


def back_to(name: str) -> bool:
    """Bring the database back to what was kept, rows, ids, tables and triggers. False when nothing was."""
    if name not in _copies:
        return False
    connection.ensure_connection()
    _copies[name].backup(connection.connection)
    return True
