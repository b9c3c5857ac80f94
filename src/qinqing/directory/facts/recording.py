"""入库 (recording): what a source says becomes observations, for ever, and the choice follows in the same transaction.

What a source already says is not recorded again, unless it is dated: a figure dated to a moment is kept for that
moment, so that it does not matter in which order dated figures come in. Corrections and retractions are new rows.
"""

from __future__ import annotations

import gc
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction

from qinqing.directory.facts import choosing, values
from qinqing.directory.facts.dictionary import Book, FactDef, book, dictionary
from qinqing.directory.facts.marks import next_mark
from qinqing.directory.facts.periods import A_YEAR, kind_of
from qinqing.directory.facts.values import Kept, Value
from qinqing.directory.models import FactKey, FactSource, FactText, ImportBatch, Observation, Statement
from qinqing.lib.identifiers import Invalid
from qinqing.lib.labels import Label
from qinqing.ui.errors import Problem

NEW, CHANGED, CONFIRMED, SAME = "new", "changed", "confirmed", "same"  # confirmed: dated, of the value known before
_INSERT = "INSERT INTO directory_observation (party_id, fact_id, period, source_id, revision, value, statement_id) "
_VALUES = "VALUES (%s, %s, %s, %s, %s, %s, %s)"
_ARRAYS = (  # PostgreSQL: a column at a time
    "SELECT * FROM unnest(%s::bigint[], %s::smallint[], %s::integer[], %s::smallint[], %s::smallint[], %s::bigint[], "
    "%s::bigint[])"
)


class Unfit(Problem):
    """A statement cannot be recorded."""

    status = 422
    code = "facts-unfit"
    title = Label("数据有误", "These facts do not fit")


class MovedOn(Problem):
    """What recording would do is no longer what was seen."""

    status = 409
    code = "facts-moved-on"
    title = Label("数据刚刚有变动", "The facts have just changed")


class Said(NamedTuple):
    """One thing a source says: fact and period as they are kept (`said` makes it from a figure of the year before)."""

    party_id: int
    fact: str
    period: int
    value: Kept


class Compared(NamedTuple):
    """What recording it would do, and what the source said before (None: nothing, or that it does not know)."""

    said: Said
    status: str
    before: Kept
    revision: int


