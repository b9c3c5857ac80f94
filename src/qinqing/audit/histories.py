"""Histories (历史): who keeps chains registers here how they are read and their payloads erased. Pure.

A wing that keeps chains calls `register("cases", CaseHistory())` in its `apps.py: ready()`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from qinqing.lib.labels import Label


@dataclass(frozen=True, slots=True)
class EventView:
    """One record. `head` is canonical JSON with at least `case` (the chain's ref), `seq` and `commitment` (or null)."""

    seq: int
    head: str
    hash: str
    payload: str | None = None
    salt: str | None = None
    erased: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """Something the owner holds that its records do not bear out; `seq` names the record it is about, if one."""

    text: Label
    seq: int | None = None


def _nothing() -> list[Difference]:
    return []


@dataclass(frozen=True, slots=True)
class ChainView:
    """One chain: what its owner's row says (`head_hash`, `seq`: number of records) and the records in order.

    `fold_check` compares the owner's rows with the fold of the records; `file_check` opens the files that the records
    name and compares their content with the hashes there (slow: only `audit verify` and the nightly check call it).
    """

    ref: str
    head_hash: str
    seq: int
    events: Iterable[EventView]
    fold_check: Callable[[], list[Difference]] = _nothing
    file_check: Callable[[], list[Difference]] = _nothing


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ends at this moment."""

    ref: str
    seq: int
    hash: str


class History(Protocol):
    """What a keeper of chains offers."""

    append_only_tables: tuple[str, ...]  # tables whose triggers must stand (audit.append_only)

    def chains(self, ref: str | None = None) -> Iterator[ChainView]:
        """All chains one by one, or the one called `ref` (none when unknown)."""

    def chains_after(self, ref: str, limit: int) -> list[ChainView]:
        """The next `limit` chains behind the one called `ref` ("": from the start), in an order that stays."""

    def heads(self) -> Iterator[Head]:
        """The end of every chain; fast, it runs daily over all of them."""

    def erasable(self, retention: str, before: datetime) -> int:
        """How many payloads of this class belong to matters that ended before `before` and are not yet erased."""

    def erase(self, retention: str, before: datetime, now: datetime, limit: int) -> int:
        """Erase at most `limit` of them (body and salt go, `erased_at` is set); returns how many. In a transaction."""


_histories: dict[str, History] = {}
_guarded: dict[str, None] = {}


def register(name: str, history: History) -> None:
    """`name` stands in anchors and exports: never change it."""
    if "\t" in name or not name:
        raise ValueError(f"{name!r} cannot name a history")
    _histories[name] = history


def guard(*tables: str) -> None:
    """Tables without a chain of their own whose append-only triggers must stand as well."""
    _guarded.update(dict.fromkeys(tables))


def guarded() -> list[str]:
    """Every table of the rooms above whose triggers must stand."""
    return [*_guarded, *(table for history in _histories.values() for table in history.append_only_tables)]


def registered() -> dict[str, History]:
    """All histories by name."""
    return dict(_histories)
