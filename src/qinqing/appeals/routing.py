"""归口建议（答）: which section a matter probably belongs to, by a model learnt from past matters. Pure; numpy only.

The model is linear over n-grams of one to three characters (TF-IDF), so an answer is quick and the words that
decided it can be shown. `learning.py` makes it; here it answers, and is kept in a file and read again.
No n-gram holds a digit or a part of an e-mail address: numbers of people can never stand in a model.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FORMAT = 1  # of the file; another one is not read
LONGEST = 3  # characters of an n-gram
WORDS = 5  # shown for an answer
MUCH = 0.25  # of what the strongest character spoke: from here on characters belong to a word
_BITS = np.uint64(21)  # every character's code fits in
_TOKEN = re.compile(r"[a-z\d._%+*@-]+|[零一二三四五六七八九幺]{7,}", re.IGNORECASE)

Codes = NDArray[np.uint32]
Grams = NDArray[np.uint64]
Floats = NDArray[np.float32]


class Unusable(Exception):
    """A model file that cannot be used; says why."""


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """n n-grams, k sections.

    grams: n, in order        idf: n           weights: n x k       bias: k
    scale: turns scores into probabilities that come true (one number, fitted on matters not learnt from)
    threshold: from this probability on, answers were right as often as asked for; None: never
    about: what is told of it (`version`, `trained_at`, `matters`, `held_out` ...), as JSON
    """

    sections: tuple[str, ...]
    grams: Grams
    idf: Floats
    weights: Floats
    bias: Floats
    scale: float
    threshold: float | None
    about: Mapping[str, Any]

    def probabilities(self, *parts: str) -> NDArray[np.float64]:
        """One probability for each section, in their order. `parts`: the text, or topic and text: each weighs alike."""
        scores = self.bias.astype(float)
        for part in parts:
            places, values = self._vector(grams_of(letters_of(part)))
            scores = scores + values @ self.weights[places]
        return softmax(self.scale * scores)

    def words(self, text: str, section: str) -> tuple[str, ...]:
        """The words of the text that spoke most for a section, the strongest first: n-grams that overlap are one."""
        codes = letters_of(text)
        own = self.sections.index(section)
        places, values = self._vector(grams_of(codes))
        others = self.weights[places].sum(axis=1) - self.weights[places, own]
        speaks = values * (self.weights[places, own] - others / (len(self.sections) - 1))
        return _words(text, codes, self.grams[places], speaks)

    def _vector(self, found: Grams) -> tuple[NDArray[np.intp], Floats]:
        """(places, values) of a text's known n-grams: 1 + log of the count, times idf, length 1."""
        own, counts = np.unique(found, return_counts=True)
        places, known = find(own, self.grams)
        places = places[known]
        return places, unit((1 + np.log(counts[known])) * self.idf[places])


def letters_of(text: str) -> Codes:
    """The code of each character: lower case, full width made half; 0 where punctuation or what is personal stands."""
    plain = "".join(map(_plain, text))
    masked = _TOKEN.sub(lambda found: "\0" * len(found[0]) if _is_personal(found[0]) else found[0], plain)
    return np.fromiter((ord(one) if one.isalpha() else 0 for one in masked), np.uint32, len(masked))


@lru_cache(maxsize=20_000)
def _plain(letter: str) -> str:
    """One character for one, so that places in the text stay."""
    one = unicodedata.normalize("NFKC", letter).lower()
    return one if len(one) == 1 else letter


def _is_personal(token: str) -> bool:
    """Wherever a digit, @ or * stands, the whole token goes: phone and identity numbers, plates, addresses, account
    names like wx_a12; and numbers read out (一三八〇...)."""
    return not token.isascii() or any(one.isdigit() or one in "@*" for one in token)


def grams_of(codes: Codes) -> Grams:
    """Every n-gram as one number, the last character lowest; none reaches over a gap (0)."""
    wide = codes.astype(np.uint64)
    found = []
    for length in range(1, LONGEST + 1):
        gram, whole = _windows(wide, length)
        found.append(gram[whole])
    return np.concatenate(found)


def find(wanted: Grams, known: Grams) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """(place of each n-gram among the known ones, which are in order; whether it is one of them)."""
    places = np.minimum(np.searchsorted(known, wanted), max(0, len(known) - 1))
    return places, known[places] == wanted if len(known) else np.zeros(len(wanted), bool)


