"""Companies, a source's words, and what must hold between observations and current values, for the facts' tests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from qinqing.directory.facts import choosing, recording, snapshots
from qinqing.directory.facts.dictionary import book, dictionary
from qinqing.directory.facts.reading import values_of
from qinqing.directory.models import CurrentFact, FactText, Observation
from qinqing.lib.rules.columns import Table
from qinqing.lib.rules.terms import FactType

EPOCH_DAY = 719_163  # 1970-01-01 as date.toordinal


def say(
    party: int, fact: str, value: Any, source: str, now: datetime, *, period: int = 202500, days_ago: int | None = None
):
    """One word of a source; `days_ago` dates it."""
    at = None if days_ago is None else now - timedelta(days=days_ago)
    return recording.observe(party, fact, value, period=period, source=source, now=now, at=at)


Told = tuple[Any, int, str] | None  # value, period, source


def _told(seen: Observation | None, texts: dict[int, str]) -> Told:
    if seen is None:
        return None
    category = dictionary()[seen.fact.code].type is FactType.CATEGORY and seen.value is not None
    return texts[seen.value] if category else seen.value, seen.period, seen.source.code


def chosen() -> dict[tuple[int, str], tuple[Told, Told]]:
    """The current values, and those of the year before."""
    texts = dict(FactText.objects.values_list("pk", "text"))
    joined = ("observation__source", "observation__fact", "year_before__source", "year_before__fact")
    return {
        (row.party_id, row.fact.code): (_told(row.observation, texts), _told(row.year_before, texts))
        for row in CurrentFact.objects.select_related("fact", *joined)
        if row.observation
    }


def expected() -> dict[tuple[int, str], tuple[Told, Told]]:
    """The same, worked out in Python from all observations."""
    texts = dict(FactText.objects.values_list("pk", "text"))
    taken_back = set(Observation.objects.exclude(retracts=None).values_list("retracts_id", flat=True))
    best: dict[tuple[int, str, int], tuple[Any, Observation]] = {}
    for seen in Observation.objects.select_related("fact", "source", "statement").filter(retracts=None):
        if seen.pk in taken_back:
            continue
        rank = book().facts[seen.fact.code].sources.index(seen.source.code)
        order = (-rank, seen.statement.observed_at, seen.revision)
        key = (seen.party_id, seen.fact.code, seen.period)
        if key not in best or order > best[key][0]:
            best[key] = (order, seen)
    latest: dict[tuple[int, str], int] = {}
    for party, fact, period in best:
        latest[party, fact] = max(period, latest.get((party, fact), 0))

    def told(party: int, fact: str, period: int) -> Told:
        return _told(best[party, fact, period][1], texts) if (party, fact, period) in best else None

    return {key: (told(*key, period), told(*key, period - 100)) for key, period in latest.items()}


def recounted() -> int:
    """How many current values a full recount changes: none, if they were kept rightly."""
    return choosing.recount(book())


def plain(table: Table) -> dict[str, list[Any]]:
    """A table as Python values, with its ids."""
    found: dict[str, list[Any]] = {"": table.ids.tolist()}
    for name, column in table.columns.items():
        known, cells = column.known.tolist(), column.values.tolist()
        if column.type is FactType.CATEGORY:
            cells = [column.codes[cell] if there else None for cell, there in zip(cells, known, strict=True)]
        found[name] = [cell if there else None for cell, there in zip(cells, known, strict=True)]
    return found


def by_company(table: Table) -> dict[int, dict[str, Any]]:
    """The known values of every row, as `values_of` gives them."""
    cells = plain(table)
    return {
        party: {name: column[row] for name, column in cells.items() if name and column[row] is not None}
        for row, party in enumerate(cells[""])
    }


def of_one(party: int) -> dict[str, Any]:
    """`values_of` in the numbers of columns."""
    found = {}
    for name, known in values_of(party).items():
        fact, value = dictionary()[name], known.value
        if fact.type is FactType.NUMBER:
            value = int(value * 10**fact.places)
        elif fact.type is FactType.DATE:
            value = value.toordinal() - EPOCH_DAY
        found[name] = value
    return found


def fresh() -> Table:
    snapshots.forget()
    return snapshots.snapshot()[1]


def all_sources(facts: Iterable[str]) -> list[tuple[str, str]]:
    return [(fact, source) for fact in facts for source in dictionary()[fact].sources]
