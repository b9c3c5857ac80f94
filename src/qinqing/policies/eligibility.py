"""匹配 (matching): the policies in force against the facts of all companies, kept as the list of who is eligible.

A job of the worker. Incremental: after a change of facts only the policies that use them and the companies that it
touches are decided again; on a new day those that depend on the day; for a new version, all companies, in pieces.
`Matched` says how far each policy has come; every piece is a transaction of its own, so a run goes on where one was
killed. Facts that change between two pieces are decided again afterwards: the mark stays that of the first piece.
Matching everything again (`match_all(recount=True)`) must find the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from time import perf_counter
from typing import TypeVar

import numpy as np
from django.db import transaction
from django.db.models import QuerySet
from numpy.typing import NDArray

from qinqing.directory.facts import marks, snapshots
from qinqing.directory.facts.dictionary import specs
from qinqing.directory.facts.snapshots import Changes, changed_since
from qinqing.directory.services import day_of
from qinqing.lib.rules.batch import Batch, Outcome, compile_rules
from qinqing.lib.rules.columns import Table
from qinqing.policies import selectors, telling
from qinqing.policies.bases import bases
from qinqing.policies.models_matching import Eligibility, Matched
from qinqing.policies.policy import Policy

SLICE = 3.0  # seconds: far below the worker's lease
PIECE = 10_000  # companies in one transaction
AT_ONCE = 1_000  # companies in one statement
Fen = int | None
Place = tuple[int, str, int, date | None]  # version, epoch, mark, day
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Moved:
    """How many companies became eligible, are no longer, or for another amount."""

    new: int = 0
    gone: int = 0
    changed: int = 0

    def __add__(self, other: Moved) -> Moved:
        return Moved(self.new + other.new, self.gone + other.gone, self.changed + other.changed)


def match(now: datetime) -> bool:
    """Job of the worker: one slice. True when more waits."""
    _, more = _bring_up(now, SLICE)
    return more or telling.tell(now)


def match_all(now: datetime, *, recount: bool = False) -> Moved:
    """All that is due, now. `recount`: every company with every policy in force, whatever was matched before; finds
    nothing to change unless the list was wrong. Nobody is told here; the worker tells."""
    if recount:
        snapshots.forget()
        Matched.objects.update(mark=-1, through=None)
    total, more = Moved(), True
    while more:
        moved, more = _bring_up(now, SLICE)
        total += moved
    return total


# ── private ──


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """One policy to bring up. `before`: how far it was; `outcome` of the companies `among` (None: of all, of which this
    piece are those `after` one and up to `until`, None: to the last); `place`: where it is then."""

    before: Matched
    version_id: int
    policy: Policy
    outcome: Outcome
    among: NDArray[np.int64] | None
    place: Place
    after: int = 0
    until: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Present:
    """What is matched with: facts up to a mark, on a day."""

    epoch: str
    mark: int
    day: date
    table: Table
    now: datetime


def _bring_up(now: datetime, seconds: float) -> tuple[Moved, bool]:
    """What changed, and whether more waits."""
    began = perf_counter()
    day = day_of(now)
    epoch, mark = marks.present()
    versions = dict(selectors.in_force(day).order_by("policy_id").values_list("policy_id", "pk"))
    moved = _end(set(Matched.objects.values_list("policy_id", flat=True)) - versions.keys(), now)
    stale = [
        before for before in _matched(versions)
        if before.through is not None or _place(before) != (versions[before.policy_id], epoch, mark, day)
    ]  # fmt: skip
    if not stale:
        return moved, False
    mark, table = snapshots.snapshot()
    present, behind = _Present(epoch, mark, day, table, now), False
    for step in _steps(stale, versions, present):
        moved += _settle(step, present)
        behind |= step.place[2:] != (mark, day)  # begun before a change that is still to be looked at
        if perf_counter() - began > seconds:
            return moved, True
    return moved, behind


def _matched(versions: Mapping[int, int]) -> list[Matched]:
    known = set(Matched.objects.filter(policy__in=versions).values_list("policy_id", flat=True))
    missing = [Matched(policy_id=policy, version_id=versions[policy]) for policy in versions.keys() - known]
    Matched.objects.bulk_create(missing, ignore_conflicts=True)
    return list(Matched.objects.filter(policy__in=versions).order_by("policy_id"))


def _place(matched: Matched) -> Place:
    return matched.version_id, matched.epoch, matched.mark, matched.day


def _steps(stale: Sequence[Matched], versions: Mapping[int, int], present: _Present) -> Iterator[_Step]:
    """What each policy is to be decided for. What nothing touches is moved on together, without a step."""
    policies = {before.policy_id: selectors.policy_of(versions[before.policy_id]) for before in stale}
    batch = compile_rules([policy.rule for policy in policies.values()], specs())
    changes = cache(changed_since)
    whole: list[Matched] = []
    parts: dict[int, list[Matched]] = {}  # by the mark they had come to
    untouched: dict[tuple[int, date | None], list[int]] = {}
    for before in stale:
        if _needs_all(before, versions[before.policy_id], policies[before.policy_id], batch, present):
            whole.append(before)
        elif _touched(policies[before.policy_id], batch, changes(before.mark)):
            parts.setdefault(before.mark, []).append(before)
        else:
            untouched.setdefault((before.mark, before.day), []).append(before.policy_id)
    for (mark, day), ids in untouched.items():
        rows = Matched.objects.filter(policy__in=ids, mark=mark, day=day, through=None)
        rows.update(mark=present.mark, day=present.day, at=present.now)
    groups = [(whole, None), *((some, changes(mark).party_ids) for mark, some in parts.items())]
    for some, among in groups:
        codes = [policies[before.policy_id].code for before in some]
        rows_ = None if among is None else np.flatnonzero(np.isin(present.table.ids, among))
        outcomes = batch.run(present.table, present.day, rows_, codes) if some else {}
        for before, code in zip(some, codes, strict=True):
            version_id, policy = versions[before.policy_id], policies[before.policy_id]
            anew = before.through is None or _is_void(before, version_id, policy, batch, present)
            place = (version_id, present.epoch, present.mark, present.day) if anew else _place(before)
            step = _Step(before, version_id, policy, outcomes[code], among, place)
            yield from [step] if among is not None else _pieces(step, present.table.ids, anew)


def _pieces(step: _Step, ids: NDArray[np.int64], anew: bool) -> Iterator[_Step]:
    """All companies, or those that are left of a match begun before. The last piece has no end: it also takes what
    belongs to no company that is still there."""
    after = 0 if anew else step.before.through or 0
    start = int(np.searchsorted(ids, after, side="right")) if after else 0
    for stop in range(start + PIECE, len(ids), PIECE):
        until = int(ids[stop - 1])
        yield replace(step, after=after, until=until)
        after = until
    yield replace(step, after=after)


def _needs_all(before: Matched, version_id: int, policy: Policy, batch: Batch, present: _Present) -> bool:
    return before.through is not None or _is_void(before, version_id, policy, batch, present)


def _is_void(before: Matched, version_id: int, policy: Policy, batch: Batch, present: _Present) -> bool:
    """Whether what was matched, in whole or in part, says nothing of now."""
    fresh = before.mark < 0 or before.version_id != version_id or before.epoch != present.epoch
    backwards = before.mark > present.mark  # a database restored from a backup
    return fresh or backwards or (before.day != present.day and batch.depends_on_day(policy.code))


def _touched(policy: Policy, batch: Batch, changes: Changes) -> bool:
    return len(changes.party_ids) > 0 and not changes.fact_ids.isdisjoint(batch.facts_of(policy.code))


@transaction.atomic
def _settle(step: _Step, present: _Present) -> Moved:
    """Bring the list of one policy up to what was decided; nothing where another worker was faster."""
    matched = Matched.objects.select_for_update(no_key=True).get(pk=step.before.policy_id)
    if (_place(matched), matched.through) != (_place(step.before), step.before.through):
        return Moved()
    wanted = _wanted(step, present.table)
    rows = _open_rows(step)
    if step.among is None:
        _standing(step).exclude(version=step.version_id).update(version=step.version_id)
    new = [party for party in wanted if party not in rows]
    other = [row for party, row in rows.items() if party in wanted and wanted[party] != row.amount_fen]
    gone = [row.pk for party, row in rows.items() if party not in wanted]
    _add(step, present, new, wanted)
    _change(step, present, other, wanted)
    _close(matched.policy_id, gone, present.now)
    for row in (matched, step.before):  # the next piece begins where this one ends
        row.version_id, row.epoch, row.mark, row.day = step.place
        row.through, row.at = step.until, present.now
    matched.save()
    return Moved(len(new), len(gone), len(other))


def _wanted(step: _Step, table: Table) -> dict[int, Fen]:
    """Company -> fen, of the YES of this piece that are worth something."""
    ids, fen = table.ids[step.outcome.yes], step.outcome.fen
    first = int(np.searchsorted(ids, step.after, side="right")) if step.after else 0
    last = len(ids) if step.until is None else int(np.searchsorted(ids, step.until, side="right"))
    parties = ids[first:last].tolist()
    amounts: list[Fen] = [None] * len(parties) if fen is None else fen[first:last].tolist()
    return {party: amount for party, amount in zip(parties, amounts, strict=True) if amount != 0}


def _standing(step: _Step) -> QuerySet[Eligibility]:
    """What stands of the piece."""
    rows = Eligibility.objects.filter(policy=step.before.policy_id, gone_at=None)
    rows = rows.filter(party_id__gt=step.after) if step.after else rows
    return rows if step.until is None else rows.filter(party_id__lte=step.until)


def _open_rows(step: _Step) -> dict[int, Eligibility]:
    rows = _standing(step).only("party_id", "amount_fen").order_by("party")
    if step.among is None:
        return {row.party_id: row for row in rows}
    return {row.party_id: row for some in _in_parts(step.among.tolist()) for row in rows.filter(party_id__in=some)}


def _add(step: _Step, present: _Present, parties: Sequence[int], wanted: Mapping[int, Fen]) -> None:
    for some in _in_parts(sorted(parties)):
        of = bases(step.policy, present.table, present.mark, some)
        Eligibility.objects.bulk_create(
            Eligibility(
                policy_id=step.before.policy_id, version_id=step.version_id, party_id=party, amount_fen=wanted[party],
                since=present.now, basis=of[party],
            )
            for party in some
        )  # fmt: skip


def _change(step: _Step, present: _Present, rows: Sequence[Eligibility], wanted: Mapping[int, Fen]) -> None:
    for some in _in_parts(rows):
        of = bases(step.policy, present.table, present.mark, [row.party_id for row in some])
        for row in some:
            row.was_fen, row.amount_fen = row.amount_fen, wanted[row.party_id]
            row.changed_at, row.basis = present.now, of[row.party_id]
        Eligibility.objects.bulk_update(some, ["was_fen", "amount_fen", "changed_at", "basis"], batch_size=200)


def _close(policy_id: int, ids: Sequence[int], now: datetime) -> None:
    """No longer eligible. What it stood in the way of may now be worth telling."""
    for some in _in_parts(ids):
        rows = Eligibility.objects.filter(pk__in=some)
        parties = list(rows.values_list("party_id", flat=True))
        rows.update(gone_at=now)
        telling.tell_again(policy_id, parties)


def _end(policy_ids: set[int], now: datetime) -> Moved:
    """Policies that are no longer in force."""
    moved = Moved()
    for policy_id in sorted(policy_ids):
        while Matched.objects.filter(pk=policy_id).exists():
            moved += _end_some(policy_id, now)
    return moved


@transaction.atomic
def _end_some(policy_id: int, now: datetime) -> Moved:
    """One piece of a policy's list; with the last one its place in the matching goes."""
    if Matched.objects.select_for_update(no_key=True).filter(pk=policy_id).first() is None:
        return Moved()  # another worker was faster
    standing = Eligibility.objects.filter(policy=policy_id, gone_at=None).order_by("party")
    gone = list(standing.values_list("pk", flat=True)[:PIECE])
    _close(policy_id, gone, now)
    if len(gone) < PIECE:
        Matched.objects.filter(pk=policy_id).delete()
    return Moved(gone=len(gone))


def _in_parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    yield from (items[start : start + AT_ONCE] for start in range(0, len(items), AT_ONCE))
