"""反应: event -> functions. The only place where one wing's event reaches another wing.

Each function gets some messages at a time, runs once in effect for each of them (messaging.reactions), within its own
transaction, after the acts that caused them have committed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from qinqing.appeals import near
from qinqing.appeals.merging import mains, merged_tellings
from qinqing.cases import indexing
from qinqing.cases.telling import Telling, agents, events_of, tellings
from qinqing.directory.services import day_of
from qinqing.evaluation.rectifying import badly_rated, put_right
from qinqing.insight import recounting
from qinqing.lib.labels import Label
from qinqing.messaging.notices import notify
from qinqing.messaging.outbox import Message
from qinqing.messaging.reactions import React, on
from qinqing.mortgages import telling as mortgages
from qinqing.supervision import instructions


def after_acts(name: str) -> Callable[[React], React]:
    """Decorator: `fn(messages, now)` runs after every act on a case; topics of that name from elsewhere pass."""

    def register(fn: React) -> React:
        @on("case", name)
        def react(messages: Sequence[Message], now: datetime) -> None:
            if acts := [message for message in messages if message.source == "cases"]:
                fn(acts, now)

        return fn

    return register


@after_acts("case-notices")
def tell_people(messages: Sequence[Message], now: datetime) -> None:
    """An act on a case becomes notices to those it concerns."""
    events = events_of((message.body["case"], message.body["seq"]) for message in messages)
    for message in messages:
        _tell(tellings(events[message.body["case"], message.body["seq"]], now), message, now)


@after_acts("case-fulltext")
def keep_findable(messages: Sequence[Message], now: datetime) -> None:
    """After every act the case is found by what it holds now."""
    indexing.index(_cases(messages))


@after_acts("appeals-near")
def keep_comparable(messages: Sequence[Message], now: datetime) -> None:
    """A new matter is compared with what is said at the window from now on."""
    near.remember(_cases(messages), now)


@after_acts("supervision-instructions")
def track_instructions(messages: Sequence[Message], now: datetime) -> None:
    """A leader's instruction on a case becomes a tracked task of the unit that holds it (批示件)."""
    for message in messages:
        if message.body["action"] == instructions.ACT:
            instructions.open_for(message.body["case"], message.body["seq"], now)


@after_acts("appeals-merged")
def tell_merged(messages: Sequence[Message], now: datetime) -> None:
    """What becomes of a main case is told to everyone behind the cases merged into it."""
    main = mains(_cases(messages))
    for message in messages:
        if message.body["case"] in main:
            _tell(merged_tellings(message.body["case"], message.body["seq"], now), message, now)


@after_acts("evaluation-rectify")
def put_bad_ratings_right(messages: Sequence[Message], now: datetime) -> None:
    """A bad rating becomes a rectification; the party is told its number (the unit hears of its task as of any)."""
    rated = badly_rated(_cases(messages))
    for message in messages:
        opened = put_right(message.body["case"], message.body["seq"], now) if message.body["case"] in rated else None
        if opened is not None:
            title = Label(f"您的评价已转整改：{opened.number}", f"Your rating is being put right: {opened.number}")
            people = frozenset(agents(opened, day_of(now)))
            notify(people, f"{message.key}:rectification", title, f"/cases/{opened.number}/", False, now)


@after_acts(recounting.REACTION)
def keep_figures(messages: Sequence[Message], now: datetime) -> None:
    """After every act the case counts for what its history says now."""
    recounting.recount_with_origins(_cases(messages))


@on("mortgage", "mortgages-owner")
def tell_owner(messages: Sequence[Message], now: datetime) -> None:
    """An owner is told that their mortgage is out of the register, or that it stands there again."""
    for message in messages:
        mortgages.tell(message.body["case"], message.topic, message.key, now)


@on("case.mortgage_release", "mortgages-banks")
def tell_banks(messages: Sequence[Message], now: datetime) -> None:
    """A bank hears when a person looks into what it reported, asks it something, or ends it."""
    for message in messages:
        body = message.body
        mortgages.tell_banks(body["case"], body["action"], body["outcome"], message.key, now)


def _cases(messages: Sequence[Message]) -> set[int]:
    return {message.body["case"] for message in messages}


def _tell(found: Iterable[Telling], message: Message, now: datetime) -> None:
    for telling in found:
        notify(telling.user_ids, f"{message.key}:{telling.what}", telling.title, telling.link, telling.urgent, now)
