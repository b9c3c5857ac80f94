"""Columns hold what the facts are, exactly, and refuse what they cannot hold."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qinqing.lib.rules import columns
from qinqing.lib.rules.batch import compile_rules
from qinqing.lib.rules.columns import ColumnError, Table
from qinqing.lib.rules.rule import Fixed, Rule
from qinqing.lib.rules.terms import FactSpec
from qinqing.lib.rules.values import exact
from tests.lib.rules import making
from tests.lib.rules.random_rules import NAMED, SPECS, TODAY, values_of


@given(st.data())
def test_what_goes_into_a_column_comes_out_of_it(data: st.DataObject) -> None:
    for spec in SPECS.values():
        values = data.draw(st.lists(values_of(spec)))
        column = columns.column(spec, values)
        found = [column.value_at(row) for row in range(len(values))]
        assert [exact(value, spec) for value in found] == [exact(value, spec) for value in values]


@given(st.lists(st.floats(-1e13, 1e13) | st.decimals(-(10**13), 10**13, places=6), min_size=1), st.integers(0, 4))
def test_numbers_are_rounded_to_their_places_as_the_reference_rounds_them(values: list[Any], places: int) -> None:
    spec = FactSpec("x", SPECS["ratio"].type, NAMED, places=places)
    column = columns.column(spec, values)
    assert [exact(column.value_at(row), spec) for row in range(len(values))] == [exact(value, spec) for value in values]


def test_nan_and_infinities_are_missing() -> None:
    column = columns.column(SPECS["ratio"], [float("nan"), float("inf"), Decimal("NaN"), -float("inf"), 1.5])
    assert column.known.tolist() == [False] * 4 + [True]
    assert column.values.tolist() == [0] * 4 + [15_000]


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("revenue", 1.5), ("revenue", True), ("revenue", 2**62), ("ratio", "0.5"), ("ratio", True), ("ratio", 1e15),
        ("listed", 1), ("industry", 3), ("founded", "2026-01-01"),
    ],
)  # fmt: skip
def test_a_value_of_another_type_or_too_large_is_refused_with_the_facts_name(fact: str, value: object) -> None:
    with pytest.raises(ColumnError, match=fact):
        columns.column(SPECS[fact], [None, value])


def test_columns_of_unequal_length_make_no_table() -> None:
    with pytest.raises(ColumnError, match="revenue: 1 values for 2 rows"):
        Table.from_values(SPECS, {"revenue": [5]}, ids=["a", "b"])


def _frame(rows: int) -> polars.DataFrame:
    numbers = range(rows)
    return polars.DataFrame(
        {
            "code": [f"c{n}" for n in numbers],
            "revenue": polars.Series([n * 100 if n % 3 else None for n in numbers], dtype=polars.Int64),
            "research": [n * 1.1 if n % 4 else None for n in numbers],
            "ratio": [n / 7 if n % 5 else float("nan") for n in numbers],
            "staff": polars.Series([n % 50 for n in numbers], dtype=polars.Int16),
            "listed": [None if n % 6 == 0 else n % 2 == 0 for n in numbers],
            "industry": [None if n % 7 == 0 else f"A{n // 100:02d}" for n in numbers],
            "founded": [None if n % 8 == 0 else date(2000 + n % 20, 1 + n % 12, 1) for n in numbers],
            "not_a_fact": [0.5] * rows,
        }
    )


def test_parquet_holds_the_same_facts(tmp_path: Path) -> None:
    path = tmp_path / "facts.parquet"
    frame = _frame(40)
    frame.write_parquet(path)
    table = Table.from_parquet(path, SPECS, "code")
    assert table.ids.tolist() == frame["code"].to_list()
    assert set(table.columns) == set(frame.columns) & set(SPECS)
    for row, given_ in enumerate(frame.to_dicts()):
        found = table.values_at(row)
        assert found["revenue"] == given_["revenue"]  # integers are fen
        assert found["research"] == (None if row % 4 == 0 else row * 110)  # floats are yuan
        for fact in ("ratio", "staff", "listed", "industry", "founded"):
            assert exact(found[fact], SPECS[fact]) == exact(given_[fact], SPECS[fact])


def test_a_file_read_in_parts_gives_the_same_as_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "facts.parquet"
    _frame(1000).write_parquet(path, row_group_size=128)
    texts = ("industry in ['A01', 'A07']", "research > 50.0 && staff < 40.0", "listed || founded < date('2010-01-01')")
    batch = compile_rules([Rule(text, making.condition(text), Fixed(1)) for text in texts], SPECS)
    whole = batch.run(Table.from_parquet(path, SPECS, "code"), TODAY)
    parts = list(Table.stream_parquet(path, SPECS, "code", rows=300))
    assert [len(part) for part in parts] == [300, 300, 300, 100]
    for text in texts:
        found = [(each[text], 300 * number) for number, each in enumerate(batch.run(part, TODAY) for part in parts)]
        yes = np.concatenate([outcome.yes + first for outcome, first in found])
        assert yes.tolist() == whole[text].yes.tolist() != []
        assert sum(outcome.unknown for outcome, _ in found) == whole[text].unknown > 0


def test_a_parquet_file_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "facts.parquet"
    polars.DataFrame({"code": ["a"], "founded": ["2026-01-01"]}).write_parquet(path)
    with pytest.raises(ColumnError, match="no column id"):
        Table.from_parquet(path, SPECS, "id")
    with pytest.raises(ColumnError, match="founded: a column of String"):
        Table.from_parquet(path, SPECS, "code")


def test_an_empty_file_is_one_empty_table(tmp_path: Path) -> None:
    path = tmp_path / "facts.parquet"
    _frame(0).cast({"industry": polars.String}).write_parquet(path)
    (table,) = Table.stream_parquet(path, {"staff": SPECS["staff"]}, "code")
    assert len(table) == 0
