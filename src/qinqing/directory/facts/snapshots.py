"""列存快照 (snapshot): the facts of all companies as columns for matching, kept in the process and brought up to date
by the change mark: only what changed since is read again.

A snapshot is never altered: whoever matches with one goes on undisturbed while the next is made. Rows are companies and
sole traders by their primary keys, ascending.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from threading import Lock
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Q
from numpy.typing import NDArray

from qinqing.directory.facts import marks, values
from qinqing.directory.facts.dictionary import SCALE, FactDef, dictionary
from qinqing.directory.facts.party_facts import COLUMNS, PARTY_FACTS
from qinqing.directory.models import CurrentFact, FactKey, FactText, Party
from qinqing.directory.services import REGISTERED
from qinqing.lib.rules import columns
from qinqing.lib.rules.columns import Column, Flags, Table
from qinqing.lib.rules.terms import FactType

_READ = (
    "SELECT party_id, fact_id, COALESCE(value, 0), "
    "CASE WHEN observation_id IS NULL THEN 0 WHEN value IS NULL THEN 2 ELSE 1 END, COALESCE(year_before_value, 0), "
    "CASE WHEN year_before_value IS NULL THEN 0 ELSE 1 END "
    "FROM directory_currentfact WHERE mark > %s"
)
_ROWS_AT_ONCE = 100_000
_DAY_ONE = columns.EPOCH.toordinal()
Ids = NDArray[np.int64]
Observed = tuple[Ids, NDArray[np.int8]]  # values as they are kept (a text by its number); see below
NOTHING, KNOWN, STATED_UNKNOWN = 0, 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """What changed after a mark, up to `mark`: these companies, in some of these facts."""

    mark: int
    party_ids: Ids
    fact_ids: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """What a table is made of: by `from_party` the values of the directory's rows (None: unknown), by fact id what was
    observed."""

    epoch: str
    mark: int
    ids: Ids
    party: Mapping[str, NDArray[Any]]
    observed: Mapping[str, Observed]
    table: Table


_lock = Lock()
_held: Held | None = None


def snapshot() -> tuple[int, Table]:
    """(mark, table): all companies as they are now; later calls in this process read only what changed.

    The mark goes to `changed_since`. Seconds for the first call of a process with 130,000 companies. Inside a
    transaction nothing is kept: what it sees may yet be rolled back."""
    global _held  # noqa: PLW0603 - one process, one snapshot
    with _lock:
        held = latest(_held)
        if not connection.in_atomic_block:
            _held = held
        return held.mark, held.table


def latest(held: Held | None) -> Held:
    """What is held, brought up to now; made afresh where there is none or it is of another database."""
    epoch, mark = marks.present()  # before the rows: what is committed meanwhile is read once more next time
    if held is None or held.epoch != epoch or held.mark > mark or not epoch:
        nothing = np.zeros(0, np.int64)
        return _read(Held(epoch, -1, nothing, {}, {}, Table({}, nothing)), mark)
    return held if held.mark == mark else _read(held, mark)


def forget() -> None:
    """The next snapshot is made afresh."""
    global _held  # noqa: PLW0603
    with _lock:
        _held = None


def changed_since(mark: int) -> Changes:
    """Companies and facts that changed after a mark which a snapshot or an earlier call gave."""
    now = marks.present()[1]
    rows = CurrentFact.objects.filter(mark__gt=mark)
    codes = set(FactKey.objects.filter(pk__in=rows.values("fact_id").distinct()).values_list("code", flat=True))
    facts = {name for name, fact in dictionary().items() if fact.kept_as in codes}
    parties = set(rows.values_list("party_id", flat=True).distinct())
    registered = set(Party.objects.filter(kind__in=REGISTERED, facts_mark__gt=mark).values_list("pk", flat=True))
    facts |= {name for name, fact in dictionary().items() if fact.from_party and registered}
    return Changes(now, np.array(sorted(parties | registered), dtype=np.int64), frozenset(facts))


# ── private ──


def _read(held: Held, mark: int) -> Held:
    """What is held, and what changed after its mark, as of `mark`."""
    ids, party = _parties(held)
    all_ids = np.union1d(held.ids, ids)
    wider = len(all_ids) > len(held.ids)
    place = np.searchsorted(all_ids, held.ids)
    rows = np.searchsorted(all_ids, ids)
    merged = {name: _spread(held.party.get(name), place, len(all_ids)) for name in PARTY_FACTS}
    for name, found in party.items():
        merged[name][rows] = found
    observed = {name: _moved(*pair, place, len(all_ids)) if wider else pair for name, pair in held.observed.items()}
    every = wider or held.mark < 0
    touched = {name for name, fact in dictionary().items() if every or (fact.from_party and len(ids))}
    touched |= _observe(observed, all_ids, held.mark)
    texts = dict(FactText.objects.values_list("pk", "text"))
    made = {
        name: _column(fact, merged, observed.get(name), texts, len(all_ids)) if name in touched else None
        for name, fact in dictionary().items()
    }
    table = Table({name: column or held.table.columns[name] for name, column in made.items()}, all_ids)
    return Held(held.epoch, mark, all_ids, merged, observed, table)


def _parties(held: Held) -> tuple[Ids, dict[str, NDArray[Any]]]:
    """Companies that are new or whose registration changed, and their facts by `from_party`."""
    last = int(held.ids[-1]) if len(held.ids) else 0
    changed = Party.objects.filter(kind__in=REGISTERED).order_by("pk")
    if held.mark >= 0:
        changed = changed.filter(Q(facts_mark__gt=held.mark) | Q(pk__gt=last))
    found = list(changed.values("pk", *COLUMNS))
    ids = np.fromiter((row["pk"] for row in found), np.int64, len(found))
    return ids, {name: _objects([of(row) for row in found]) for name, of in PARTY_FACTS.items()}


def _observe(observed: dict[str, Observed], ids: Ids, since: int) -> set[str]:
    """Put what changed after `since` into `observed` (whose arrays are copied first); the facts that changed."""
    names = {key.pk: key.code for key in FactKey.objects.all()}
    before = {fact.year_before: name for name, fact in dictionary().items() if fact.year_before}
    touched: set[str] = set()
    for found in _rows(since):
        at = np.searchsorted(ids, found[:, 0])
        inside = (at < len(ids)) & (ids[np.minimum(at, len(ids) - 1)] == found[:, 0]) if len(ids) else at < 0
        for fact_id in np.unique(found[inside, 1]).tolist():
            of = inside & (found[:, 1] == fact_id)
            code = names[fact_id]
            for name, column in ((code, 2), (before.get(code), 4)):
                if name not in dictionary() or name is None:
                    continue
                if name not in touched:
                    kept, state = observed.get(name) or (np.zeros(len(ids), np.int64), np.zeros(len(ids), np.int8))
                    observed[name] = kept.copy(), state.copy()
                    touched.add(name)
                observed[name][0][at[of]] = found[of, column]
                observed[name][1][at[of]] = found[of, column + 1]
    return touched


def _rows(since: int) -> Iterator[NDArray[np.int64]]:
    """The changed rows of `CurrentFact` as arrays of six columns."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(_READ, [since])
        while some := cursor.fetchmany(_ROWS_AT_ONCE):
            yield np.fromiter(chain.from_iterable(some), np.int64, 6 * len(some)).reshape(-1, 6)


