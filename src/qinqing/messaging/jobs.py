"""Periodic jobs (定时任务): run by any worker, by one at a time, a little each turn.

A run is one bounded slice (seconds, far below `LEASE`) that commits what it did and may be repeated: a worker killed in
the middle loses its lease after `LEASE` and another one starts the slice again. Returns True when more waits.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from qinqing.messaging.models import JobLease

LEASE = timedelta(minutes=5)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    every: timedelta
    fn: Callable[[datetime], bool]


_jobs: dict[str, Job] = {}


def register_job(name: str, every_seconds: float, fn: Callable[[datetime], bool]) -> None:
    """`fn(now)` does one slice; when it returns True it is called again at once, else `every_seconds` later."""
    known = _jobs.get(name)
    if known is not None and known.fn is not fn:
        raise ValueError(f"there are two jobs called {name!r}")
    _jobs[name] = Job(name, timedelta(seconds=every_seconds), fn)


def run_due(holder: str, now: datetime, soon: timedelta = timedelta()) -> bool:
    """One slice of every job that is due, now or so `soon`, and that nobody else runs. True when some job has more."""
    leases = {lease.name: lease for lease in JobLease.objects.all()}
    if unknown := [JobLease(name=name, next_at=now) for name in _jobs.keys() - leases.keys()]:
        JobLease.objects.bulk_create(unknown, ignore_conflicts=True)
        leases |= {lease.name: lease for lease in unknown}
    more = False
    for job in _jobs.values():
        if _is_due(job, leases[job.name], now, soon) and _take(leases[job.name], holder, now):
            more |= _run(job, holder, now)
    return more


def _is_due(job: Job, lease: JobLease, now: datetime, soon: timedelta) -> bool:
    """A time later than any that is written here comes from a clock since moved back."""
    due = not now + soon < lease.next_at <= now + job.every
    return due and (lease.leased_until is None or not now < lease.leased_until <= now + LEASE)


def _take(lease: JobLease, holder: str, now: datetime) -> bool:
    """One UPDATE decides who runs: whoever finds the lease as it was read."""
    rows = JobLease.objects.filter(name=lease.name, next_at=lease.next_at, leased_until=lease.leased_until)
    return bool(rows.update(holder=holder, leased_until=now + LEASE))


def _run(job: Job, holder: str, now: datetime) -> bool:
    mine = JobLease.objects.filter(name=job.name, holder=holder)
    try:
        more = job.fn(now)
    except Exception as error:
        _log.exception("job %s failed", job.name)
        failing = {"last_error": f"{type(error).__name__}: {error}"[:2000]}
        mine.filter(failing_since=None).update(failing_since=now)
        mine.update(leased_until=None, ran_at=now, next_at=now + job.every, **failing)
        return False
    next_at = now if more else now + job.every
    mine.update(leased_until=None, ran_at=now, next_at=next_at, last_error="", failing_since=None)
    return more
