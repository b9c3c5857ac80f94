"""近似诉求: while the clerk types, open or lately closed matters whose text is nearly the same.

Sketches of texts meet in an index (`sketch.py`); those that meet most are compared exactly (`alike.py`) before any is
shown. Kept current by a reaction to every act (`reactions.py`); old ones are dropped by a job.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from django.db.models import Count, Exists, OuterRef, Q

from qinqing.appeals.alike import SURE, sequences
from qinqing.appeals.intake import PROCEDURE
from qinqing.appeals.models import Sketch
from qinqing.appeals.sketch import bands
from qinqing.cases import shelf
from qinqing.cases.indexing import may_be_found
from qinqing.cases.models import Case, Payload
from qinqing.cases.rows import Row, rows_of
from qinqing.directory.models import Party
from qinqing.lib.identifiers import mask_name

KEPT = timedelta(days=90)  # after closing
SHORTEST = 8  # letters: of less, too many matters are the same
_COMPARED = 60  # those that meet in most bands, the newest first where that is equal
_SLICE = 500  # cases dropped in one go


@dataclass(frozen=True, slots=True)
class Near:
    """A matter like the one being typed. `percent` is rounded down; `party` is masked where it is a person;
    `mergeable`: the new one can go on with it (并案)."""

    row: Row
    percent: int
    party: str
    mergeable: bool


def find(text: str, now: datetime, limit: int = 5) -> list[Near]:
    """The matters likest to `text`, of at least `alike.SURE`; at the same likeness open ones first, then the newest."""
    typed = sequences(text)
    if len(typed) < SHORTEST - 2:
        return []
    shares = {
        case_id: share
        for case_id, said in _said(_meeting(text), now)
        if (share := _share(typed, sequences(said))) >= SURE
    }
    cases = Case.objects.filter(pk__in=list(shares)).select_related("party", "lead", "procedure")
    likest = sorted(cases, key=lambda case: (-shares[case.pk], case.closed_at is not None, -case.pk))[:limit]
    rows = rows_of(likest, now)
    return [Near(row, int(100 * shares[row.case.pk]), _name(row.case.party), _mergeable(row.case)) for row in rows]


def remember(case_ids: Iterable[int], now: datetime) -> None:
    """Keep sketches of these cases, where they lack them. What was said when a case was opened never changes."""
    wanted = list(case_ids)
    known = set(Sketch.objects.filter(case__in=wanted).values_list("case_id", flat=True).distinct())
    Sketch.objects.bulk_create(
        [
            Sketch(band=band, case_id=case_id)
            for case_id, said in _said([pk for pk in wanted if pk not in known], now)
            for band in sorted(bands(said))  # one order: no deadlock
        ],
        batch_size=2000,
        ignore_conflicts=True,
    )


def forget_old(now: datetime) -> bool:
    """Drop the sketches of cases closed too long ago, some at a time. True when more waits."""
    sketched = Exists(Sketch.objects.filter(case=OuterRef("pk")))
    old = list(Case.objects.filter(sketched, closed_at__lt=now - KEPT).values_list("pk", flat=True)[:_SLICE])
    Sketch.objects.filter(case__in=old).delete()
    return len(old) == _SLICE


# ── private ──


def _meeting(text: str) -> list[int]:
    """Cases that share a band with the text, those that share most first."""
    meeting = Sketch.objects.filter(band__in=bands(text)).values("case_id").annotate(bands=Count("pk"))
    return list(meeting.order_by("-bands", "-case_id").values_list("case_id", flat=True)[:_COMPARED])


def _said(case_ids: Iterable[int], now: datetime) -> Iterator[tuple[int, str]]:
    """(case, what was said when it was opened) of open and lately closed ones that have such a text and may be found
    at all."""
    kept = Q(event__case__closed_at=None) | Q(event__case__closed_at__gte=now - KEPT)
    opening = Payload.objects.filter(kept, event__case__in=list(case_ids), event__seq=1, body__isnull=False)
    columns = ("event__case_id", "event__case__procedure_id", "body")
    for case_id, procedure_id, body in opening.order_by("event__case_id").values_list(*columns):
        said = json.loads(body or "{}").get("texts", {}).get("text")
        if said and may_be_found(shelf.by_id(procedure_id)):
            yield case_id, said


def _share(one: frozenset[int], other: frozenset[int]) -> Fraction:
    common = len(one & other)
    return Fraction(common, len(one) + len(other) - common)


def _name(party: Party) -> str:
    return mask_name(party.name) if party.kind == Party.Kind.PERSON else party.name


def _mergeable(case: Case) -> bool:
    return case.closed_at is None and case.procedure.code == PROCEDURE
