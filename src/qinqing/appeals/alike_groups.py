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
from qinqing.cases.models import Case, Payload

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
    """(case, text) of every message; read in pieces, so that memory holds one piece of texts, and no plan of the
    database, which knows nothing yet of rows brought in a moment ago, can be worse than a piece."""
    messages = Case.objects.filter(procedure__code="message", closed_at__isnull=False).order_by("pk")
    ids = list(messages.values_list("pk", flat=True))
    for start in range(0, len(ids), _PIECE):
        wanted = Payload.objects.filter(event__case__in=ids[start : start + _PIECE], event__seq=1, body__isnull=False)
        for case_id, body in wanted.order_by("event__case").values_list("event__case_id", "body"):
            yield case_id, json.loads(body or "")["texts"]["text"]
