"""发卡、印制、停用、换卡 (T1): who may keep the cards of which office, and each step as a record in the card's chain.

A card is issued only where somebody can answer (capacity `card_officer`); revoking takes effect at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from qinqing.accounts.access import capacity, holds
from qinqing.accounts.actor import Actor
from qinqing.audit.chain import canonical, link
from qinqing.cards import tokens
from qinqing.cards.models import Card, CardEvent
from qinqing.directory.models import Unit
from qinqing.directory.selectors import holders, units
from qinqing.directory.services import day_of
from qinqing.lib.labels import Label
from qinqing.ui.errors import Invalid, NotAllowed, NotFound, Problem

MOST = 40  # cards issued at once
MOST_COPIES = 80  # copies of one card printed at once: ten pages
MOST_PRINTED = 400  # cards and copies printed at once: fifty pages


class CardEnded(Problem):
    status = 409
    code = "card-ended"
    title = Label("这张卡已停用", "This card is revoked")


def may_keep(actor: Actor, unit: Unit) -> bool:
    """Whether the actor keeps the cards of this office: the head of it or of the one above, the head of the window, an
    inspector for the inspectors' own."""
    above = {unit.pk: unit.parent_id}
    return holds(actor, capacity("card_keeper"), unit.pk, parent_of=above, party_id=None)


def offices_of(actor: Actor) -> list[Unit]:
    """Open offices whose cards the actor keeps."""
    return [unit for unit in units() if may_keep(actor, unit)]


def can_answer(unit: Unit, now: datetime) -> bool:
    """Whether somebody there can deal with what a card brings in."""
    if unit.closed_on is not None and unit.closed_on <= day_of(now):
        return False
    return any(holders(unit, role, day_of(now)) for role in sorted(capacity("card_officer").roles))


@transaction.atomic
def issue(actor: Actor, unit_id: int, batch: str, places: Sequence[str], now: datetime) -> list[Card]:
    """One card for each place. Raises Invalid by field (unit, batch, places), NotAllowed."""
    unit = Unit.objects.filter(pk=unit_id, closed_on=None).first()
    if unit is None:
        raise _invalid("unit", Label("请选择发卡单位", "Choose the issuing office"))
    _need_keeper(actor, unit)
    if not can_answer(unit, now):
        raise _invalid(
            "unit",
            Label(
                f"{unit.name}现在没有能处理反馈的人员，不能发卡；请先在“科室与联络员”中配备",
                f"Nobody at {unit.label.en} can answer; name a liaison first, then issue cards",
            ),
        )
    batch, named = batch.strip(), [place.strip() for place in places if place.strip()]
    if not batch or len(batch) > 40:
        raise _invalid("batch", Label("请填写批次，不超过40字", "Name the batch, in at most 40 characters"))
    if not named or len(named) > MOST:
        raise _invalid("places", Label(f"请每行写一处，1至{MOST}处", f"One place a line, 1 to {MOST} places"))
    if long := next((place for place in named if len(place) > 80), None):
        raise _invalid("places", Label(f"“{long[:20]}…”超过80字", f"“{long[:20]}…” is over 80 characters"))
    return [_new(actor, unit, batch, place, None, now) for place in named]


@transaction.atomic
def revoke(actor: Actor, card_id: int, reason: str, now: datetime) -> Card:
    """停用, at once and for good. Raises Invalid without a reason, CardEnded, NotAllowed, NotFound."""
    card = _kept(actor, card_id)
    _end(actor, card, CardEvent.Action.REVOKED, _reason(reason), now)
    return card


@transaction.atomic
def replace(actor: Actor, card_id: int, reason: str, now: datetime) -> Card:
    """换卡: the card ends, and a new one for the same place begins. Raises as `revoke` does."""
    card = _kept(actor, card_id)
    if not can_answer(card.unit, now):
        raise _invalid("reason", Label("该单位现在没有能处理反馈的人员，请改用停用", "Nobody can answer: revoke it"))
    _end(actor, card, CardEvent.Action.REPLACED, _reason(reason), now)
    return _new(actor, card.unit, card.batch, card.place, card, now)


