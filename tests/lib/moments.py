"""Short ways to write moments, and the strategies that the clock's tests share."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import strategies as st

from qinqing.lib.wallclock import CHINA
from qinqing.lib.workdays import Budget, shipped_calendar

CALENDAR = shipped_calendar()
MINUTE = timedelta(minutes=1)


def at(text: str) -> datetime:
    """`2026-09-29 10:20` on China's clock."""
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def seconds(first: str, last: str) -> st.SearchStrategy[datetime]:
    begin = at(first)
    span = int((at(last) - begin).total_seconds())
    edges = st.sampled_from([8 * 60 + 30, 12 * 60, 13 * 60 + 30, 17 * 60])  # office hours begin and end here
    days = st.integers(0, span // 86400 - 1)
    on_edge = st.builds(lambda day, minute: begin + timedelta(days=day, minutes=minute), days, edges)
    return on_edge | st.integers(0, span).map(lambda second: begin + timedelta(seconds=second))


starts = seconds("2007-01-01 00:00", "2029-01-01 00:00")
budgets = st.one_of(
    st.builds(Budget, st.just("working_days"), st.integers(1, 70)),
    st.builds(Budget, st.just("office_hours"), st.integers(1, 6000)),
    st.builds(Budget, st.just("elapsed"), st.integers(1, 30000)),
)


@st.composite
def suspensions(draw: st.DrawFn, start: datetime, *, open_ended: bool = True) -> list[tuple[datetime, datetime | None]]:
    """Up to four, before, around and after the limit; some overlap, touch, are empty or still run."""
    result: list[tuple[datetime, datetime | None]] = []
    near = seconds_near(start)
    for _ in range(draw(st.integers(0, 4))):
        one, other = sorted((draw(near), draw(near)))
        result.append((one, None if open_ended and draw(st.integers(0, 9)) == 0 else other))
        if draw(st.booleans()) and result[-1][1]:
            result.append((other, other + draw(st.integers(0, 4000)) * MINUTE))
    return draw(st.permutations(result))


def seconds_near(start: datetime) -> st.SearchStrategy[datetime]:
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    edges = st.sampled_from([8 * 60 + 30, 12 * 60, 13 * 60 + 30, 17 * 60])
    on_edge = st.builds(lambda d, m: midnight + timedelta(days=d, minutes=m), st.integers(-3, 40), edges)
    return on_edge | st.integers(-5000, 50000).map(lambda minutes: start + minutes * MINUTE)
