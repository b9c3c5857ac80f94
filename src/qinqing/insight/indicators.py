"""指标: figures as data: `insight/indicators/*.yaml`, which a county may replace or add to in its own folder.

The file's name is the indicator's id. `check` says everything that is wrong with a file; `shelf` holds those in force.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from django.conf import settings

from qinqing.insight import conditions
from qinqing.insight.columns import COLUMNS
from qinqing.insight.conditions import Condition
from qinqing.lib import safe_yaml
from qinqing.lib.labels import Label
from qinqing.policies.claims import PROCEDURE as CLAIM

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

SHIPPED = Path(__file__).with_name("indicators")
SCHEMA = Path(__file__).with_name("indicator.schema.json")
OF_KIND = {"spread": "number", "sum": "money", "distinct": "party"}  # measure -> kind of the column it is of
# the same everywhere: taken in less closed is the change of the stock; what was paid is read together, of one period
FIXED = (
    "opened", "closed", "stock", "open_now", "policy_paid", "policy_recovered", "policy_companies", "policy_one_tap",
    "policy_days_unknown",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Indicator:
    """One figure's definition. `measure`: count, share (hits of population), spread (median and p90 of the number
    column `of`), sum (of a money column, in fen) or distinct (how many companies)."""

    id: str
    label: Label
    definition: Label
    unit: Label
    measure: str
    population: Condition
    hits: Condition | None
    of: str
    period: str
    direction: str

    @property
    def timed(self) -> bool:
        """Whether it speaks of a period (else of this moment)."""
        return bool(self.period) or not {"start", "end"}.isdisjoint(conditions.moments_in(self.population))

    @property
    def of_claims(self) -> bool:
        """Whether it counts policy claims: their lists say what was paid."""
        return conditions.speaks_of(self.population, "procedure", CLAIM)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a file, and where (dotted)."""

    path: Path
    place: str
    text: Label

    def __str__(self) -> str:
        return f"{self.path}: {self.text}" + (f" [{self.place}]" if self.place else "")


class BadIndicators(ValueError):
    """Definitions that cannot be used; its text has one line for each fault."""


@cache
def shelf() -> dict[str, Indicator]:
    """The indicators in force, by id. Raises BadIndicators. Read once per process."""
    found, faults = {}, []
    for path in paths(settings.COUNTY):
        indicator, wrong = read(path)
        faults += wrong
        if indicator:
            found[indicator.id] = indicator
    if faults:
        raise BadIndicators("\n".join(map(str, faults)))
    return found


def paths(county: Path) -> list[Path]:
    """The files in force: the shipped ones, the county's in their stead or besides."""
    folders = (SHIPPED, county / "indicators")
    return list({path.name: path for folder in folders for path in sorted(folder.glob("*.yaml"))}.values())


def read(path: Path) -> tuple[Indicator | None, list[Fault]]:
    """One file, and everything that is wrong with it (then None)."""
    try:
        data = safe_yaml.read(path)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        return None, [Fault(path, "", Label(f"读不了：{error}", f"cannot be read: {error}"))]
    faults = [Fault(path, ".".join(map(str, error.absolute_path)), _said(error)) for error in _errors(data)]
    if not faults:
        faults = [Fault(path, place, text) for place, text in _misfits(path, data)]
    return (None if faults else _indicator(data)), faults


def _errors(data: Any) -> list[Any]:
    return sorted(_validator().iter_errors(data), key=lambda error: [str(part) for part in error.absolute_path])


@cache
def _validator() -> Draft202012Validator:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - half a second that most commands need not wait

    return Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def _said(error: Any) -> Label:
    detail = str(error.message)[:300]
    return Label(f"格式不符：{detail}", f"does not fit the form: {detail}")


def _misfits(path: Path, data: Any) -> Iterator[tuple[str, Label]]:
    """What the schema cannot see: names, kinds of columns, moments that the figure has no period for."""
    if data["id"] != path.stem:
        yield "id", Label(f"id应与文件名{path.stem}相同", f"the id must be the file's name, {path.stem}")
    if data["id"] in FIXED and path.parent != SHIPPED:
        yield (
            "id",
            Label(
                f"{data['id']}是页面的共同口径，县里不能另定",
                f"{data['id']} is the same everywhere; a county cannot change it",
            ),
        )
    for name, kind in (("of", OF_KIND.get(data["measure"], "")), ("period", "moment")):
        if name in data and (data[name] not in COLUMNS or COLUMNS[data[name]].kind != kind):
            fitting = ", ".join(column for column, told in COLUMNS.items() if told.kind == kind)
            yield name, Label(f"{name}应为以下列之一：{fitting}", f"{name} must be one of {fitting}")
    for name in ("population", "hits"):
        if name in data:
            yield from conditions.faults(data[name], name)


def _indicator(data: Any) -> Indicator:
    label, definition, unit = (Label.of(data[name]) for name in ("label", "definition", "unit"))
    return Indicator(
        data["id"], label, definition, unit, data["measure"], data["population"], data.get("hits"), data.get("of", ""),
        data.get("period", ""), data["direction"],
    )  # fmt: skip
