"""科室建议: which section a matter probably belongs to, and by which words. Pure. A person decides.

Each section lists words of its field in the county's `suggestions.yaml`; a word found counts once, longer words more.
The share is that of the section's score among all. Below `SURE` nothing is suggested.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

SURE = 0.6


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A section's code, its share (0-1) and the words that spoke for it."""

    section: str
    share: float
    words: tuple[str, ...]


def load(county: Path) -> dict[str, tuple[str, ...]]:
    """Section code -> its words, from the county's folder; empty when it keeps no such file."""
    path = county / "suggestions.yaml"
    if not path.exists():
        return {}
    raw = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    return {str(code): tuple(map(str, words)) for code, words in raw.items()}


def suggest(text: str, words: Mapping[str, Sequence[str]], limit: int = 3) -> list[Suggestion]:
    """The likeliest sections, best first; empty when no word speaks for any."""
    found = {code: tuple(word for word in own if word in text) for code, own in words.items()}
    scores = {code: sum(len(word) for word in hits) for code, hits in found.items() if hits}
    total = sum(scores.values())
    ranked = sorted(scores, key=lambda code: (-scores[code], code))[:limit]
    return [Suggestion(code, scores[code] / total, found[code]) for code in ranked]
