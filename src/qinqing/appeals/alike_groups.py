"""近似留言: found once after an import and kept as pairs; read as groups."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from qinqing.appeals import alike
from qinqing.appeals.models import Alike
from qinqing.cases.models import Case, Event, Payload

_PIECE = 2000  # texts in memory at once


@dataclass(frozen=True, slots=True)
class Group:
    """Messages that are alike: in order of time, with the lowest and highest similarity (per mille) of their pairs.
    `one_writer`: all by the same party, so probably one matter sent again; else several people with one matter."""

    cases: tuple[Case, ...]
    lowest: int
    highest: int
    one_writer: bool

    @property
    def similarity(self) -> str:
        """98%, or 63—100% when the pairs differ."""
        low, high = self.lowest // 10, self.highest // 10
        return f"{high}%" if low == high else f"{low}—{high}%"


@transaction.atomic
def refresh(now: datetime) -> int:
    """Compare all messages anew; returns how many pairs were found. Erased messages are not compared."""
    found = alike.pairs(_texts())
    Alike.objects.all().delete()
    Alike.objects.bulk_create(
        [
            Alike(first_id=first, second_id=second, permille=int(share * 1000), found_at=now)
            for first, second, share in found
        ],
        batch_size=1000,
    )
    return len(found)


def found_groups() -> list[Group]:
    """All groups, the largest first."""
    pairs = list(Alike.objects.values_list("first_id", "second_id", "permille"))
    members = alike.groups((first, second) for first, second, _ in pairs)
    place = {case: index for index, group in enumerate(members) for case in group}
    shares: dict[int, list[int]] = defaultdict(list)
    for first, _, permille in pairs:
        shares[place[first]].append(permille)
    cases = Case.objects.select_related("party").in_bulk(list(place))
    return [
        Group(
            tuple(sorted((cases[case] for case in group), key=lambda case: (case.opened_at, case.pk))),
            min(shares[index]),
            max(shares[index]),
            len({cases[case].party_id for case in group}) == 1,
        )
        for index, group in enumerate(members)
    ]


def _texts() -> Iterator[tuple[int, str]]:
    """(case, text) of every message, piece by piece and table by table: memory holds one piece of texts, and each query
    looks rows up by a key. A join of these tables, on rows brought in a moment ago that the database has no statistics
    of yet, took PostgreSQL a quarter of an hour for 2,816 messages."""
    messages = Case.objects.filter(procedure__code="message", closed_at__isnull=False).order_by("pk")
    ids = list(messages.values_list("pk", flat=True))
    for start in range(0, len(ids), _PIECE):
        openings = Event.objects.filter(case__in=ids[start : start + _PIECE], seq=1).values_list("pk", "case_id")
        case_of = dict(openings)
        bodies = dict(Payload.objects.filter(event__in=list(case_of)).values_list("event_id", "body"))
        for event_id, case_id in sorted(case_of.items(), key=lambda pair: pair[1]):
            if body := bodies.get(event_id):
                yield case_id, json.loads(body)["texts"]["text"]
