"""Reactions (响应): functions inside the platform that messages call, each exactly once in effect.

`qinqing/reactions.py` and rooms register with `on`. A reaction gets some messages at a time, each of which it meets for
the first time. It runs in one transaction together with their inbox rows, so it must only write to the database, and be
short: SQLite lets nobody else write meanwhile. Where it fails for several, it is asked again for each alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from qinqing.messaging.outbox import Message, concerns

React = Callable[[Sequence[Message], datetime], None]
PREFIX = "reaction:"


@dataclass(frozen=True, slots=True)
class Reaction:
    name: str
    topic_prefix: str
    fn: React


_reactions: dict[str, Reaction] = {}


def on(topic_prefix: str, name: str) -> Callable[[React], React]:
    """Decorator: `fn(messages, now)` runs for topics `topic_prefix` and below. Never change `name`."""

    def register(fn: React) -> React:
        known = _reactions.get(name)
        if known is not None and known.fn is not fn:
            raise ValueError(f"there are two reactions called {name!r}")
        _reactions[name] = Reaction(name, topic_prefix, fn)
        return fn

    return register


def receivers(topic: str) -> list[str]:
    """Receiver names (`reaction:<name>`) of a topic."""
    return [PREFIX + each.name for each in _reactions.values() if concerns(each.topic_prefix, topic)]


def find(receiver: str) -> Reaction | None:
    """The reaction behind a receiver's name; None when this program has none of that name."""
    return _reactions.get(receiver.removeprefix(PREFIX))
