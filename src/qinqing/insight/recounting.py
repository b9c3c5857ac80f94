"""重算: the rows of `CaseFigure`, made from events, ratings and payments: one case after each act, or all anew.

`recount` makes a case's row whole and new each time, so doing it twice, late or in another order changes nothing.
Imported history (`HISTORY`: answered messages of another platform) has no rows and so never meets live figures.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from qinqing.cases import calendars, shelf
from qinqing.cases.models import Case, Event
from qinqing.directory.models import Unit
from qinqing.evaluation.models import Rating
from qinqing.insight.folding import FACTS, Rated, fold
from qinqing.insight.models import CaseFigure
from qinqing.insight.payouts import NONE, PAYOUT, payouts
from qinqing.lib.labels import Label
from qinqing.messaging import reactions
from qinqing.messaging.models import Delivery, Outbox
from qinqing.policies.claims import PROCEDURE as CLAIM

HISTORY = ("message",)  # procedures of imported history
REACTION = "insight-figures"  # its name in reactions.py
RECEIVER = f"{reactions.PREFIX}{REACTION}"
SLICE = 300  # cases in one transaction: a fraction of a second on SQLite, where others wait
SHOWN = 20
COLUMNS = (
    "seq", "procedure", "lead_id", "authority_id", *(name for name in FACTS if name not in {"seq", "lead"}), *PAYOUT,
)  # fmt: skip


def counted() -> QuerySet[Case]:
    """The cases that figures count."""
    return Case.objects.exclude(procedure__code__in=HISTORY)


@transaction.atomic
def recount(case_ids: Iterable[int]) -> None:
    """Make the rows of these cases anew. The case rows are locked first, so that of two workers the later one reads at
    least what the earlier one read."""
    ids = sorted(set(case_ids))
    locked = list(counted().filter(pk__in=ids).order_by("pk").select_for_update(of=("self",), no_key=True))
    rows = [CaseFigure(case_id=pk, **values) for pk, values in _values(locked).items()]
    CaseFigure.objects.bulk_create(rows, update_conflicts=True, unique_fields=["case"], update_fields=COLUMNS)


def recount_with_origins(case_ids: Iterable[int]) -> None:
    """Cases, and those they follow: deciding on a contested rating changes what the rating of that one counts for."""
    ids = set(case_ids)
    origins = Case.objects.filter(pk__in=ids, predecessor__isnull=False).values_list("predecessor_id", flat=True)
    recount({*ids, *origins})


def rebuild() -> Iterator[int]:
    """Every case again, in slices; yields after each how many are done. May be stopped and begun anew."""
    CaseFigure.objects.filter(case__procedure__code__in=HISTORY).delete()
    done, last = 0, 0
    while ids := _ids_after(last):
        recount(ids)
        done, last = done + len(ids), ids[-1]
        yield done


def fill_missing() -> bool:
    """One slice of cases that have no row yet (made before this room was there). True when more waits."""
    ids = list(counted().filter(figure=None).order_by("pk").values_list("pk", flat=True)[:SLICE])
    recount(ids)
    return len(ids) == SLICE


@dataclass(frozen=True, slots=True)
class Difference:
    """What of one case is not as its events say. `behind`: its last act is still on its way to this room."""

    number: str
    text: Label
    behind: bool = False


def differences(every: int = 1) -> Iterator[tuple[int, list[Difference]]]:
    """Hold the rows of every n-th case against a recomputation: (cases looked at so far, what the slice showed)."""
    last, seen = 0, 0
    while ids := _ids_after(last):
        last = ids[-1]
        chosen = [pk for pk in ids if pk % every == 0]
        with transaction.atomic():
            cases = list(counted().filter(pk__in=chosen).order_by("pk"))
            told, rows = _values(cases), CaseFigure.objects.in_bulk(chosen)
        seen += len(cases)
        yield seen, [found for case in cases for found in _compare(case, rows.get(case.pk), told[case.pk])]
    surplus = CaseFigure.objects.filter(case__procedure__code__in=HISTORY).values_list("case__number", flat=True)
    yield seen, [Difference(number, Label("是导入的历史，不应计数", "is imported history and must not be counted"))
                 for number in surplus[:SHOWN]]  # fmt: skip


def behind() -> int:
    """How many acts are still on their way to this room: figures do not count them yet."""
    waiting = Delivery.objects.filter(state=Delivery.State.WAITING, receiver=RECEIVER).count()
    return waiting + Outbox.objects.filter(handled_at=None, source="cases").count()


# ── private ──


def _ids_after(last: int) -> list[int]:
    return list(counted().filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:SLICE])


def _values(cases: list[Case]) -> dict[int, dict[str, Any]]:
    """Case id -> the columns of its row."""
    heads, ratings, calendar = _heads(cases), _ratings(cases), calendars.current()
    above = dict(Unit.objects.values_list("pk", "parent_id"))
    specs = {case.pk: shelf.by_id(case.procedure_id) for case in cases}
    paid = payouts([pk for pk, spec in specs.items() if spec.code == CLAIM], heads)
    found = {}
    for case in cases:
        spec = specs[case.pk]
        values = asdict(fold(heads[case.pk], ratings[case.pk], spec, calendar)) | asdict(paid.get(case.pk, NONE))
        lead = values.pop("lead")
        found[case.pk] = {**values, "procedure": spec.code, "lead_id": lead, "authority_id": above.get(lead) or lead}
    return found


def _heads(cases: list[Case]) -> Mapping[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    events = Event.objects.filter(case__in=[case.pk for case in cases]).order_by("case_id", "seq")
    for case_id, head in events.values_list("case_id", "head"):
        found[case_id].append(json.loads(head))
    return found


def _ratings(cases: list[Case]) -> Mapping[int, list[Rated]]:
    found: dict[int, list[Rated]] = defaultdict(list)
    rows = Rating.objects.filter(case__in=[case.pk for case in cases])
    for case_id, level, at, aside in rows.values_list("case_id", "level", "rated_at", "set_aside_at"):
        found[case_id].append(Rated(level, at, aside is not None))
    return found


def _compare(case: Case, row: CaseFigure | None, told: Mapping[str, Any]) -> Iterator[Difference]:
    if row is None:
        yield Difference(case.number, Label("没有计入", "is not counted"), _waits(case.number, told["seq"]))
        return
    if row.seq < told["seq"]:
        text = Label(f"计到第{row.seq}条，现有{told['seq']}条", f"counted up to record {row.seq} of {told['seq']}")
        yield Difference(case.number, text, _waits(case.number, told["seq"]))
        return
    for name in COLUMNS:
        here, there = getattr(row, name), told[name]
        if here != there:
            yield Difference(
                case.number, Label(f"{name}为{here}，重算为{there}", f"{name} is {here}, recomputed {there}")
            )


def _waits(number: str, seq: int) -> bool:
    """Whether the worker has yet to bring this act here."""
    message = Outbox.objects.filter(source="cases", key=f"{number}#{seq}")
    mine = Delivery.objects.filter(message__in=message, receiver=RECEIVER)
    return message.filter(handled_at=None).exists() or mine.filter(state=Delivery.State.WAITING).exists()
