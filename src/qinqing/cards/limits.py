"""防刷: how many matters may be sent within sliding windows, and when it works again. Pure.

Generous, because a whole factory or a mobile network may share one address; what is refused keeps its text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from ipaddress import ip_address

from qinqing.accounts.keys import keyed_hash
from qinqing.lib.wallclock import CHINA


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` within any span of `window`."""

    most: int
    window: timedelta


PER_ADDRESS = (Limit(6, timedelta(minutes=10)), Limit(30, timedelta(days=1)))
PER_CARD = (Limit(30, timedelta(hours=1)), Limit(150, timedelta(days=1)))
KEPT = max(limit.window for limit in PER_ADDRESS + PER_CARD)  # what is older is forgotten


def free_at(times: Iterable[datetime], limits: Iterable[Limit], now: datetime) -> datetime | None:
    """When the next one may be sent; None: now. `times`: of those sent so far, in any order."""
    sent = sorted((at for at in times if at <= now), reverse=True)
    waits = [
        sent[limit.most - 1] + limit.window
        for limit in limits
        if len(sent) >= limit.most and sent[limit.most - 1] + limit.window > now
    ]
    return max(waits, default=None)


def address_marks(address: str, now: datetime) -> tuple[str, ...]:
    """The address under today's salt and under yesterday's: the first is kept, both are looked up, so that the window
    slides over midnight. The salt is the day under the installation's key: it does not lie in the database.

    Empty where the address is unknown or this machine's own: a proxy in front then hides whose it is, and must not make
    all senders one; the card's limit alone stands."""
    try:
        if ip_address(address).is_loopback:
            return ()
    except ValueError:
        return ()
    today = now.astimezone(CHINA).date()
    return _mark(address, today), _mark(address, today - timedelta(days=1))


def _mark(address: str, day: date) -> str:
    return keyed_hash("cards.address", f"{day.isoformat()}|{address}")
