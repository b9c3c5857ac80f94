"""列存: facts of many companies as columns of numbers, for matching all at once. Pure; numpy, and polars for Parquet.

Every column is exact: money in whole fen, a number as a whole multiple of its last place (0.0350 with four places is
350), a date as days since 1970-01-01, a category as the number of its code in `codes`. `known` says where a fact is
there; a missing one is False there and 0 in `values`, never read. NaN and infinities are missing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qinqing.lib.rules.terms import FactSpec, FactType
from qinqing.lib.rules.values import SURE, Given, whole

if TYPE_CHECKING:
    import polars

Flags: TypeAlias = NDArray[np.bool_]
Numbers: TypeAlias = NDArray[Any]  # of the integer type that each kind of column is kept in

LARGEST = 2**62  # of what a column holds: 46 quadrillion yuan
STREAMED_ROWS = 131_072
EPOCH = date(1970, 1, 1)


class ColumnError(ValueError):
    """A column cannot be used: which, and why."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One fact of every row. `values`: int64 (money, number), bool, uint8/16/32 (category), int32 (date)."""

    type: FactType
    values: Numbers
    known: Flags
    places: int = 0  # money: 2
    codes: tuple[str, ...] = ()

    def take(self, rows: NDArray[np.intp]) -> Column:
        """The same column of these rows only, in their order."""
        return Column(self.type, self.values.take(rows), self.known.take(rows), self.places, self.codes)

    def value_at(self, row: int) -> Given:
        """One value as `evaluating` takes it; None where it is missing."""
        if not self.known[row]:
            return None
        value: int = self.values[row].item()  # money and flags come out as they are
        match self.type:
            case FactType.NUMBER:
                return Decimal(value).scaleb(-self.places)
            case FactType.CATEGORY:
                return self.codes[value]
            case FactType.DATE:
                return EPOCH + timedelta(days=value)
        return value


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Columns of equal length by fact id; `ids` names each row (a party's key, a credit code). A fact of which there is
    no column is missing everywhere."""

    columns: Mapping[str, Column]
    ids: NDArray[Any]

    def __post_init__(self) -> None:
        for name, column in self.columns.items():
            if not len(column.values) == len(column.known) == len(self.ids):
                raise ColumnError(f"{name}: {len(column.values)} values for {len(self.ids)} rows")

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: NDArray[np.intp], names: Collection[str]) -> Table:
        """These rows, and of the columns only those named."""
        return Table(
            {name: column.take(rows) for name, column in self.columns.items() if name in names}, self.ids[rows]
        )

    def values_at(self, row: int) -> dict[str, Given]:
        """One company as `evaluating` takes it."""
        return {name: column.value_at(row) for name, column in self.columns.items()}

    @classmethod
    def from_values(
        cls,
        specs: Mapping[str, FactSpec],
        values: Mapping[str, Sequence[object]],
        ids: Sequence[object] | NDArray[Any] | None = None,
    ) -> Table:
        """From Python values as `evaluating` takes them (money: int fen; None: missing), one sequence for each fact.

        Raises ColumnError for a value of the wrong type or beyond what a column holds.
        """
        columns = {name: column(specs[name], found) for name, found in values.items()}
        if ids is None:
            ids = np.arange(max((len(found) for found in values.values()), default=0))
        return cls(columns, np.asarray(ids))

    @classmethod
    def from_parquet(cls, path: Path, specs: Mapping[str, FactSpec], id_column: str) -> Table:
        """The whole file. Columns named after facts are read, others ignored. Money: integers are fen, decimals and
        floats yuan. Raises ColumnError for a column of the wrong type."""
        return next(cls.stream_parquet(path, specs, id_column, rows=None))

    @classmethod
    def stream_parquet(
        cls, path: Path, specs: Mapping[str, FactSpec], id_column: str, rows: int | None = STREAMED_ROWS
    ) -> Iterator[Table]:
        """The file in tables of so many rows, one after another; memory holds one. At least one, empty if need be."""
        import polars  # noqa: PLC0415 (40 MB that matching one company does not need)

        file = polars.scan_parquet(path)
        schema = file.collect_schema()
        if id_column not in schema:
            raise ColumnError(f"{path.name}: there is no column {id_column}, which names the rows")
        names = [name for name in specs if name in schema and name != id_column]
        file = file.select(id_column, *names)
        total = file.select(polars.len()).collect().item()
        for start in range(0, max(total, 1), rows or max(total, 1)):
            frame = file.slice(start, rows).collect()
            columns = {name: _from_series(specs[name], frame.drop_in_place(name)) for name in names}
            yield cls(columns, frame[id_column].to_numpy())


def column(spec: FactSpec, values: Sequence[object]) -> Column:
    """A column of Python values; None is missing."""
    known = np.fromiter((value is not None for value in values), dtype=np.bool_, count=len(values))
    try:
        match spec.type:
            case FactType.MONEY:
                return money(known, np.array([_fen(value) for value in values], dtype=np.int64))
            case FactType.NUMBER:
                return number(spec, known, values)
            case FactType.BOOLEAN:
                return boolean(known, np.array([_expect(value, bool) or False for value in values], dtype=np.bool_))
            case FactType.DATE:
                days = [0 if value is None else days_of(_expect(value, date)) for value in values]
                return dates(known, np.array(days, dtype=np.int32))
            case FactType.CATEGORY:
                return _category(known, values)
    except (TypeError, ColumnError) as error:
        raise ColumnError(f"{spec.id}: {error}") from None


def money(known: Flags, fen: Numbers) -> Column:
    """Whole fen."""
    return Column(FactType.MONEY, _within(np.where(known, fen, 0).astype(np.int64)), known, places=2)


def number(spec: FactSpec, known: Flags, values: Sequence[Any] | NDArray[Any]) -> Column:
    """Decimals, floats or ints; rounded to the fact's places (half to even) as `values.whole` does."""
    floats = values if isinstance(values, np.ndarray) else np.array([_float(value) for value in values], dtype=float)
    known = known & np.isfinite(floats)
    scaled = np.rint(np.where(known, floats, 0.0) * 10.0**spec.places)
    large = np.abs(scaled) >= SURE
    exact = np.where(large, 0, scaled).astype(np.int64)
    for row in np.flatnonzero(large).tolist():
        value: Any = floats[row].item() if isinstance(values, np.ndarray) else values[row]
        exact[row] = _held(whole(value, spec))
    return Column(FactType.NUMBER, exact, known, spec.places)


def boolean(known: Flags, values: Flags) -> Column:
    return Column(FactType.BOOLEAN, values & known, known)


def dates(known: Flags, days: Numbers) -> Column:
    """Days since 1970-01-01."""
    return Column(FactType.DATE, np.where(known, days, 0).astype(np.int32), known)


def category(known: Flags, numbers: Numbers, codes: Sequence[str]) -> Column:
    """`numbers` count into `codes`."""
    small = np.min_scalar_type(max(len(codes) - 1, 0))
    return Column(FactType.CATEGORY, np.where(known, numbers, 0).astype(small), known, codes=tuple(codes))


def days_of(day: date) -> int:
    """How dates stand in a column."""
    return (day - EPOCH).days


def missing(spec: FactSpec, rows: int) -> Column:
    """A column of which nothing is known."""
    one = column(spec, [None])
    return one.take(np.zeros(rows, dtype=np.intp))


def _category(known: Flags, values: Sequence[object]) -> Column:
    places: dict[str, int] = {}
    numbers = [0 if value is None else places.setdefault(_expect(value, str), len(places)) for value in values]
    return category(known, np.array(numbers, dtype=np.int64), tuple(places))


def _expect(value: Any, kind: type) -> Any:
    if value is not None and not isinstance(value, kind):
        raise ColumnError(f"{value!r} is not a {kind.__name__}")
    return value


def _fen(value: object) -> int:
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int):
        raise ColumnError(f"{value!r} is not a whole number of fen")
    return _held(value)


