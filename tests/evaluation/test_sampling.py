"""The draw: nothing left out, in proportion, the same for the same seed; the months; the margin of error."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qinqing.evaluation.months import Month
from qinqing.evaluation.sampling import BAD, COMPLEX, Candidate, Plan, allocate, draw, least, margin
from qinqing.lib.wallclock import CHINA

CASES = st.lists(
    st.tuples(st.integers(1, 5), st.sampled_from(["window", "phone", "card"]), st.sampled_from("sgc"),
              st.sampled_from(["", "", "", BAD, COMPLEX])),
    min_size=1, max_size=120,
).map(lambda rows: [Candidate(n, f"帮2026-{n:04}", unit, channel, kind, first)
                    for n, (unit, channel, kind, first) in enumerate(rows, 1)])  # fmt: skip


@given(CASES, st.integers(1, 150), st.text(max_size=8))
def test_a_draw_leaves_nothing_out(cases: list[Candidate], size: int, seed: str) -> None:
    wanted = min(size, len(cases))
    if wanted < least(cases):
        with pytest.raises(ValueError, match="are needed"):
            draw(cases, size, seed)
        return
    plan, chosen = draw(cases, size, seed)
    assert len(chosen) == plan.drawn == wanted
    assert plan.total == len(cases)
    assert len({one.case_id for one, _ in chosen}) == len(chosen), "drawn twice"
    picked = Counter(key for _, key in chosen)
    for stratum in plan.strata:
        assert picked[stratum.key] == stratum.drawn <= stratum.total
        assert stratum.drawn >= 1, "a stratum is left out"
    assert {one.case_id for one in cases if one.first == BAD} <= {one.case_id for one, _ in chosen}
    order = [{BAD: 0, COMPLEX: 1, "": 2}[one.first] for one, _ in chosen]
    assert order == sorted(order), "bad ones are called first, then complex ones"
    assert Plan.of_json(plan.as_json()) == plan


@given(CASES, st.integers(1, 150), st.text(max_size=8), st.randoms())
def test_the_same_seed_draws_the_same_in_whatever_order_they_come(
    cases: list[Candidate], size: int, seed: str, dice: object
) -> None:
    if min(size, len(cases)) < least(cases):
        return
    shuffled = sorted(cases, key=lambda one: dice.random())  # type: ignore[attr-defined]
    assert draw(cases, size, seed) == draw(shuffled, size, seed)


def test_another_seed_draws_others() -> None:
    cases = [Candidate(n, f"帮2026-{n:04}", 1, "window", "general") for n in range(200)]
    first, second = ({one.case_id for one, _ in draw(cases, 40, seed)[1]} for seed in ("a", "b"))
    assert 0 < len(first & second) < 25, "two draws of 40 from 200 share 8 on average"


def test_every_case_is_drawn_as_often_as_any_other() -> None:
    """40 of 200: each of 400 seeds draws a case with probability 1/5; all lie within six standard deviations."""
    cases = [Candidate(n, f"帮2026-{n:04}", 1, "window", "general") for n in range(200)]
    counts = Counter(one.case_id for seed in range(400) for one, _ in draw(cases, 40, str(seed))[1])
    assert all(80 - 48 <= counts[case.case_id] <= 80 + 48 for case in cases)


def test_complex_unrated_ones_come_before_the_rest_while_there_is_room() -> None:
    rest = [Candidate(n, str(n), n % 4, "window", "general") for n in range(100)]
    unrated = [Candidate(200 + n, f"c{n}", 1, "window", "complex", COMPLEX) for n in range(30)]
    _, chosen = draw([*rest, *unrated], 60, "s")
    assert sum(one.first == COMPLEX for one, _ in chosen) == 30
    _, chosen = draw([*rest, *unrated], 20, "s")
    assert sum(one.first == COMPLEX for one, _ in chosen) == 16, "one call is left for each of four units"


def test_coarser_strata_where_the_sample_is_small() -> None:
    cases = [Candidate(n, str(n), n % 3, "window" if n % 2 else "phone", "sgc"[n % 5 % 3]) for n in range(90)]
    assert draw(cases, 30, "s")[0].grain == "unit_channel_kind"
    assert draw(cases, 10, "s")[0].grain == "unit_kind"
    assert draw(cases, 4, "s")[0].grain == "unit"


@given(st.dictionaries(st.text(max_size=4), st.integers(1, 300), min_size=1, max_size=12), st.integers(1, 900))
def test_calls_are_shared_in_proportion(totals: dict[str, int], size: int) -> None:
    whole = sum(totals.values())
    if not len(totals) <= size <= whole:
        with pytest.raises(ValueError, match="cannot be shared"):
            allocate(totals, size)
        return
    found = allocate(totals, size)
    assert sum(found.values()) == size
    assert all(1 <= found[key] <= totals[key] for key in totals)
    by_size = sorted(totals, key=lambda key: totals[key])
    for smaller, larger in pairwise(by_size):
        assert found[larger] >= found[smaller] - 1, "a larger stratum gets no fewer calls"


def test_the_margin_of_error() -> None:
    assert margin(100, 10**9) == pytest.approx(0.098, abs=0.0005), "the textbook's 9.8 points at 100"
    assert margin(60, 120) == pytest.approx(0.0898, abs=0.0005)
    assert margin(120, 120) == margin(500, 120) == 0, "everybody was called"
    assert margin(0, 10) == 0.5
    assert [margin(n, 200) for n in (20, 50, 100)] == sorted((margin(n, 200) for n in (20, 50, 100)), reverse=True)


class TestMonth:
    def test_over_the_turn_of_the_year(self) -> None:
        january = Month(2027, 1)
        assert january.before == Month(2026, 12) and Month(2026, 12).after == january
        last = datetime(2026, 12, 31, 23, 59, 59, tzinfo=CHINA)
        assert Month.of(last) == Month(2026, 12)
        assert Month.of(last.astimezone(UTC)) == Month(2026, 12), "China's calendar decides"
        assert Month.of(last + timedelta(seconds=1)) == january
        start, end = january.before.span
        assert start <= last < end == datetime(2027, 1, 1, tzinfo=CHINA)

    @pytest.mark.parametrize("text", ["2026-13", "2026-00", "2026-1", "", "none", "1999-01", "2026-010", "２０２６-01"])
    def test_what_is_no_month(self, text: str) -> None:
        assert Month.read(text) is None

    @given(st.integers(2000, 2098), st.integers(1, 12))
    def test_reads_what_it_writes(self, year: int, number: int) -> None:
        month = Month(year, number)
        assert Month.read(str(month)) == month
        assert month.before.after == month and month.span[1] == month.after.span[0]
        assert Month.of(month.span[0]) == month
