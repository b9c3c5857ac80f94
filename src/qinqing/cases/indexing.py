"""编入索引: what of a case is found by whom, read fresh from the case; put into `fulltext`.

Kept current by a reaction to every act (`reactions.py`), by erasure (`history.py`), and rebuilt as a whole by
`qinqing cases reindex`, which a new release or a renamed party may ask for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from django.db import transaction
from django.db.models import Prefetch, QuerySet

from qinqing.accounts.actor import SYSTEM
from qinqing.cases import fulltext
from qinqing.cases.casefile import CaseFile
from qinqing.cases.models import Case, Event, Task
from qinqing.cases.procedure import Procedure
from qinqing.cases.story import Happened
from qinqing.cases.words import number_forms
from qinqing.directory.models import Unit

SLICE = 200  # cases in one transaction of a rebuild: a fraction of a second on SQLite, where others wait


def may_be_found(procedure: Procedure) -> bool:
    """Whether cases of this procedure enter the index, and are compared for near-duplicates. The one place where a
    restricted compartment (P3) will be kept out; no procedure is restricted yet."""
    return True


def index(case_ids: Iterable[int]) -> None:
    """Read these cases and keep their words as they are now. Doing it again changes nothing."""
    cases = list(_whole(Case.objects.filter(pk__in=list(case_ids)).order_by("pk")))  # one order: no deadlock
    units = Unit.objects.in_bulk()
    files = [_file(case, units) for case in cases]
    fulltext.put(_entry(file) for file in files if may_be_found(file.spec))
    fulltext.remove(file.case.pk for file in files if not may_be_found(file.spec))


def index_all() -> Iterator[int]:
    """Every case again, in slices; yields after each how many are done. May be stopped and begun anew."""
    done, last = 0, 0
    while True:
        with transaction.atomic():
            ids = list(Case.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:SLICE])
            index(ids)
        if not ids:
            return
        done, last = done + len(ids), ids[-1]
        yield done


# ── private ──


def _whole(cases: QuerySet[Case]) -> QuerySet[Case]:
    return cases.select_related("party").prefetch_related(
        "party__former_names",
        "attachments",
        Prefetch("events", Event.objects.select_related("payload").order_by("seq")),
        Prefetch("tasks", Task.objects.only("case_id", "unit_id")),
    )


def _file(case: Case, units: dict[int, Unit]) -> CaseFile:
    """The case as its page reads it, without asking the database again; names of officers are not searched."""
    file = CaseFile(case, SYSTEM, case.last_event_at)
    file.units, file.events, file.names = units, list(case.events.all()), {}
    return file


def _entry(file: CaseFile) -> fulltext.Entry:
    case = file.case
    former = (name.name for name in case.party.former_names.all())
    told = [number_forms(case.number), case.title, case.party.name, *former, *_texts(file.story(party=True))]
    known = set(told)
    return fulltext.Entry(
        case.pk,
        told,
        [text for text in _texts(file.story()) if text not in known],
        {f"p{case.party_id}", f"o{file.events[0].actor_id}", *(f"u{task.unit_id}" for task in case.tasks.all())},
    )


def _texts(story: Iterable[Happened]) -> Iterator[str]:
    """What people wrote, chose and attached, as the page shows it (phone numbers masked), in either language."""
    for item in story:
        said = chain.from_iterable((one.text.zh, one.text.en) for one in item.said)
        yield from dict.fromkeys([*said, *(file.name for file in item.files)])