def _float(value: object) -> float:
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise ColumnError(f"{value!r} is not a number")
    return float(value)


def _held(value: Any) -> int:
    if abs(value) >= LARGEST:
        raise ColumnError(f"{value} is more than a column holds")
    return int(value)


def _within(values: Numbers) -> Numbers:
    if len(values) and not -LARGEST < int(values.min()) <= int(values.max()) < LARGEST:
        raise ColumnError("an amount is more than a column holds")
    return values


def _from_series(spec: FactSpec, series: polars.Series) -> Column:
    import polars  # noqa: PLC0415

    known = series.is_not_null().to_numpy()
    kind = series.dtype
    fits = {
        FactType.MONEY: kind.is_numeric(),
        FactType.NUMBER: kind.is_numeric(),
        FactType.BOOLEAN: kind == polars.Boolean,
        FactType.CATEGORY: kind in (polars.String, polars.Categorical, polars.Enum),
        FactType.DATE: kind == polars.Date,
    }
    if not fits[spec.type]:
        raise ColumnError(f"{spec.id}: a column of {kind} cannot be a fact of type {spec.type}")
    if spec.type == FactType.CATEGORY:
        codes = series.cast(polars.String).drop_nulls().unique().sort()
        numbers = series.cast(polars.String).cast(polars.Enum(codes)).to_physical().fill_null(0).to_numpy()
        return category(known, numbers, codes.to_list())
    if spec.type == FactType.MONEY and not kind.is_integer():
        yuan = number(FactSpec(spec.id, spec.type, spec.label, places=2), known, _floats(series))
        return Column(FactType.MONEY, yuan.values, yuan.known, places=2)
    if spec.type == FactType.NUMBER:
        return number(spec, known, _floats(series))
    filled = (series.to_physical() if spec.type == FactType.DATE else series).fill_null(
        0 if kind != polars.Boolean else False
    )
    made = {FactType.MONEY: money, FactType.BOOLEAN: boolean, FactType.DATE: dates}
    return made[spec.type](known, filled.to_numpy())


def _floats(series: polars.Series) -> NDArray[np.float64]:
    import polars  # noqa: PLC0415

    return series.cast(polars.Float64).fill_null(0.0).to_numpy()
