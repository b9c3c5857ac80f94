"""收件: what somebody sends by a card becomes a matter of the office that issued it. Once, whatever they press.

The party stays unnamed unless it is certain: somebody signed in with the very number they left. A number alone is not:
it may be mistyped, and who types a number must not learn whose it is. Officers see who has it on record and decide.
Reports on officials' conduct never come here: the page sends them to the inspectors (web_card.py).
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from qinqing.accounts.actor import ANONYMOUS, Actor
from qinqing.accounts.keys import keyed_hash
from qinqing.accounts.limits import free_at
from qinqing.cards import limits, tokens
from qinqing.cards.models import Card, Sending, Use
from qinqing.cards.services import can_answer
from qinqing.cases.acting import open_case
from qinqing.cases.blobs import StoredFile
from qinqing.cases.models import Case
from qinqing.directory.models import Party
from qinqing.directory.services import create_unnamed
from qinqing.lib.labels import Label
from qinqing.ui.errors import Problem, TooMany

PROCEDURE = "card"
CHANNEL = "card"
MOST_PHOTOS = 6
TITLE = 40  # characters


@dataclass(frozen=True, slots=True)
class Said:
    """What was filled in. `kind`: suggestion, difficulty or blockage; `phone` checked (directory.phones) or empty."""

    kind: str
    text: str
    visitor: str = ""
    phone: str = ""
    files: tuple[StoredFile, ...] = ()


class OutOfUse(Problem):
    """The card does not take anything: revoked, replaced, or its office has nobody left to answer."""

    status = 410
    code = "card-out-of-use"
    title = Label("这张卡已停用", "This card is no longer in use")


class Limited(TooMany):
    """`at`: when it works again."""

    code = "card-limited"
    title = Label("提交过于频繁，暂时不能再提", "Too many were sent; please wait")

    def __init__(self, detail: Label, at: datetime) -> None:
        super().__init__(detail)
        self.at = at


def card_of(token: str) -> Card | None:
    """The card with this token, in use or not."""
    return Card.objects.select_related("unit__parent").filter(token_hash=tokens.hash_of(token)).first()


def check_in_use(card: Card, now: datetime) -> None:
    """Raises OutOfUse."""
    if card.revoked_at is not None:
        raise OutOfUse(
            Label(
                "发卡单位已停用或更换了这张卡，不是您的问题。",
                "The office has revoked or replaced this card. You did nothing wrong.",
            )
        )
    if not can_answer(card.unit, now):
        raise OutOfUse(
            Label(
                "发卡单位现在没有能处理反馈的人员，为不耽误您的事，暂不收件。",
                "Nobody at the issuing office can answer now, so it takes nothing in rather than keep you waiting.",
            )
        )


@transaction.atomic
def take(card_id: int, said: Said, sender: Actor, address: str, key: str, now: datetime) -> Case:
    """Open the matter, or give the one that this very sending has opened already: word for word the same with the same
    photos, by its key, or from the same address within a day. Other words under the same key are another matter.

    Raises OutOfUse, Limited, Incomplete (by the fields of the procedure); nothing is kept then.
    """
    card = Card.objects.select_for_update(of=("self",)).select_related("unit").get(pk=card_id)
    check_in_use(card, now)
    marks = limits.address_marks(address, now)
    fingerprint = _fingerprint(card, said)
    lately = Sending.objects.filter(at__gt=now - limits.KEPT)
    same = lately.filter(card=card, address__in=marks, said=fingerprint).select_related("case").first()
    if same is not None:
        return same.case
    check_limits(card, address, now)
    done = open_case(
        PROCEDURE, _party(said, sender, now), ANONYMOUS, now, _data(card, said), title=title_of(said.text),
        channel=CHANNEL, idempotency_key=keyed_hash("cards.sending", f"{key}|{fingerprint}")[:48], files=said.files,
    )  # fmt: skip
    case = Case.objects.get(pk=done.case_id)
    if not done.replayed:
        Use.objects.create(card=card, case=case)
        Sending.objects.create(card=card, case=case, address=marks[0] if marks else "", said=fingerprint, at=now)
    return case


def check_limits(card: Card, address: str, now: datetime) -> None:
    """Whether one more may be sent now. Raises Limited. `take` asks again while it holds the card's lock: two at once
    cannot both be the last that is let through."""
    marks = limits.address_marks(address, now)
    recent = Sending.objects.filter(at__gt=now - limits.KEPT)
    by_card = free_at(recent.filter(card=card).values_list("at", flat=True), limits.PER_CARD, now)
    by_address = free_at(recent.filter(address__in=marks).values_list("at", flat=True), limits.PER_ADDRESS, now)
    waits = [at for at in (by_card, by_address) if at is not None]
    if waits:
        raise Limited(
            Label(
                "同一张卡或同一网络短时间内提交较多，为防滥用暂停接收。您填写的内容都在本页，没有丢失。",
                "Many were sent by this card or from this network; to prevent misuse it pauses. What you wrote is all"
                " on this page; nothing is lost.",
            ),
            max(waits),
        )


def parties_with(phone: str) -> list[Party]:
    """Parties on record with this number, at most ten: for officers, who decide."""
    return list(Party.objects.filter(phone=phone).exclude(kind=Party.Kind.UNNAMED).order_by("pk")[:10]) if phone else []


def forget_old(now: datetime) -> bool:
    """Sendings older than the longest window. For the worker."""
    Sending.objects.filter(at__lte=now - limits.KEPT).delete()
    return False


def title_of(text: str) -> str:
    """The first clause of what was said, short enough for a list."""
    first = re.split(r"[。！？!?\n；;]", text.strip(), maxsplit=1)[0].strip() or text.strip()
    return first if len(first) <= TITLE else first[: TITLE - 1] + "…"


# ── private ──


def _data(card: Card, said: Said) -> dict[str, object]:
    return {"office": card.unit_id, "kind": said.kind, "text": said.text, "visitor": said.visitor, "phone": said.phone}


def _party(said: Said, sender: Actor, now: datetime) -> int:
    if said.phone and sender.kind == "party":  # signed in by a code sent to the number
        own = Party.objects.filter(user=sender.user_id, phone=said.phone).first()
        if own is not None:
            return own.pk
    return create_unnamed(now, phone=said.phone).pk


def _fingerprint(card: Card, said: Said) -> str:
    """The same words, contact and photos on the same card; blanks and full-width forms aside."""
    text = "".join(unicodedata.normalize("NFKC", said.text).split())
    files = sorted(file.sha256 for file in said.files)
    return keyed_hash("cards.said", json.dumps([card.pk, said.kind, text, said.visitor, said.phone, files]))
