"""Limits: never more than allowed in any window, never longer than said, nobody refused below the limit."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from qinqing.accounts.limits import Limit, address_marks, free_at
from qinqing.lib.wallclock import CHINA

START = datetime(2026, 9, 29, 10, tzinfo=CHINA)
GAPS = st.lists(st.integers(0, 3600), min_size=1, max_size=80)  # seconds between two tries
LIMITS = st.lists(
    st.builds(Limit, st.integers(1, 8), st.integers(1, 7200).map(lambda s: timedelta(seconds=s))),
    min_size=1,
    max_size=3,
)


def let_through(gaps: list[int], limits: list[Limit]) -> tuple[list[datetime], list[tuple[datetime, datetime]]]:
    """(those taken, those refused with the time they were told) for tries with these gaps."""
    now, taken, refused = START, [], []
    for gap in gaps:
        now += timedelta(seconds=gap)
        wait = free_at(taken, limits, now)
        if wait is None:
            taken.append(now)
        else:
            refused.append((now, wait))
    return taken, refused


@given(GAPS, LIMITS)
def test_no_window_holds_more_than_allowed(gaps: list[int], limits: list[Limit]) -> None:
    taken, _ = let_through(gaps, limits)
    for limit in limits:
        for n, last in enumerate(taken):
            inside = [at for at in taken[: n + 1] if at > last - limit.window]
            assert len(inside) <= limit.most


@given(GAPS, LIMITS)
def test_it_works_again_when_the_page_says_and_not_before(gaps: list[int], limits: list[Limit]) -> None:
    taken, refused = let_through(gaps, limits)
    for asked, told in refused:
        before = [at for at in taken if at <= asked]
        assert told > asked
        assert free_at(before, limits, told) is None, "the page said so"
        assert free_at(before, limits, told - timedelta(microseconds=1)) == told, "it would have worked earlier"


@given(st.lists(st.integers(0, 86_400), max_size=40), LIMITS)
def test_nobody_below_the_limit_waits(seconds: list[int], limits: list[Limit]) -> None:
    times = [START + timedelta(seconds=second) for second in seconds]
    now = START + timedelta(days=1)
    below = all(sum(at > now - limit.window for at in times) < limit.most for limit in limits)
    assert (free_at(times, limits, now) is None) is below


def test_what_comes_from_a_clock_since_moved_back_does_not_count() -> None:
    later = [START + timedelta(days=1)] * 50
    assert free_at(later, [Limit(6, timedelta(minutes=10)), Limit(30, timedelta(days=1))], START) is None


def test_an_address_is_found_over_midnight_and_not_a_day_later() -> None:
    assert address_marks("x", "127.0.0.1", START) == address_marks("x", "", START) == (), (
        "behind a proxy nobody is everybody"
    )
    evening = datetime(2026, 9, 29, 23, 59, tzinfo=CHINA)
    kept = address_marks("x", "203.0.113.7", evening)[0]
    assert kept in address_marks("x", "203.0.113.7", evening + timedelta(minutes=2))
    assert kept not in address_marks("x", "203.0.113.8", evening)
    assert kept not in address_marks("y", "203.0.113.7", evening), "what is kept for one purpose says nothing elsewhere"
    assert kept not in address_marks("x", "203.0.113.7", evening + timedelta(days=2))
