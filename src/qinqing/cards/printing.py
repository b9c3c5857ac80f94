"""印卡: sheets of cards as PDF, A4, eight a page with cutting marks (papers/cards.typ)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from qinqing.cards.models import Card
from qinqing.lib.labels import Label
from qinqing.ui import papers

ON_A_PAGE = 8
_TEMPLATE = Path(__file__).parent / "papers" / "cards.typ"


def sheet(cards: Sequence[tuple[Card, str]], copies: int, promise: Mapping[str, Label]) -> bytes:
    """(card, address of its page), each `copies` times in a row; `promise`: the limits `sort` and `answer`.

    A card speaks Chinese with one line of English, whatever language the printing officer reads."""
    data = {
        "lang": "zh",
        "copies": copies,
        "sort": promise["sort"].as_json(),
        "answer": promise["answer"].as_json(),
        "cards": [
            {"office": card.office.as_json(), "number": card.number, "address": address, "qr": papers.qr(address)}
            for card, address in cards
        ],
    }
    return papers.paper(_TEMPLATE, data)
