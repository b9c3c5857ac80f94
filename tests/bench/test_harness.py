"""The harness: medians and percentiles are what they say, the JSON has its promised shape, turns are fair."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import harness
from bench.harness import Report, Row

VALUES = st.lists(st.floats(0.001, 1e6), min_size=1, max_size=60)


@given(VALUES, st.sampled_from([0.01, 0.5, 0.9, 0.99, 1.0]))
def test_percentile_is_the_smallest_value_that_covers_the_share(values: list[float], share: float) -> None:
    found = harness.percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-6
    assert sum(value < found for value in values) < share * len(values)


def test_percentile_of_two_thousand_is_the_one_with_twenty_above() -> None:
    assert harness.percentile([float(n) for n in range(1, 2001)], 0.99) == 1980


@given(VALUES)
def test_a_row_states_median_min_max_and_number_of_runs(values: list[float]) -> None:
    row = Row("act", "engine", "acts/s", tuple(values)).as_json()
    assert list(row) == ["work", "engine", "median", "min", "max", "unit", "runs"]
    assert row["median"] == pytest.approx(statistics.median(values), rel=1e-3)
    assert (row["min"], row["max"]) == pytest.approx((min(values), max(values)), rel=1e-3)
    assert row["runs"] == len(values)


def test_every_contestant_has_one_turn_a_round_and_each_is_first_in_turn() -> None:
    turns: list[str] = []

    def turn(name: str, value: float) -> float:
        turns.append(name)
        return value

    values = harness.interleaved({"a": lambda: turn("a", 1), "b": lambda: turn("b", 2), "c": lambda: turn("c", 3)}, 3)
    assert "".join(turns) == "abc" + "bca" + "cab"
    assert values == {"a": (1, 1, 1), "b": (2, 2, 2), "c": (3, 3, 3)}


def test_what_was_not_measured_is_null_never_zero(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report("kernel", {"cores": 2}, [Row("act", "one", "acts/s", (10.0, 30.0, 20.0))])
    report.figures = {
        "one": report.median("act", "one"),
        "missing": report.median("act", "two"),
        "ratio": harness.ratio(report.median("act", "one"), report.median("act", "two")),
    }
    report.notes.append("two could not be installed")
    harness.show(report, as_json=True)
    out, err = capsys.readouterr()
    shown = json.loads(out)
    assert set(shown) == {"bench", "machine", "rows", "figures"}
    assert shown["figures"] == {"one": 20.0, "missing": None, "ratio": None}
    assert "two could not be installed" in err
    harness.show(report, as_json=False)
    assert "not measured" in capsys.readouterr().out


def test_the_machine_is_described_without_naming_it(tmp_path: Path) -> None:
    found = harness.machine(tmp_path)
    assert set(found) == {"system", "cores", "memory_gib", "python", "sqlite", "fsync_ms", "load"}
    assert found["cores"] >= 1
    assert found["fsync_ms"] > 0
    assert not list(tmp_path.iterdir())
