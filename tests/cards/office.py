"""The county of the kernel's tests with every procedure loaded, and an office that issues cards."""

from __future__ import annotations

import base64
from datetime import datetime
from pathlib import Path

from qinqing.accounts.actor import Actor
from qinqing.cards import services, tokens
from qinqing.cards.models import Card
from qinqing.cases import shelf
from qinqing.cases.reading import parse
from qinqing.directory.models import Officer, Post, Unit
from tests.cases.county import SINCE, TUESDAY, County, build

PROCEDURES = sorted((Path(__file__).parents[2] / "src/qinqing").glob("*/procedures/*.yaml"))
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def build_office() -> County:
    """`build()` with an inspection desk: its inspector `keeper` may issue, sort and check."""
    county = build()
    county.units["inspection"] = Unit.objects.create(code="inspection", name="监察组", kind="desk", desk="inspection")
    county.officer("keeper", "inspection", "inspector")
    county.officer("second", "inspection", "inspector")
    for file in PROCEDURES:
        shelf.store(parse(file.read_text(encoding="utf-8")), TUESDAY)
    return county


def one_card(county: County, now: datetime = TUESDAY, *, unit: str = "inspection", by: str = "keeper") -> Card:
    """A card in use."""
    return services.issue(county[by], county.unit(unit), "2026年秋", ["一楼大厅"], now)[0]


def address_of(card: Card) -> str:
    """The path behind its QR code."""
    return f"/card/{tokens.token_of(card.nonce)}/"


def leaves(county: County, name: str, on: datetime = TUESDAY) -> None:
    """The officer's posts ended yesterday."""
    actor: Actor = county[name]
    Post.objects.filter(officer=Officer.objects.get(user=actor.user_id)).update(starts_on=SINCE, ends_on=SINCE)
