"""全文检索索引: one row a case with the words by which it is found, on both databases; how they are cut: `words.py`.

SQLite keeps an FTS5 table, PostgreSQL a tsvector under a GIN index. Two kinds of words are kept apart: those the party
may read and those only officers may. Who may find a case stands in the index too, as scopes: `u7` a unit that ever had
it on its desk, `p3` its party, `o5` who opened it. So a rare scope and a frequent word meet inside the index, and a
single character that occurs in half of all cases is as fast as a rare one. `desks.visible` has the last word.

Positions end at 16,000 letters a case (PostgreSQL's limit); what is said beyond that is not found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db import connection

from qinqing.cases.words import cut, phrases

MOST = 1000  # found cases that are shown; that there are more is said, and a further word asked for
_LETTERS = 16_000
_GAP = "·"  # stands between runs, so that no phrase reaches from one into the next; never part of a word


@dataclass(frozen=True, slots=True)
class Entry:
    """What is kept of one case: texts the party may read, texts for officers only, scopes of who may find it."""

    case_id: int
    party: Sequence[str]
    rest: Sequence[str]
    scopes: Iterable[str]


@dataclass(frozen=True, slots=True)
class Hits:
    """Ids of cases, those recorded last first; `more`: there are more than `MOST`, which are left out."""

    ids: list[int]
    more: bool


def put(entries: Iterable[Entry]) -> None:
    """Keep these, in place of what was kept of the same cases. In the caller's transaction."""
    if connection.vendor == "postgresql":
        sql = (
            "INSERT INTO cases_fulltext(case_id,words) VALUES(%s,%s::tsvector)"
            " ON CONFLICT(case_id) DO UPDATE SET words=excluded.words"
        )
        values: list[tuple[int | str, ...]] = [(entry.case_id, _vector(entry)) for entry in entries]
    else:
        sql = "INSERT OR REPLACE INTO cases_fulltext(rowid,party,rest,scope) VALUES(%s,%s,%s,%s)"
        values = [(e.case_id, _column(e.party), _column(e.rest), " ".join(sorted(e.scopes))) for e in entries]
    with connection.cursor() as db:
        db.executemany(sql, values)


def is_empty() -> bool:
    """Whether no case is in the index: it is new, and `cases reindex` has not run."""
    with connection.cursor() as db:
        db.execute("SELECT 1 FROM cases_fulltext LIMIT 1")
        return db.fetchone() is None


def remove(case_ids: Iterable[int]) -> None:
    """Take these cases out. In the caller's transaction."""
    key = "case_id" if connection.vendor == "postgresql" else "rowid"
    with connection.cursor() as db:
        db.executemany(f"DELETE FROM cases_fulltext WHERE {key}=%s", [(case_id,) for case_id in case_ids])  # noqa: S608


def compact() -> None:
    """Rewrite the index without what was taken out: FTS5 otherwise keeps removed words in its file until segments
    happen to be merged. Some seconds for 200,000 cases, in which nobody else writes. PostgreSQL's vacuum does it."""
    if connection.vendor == "sqlite":
        with connection.cursor() as db:
            db.execute("INSERT INTO cases_fulltext(cases_fulltext) VALUES('optimize')")


def find(query: str, scopes: Iterable[str] | None, *, party: bool = False) -> Hits:
    """Cases that hold every word of the query, within any of the scopes (None: all cases). `party`: only words the
    party may read count. A query without a letter or digit finds nothing."""
    wanted, within = phrases(query), None if scopes is None else sorted(scopes)
    if not wanted or within == []:
        return Hits([], False)
    if connection.vendor == "postgresql":
        found = _find_in_vectors(wanted, within, party)
    else:
        found = _find_in_fts5(wanted, within, party)
    return Hits(found[:MOST], len(found) > MOST)


# -- SQLite


def _column(texts: Iterable[str]) -> str:
    """Pairs in order, runs apart; then each letter once."""
    singles, runs = cut(texts)
    return f" {_GAP} ".join([*(" ".join(run) for run in _limited(runs)), " ".join(singles)])


def _find_in_fts5(wanted: list[tuple[str, ...]], within: list[str] | None, party: bool) -> list[int]:
    columns = "party" if party else "{party rest}"
    terms = [f'{columns} : "{" ".join(phrase)}"' for phrase in wanted]
    if within is not None:
        terms.append(f"scope : ({' OR '.join(within)})")
    with connection.cursor() as db:
        db.execute(
            "SELECT rowid FROM cases_fulltext WHERE cases_fulltext MATCH %s ORDER BY rowid DESC LIMIT %s",
            [" AND ".join(terms), MOST + 1],
        )
        return [row[0] for row in db.fetchall()]


# -- PostgreSQL


def _vector(entry: Entry) -> str:
    """The tsvector as written: words of the party carry weight A; scopes begin with @, which no word does."""
    places: dict[str, list[str]] = {}
    last = 1  # position; single letters all stand at the first
    for texts, weight in ((entry.party, "A"), (entry.rest, "")):
        singles, runs = cut(texts)
        for letter in singles:
            places.setdefault(letter, []).append(f"1{weight}")
        for run in _limited(runs, last):
            for at, pair in enumerate(run, last + 2):
                places.setdefault(pair, []).append(f"{at}{weight}")
            last += len(run) + 1
    words = [f"'{word}':{','.join(stands)}" for word, stands in places.items()]
    return " ".join([*words, *(f"'@{scope}'" for scope in entry.scopes)])


def _find_in_vectors(wanted: list[tuple[str, ...]], within: list[str] | None, party: bool) -> list[int]:
    weight = ":A" if party else ""
    loose = _query(wanted, " & ", weight, within)
    if all(len(phrase) == 1 for phrase in wanted):
        sql = f"{_LOOSE} LIMIT %s"
        values: list[str | int] = [loose, MOST + 1]
    else:  # the index knows no positions: rows are read for them one by one, the latest first, until there are enough
        sql, values = _IN_A_ROW, [loose, _query(wanted, " <-> ", weight, within), MOST + 1]
    with connection.cursor() as db:
        db.execute(sql, values)
        return sorted((row[0] for row in db.fetchall()), reverse=True)


_LOOSE = "SELECT case_id FROM cases_fulltext WHERE words @@ %s::tsquery ORDER BY case_id DESC"
_IN_A_ROW = (
    f"WITH loose AS MATERIALIZED ({_LOOSE}) SELECT case_id FROM loose"  # noqa: S608 - constants only
    " WHERE (SELECT words @@ %s::tsquery FROM cases_fulltext f WHERE f.case_id=loose.case_id) LIMIT %s"
)


def _query(wanted: list[tuple[str, ...]], between: str, weight: str, within: list[str] | None) -> str:
    """The tsquery as written; `between` the words of a phrase."""
    terms = [between.join(f"'{word}'{weight}" for word in phrase) for phrase in wanted]
    if within is not None:
        terms.append("(" + " | ".join(f"'@{scope}'" for scope in within) + ")")
    return " & ".join(terms)


def _limited(runs: Iterable[list[str]], room: int = 1) -> Iterator[list[str]]:
    """The runs up to the limit of positions; each takes one position more, for the gap before it."""
    left = _LETTERS - room
    for run in runs:
        left -= len(run) + 2
        if left < 0:
            return
        yield run
