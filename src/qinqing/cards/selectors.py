"""卡的清单: the cards of the offices somebody keeps, with how many matters each brought in. Reads only."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Max, Prefetch, Q, QuerySet

from qinqing.accounts.actor import Actor
from qinqing.accounts.models import User
from qinqing.cards.models import Card, CardEvent
from qinqing.cards.services import offices_of
from qinqing.lib.labels import Label
from qinqing.ui.errors import NotFound

STATES = {"use": Label("在用", "In use"), "ended": Label("已停用", "Revoked")}
DONE = {
    "issued": Label("发卡", "Issued"),
    "printed": Label("印制", "Printed"),
    "revoked": Label("停用", "Revoked"),
    "replaced": Label("换卡停用", "Replaced"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a card's history. `note`: why, or how many copies."""

    event: CardEvent
    label: Label
    who: str
    note: Label


def cards_of(actor: Actor, *, ended: bool = False, words: str = "") -> QuerySet[Card]:
    """Cards of the actor's offices, in use or revoked, with `sent` (number of matters) and `last_sent`; `words`: those
    whose batch, place, office or number hold every word."""
    prints = CardEvent.objects.filter(action="printed").order_by("-seq")
    found = _kept(actor).filter(revoked_at__isnull=not ended).prefetch_related(Prefetch("events", prints, "prints"))
    for word in words.split():
        found = found.filter(_holding(word))
    return found.order_by("unit", "-pk")


def card_page(actor: Actor, card_id: int) -> Card:
    """One card of the actor's offices. Raises NotFound."""
    card = _kept(actor).filter(pk=card_id).first()
    if card is None:
        raise NotFound(Label("没有这张卡，或不由您管理", "There is no such card, or it is not yours to keep"))
    return card


def steps(card: Card) -> list[Step]:
    """The card's history, the latest first."""
    events = list(card.events.order_by("-seq"))
    names = dict(User.objects.filter(pk__in=[event.actor_id for event in events]).values_list("pk", "name"))
    return [Step(event, DONE[event.action], names.get(event.actor_id or 0, ""), _note(event)) for event in events]


# ── private ──


def _note(event: CardEvent) -> Label:
    if event.action == "printed":
        return Label(f"{event.note}份", f"{event.note} copies")
    return Label(event.note, event.note)


def _kept(actor: Actor) -> QuerySet[Card]:
    """All cards of the actor's offices, with `sent` and `last_sent`."""
    counted = Card.objects.annotate(sent=Count("uses"), last_sent=Max("uses__case__opened_at"))
    return counted.filter(unit__in=[unit.pk for unit in offices_of(actor)]).select_related("unit__parent")


def _holding(word: str) -> Q:
    found = Q(batch__icontains=word) | Q(place__icontains=word) | Q(unit__name__icontains=word)
    return found | Q(pk=int(word)) if word.isascii() and word.isdigit() and len(word) < 10 else found
