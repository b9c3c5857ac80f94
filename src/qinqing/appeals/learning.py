"""归口建议（学）: learns from matters whose section is known, and measures how well. Pure; the only importer of
scikit-learn (a second and 100 MB), so never imported by a server.

TF-IDF over n-grams of 1 to 3 characters; topic and text are two vectors of length 1, added up; least squares for each
section against the rest (ridge), sections weighted alike however many matters each has. How well it does on a file of
matters: `qinqing appeals route`.
Probabilities and the threshold come from folds that were not learnt from.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]
from sklearn.linear_model import Ridge
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.preprocessing import normalize

from qinqing.appeals.routing import Floats, Grams, Model, grams_of, letters_of, softmax

RIGHT = 0.95  # of the automatic suggestions
FOLDS = 5
SEED = 0
WRITERS = 2  # an n-gram that only one writer used tells of the writer, not of the matter
MOST_GRAMS = 200_000  # about 10 MB a server process with eleven sections
_SCALES = np.geomspace(0.5, 50, 200)
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Example:
    """A matter whose section is known. `parts`: (text) or (topic, text). `writer`: whoever wrote, or the row."""

    parts: tuple[str, ...]
    section: str
    writer: str


@dataclass(frozen=True, slots=True)
class Figures:
    """How well answers met the truth, in matters. `sure`: answered at or above the threshold, `sure_right` of them
    right; the others are left to a person."""

    matters: int
    right: int
    sure: int
    sure_right: int
    macro_f1: float  # mean over the sections that occur

    @property
    def accuracy(self) -> float:
        return self.right / self.matters

    @property
    def precision(self) -> float | None:
        """Of the sure answers; None when there was none."""
        return self.sure_right / self.sure if self.sure else None

    @property
    def left(self) -> float:
        """The share left to a person."""
        return 1 - self.sure / self.matters

    def as_json(self) -> dict[str, Any]:
        return {
            "matters": self.matters, "macro_f1": round(self.macro_f1, 4), "accuracy": round(self.accuracy, 4),
            "sure": self.sure, "sure_right": self.sure_right, "left_to_a_person": round(self.left, 4),
            "precision": None if self.precision is None else round(self.precision, 4),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Folded:
    """Figures of each fold, and of all matters together (each was held out once)."""

    folds: tuple[Figures, ...]
    whole: Figures

    @property
    def macro_f1(self) -> tuple[float, float]:
        """(mean, standard deviation) over the folds."""
        scores = [fold.macro_f1 for fold in self.folds]
        return mean(scores), stdev(scores)


def learn(examples: Sequence[Example]) -> Model:
    """A model of these matters (two sections or more). Its scale and threshold are fitted on held-out folds."""
    return _Texts(examples).learn(np.arange(len(examples)))


def measure(model: Model, examples: Sequence[Example]) -> Figures:
    """The model's answers on matters it has not seen."""
    given = np.array([model.probabilities(*one.parts) for one in examples])
    best = given.argmax(axis=1)
    sure = np.zeros(len(examples), bool) if model.threshold is None else given.max(axis=1) >= model.threshold
    return compare([one.section for one in examples], [model.sections[one] for one in best], sure)


def compare(truth: Sequence[str], answers: Sequence[str], sure: Iterable[bool]) -> Figures:
    """Figures of answers; "" is no answer. Sections that do not occur in `truth` are not averaged over."""
    right = np.array(truth) == np.array(answers)
    bold = np.fromiter(sure, bool)
    score = f1_score(truth, answers, labels=sorted(set(truth)), average="macro", zero_division=0)
    return Figures(len(right), int(right.sum()), int(bold.sum()), int((right & bold).sum()), float(score))


def fold(examples: Sequence[Example], folds: int = FOLDS) -> Folded:
    """k-fold: stratified by section, a writer's matters all in one fold, the same folds each time. The threshold for a
    fold is chosen within the others."""
    texts = _Texts(examples)
    parts, answers, sure = [], np.empty(len(examples), object), np.zeros(len(examples), bool)
    for learnt, held in texts.splits(np.arange(len(examples)), folds):
        model = texts.learn(learnt)
        tested = [examples[one] for one in held]
        given = np.array([model.probabilities(*one.parts) for one in tested])
        answers[held] = [model.sections[one] for one in given.argmax(axis=1)]
        sure[held] = False if model.threshold is None else given.max(axis=1) >= model.threshold
        parts.append(compare([one.section for one in tested], list(answers[held]), sure[held]))
    return Folded(tuple(parts), compare([one.section for one in examples], list(answers), sure))


# ── private ──


