"""反应: event -> functions. The only place where one wing's event reaches another wing.

Each function runs once in effect for each message (messaging.reactions), within its own transaction, after the act that
caused it has committed.
"""

from __future__ import annotations

from datetime import datetime

from qinqing.cases.telling import tellings
from qinqing.messaging.notices import notify
from qinqing.messaging.outbox import Message
from qinqing.messaging.reactions import on


@on("case", "case-notices")
def tell_people(message: Message, now: datetime) -> None:
    """An act on a case becomes notices to those it concerns."""
    if message.source != "cases":  # a topic of that name from elsewhere
        return
    for telling in tellings(message.body["case"], message.body["seq"], now):
        notify(telling.user_ids, f"{message.key}:{telling.what}", telling.title, telling.link, telling.urgent, now)
