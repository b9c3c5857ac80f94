"""引用数字: what others have published (`cited.yaml`), quoted as it stands there.

A cited figure is no figure of ours: nothing is added to it or compared with it, and it opens no cases.
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
    """One figure. `value` in `unit`, exact; `shown` as people read it; `source` and `as_of` say whose it is."""

    id: str
    label: Label
    text: Label
    value: int | float
    unit: str
    shown: Label
    source: Label
    as_of: Label


@cache
def cited() -> dict[str, Cited]:
    """All of them, by id. Raises ValueError or KeyError where an entry is not whole."""
    entries = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {
        name: Cited(
            name, Label.of(entry["label"]), Label.of(entry["text"]), entry["value"], entry["unit"],
            Label.of(entry["shown"]), Label.of(entry["source"]), Label.of(entry["as_of"]),
        )
        for name, entry in entries.items()
    }  # fmt: skip
