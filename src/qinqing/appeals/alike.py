"""近似留言: which texts are nearly the same (重复反映). Pure.

Similarity of two texts: the share of three-character sequences they have in common (Jaccard), punctuation and blanks
left out. All pairs from `SURE` up are found, none is missed: two texts that alike must share one of their rarest
sequences (prefix filter: Chaudhuri, Ganti, Kaushik 2006; Bayardo, Ma, Srikant 2007), so only those are compared.
"""

from __future__ import annotations

import unicodedata
from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import ceil

SURE = Fraction(6, 10)  # on the real messages hardly a pair lies between 0.35 and 0.6: what is above is a repetition
_COUNTERS = 4_194_301  # a prime; sequences share counters, which costs time at most, never a pair


def sequences(text: str) -> frozenset[int]:
    """The three-character sequences of a text, each as one number; a shorter text is one sequence."""
    letters = [ord(letter) for letter in unicodedata.normalize("NFKC", text) if letter.isalnum()]
    if len(letters) < 3:
        letters = [*letters, 0, 0, 0][:3]
    return frozenset(a << 42 | b << 21 | c for a, b, c in zip(letters, letters[1:], letters[2:], strict=False))


def pairs(texts: Iterable[tuple[int, str]], sure: Fraction = SURE) -> list[tuple[int, int, Fraction]]:
    """(key, other key, similarity) of all texts alike to at least `sure`; keys in order, the likest first.

    Texts are dropped as they come and kept as numbers: 8 bytes a character. Time grows with the number of texts and
    of repetitions."""
    seen = array("L", bytes(array("L").itemsize * _COUNTERS))
    kept: list[tuple[int, array[int]]] = []
    for key, text in texts:
        found = array("Q", sequences(text))
        for one in found:
            seen[one % _COUNTERS] += 1
        kept.append((key, found))
    kept.sort(key=lambda item: (len(item[1]), item[0]))
    waiting: dict[int, list[int]] = defaultdict(list)  # rare sequence -> places in `kept` of texts so far
    result = []
    for place, (key, found) in enumerate(kept):
        size = len(found)
        rarest = sorted(found, key=lambda one: (seen[one % _COUNTERS], one))
        # who is alike shares at least ceil(sure * size) sequences, so one of the `size - that + 1` rarest
        ahead = _shared(rarest[: size - ceil(sure * size) + 1], seen)
        near = {other for one in ahead for other in waiting.get(one, ())}
        own = set(found)
        for other in near:
            other_key, other_found = kept[other]
            if len(other_found) >= sure * size:
                common = len(own.intersection(other_found))
                alike = Fraction(common, size + len(other_found) - common)
                if alike >= sure:
                    result.append((min(key, other_key), max(key, other_key), alike))
        # later texts are as long or longer, so they share even more of this one's
        for one in _shared(rarest[: size - ceil(2 * sure / (1 + sure) * size) + 1], seen):
            waiting[one].append(place)
    return sorted(result, key=lambda pair: (-pair[2], pair[:2]))


def groups(found: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Keys that hang together by pairs, each group in order, the largest group first."""
    parent: dict[int, int] = {}

    def root(key: int) -> int:
        parent.setdefault(key, key)
        while parent[key] != key:
            parent[key] = key = parent[parent[key]]
        return key

    for one, other in found:
        parent[root(one)] = root(other)
    members: dict[int, list[int]] = defaultdict(list)
    for key in sorted(parent):
        members[root(key)].append(key)
    return sorted(members.values(), key=lambda group: (-len(group), group))


def _shared(rare: Sequence[int], seen: array[int]) -> list[int]:
    """Without the sequences that stand in one text only."""
    return [one for one in rare if seen[one % _COUNTERS] > 1]
