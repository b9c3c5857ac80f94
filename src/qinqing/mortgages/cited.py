"""引用数字: what the source publishes, and the old path reconstructed from its text (`cited.yaml`). Pure.

A cited figure is none of ours: nothing is added to it or compared with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from qinqing.lib.labels import Label

FILE = Path(__file__).with_name("cited.yaml")


@dataclass(frozen=True, slots=True)
class Cited:
    """`shown` as the source writes it."""

    shown: Label
    label: Label


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the old path; `trip`: somebody had to go there."""

    name: str
    label: Label
    note: Label
    kind: str
    trip: bool


@dataclass(frozen=True, slots=True)
class Source:
    """Everything cited, with where it stands."""

    title: Label
    as_of: Label
    figures: tuple[Cited, ...]
    steps: tuple[Step, ...]
    trips: int
    days: Label


@cache
def source() -> Source:
    """Raises KeyError where an entry is not whole."""
    data = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    before = data["before"]
    return Source(
        Label.of(data["source"]), Label.of(data["as_of"]),
        tuple(Cited(Label.of(each["shown"]), Label.of(each["label"])) for each in data["figures"]),
        tuple(
            Step(
                each["name"], Label.of({"zh": each["zh"], "en": each["en"]}), Label.of(each.get("note", "")),
                each.get("kind", "stage"), bool(each.get("trip")),
            )
            for each in before["steps"]
        ),
        before["trips"], Label.of(before["days"]),
    )  # fmt: skip
