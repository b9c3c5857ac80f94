"""检索词: how a text is cut into the words by which it is found. Pure; the index and the query cut alike.

Chinese is written without blanks, so every character counts as a letter of its own: found singly, and in pairs that
overlap (企业开办: 企业, 业开, 开办). A phrase of three and more is a row of pairs, one behind the other. A word or a
number of what is written with blanks counts as one letter: 第3号 is 第, 3, 号. All that comes out is letters and
digits, so nothing a person types can be read as an operator of the database's search.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise

LONGEST = 64  # characters of one word written in Latin letters; what is longer is found by its beginning
_RUN = re.compile(r"[^\W_]+")
_LETTER = re.compile("[\u2e80-\U0010ffff]|[^\u2e80-\U0010ffff]+")  # East Asian scripts begin at U+2E80


def runs(text: str) -> list[list[str]]:
    """The letters of each stretch without blank or punctuation, folded: full width as half width, capitals as small."""
    folded = unicodedata.normalize("NFKC", text).lower()
    return [[letter[:LONGEST] for letter in _LETTER.findall(run)] for run in _RUN.findall(folded)]


def pairs(run: list[str]) -> list[str]:
    """The overlapping pairs of a run, in order; none when it is one letter."""
    return [one + other for one, other in pairwise(run)]


def phrases(query: str) -> list[tuple[str, ...]]:
    """What a text must hold, all of it: for each run one letter, or its pairs one behind the other. Empty when the
    query holds no letter at all: then nothing is found."""
    return list(dict.fromkeys(tuple(pairs(run) or run) for run in runs(query)))


def number_forms(number: str) -> str:
    """A case number as people type it: 帮2026-0012 also as 帮20260012, 20260012, 0012, 012 and 12."""
    found = re.findall(r"[0-9]+", number)
    if not found:
        return number
    tails = [found[-1][at:] for at in range(len(found[-1]) - 1)]
    return " ".join([number, re.sub(r"[^\w]", "", number), "".join(found), *tails])


def cut(texts: Iterable[str]) -> tuple[list[str], list[list[str]]]:
    """(single letters, pairs by run) of several texts that are found together; no phrase reaches from one text into
    the next."""
    found = [run for text in texts for run in runs(text)]
    return sorted({letter for run in found for letter in run}), [pairs(run) for run in found if len(run) > 1]
