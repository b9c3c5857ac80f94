"""匹配 (matching): the policies in force against the facts of all companies, kept as the list of who is eligible.

A job of the worker. Incremental: after a change of facts only the policies that use them and the companies that it
touches are decided again; on a new day those that depend on the day; for a new version, all companies. `Matched` says
how far each policy has come; each is brought up in a transaction of its own, so a run goes on where one was killed.
Matching everything again (`match_all(recount=True)`) must find the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from time import perf_counter
from typing import TypeVar

import numpy as np
from django.db import transaction
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
AT_ONCE = 1_000  # companies in one statement
Fen = int | None
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
        Matched.objects.update(mark=-1)
    total, more = Moved(), True
    while more:
        moved, more = _bring_up(now, SLICE)
        total += moved
    return total


# ── private ──


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """One policy to bring up. `before`: how far it was; `outcome` of the companies `among` (None: of all)."""

    before: Matched
    version_id: int
    policy: Policy
    outcome: Outcome
    among: NDArray[np.int64] | None


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
        before for before in _matched(versions) if _place(before) != (versions[before.policy_id], epoch, mark, day)
    ]
    if not stale:
        return moved, False
    mark, table = snapshots.snapshot()
    present = _Present(epoch, mark, day, table, now)
    for step in _steps(stale, versions, present):
        moved += _settle(step, present)
        if perf_counter() - began > seconds:
            return moved, True
    return moved, False


def _matched(versions: Mapping[int, int]) -> list[Matched]:
    known = set(Matched.objects.filter(policy__in=versions).values_list("policy_id", flat=True))
    missing = [Matched(policy_id=policy, version_id=versions[policy]) for policy in versions.keys() - known]
    Matched.objects.bulk_create(missing, ignore_conflicts=True)
    return list(Matched.objects.filter(policy__in=versions).order_by("policy_id"))


def _place(matched: Matched) -> tuple[int, str, int, date | None]:
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
        rows = Matched.objects.filter(policy__in=ids, mark=mark, day=day)
        rows.update(mark=present.mark, day=present.day, at=present.now)
    groups = [(whole, None), *((some, changes(mark).party_ids) for mark, some in parts.items())]
    for some, among in groups:
        codes = [policies[before.policy_id].code for before in some]
        rows_ = None if among is None else np.flatnonzero(np.isin(present.table.ids, among))
        outcomes = batch.run(present.table, present.day, rows_, codes) if some else {}
        for before, code in zip(some, codes, strict=True):
            policy_id = before.policy_id
            yield _Step(before, versions[policy_id], policies[policy_id], outcomes[code], among)


def _needs_all(before: Matched, version_id: int, policy: Policy, batch: Batch, present: _Present) -> bool:
    fresh = before.mark < 0 or before.version_id != version_id or before.epoch != present.epoch
    backwards = before.mark > present.mark  # a database restored from a backup
    return fresh or backwards or (before.day != present.day and batch.depends_on_day(policy.code))


def _touched(policy: Policy, batch: Batch, changes: Changes) -> bool:
    return len(changes.party_ids) > 0 and not changes.fact_ids.isdisjoint(batch.facts_of(policy.code))


@transaction.atomic
def _settle(step: _Step, present: _Present) -> Moved:
    """Bring the list of one policy up to what was decided; nothing where another worker was faster."""
    matched = Matched.objects.select_for_update(no_key=True).get(pk=step.before.policy_id)
    if _place(matched) != _place(step.before):
        return Moved()
    wanted = _wanted(step.outcome, present.table)
    rows = _open_rows(matched.policy_id, step.among)
    if matched.version_id != step.version_id:
        Eligibility.objects.filter(policy=matched.policy_id, gone_at=None).update(version=step.version_id)
    new = [party for party in wanted if party not in rows]
    other = [row for party, row in rows.items() if party in wanted and wanted[party] != row.amount_fen]
    gone = [row.pk for party, row in rows.items() if party not in wanted]
    _add(step, present, new, wanted)
    _change(step, present, other, wanted)
    _close(matched.policy_id, gone, present.now)
    matched.version_id, matched.epoch, matched.mark, matched.day, matched.at = (
        step.version_id, present.epoch, present.mark, present.day, present.now,
    )  # fmt: skip
    matched.save()
    return Moved(len(new), len(gone), len(other))


def _wanted(outcome: Outcome, table: Table) -> dict[int, Fen]:
    """Company -> fen, of the YES that are worth something."""
    parties = table.ids[outcome.yes].tolist()
    fen: list[Fen] = [None] * len(parties) if outcome.fen is None else outcome.fen.tolist()
    return {party: amount for party, amount in zip(parties, fen, strict=True) if amount != 0}


def _open_rows(policy_id: int, among: NDArray[np.int64] | None) -> dict[int, Eligibility]:
    rows = Eligibility.objects.filter(policy=policy_id, gone_at=None).only("party_id", "amount_fen").order_by("party")
    if among is None:
        return {row.party_id: row for row in rows}
    return {row.party_id: row for some in _in_parts(among.tolist()) for row in rows.filter(party_id__in=some)}


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
        with transaction.atomic():
            if Matched.objects.select_for_update(no_key=True).filter(pk=policy_id).first() is None:
                continue
            gone = list(Eligibility.objects.filter(policy=policy_id, gone_at=None).values_list("pk", flat=True))
            _close(policy_id, gone, now)
            Matched.objects.filter(pk=policy_id).delete()
            moved += Moved(gone=len(gone))
    return moved


def _in_parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    yield from (items[start : start + AT_ONCE] for start in range(0, len(items), AT_ONCE))