class _Texts:
    """The examples counted once, learnt from many times."""

    def __init__(self, examples: Sequence[Example]) -> None:
        truth = [one.section for one in examples]
        self.sections = tuple(sorted(set(truth)))
        self.target = np.searchsorted(np.array(self.sections), truth)
        _, self.writers = np.unique([one.writer for one in examples], return_inverse=True)
        most = max(len(one.parts) for one in examples)
        found = [[grams_of(letters_of(part)) for part in one.parts] for one in examples]
        self.grams: Grams = np.unique(np.concatenate([grams for parts in found for grams in parts]))
        blank = np.array([], np.uint64)
        self.counts = [  # one matrix (matters x n-grams) for each part
            self._counted([parts[place] if place < len(parts) else blank for parts in found]) for place in range(most)
        ]
        self.present = (sum(self.counts) > 0).astype(np.int32).tocsr()

    def splits(self, rows: Rows, folds: int) -> Iterator[tuple[Rows, Rows]]:
        """(learnt, held out), as places among the examples."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a section with fewer matters than folds is absent from some
            cut = StratifiedGroupKFold(folds, shuffle=True, random_state=SEED)
            for learnt, held in cut.split(rows, self.target[rows], self.writers[rows]):
                if len(held):
                    yield rows[learnt], rows[held]

    def learn(self, rows: Rows) -> Model:
        """A model of these rows."""
        scores = np.zeros((len(self.target), len(self.sections)))
        for learnt, held in self.splits(rows, FOLDS):
            known, idf, weights, bias = self._fitted(learnt)
            scores[held] = self._matrix(held, known, idf) @ weights + bias
        scores, truth = scores[rows], self.target[rows]
        scale = _scale(scores, truth)
        given = softmax(scale * scores)
        threshold = _threshold(given.max(axis=1), given.argmax(axis=1) == truth, RIGHT)
        known, idf, weights, bias = self._fitted(rows)
        return Model(self.sections, self.grams[known], idf, weights, bias, scale, threshold, {})

    def _counted(self, texts: Sequence[Grams]) -> Any:
        found = [np.unique(grams, return_counts=True) for grams in texts]
        columns = np.searchsorted(self.grams, np.concatenate([own for own, _ in found]))
        ends = np.cumsum([0, *(len(own) for own, _ in found)])
        values = np.concatenate([counts for _, counts in found]).astype(np.float32)
        return csr_matrix((values, columns, ends), shape=(len(texts), len(self.grams)))

    def _fitted(self, rows: Rows) -> tuple[Rows, Floats, Floats, Floats]:
        """(places of the n-grams used, their idf, weights, bias)."""
        known, idf = self._known(rows)
        truth = self.target[rows]
        counts = np.bincount(truth, minlength=len(self.sections))
        weight = (len(rows) / (counts[truth] * np.count_nonzero(counts))).astype(np.float32)
        wanted = np.where(truth[:, None] == np.arange(len(self.sections)), 1, -1).astype(np.float32)
        fitted = Ridge(alpha=1).fit(self._matrix(rows, known, idf), wanted, sample_weight=weight)
        return known, idf, np.ascontiguousarray(fitted.coef_.T, np.float32), fitted.intercept_.astype(np.float32)

    def _known(self, rows: Rows) -> tuple[Rows, Floats]:
        """(places of the n-grams that enough writers used, their idf)."""
        present = self.present[rows]
        matters = np.asarray(present.sum(axis=0)).ravel()
        by_writer = csr_matrix((np.ones(len(rows), np.int32), (self.writers[rows], np.arange(len(rows)))))
        writers = np.asarray(((by_writer @ present) > 0).sum(axis=0)).ravel()
        known = np.flatnonzero(writers >= WRITERS)
        if len(known) > MOST_GRAMS:
            known = np.sort(known[np.argsort(-matters[known], kind="stable")[:MOST_GRAMS]])
        idf = np.log((1 + len(rows)) / (1 + matters[known])) + 1
        return known, idf.astype(np.float32)

    def _matrix(self, rows: Rows, known: Rows, idf: Floats) -> Any:
        """What Model makes of one text, for many at once: each part a vector of length 1, the parts added up."""
        whole = csr_matrix((len(rows), len(known)), dtype=np.float32)
        for counts in self.counts:
            part = counts[rows][:, known]
            part.data = 1 + np.log(part.data)
            whole = whole + normalize(part.multiply(idf).tocsr())
        return whole


def _scale(scores: NDArray[np.float64], truth: NDArray[np.intp]) -> float:
    """The scale whose probabilities come true best (least log loss), one matter more thought to be wrong: few matters,
    all answered right, do not make it certain of everything (as J. Platt 1999)."""
    own, others = np.arange(len(truth)), max(1, scores.shape[1] - 1)
    doubt = 1 / (len(truth) + 2)
    losses = []
    for scale in _SCALES:
        logs = np.log(softmax(scale * scores) + 1e-12)
        right = logs[own, truth]
        losses.append(-((1 - doubt) * right + doubt * (logs.sum(axis=1) - right) / others).mean())
    return float(_SCALES[int(np.argmin(losses))])


def _threshold(sure: NDArray[np.float64], right: NDArray[np.bool_], share: float) -> float | None:
    """The lowest probability from which on at least `share` were right, one more thought to be wrong: so a threshold
    has 19 answers or more behind it. None when there is no such probability."""
    order = np.argsort(-sure, kind="stable")
    answers = np.arange(1, len(order) + 1)
    wrong = np.cumsum(~right[order])
    last = np.append(np.diff(sure[order]) != 0, True)  # equal ones stand or fall together
    enough = np.flatnonzero(((wrong + 1) <= (1 - share) * (answers + 1) + 1e-9) & last)
    return float(sure[order][enough[-1]]) if len(enough) else None