def text_of(gram: int) -> str:
    """The characters of an n-gram."""
    codes = [gram >> shift & 0x1FFFFF for shift in (42, 21, 0)]
    return "".join(map(chr, filter(None, codes)))


def unit(values: NDArray[Any]) -> Floats:
    """The vector made of length 1; an empty or zero one stays."""
    length = float(np.sqrt(np.square(values, dtype=float).sum()))
    return (values / length if length else values).astype(np.float32)


def softmax(scores: NDArray[Any]) -> NDArray[np.float64]:
    """Probabilities along the last axis."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True), dtype=float)
    result: NDArray[np.float64] = powers / powers.sum(axis=-1, keepdims=True)
    return result


def save(model: Model, path: Path) -> None:
    """Write the model so that whoever reads sees the old file or the new one, whole."""
    head: dict[str, Any] = {
        "format": FORMAT, "sections": model.sections, "scale": model.scale, "threshold": model.threshold,
        "about": dict(model.about),
    }  # fmt: skip
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            text = np.frombuffer(json.dumps(head, ensure_ascii=False).encode(), np.uint8)
            np.savez_compressed(
                file, head=text, grams=model.grams, idf=model.idf, weights=model.weights, bias=model.bias
            )
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def load(path: Path) -> Model:
    """Read a model. Raises FileNotFoundError, and Unusable for a file that is damaged or no model of this format."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            head = json.loads(kept["head"].tobytes())
            grams, idf, weights, bias = (kept[name] for name in ("grams", "idf", "weights", "bias"))
        if head["format"] != FORMAT:
            raise Unusable(f"format {head['format']!r}, not {FORMAT}")
        model = Model(
            tuple(map(str, head["sections"])), grams, idf, weights, bias, float(head["scale"]),
            None if head["threshold"] is None else float(head["threshold"]), dict(head["about"]),
        )  # fmt: skip
    except (FileNotFoundError, Unusable):
        raise
    except Exception as error:  # a damaged archive fails in a dozen ways; none may stop the window
        raise Unusable(f"{type(error).__name__}: {error}") from error
    _check(model)
    return model


# ── private ──


def _check(model: Model) -> None:
    n, k = len(model.grams), len(model.sections)
    whole = (
        k > 1
        and model.grams.shape == model.idf.shape == (n,)
        and model.weights.shape == (n, k)
        and model.bias.shape == (k,)
        and model.grams.dtype == np.uint64
        and {model.idf.dtype, model.weights.dtype, model.bias.dtype} == {np.dtype(np.float32)}
        and bool((model.grams[1:] > model.grams[:-1]).all())
    )
    if not whole:
        raise Unusable("its arrays do not fit together")
    if not all(np.isfinite(one).all() for one in (model.idf, model.weights, model.bias, np.array(model.scale))):
        raise Unusable("it holds numbers that are none")


def _windows(wide: Grams, length: int) -> tuple[Grams, NDArray[np.bool_]]:
    """(n-gram that begins at each character, whether it reaches over no gap)."""
    size = max(0, len(wide) - length + 1)
    gram, whole = np.zeros(size, np.uint64), np.ones(size, bool)
    for offset in range(length):
        part = wide[offset : offset + size]
        gram = (gram << _BITS) | part
        whole &= part > 0
    return gram, whole


def _words(text: str, codes: Codes, known: Grams, speaks: NDArray[Any]) -> tuple[str, ...]:
    """Runs of characters each of which spoke much for it, by itself and in its n-grams; a word within another is left
    out. `speaks`: how much each known n-gram spoke, for (above 0) or against."""
    wide = codes.astype(np.uint64)
    much = np.zeros(len(codes))
    for length in range(1, LONGEST + 1):
        grams, whole = _windows(wide, length)
        places, here = find(grams, known)
        share = np.zeros(len(grams))
        share[here & whole] = speaks[places[here & whole]] / length
        for offset in range(length):
            much[offset : offset + len(share)] += share
    strong = (much > MUCH * much.max(initial=0.0)) & (codes > 0)
    found: dict[str, float] = {}
    for begin, end in _runs(strong):
        if end - begin > 1:
            word = text[begin:end]
            found[word] = max(found.get(word, 0.0), float(much[begin:end].sum()))
    said: list[str] = []
    for word in sorted(found, key=lambda one: (-found[one], one)):
        if not any(word in one or one in word for one in said):
            said.append(word)
    return tuple(said[:WORDS])


def _runs(strong: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(begin, end) of each stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], strong.astype(int), [0]]))).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))
