"""改革前 (B19): the old path, reconstructed from the words of the source (`before.yaml`); nothing of it is measured."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from qinqing.lib import safe_yaml
from qinqing.lib.labels import Label

FILE = Path(__file__).with_name("before.yaml")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the old path; `trip`: somebody had to go there."""

    name: str
    label: Label
    note: Label
    kind: str
    trip: bool


@dataclass(frozen=True, slots=True)
class Before:
    """`days` as the source says."""

    steps: tuple[Step, ...]
    days: Label

    @property
    def trips(self) -> int:
        return sum(step.trip for step in self.steps)


@cache
def before() -> Before:
    """Raises KeyError where an entry is not whole."""
    data = safe_yaml.read(FILE)
    steps = tuple(
        Step(
            each["name"], Label.of({"zh": each["zh"], "en": each["en"]}), Label.of(each.get("note", "")),
            each.get("kind", "stage"), bool(each.get("trip")),
        )
        for each in data["steps"]
    )  # fmt: skip
    return Before(steps, Label.of(data["days"]))