@transaction.atomic
def note_printed(actor: Actor, card_ids: Iterable[int], copies: int, now: datetime) -> list[tuple[Card, str]]:
    """印制: (card, token) in the order asked for, each recorded as printed. Raises CardEnded, KeyChanged, Invalid."""
    if not 1 <= copies <= MOST_COPIES:
        raise _invalid("copies", Label(f"每张卡印1至{MOST_COPIES}份", f"1 to {MOST_COPIES} copies of each card"))
    chosen = list(dict.fromkeys(card_ids))
    if not 1 <= len(chosen) <= MOST:
        raise _invalid("card", Label(f"请选择1至{MOST}张卡", f"Choose 1 to {MOST} cards"))
    if len(chosen) * copies > MOST_PRINTED:
        raise _invalid("copies", Label(f"一次最多印{MOST_PRINTED}份，请分次打印", f"At most {MOST_PRINTED} at once"))
    kept = {pk: _kept(actor, pk) for pk in sorted(chosen)}  # locked in one order
    printed = []
    for card in (kept[pk] for pk in chosen):
        if card.revoked_at:
            raise CardEnded(Label(f"第{card.number}号卡已停用，不能再印", f"Card {card.number} is revoked"))
        printed.append((card, tokens.token_for_print(card.nonce, card.token_hash, card.number)))
        _record(card, CardEvent.Action.PRINTED, actor, f"{copies}", now)
    return printed


# ── private ──


def _new(actor: Actor, unit: Unit, batch: str, place: str, replaces: Card | None, now: datetime) -> Card:
    nonce = tokens.new_nonce()
    card = Card.objects.create(
        unit=unit, batch=batch, place=place, nonce=nonce, token_hash=tokens.hash_of(tokens.token_of(nonce)),
        issued_at=now, replaces=replaces,
    )  # fmt: skip
    _record(card, CardEvent.Action.ISSUED, actor, "", now, {
        "unit": unit.pk, "token": card.token_hash, "replaces": replaces.number if replaces else None,
    })  # fmt: skip
    return card


def _end(actor: Actor, card: Card, action: CardEvent.Action, reason: str, now: datetime) -> None:
    if card.revoked_at:
        raise CardEnded(Label(f"第{card.number}号卡此前已停用", f"Card {card.number} was revoked before"))
    card.revoked_at = now
    _record(card, action, actor, reason, now)


def _record(
    card: Card, action: CardEvent.Action, actor: Actor, note: str, now: datetime, more: dict[str, object] | None = None
) -> None:
    """Append to the card's chain, and keep the row with it. The card is locked, or new."""
    card.seq += 1
    head = canonical(
        {"case": card.number, "seq": card.seq, "action": action.value, "actor": actor.user_id, "at": now.isoformat(),
         "note": note, "commitment": None, **(more or {})}
    )  # fmt: skip
    card.head_hash = link(card.head_hash, head)
    CardEvent.objects.create(
        card=card, seq=card.seq, action=action, actor_id=actor.user_id, at=now, note=note, head=head,
        hash=card.head_hash,
    )  # fmt: skip
    card.save(update_fields=["seq", "head_hash", "revoked_at"])


def _kept(actor: Actor, card_id: int) -> Card:
    card = Card.objects.select_for_update(of=("self",)).select_related("unit__parent").filter(pk=card_id).first()
    if card is None:
        raise NotFound(Label("没有这张卡", "There is no such card"))
    _need_keeper(actor, card.unit)
    return card


def _need_keeper(actor: Actor, unit: Unit) -> None:
    if not may_keep(actor, unit):
        raise NotAllowed(
            Label(f"{unit.name}的卡由该单位负责人管理", f"The cards of {unit.label.en} are kept by its head")
        )


def _reason(text: str) -> str:
    reason = text.strip()
    if not reason or len(reason) > 200:
        raise _invalid("reason", Label("请写明停用理由，不超过200字", "Say why, in at most 200 characters"))
    return reason


def _invalid(field: str, text: Label) -> Invalid:
    return Invalid(text, fields={field: text})
