"""引用数字: what others have published, quoted as it stands there, from a room's `cited.yaml`.

A cited figure is no figure of ours: nothing is added to it or compared with it, and it opens no cases. Shown by
`ui/parts/cited.html`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from qinqing.lib import safe_yaml
from qinqing.lib.labels import Label


@dataclass(frozen=True, slots=True)
class Cited:
    """One figure. `shown` as its source writes it, `label`: what it counts, and of whom."""

    shown: Label
    label: Label


@dataclass(frozen=True, slots=True)
class Source:
    """Where figures are quoted from, and what that says."""

    title: Label
    as_of: Label
    figures: tuple[Cited, ...]


@cache
def quoted(path: Path) -> Source:
    """What a file quotes. Raises KeyError where an entry is not whole."""
    data = safe_yaml.read(path)
    figures = tuple(Cited(Label.of(each["shown"]), Label.of(each["label"])) for each in data["figures"])
    return Source(Label.of(data["source"]), Label.of(data["as_of"]), figures)
