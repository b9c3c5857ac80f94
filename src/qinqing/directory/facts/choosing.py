"""取值 (which observation counts), in one SQL statement for recording and for recounting alike.

Of a company's fact: the latest period that stands; in it the source that comes first in the dictionary; of that source
what it observed last, and if at the same moment, said last. A retracted observation was never said. Where that
observation says "not known", the fact is unknown: an older or lesser figure would be a guess. `CurrentFact` keeps the
choice, beside that of the same period a year before; a row gets a new mark only if its choice changed.

The statement is fixed SQL (as `cases.writing`): an import chooses for millions of observations.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from itertools import islice

from django.db import connection, transaction

from qinqing.directory.facts.dictionary import Book, FactDef
from qinqing.directory.facts.marks import next_mark
from qinqing.directory.facts.periods import A_YEAR
from qinqing.directory.models import CurrentFact, FactKey, FactSource, Observation

PARTIES_AT_ONCE = 1_000
_CHOSEN = """
WITH ranks (fact_id, source_id, place) AS (VALUES {ranks}),
standing AS (
  SELECT o.id, o.party_id, o.fact_id, o.period, o.value,
    ROW_NUMBER() OVER (
      PARTITION BY o.party_id, o.fact_id, o.period ORDER BY r.place, s.observed_at DESC, o.revision DESC
    ) AS place,
    MAX(o.period) OVER (PARTITION BY o.party_id, o.fact_id) AS latest
  FROM directory_observation o
  JOIN ranks r ON r.fact_id = o.fact_id AND r.source_id = o.source_id
  JOIN directory_statement s ON s.id = o.statement_id
  WHERE o.party_id IN ({parties}) AND o.fact_id IN ({facts}) AND o.retracts_id IS NULL
    AND o.id NOT IN (
      SELECT retracts_id FROM directory_observation
      WHERE party_id IN ({parties}) AND fact_id IN ({facts}) AND retracts_id IS NOT NULL)
)
SELECT party_id, fact_id,
  MAX(CASE WHEN period = latest THEN id END) AS observation_id,
  MAX(CASE WHEN period = latest THEN value END) AS value,
  MAX(CASE WHEN period = latest - {a_year} THEN id END) AS year_before_id,
  MAX(CASE WHEN period = latest - {a_year} THEN value END) AS year_before_value
FROM standing WHERE place = 1 AND period IN (latest, latest - {a_year})
GROUP BY party_id, fact_id
"""
_KEEP = """
INSERT INTO directory_currentfact
  (party_id, fact_id, observation_id, value, year_before_id, year_before_value, mark)
SELECT c.*, {mark} FROM ({chosen}) c WHERE 1 = 1
ON CONFLICT (party_id, fact_id) DO UPDATE SET
  observation_id = excluded.observation_id, value = excluded.value,
  year_before_id = excluded.year_before_id, year_before_value = excluded.year_before_value, mark = excluded.mark
WHERE directory_currentfact.observation_id {differs} excluded.observation_id
   OR directory_currentfact.year_before_id {differs} excluded.year_before_id
"""
_FORGET = """
UPDATE directory_currentfact
SET observation_id = NULL, value = NULL, year_before_id = NULL, year_before_value = NULL, mark = {mark}
WHERE party_id IN ({parties}) AND fact_id IN ({facts}) AND observation_id IS NOT NULL
  AND NOT EXISTS (
    SELECT 1 FROM ({chosen}) c
    WHERE c.party_id = directory_currentfact.party_id AND c.fact_id = directory_currentfact.fact_id)
"""


def choose(book: Book, party_ids: Collection[int], fact_ids: Collection[int], mark: int, *, fewer: bool = False) -> int:
    """Bring the choices for these companies and facts up to their observations; returns how many changed.

    `fewer`: observations were taken back, so that for some nothing may be left. In the caller's transaction, under
    its mark."""
    changed = 0
    ranks = _ranks(book, fact_ids)
    rest = iter(sorted(party_ids))
    while some := list(islice(rest, PARTIES_AT_ONCE)):
        names = {
            "parties": ",".join(map(str, some)),
            "facts": ",".join(map(str, sorted(fact_ids))),
            "mark": mark,
            "differs": "IS DISTINCT FROM" if connection.vendor == "postgresql" else "IS NOT",
        }
        chosen = _CHOSEN.format(ranks=ranks, a_year=A_YEAR, **names)
        with connection.cursor() as cursor:
            if ranks:
                cursor.execute(_KEEP.format(chosen=chosen, **names))
                changed += max(cursor.rowcount, 0)
            if fewer:
                left = chosen if ranks else "SELECT NULL AS party_id, NULL AS fact_id WHERE 1 = 0"
                cursor.execute(_FORGET.format(chosen=left, **names))
                changed += max(cursor.rowcount, 0)
    return changed


def recount(book: Book, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
    """All choices anew from all observations, by the precedence of today's dictionary; returns how many changed.
    One transaction for each thousand companies."""
    keys = {key.pk: key.code for key in FactKey.objects.all()}
    parties = set(Observation.objects.values_list("party_id", flat=True).distinct())
    parties |= set(CurrentFact.objects.exclude(observation=None).values_list("party_id", flat=True).distinct())
    changed, done, rest = 0, 0, iter(sorted(parties))
    while some := list(islice(rest, PARTIES_AT_ONCE)):
        with transaction.atomic():
            changed += choose(book, some, keys, next_mark(), fewer=True)
        done += len(some)
        progress(done, len(parties))
    for pk, code in keys.items():
        FactKey.objects.filter(pk=pk).update(precedence=precedence(book.facts.get(code)))
    return changed


def precedence(fact: FactDef | None) -> str:
    """The order of sources as `FactKey` remembers it."""
    return ",".join(fact.sources) if fact else ""


# ── private ──


def _ranks(book: Book, fact_ids: Iterable[int]) -> str:
    """(fact, source, place) of every source that may speak, as SQL values; whole numbers only."""
    codes = dict(FactKey.objects.filter(pk__in=list(fact_ids)).values_list("pk", "code"))
    sources = dict(FactSource.objects.values_list("code", "pk"))
    rows = [
        f"({fact_id},{sources[source]},{place})"
        for fact_id, code in sorted(codes.items())
        if code in book.facts
        for place, source in enumerate(book.facts[code].sources)
        if source in sources
    ]
    return ",".join(rows)
