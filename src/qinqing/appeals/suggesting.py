"""科室建议: which section a matter probably belongs to, and by which words. A person decides.

By the model learnt from the county's closed cases (`qinqing appeals retrain`), read anew when its file changes. Until
there is one, or when the file cannot be used, by words: each section lists words of its field in the county's
`suggestions.yaml`; a word found counts once, longer words more, and the share is that of the section's score.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from qinqing.appeals import routing
from qinqing.directory.models import Unit
from qinqing.lib import safe_yaml

SURE = 0.6  # of words; a model brings its own threshold
SHOWN = 3
LEAST = 0.05  # of a model's probabilities; below it nothing is shown beside the first
SHORTEST = 4  # letters; by a word or two a model can tell nothing
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A section's code, its share or probability (0-1) and the words that spoke for it."""

    section: str
    share: float
    words: tuple[str, ...]

    @property
    def percent(self) -> int:
        """Never 100: nothing is certain."""
        return min(99, round(100 * self.share))


@dataclass(frozen=True, slots=True)
class Advice:
    """The likeliest sections, best first. `sure`: the first may be proposed; else it is left to the clerk. `learnt`:
    shares are probabilities of a model; those of words are not."""

    sections: tuple[tuple[Suggestion, Unit], ...]
    sure: bool
    learnt: bool


def advise(text: str, county: Path, home: Path) -> Advice:
    """What to propose for a matter; one query."""
    units = {unit.code: unit for unit in Unit.objects.all()}
    model, _ = in_use(home, frozenset(units))
    found = by_model(text, model) if model else suggest(text, load(county))
    threshold = model.threshold if model else SURE
    sure = bool(found) and threshold is not None and found[0].share >= threshold
    standing = tuple((one, units[one.section]) for one in found if one.section in units)
    standing = tuple((one, unit) for one, unit in standing if unit.closed_on is None)
    return Advice(standing, sure and bool(standing) and standing[0][0] is found[0], model is not None)


def model_file(home: Path) -> Path:
    """Where an installation keeps its model."""
    return home / "routing-model.npz"


def in_use(home: Path, known: frozenset[str]) -> tuple[routing.Model | None, str]:
    """(model, "") or (None, why there is none; "" when there is no file). `known`: the county's unit codes."""
    path = model_file(home)
    try:
        stat = path.stat()
    except OSError:
        return None, ""
    return _read(path, (stat.st_mtime_ns, stat.st_size, stat.st_ino), known)


def by_model(text: str, model: routing.Model, limit: int = SHOWN) -> list[Suggestion]:
    """The likeliest sections by a model, best first; empty for a text too short to tell."""
    if (routing.letters_of(text) > 0).sum() < SHORTEST:
        return []
    given = model.probabilities(text)
    best = [int(place) for place in (-given).argsort(kind="stable")[:limit]]
    kept = [place for place in best if place == best[0] or given[place] >= LEAST]
    return [
        Suggestion(model.sections[place], float(given[place]), model.words(text, model.sections[place]))
        for place in kept
    ]


def load(county: Path) -> dict[str, tuple[str, ...]]:
    """Section code -> its words, from the county's folder; empty when it keeps no such file."""
    path = county / "suggestions.yaml"
    if not path.exists():
        return {}
    raw = safe_yaml.read(path) or {}
    return {str(code): tuple(map(str, words)) for code, words in raw.items()}


def suggest(text: str, words: Mapping[str, Sequence[str]], limit: int = SHOWN) -> list[Suggestion]:
    """The likeliest sections by their words, best first; empty when no word speaks for any."""
    found = {code: tuple(word for word in own if word in text) for code, own in words.items()}
    scores = {code: sum(len(word) for word in hits) for code, hits in found.items() if hits}
    total = sum(scores.values())
    ranked = sorted(scores, key=lambda code: (-scores[code], code))[:limit]
    return [Suggestion(code, scores[code] / total, found[code]) for code in ranked]


@lru_cache(maxsize=4)
def _read(path: Path, stamp: tuple[int, int, int], known: frozenset[str]) -> tuple[routing.Model | None, str]:
    """Once for each state of the file, so that a warning stands in the log once."""
    try:
        model = routing.load(path)
    except FileNotFoundError:
        return None, ""
    except routing.Unusable as error:
        why = str(error)
    else:
        if strange := sorted(set(model.sections) - known):
            why = f"it is of another county: there is no unit {', '.join(strange)}"
        else:
            return model, ""
    _log.warning("%s is not used, sections are suggested by words instead: %s", path, why)
    return None, why
