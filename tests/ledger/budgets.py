"""Budgets for the tests of this room."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from qinqing.ledger import services
from qinqing.ledger.models import Book
from qinqing.ui.errors import Problem

NOW = datetime(2026, 9, 29, 2, 0, tzinfo=UTC)  # 10:00 in China
RD, TALENT = "fund:2026:rd", "fund:2026:talent"
_numbers = count(1)


def cause() -> str:
    """One that was not used before."""
    return f"惠2026-000001#{next(_numbers)}"


def opened(code: str = RD, fen: int = 1_000_00, title: str = "研发奖励") -> Book:
    """A book with a budget."""
    services.open_book(code, title, NOW)
    if fen:
        services.appropriate(code, fen, cause(), NOW)
    return Book.objects.get(code=code)


def later(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


def refusal(kind: type[Problem], act: Callable[[], object]) -> Problem:
    """The refusal that `act` meets."""
    with pytest.raises(kind) as caught:
        act()
    return caught.value