@contextmanager
def uncollected() -> Iterator[None]:
    """Within the block, garbage is not looked for: what is made here in hundreds of thousands has no circles, and
    going through it again and again took half of the time (measured)."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def said(fact: FactDef, party_id: int, period: int, value: Value | None) -> Said:
    """A checked statement. Raises Invalid: value, kind of period, or a fact that no source states."""
    if not fact.sources:
        raise Invalid(
            f"“{fact.label.zh}”以名录为准，请在名录中更正", f"{fact.label.en} is the directory's own; mend it there"
        )
    if kind_of(period) != fact.period:
        raise Invalid(f"“{fact.label.zh}”的报告期不对", f"{fact.label.en}: the period is of another kind")
    checked = None if value is None else values.check(fact, value)
    return Said(party_id, fact.kept_as, period - A_YEAR if fact.year_before else period, values.kept(fact, checked))


def observe(
    party_id: int,
    fact: str,
    value: Value | None,
    *,
    period: int,
    source: str,
    now: datetime,
    at: datetime | None = None,
    user_id: int | None = None,
    note: str = "",
) -> Observation | None:
    """Record one statement; None where it says nothing new. `at`: the moment the value is of (default: now); a value
    of None says that it is not known. Raises Unfit."""
    if fact not in dictionary():
        raise Unfit(Label(f"没有“{fact}”这项事实", f"There is no fact {fact!r}"))
    try:
        one = said(dictionary()[fact], party_id, period, value)
    except Invalid as error:
        raise Unfit(error.label, fields={fact: error.label}) from None
    counts, statement = record([one], source=source, now=now, at=at, user_id=user_id, note=note)
    return Observation.objects.get(statement=statement) if statement and counts[SAME] == 0 else None


@uncollected()
@transaction.atomic
def record(
    statements: Sequence[Said],
    *,
    source: str,
    now: datetime,
    at: datetime | None = None,
    user_id: int | None = None,
    batch: ImportBatch | None = None,
    note: str = "",
    seen: str | None = None,
) -> tuple[Counter[str], Statement | None]:
    """Record what one source says at one time; counts of new, changed, confirmed and same. Raises Unfit, and MovedOn
    when it would no longer do what was `seen` (see `fingerprint`).

    Two who record at once come one after the other: the mark is theirs until they commit."""
    mark = next_mark()
    compared = compare(statements, source=source, now=now, at=at)
    if seen is not None and seen != fingerprint(compared):
        raise MovedOn(Label("核对之后数据有变动，请重新核对", "The facts changed since they were checked; check again"))
    counts = Counter({NEW: 0, CHANGED: 0, CONFIRMED: 0, SAME: 0})
    counts.update(each.status for each in compared)
    fresh = [each for each in compared if each.status != SAME]
    if not fresh:
        return counts, None
    keys = _keys(book(), {each.said.fact for each in fresh})
    source_id = FactSource.objects.get_or_create(code=source)[0].pk
    texts = _texts({each.said.value for each in fresh if isinstance(each.said.value, str)})
    statement = Statement.objects.create(
        source_id=source_id, observed_at=at or now, dated=at is not None, recorded_at=now, recorded_by_id=user_id,
        batch=batch, note=note[:300],
    )  # fmt: skip
    _insert(
        (
            each.said.party_id,
            keys[each.said.fact],
            each.said.period,
            source_id,
            each.revision,
            texts[each.said.value] if isinstance(each.said.value, str) else each.said.value,
            statement.pk,
        )
        for each in fresh
    )
    parties, facts = {each.said.party_id for each in fresh}, {keys[each.said.fact] for each in fresh}
    choosing.choose(book(), parties, facts, mark)
    return counts, statement


@uncollected()
def compare(statements: Sequence[Said], *, source: str, now: datetime, at: datetime | None = None) -> list[Compared]:
    """What recording these would do; changes nothing. Raises Unfit for a source that may not state them, and for a
    moment that has not come."""
    _check(statements, source, now, at)
    past = _Past(statements, source)
    found = []
    for one in statements:
        key = (one.party_id, one.fact, one.period)
        words, revision = past.words.get(key), past.revisions.get(key, 0) + 1
        before = max(words) if words else None
        same_moment = (
            before if at is None or not words else max((word for word in words if word.observed_at == at), default=None)
        )
        if same_moment is not None and same_moment.value == one.value:
            found.append(Compared(one, SAME, one.value, revision))
            continue
        status = NEW if before is None else CONFIRMED if before.value == one.value else CHANGED
        found.append(Compared(one, status, before.value if before else None, revision))
        past.words[key] = [*(words or ()), _Word(at or now, revision, one.value)]
        past.revisions[key] = revision
    return found


def fingerprint(compared: Sequence[Compared]) -> str:
    """Of what recording would do: whoever confirms gives back the one that they saw."""
    told = repr([(each.said, each.status, each.before, each.revision) for each in compared])
    return hashlib.sha256(told.encode()).hexdigest()


@transaction.atomic
def retract(observation_ids: Iterable[int], *, now: datetime, user_id: int | None, note: str) -> int:
    """Take observations back, as if never said; returns how many were not yet. A note says why. Raises Unfit."""
    if not note.strip():
        raise Unfit(Label("请写明撤回的原因", "Say why they are taken back"))
    mark = next_mark()
    wanted = set(observation_ids)
    wanted -= set(Observation.objects.filter(retracts_id__in=wanted).values_list("retracts_id", flat=True))
    rows = list(Observation.objects.filter(pk__in=wanted, retracts=None).order_by("pk"))
    revisions = _last_revisions(rows)
    statements = {
        source_id: Statement.objects.create(
            source_id=source_id, observed_at=now, dated=False, recorded_at=now, recorded_by_id=user_id,
            note=note.strip()[:300],
        )
        for source_id in sorted({row.source_id for row in rows})
    }  # fmt: skip
    back = []
    for row in rows:
        key = (row.party_id, row.fact_id, row.period, row.source_id)
        revisions[key] += 1
        back.append(
            Observation(
                party_id=row.party_id,
                fact_id=row.fact_id,
                period=row.period,
                source_id=row.source_id,
                revision=revisions[key],
                statement=statements[row.source_id],
                retracts=row,
            )
        )
    Observation.objects.bulk_create(back)
    if rows:
        choosing.choose(book(), {row.party_id for row in rows}, {row.fact_id for row in rows}, mark, fewer=True)
    return len(rows)


def retract_import(batch_id: int, *, now: datetime, user_id: int | None, note: str) -> int:
    """Take back all that an import recorded, a thousand observations a transaction; returns how many."""
    said_then = Observation.objects.filter(statement__batch_id=batch_id, retracts=None).order_by("pk")
    done, last = 0, 0
    while some := list(said_then.filter(pk__gt=last).values_list("pk", flat=True)[:1_000]):
        done += retract(some, now=now, user_id=user_id, note=note)
        last = some[-1]
    return done


# ── private ──

_Key = tuple[int, str, int]  # party, fact, period


class _Word(NamedTuple):
    """Later ones are greater: no two of a source have the same revision."""

    observed_at: datetime
    revision: int
    value: Kept


class _Past:
    """What the source has said so far of these facts, retracted words left out."""

    def __init__(self, statements: Sequence[Said], source: str) -> None:
        self.revisions: dict[_Key, int] = {}
        self.words: dict[_Key, list[_Word]] = {}
        facts = dict(FactKey.objects.filter(code__in={one.fact for one in statements}).values_list("pk", "code"))
        rows = Observation.objects.filter(
            party_id__in={one.party_id for one in statements},
            fact_id__in=facts,
            period__in={one.period for one in statements},
            source__code=source,
        )
        taken_back = set(rows.exclude(retracts=None).values_list("retracts_id", flat=True))
        texts = _TextNumbers()
        columns = ("pk", "party_id", "fact_id", "period", "revision", "value", "retracts_id", "statement__observed_at")
        for pk, party_id, fact_id, period, revision, value, retracts, observed_at in rows.values_list(*columns):
            key = (party_id, facts[fact_id], period)
            self.revisions[key] = max(revision, self.revisions.get(key, 0))
            if retracts is None and pk not in taken_back:
                says = texts.kept(facts[fact_id], value)
                self.words.setdefault(key, []).append(_Word(observed_at, revision, says))


class _TextNumbers:
    """The texts of categories by their numbers, read when first needed."""

    def __init__(self) -> None:
        self._texts: dict[int, str] | None = None

    def kept(self, fact: str, number: int | None) -> Kept:
        defined = dictionary().get(fact)
        if number is None or defined is None or defined.type != "category":
            return number
        if self._texts is None:
            self._texts = dict(FactText.objects.values_list("pk", "text"))
        return self._texts[number]


def _check(statements: Sequence[Said], source: str, now: datetime, at: datetime | None) -> None:
    if source not in book().sources:
        known = "、".join(book().sources)
        raise Unfit(
            Label(f"没有“{source}”这个来源部门；现有{known}", f"There is no source {source!r}; there are {known}")
        )
    if at is not None and at > now:
        raise Unfit(Label("数据时点晚于现在", "The figures are dated later than now"))
    for code in {one.fact for one in statements}:
        fact = dictionary()[code]
        if source not in fact.sources:
            zh, en = (
                "、".join(names) for names in zip(*(book().sources[name].label for name in fact.sources), strict=True)
            )
            raise Unfit(
                Label(
                    f"“{fact.label.zh}”不由{book().sources[source].label.zh}提供，而由{zh}提供",
                    f"{fact.label.en} is not stated by {book().sources[source].label.en} but by {en}",
                ),
                fields={code: fact.label},
            )


def _keys(known: Book, codes: set[str]) -> dict[str, int]:
    """The numbers of facts, given when first observed. Raises Unfit when the dictionary has changed beneath them."""
    keys = {key.code: key for key in FactKey.objects.filter(code__in=codes)}
    for code in sorted(codes):
        fact = known.facts[code]
        if code not in keys:
            keys[code] = FactKey.objects.create(
                code=code, type=fact.type, period=fact.period, precedence=choosing.precedence(fact)
            )
        key = keys[code]
        if (key.type, key.period) != (fact.type, fact.period):
            raise Unfit(
                Label(
                    f"{code}的类型或报告期与已有数据不同，请在字典中另起id",
                    f"{code}: type or period differ from what is kept; write a new id in the dictionary",
                )
            )
        if key.precedence != choosing.precedence(fact):
            raise Unfit(
                Label(
                    f"字典中{code}的来源次序已改，请先运行 qinqing facts recount",
                    f"The order of the sources of {code} has changed; run `qinqing facts recount` first",
                )
            )
    return {code: key.pk for code, key in keys.items()}


def _texts(wanted: set[str]) -> dict[str, int]:
    if not wanted:
        return {}
    known = dict(FactText.objects.filter(text__in=wanted).values_list("text", "pk"))
    FactText.objects.bulk_create([FactText(text=text) for text in sorted(wanted - set(known))])
    return dict(FactText.objects.filter(text__in=wanted).values_list("text", "pk"))


def _insert(rows: Iterable[tuple[int | None, ...]]) -> None:
    """Fixed statements, as `cases.writing`: an import inserts millions."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_INSERT + _ARRAYS, [list(part) for part in zip(*rows, strict=True)])
        else:
            cursor.executemany(_INSERT + _VALUES, list(rows))


def _last_revisions(rows: Sequence[Observation]) -> Counter[tuple[int, int, int, int]]:
    """The highest revision of (party, fact, period, source), of the keys of these rows."""
    found: Counter[tuple[int, int, int, int]] = Counter()
    parties = {row.party_id for row in rows}
    facts = {row.fact_id for row in rows}
    every = Observation.objects.filter(party_id__in=parties, fact_id__in=facts)
    for *key, revision in every.values_list("party_id", "fact_id", "period", "source_id", "revision"):
        found[tuple(key)] = max(found[tuple(key)], revision)  # type: ignore[index]
    return found
