"""卡的历史: how the audit room reads the chains of cards; their rows are held against the records."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from functools import partial

from django.db.models import Prefetch, QuerySet

from qinqing.audit.histories import ChainView, Difference, EventView, Head
from qinqing.cards.models import Card, CardEvent
from qinqing.lib.labels import Label
from qinqing.ui.forms import whole

ENDS = frozenset({CardEvent.Action.REVOKED, CardEvent.Action.REPLACED})


class CardHistory:
    """One chain a card, named by its number. Nothing personal stands in it, so nothing is erased."""

    append_only_tables: tuple[str, ...] = ("cards_cardevent",)

    def chains(self, ref: str | None = None) -> Iterator[ChainView]:
        cards = _whole().order_by("pk")
        if ref is not None:
            cards = cards.filter(pk=whole(ref) or 0)
        return map(_chain, cards.iterator(chunk_size=200))

    def chains_after(self, ref: str, limit: int) -> list[ChainView]:
        return [_chain(card) for card in _whole().order_by("pk").filter(pk__gt=whole(ref) or 0)[:limit]]

    def heads(self) -> Iterator[Head]:
        for card in Card.objects.order_by("pk").iterator(chunk_size=5000):
            yield Head(card.number, card.seq, card.head_hash)

    def erasable(self, retention: str, before: datetime) -> int:
        return 0

    def erase(self, retention: str, before: datetime, now: datetime, limit: int) -> int:
        return 0


def _whole() -> QuerySet[Card]:
    return Card.objects.prefetch_related(Prefetch("events", CardEvent.objects.order_by("seq")))


def _chain(card: Card) -> ChainView:
    events = list(card.events.all())
    views = [EventView(event.seq, event.head, event.hash) for event in events]
    return ChainView(card.number, card.head_hash, card.seq, views, partial(_differences, card, events))


def _differences(card: Card, events: list[CardEvent]) -> list[Difference]:
    """Rows that their records do not bear out: a card brought back to life, another token, a changed column."""
    found = []
    heads = [json.loads(event.head) for event in events]
    for event, head in zip(events, heads, strict=True):
        if (head["action"], head["actor"], head["note"]) != (event.action, event.actor_id, event.note):
            found.append(Difference(Label("记录的列与其正文不符", "The columns do not fit the record"), event.seq))
    if not heads:
        return found
    issued, ended = heads[0], any(head["action"] in ENDS for head in heads)
    if (issued.get("unit"), issued.get("token")) != (card.unit_id, card.token_hash):
        found.append(Difference(Label("发卡单位或凭证与发卡记录不符", "Office or token differ from the issue"), 1))
    if ended != (card.revoked_at is not None):
        found.append(Difference(Label("停用状态与记录不符", "The records do not bear out whether it is revoked")))
    return found
