"""Periodic jobs: when they are due, one runner at a time, errors, clocks that are moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from qinqing.messaging import jobs
from qinqing.messaging.models import JobLease

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 9, 29, 10, 20, tzinfo=UTC)


def seconds(number: float) -> datetime:
    return NOW + timedelta(seconds=number)


def test_a_job_runs_every_so_often() -> None:
    ran: list[datetime] = []
    jobs.register_job("tick", 60, lambda now: bool(ran.append(now)))
    for second in (0, 1, 59, 60, 61, 300):
        jobs.run_due("me", seconds(second))
    assert ran == [seconds(0), seconds(60), seconds(300)]


def test_a_job_with_more_to_do_runs_again_at_once() -> None:
    left = [True, True, False]
    jobs.register_job("slices", 60, lambda now: left.pop(0))
    assert [jobs.run_due("me", NOW) for _ in range(4)] == [True, True, False, False]
    assert left == []


def test_nobody_runs_a_job_that_another_one_runs() -> None:
    ran: list[str] = []

    def job(now: datetime) -> bool:
        ran.append("run")
        jobs.run_due("other", now)  # another worker comes by meanwhile
        jobs.run_due("other", now + jobs.LEASE / 2)
        return False

    jobs.register_job("alone", 60, job)
    jobs.run_due("me", NOW)
    assert ran == ["run"]


def test_a_dead_workers_lease_runs_out() -> None:
    ran: list[datetime] = []
    jobs.register_job("tick", 60, lambda now: bool(ran.append(now)))
    JobLease.objects.create(name="tick", holder="dead", next_at=NOW, leased_until=NOW + jobs.LEASE)
    jobs.run_due("me", seconds(1))
    assert ran == []
    jobs.run_due("me", NOW + jobs.LEASE)
    assert ran == [NOW + jobs.LEASE]


def test_a_clock_moved_back_does_not_stop_jobs() -> None:
    ran: list[datetime] = []
    jobs.register_job("tick", 60, lambda now: bool(ran.append(now)))
    jobs.run_due("me", NOW + timedelta(days=30))
    JobLease.objects.update(leased_until=NOW + timedelta(days=30))
    jobs.run_due("me", NOW)
    assert ran == [NOW + timedelta(days=30), NOW]


def test_errors_are_kept_until_it_goes_well_and_other_jobs_run_on() -> None:
    fail, ran = [True], []

    def flaky(now: datetime) -> bool:
        if fail:
            raise RuntimeError("没有网络")
        return False

    jobs.register_job("flaky", 60, flaky)
    jobs.register_job("tick", 60, lambda now: bool(ran.append(now)))
    jobs.run_due("me", NOW)
    jobs.run_due("me", seconds(60))
    lease = JobLease.objects.get(name="flaky")
    assert (lease.last_error, lease.failing_since, lease.next_at) == ("RuntimeError: 没有网络", NOW, seconds(120))
    assert len(ran) == 2
    fail.clear()
    jobs.run_due("me", seconds(120))
    lease.refresh_from_db()
    assert (lease.last_error, lease.failing_since) == ("", None)


def test_two_jobs_of_one_name_are_a_mistake() -> None:
    jobs.register_job("x", 1, bool)
    jobs.register_job("x", 1, bool)
    with pytest.raises(ValueError, match="two jobs"):
        jobs.register_job("x", 1, callable)
