"""防刷: how often something open to everybody may be done within sliding windows, and when it works again. Pure.

Tries are kept until the longest window is over; addresses only as marks that do not say whose they are.
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


def free_at(times: Iterable[datetime], limits: Iterable[Limit], now: datetime) -> datetime | None:
    """When the next one is let through; None: now. `times`: of those so far, in any order."""
    newest = sorted((at for at in times if at <= now), reverse=True)
    ends = [newest[limit.most - 1] + limit.window for limit in limits if len(newest) >= limit.most]
    return max((end for end in ends if end > now), default=None)


def address_marks(purpose: str, address: str, now: datetime) -> tuple[str, ...]:
    """The address under today's salt and under yesterday's: the first is kept, both are looked up, so that the window
    slides over midnight. The salt is the day under the installation's key: it does not lie in the database.

    Empty where the address is unknown or this machine's own: a proxy in front then hides whose it is, and must not make
    all senders one; other limits alone stand."""
    try:
        if ip_address(address).is_loopback:
            return ()
    except ValueError:
        return ()
    today = now.astimezone(CHINA).date()
    return _mark(purpose, address, today), _mark(purpose, address, today - timedelta(days=1))


def _mark(purpose: str, address: str, day: date) -> str:
    return keyed_hash(purpose, f"{day.isoformat()}|{address}")
