"""Builds small chains for the tests of this room, as the kernel will."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from qinqing.audit.chain import GENESIS, SHA256, canonical, commitment, link
from qinqing.audit.histories import ChainView, Difference, EventView, Head


def build(ref: str, payloads: list[str | None], algorithm: str = SHA256) -> list[EventView]:
    """A chain with one record per payload (None: a record without content)."""
    events: list[EventView] = []
    previous = GENESIS
    for seq, payload in enumerate(payloads, 1):
        salt = f"{seq:032x}" if payload is not None else None
        promise = commitment(salt, payload, algorithm) if salt and payload is not None else None
        head = canonical({"case": ref, "seq": seq, "action": f"act{seq}", "commitment": promise})
        previous = link(previous, head, algorithm)
        events.append(EventView(seq, head, previous, payload, salt))
    return events


def view(ref: str, events: list[EventView], **changes: object) -> ChainView:
    facts = {"head_hash": events[-1].hash if events else GENESIS, "seq": len(events)} | changes
    return ChainView(ref, events=list(events), **facts)  # type: ignore[arg-type]


@dataclass
class Keeper:
    """A history in memory."""

    chains_by_ref: dict[str, list[EventView]] = field(default_factory=dict)
    retention: dict[str, tuple[str, datetime]] = field(default_factory=dict)  # ref -> class, end
    append_only_tables: tuple[str, ...] = ()
    rows: dict[str, tuple[str, int]] = field(default_factory=dict)  # ref -> head_hash, seq where it differs
    differences: list[Difference] = field(default_factory=list)

    def chains(self, ref: str | None = None) -> Iterator[ChainView]:
        for name, events in self.chains_by_ref.items():
            if ref in {None, name}:
                head_hash, seq = self.rows.get(name, (events[-1].hash, len(events)))
                yield ChainView(name, head_hash, seq, list(events), lambda: self.differences)

    def chains_after(self, ref: str, limit: int) -> list[ChainView]:
        names = sorted(name for name in self.chains_by_ref if name > ref)[:limit]
        return [chain for name in names for chain in self.chains(name)]

    def heads(self) -> Iterator[Head]:
        for name, events in self.chains_by_ref.items():
            yield Head(name, len(events), events[-1].hash)

    def _due(self, retention: str, before: datetime) -> list[str]:
        return [ref for ref, (code, end) in self.retention.items() if code == retention and end < before]

    def erasable(self, retention: str, before: datetime) -> int:
        return sum(
            not e.erased and e.payload is not None
            for ref in self._due(retention, before)
            for e in self.chains_by_ref[ref]
        )

    def erase(self, retention: str, before: datetime, now: datetime, limit: int) -> int:
        erased = 0
        for ref in self._due(retention, before):
            events = self.chains_by_ref[ref]
            for index, event in enumerate(events):
                if event.payload is not None and erased < limit:
                    events[index] = EventView(event.seq, event.head, event.hash, None, "", True)
                    erased += 1
        return erased