def _column(
    fact: FactDef, party: Mapping[str, NDArray[Any]], observed: Observed | None, texts: Mapping[int, str], rows: int
) -> Column:
    """The column of a fact: what was observed, and where nothing was, what the directory holds."""
    spec = fact.spec
    if fact.from_party:
        return columns.column(spec, _over(fact, party[fact.from_party].tolist(), observed, texts))
    if observed is None:
        return columns.missing(spec, rows)
    kept, known = observed[0], observed[1] == KNOWN
    match fact.type:
        case FactType.MONEY:
            return columns.money(known, kept)
        case FactType.NUMBER:
            return Column(FactType.NUMBER, kept // (SCALE // 10**fact.places), known, fact.places)
        case FactType.BOOLEAN:
            return columns.boolean(known, kept.astype(np.bool_))
        case FactType.DATE:
            return columns.dates(known, kept - _DAY_ONE)
        case FactType.CATEGORY:
            return _category(known, kept, texts)


def _over(fact: FactDef, own: list[Any], observed: Observed | None, texts: Mapping[int, str]) -> list[Any]:
    """The directory's values with what was observed in their place."""
    kept, state = observed or (np.zeros(0, np.int64), np.zeros(0, np.int8))
    for row in np.flatnonzero(state == KNOWN).tolist():
        number = int(kept[row])
        own[row] = values.from_kept(fact, texts[number] if fact.type is FactType.CATEGORY else number)
    for row in np.flatnonzero(state == STATED_UNKNOWN).tolist():
        own[row] = None
    return own


def _category(known: Flags, kept: Ids, texts: Mapping[int, str]) -> Column:
    """Codes in the order of their texts, so that the same facts give the same column however they came in."""
    used = sorted(np.unique(kept[known]).tolist(), key=texts.__getitem__)
    place = np.zeros(max(used, default=0) + 1, np.int64)
    place[used] = np.arange(len(used))
    return columns.category(known, place[np.where(known, kept, 0)], [texts[number] for number in used])


def _objects(found: list[Any]) -> NDArray[Any]:
    array = np.empty(len(found), dtype=object)
    array[:] = found
    return array


def _spread(found: NDArray[Any] | None, place: NDArray[np.intp], rows: int) -> NDArray[Any]:
    array = np.full(rows, None, dtype=object)
    if found is not None:
        array[place] = found
    return array


def _moved(kept: Ids, state: NDArray[np.int8], place: NDArray[np.intp], rows: int) -> Observed:
    wide, states = np.zeros(rows, np.int64), np.zeros(rows, np.int8)
    wide[place], states[place] = kept, state
    return wide, states
