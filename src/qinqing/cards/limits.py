"""防刷: how many matters may be sent by a card and from a network address.

Generous, because a whole factory or a mobile network may share one address; what is refused keeps its text.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from qinqing.accounts import limits
from qinqing.accounts.limits import Limit

PER_ADDRESS = (Limit(6, timedelta(minutes=10)), Limit(30, timedelta(days=1)))
PER_CARD = (Limit(30, timedelta(hours=1)), Limit(150, timedelta(days=1)))
KEPT = max(limit.window for limit in PER_ADDRESS + PER_CARD)  # what is older is forgotten


def address_marks(address: str, now: datetime) -> tuple[str, ...]:
    """See `accounts.limits`."""
    return limits.address_marks("cards.address", address, now)
