"""回访结果 (Y5): figures of a month's calls, by strata and by unit, beside what the same parties rated. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from qinqing.evaluation.calls import SATISFIED, Line
from qinqing.evaluation.estimating import Answers, Estimate, estimate
from qinqing.evaluation.rating import SATISFIED as RATED_SATISFIED
from qinqing.evaluation.sampling import Plan
from qinqing.lib.labels import Label

DEFINITION = Label(
    "按各层估计全部办结件的满意率：每一层的回答代表该层全部办件，满意和基本满意计为满意。"
    "区间为95%的Wilson区间，样本数按Kish有效样本数并作有限总体修正；没有任何人接通的层不在估计之内。"
    "未接通的人可能另有看法，误差不含这一点。",
    "The share among all cases, estimated by strata: the answers of each stratum stand for all its cases; content and "
    "partly content count as satisfied. The interval is Wilson's at 95 %, with Kish's effective number of answers and "
    "the correction for a finite number of cases. Strata where nobody was reached are left out, and what those not "
    "reached think is not in the error.",
)


@dataclass(frozen=True, slots=True)
class Compared:
    """What the same parties said on the phone and in their rating."""

    both: int
    agree: int
    worse: tuple[Line, ...]  # rated satisfied, not content on the phone
    better: tuple[Line, ...]  # rated badly, content on the phone


@dataclass(frozen=True, slots=True)
class Results:
    """`contents`: yes, partly, no or unsaid, of those reached. `by_unit`: (unit that answered, satisfied, answers)."""

    tried: int
    calls: int
    standing: Counter[str]
    contents: Counter[str]
    estimate: Estimate | None
    by_unit: tuple[tuple[int, int, int], ...]
    compared: Compared
    undecided: int

    @property
    def uncovered(self) -> int:
        """Cases in strata where nobody was reached."""
        return self.estimate.total - self.estimate.covered if self.estimate else 0


def results(lines: Sequence[Line], plan: Plan) -> Results:
    """The figures of a call list as it stands."""
    heard = [line for line in lines if line.content is not None]
    contents = Counter(line.content or "unsaid" for line in lines if line.standing == "answered")
    return Results(
        sum(bool(line.calls) for line in lines),
        sum(len(line.calls) for line in lines),
        Counter(line.standing for line in lines),
        contents,
        estimate(_answers(heard, plan)),
        tuple(_by_unit(heard)),
        _compared(heard),
        sum(line.undecided for line in lines),
    )


def _answers(heard: Iterable[Line], plan: Plan) -> list[Answers]:
    reached: Counter[str] = Counter()
    satisfied: Counter[str] = Counter()
    for line in heard:
        reached[line.stratum] += 1
        satisfied[line.stratum] += line.content in SATISFIED
    return [Answers(one.total, reached[one.key], satisfied[one.key]) for one in plan.strata if one.total]


def _by_unit(heard: Iterable[Line]) -> list[tuple[int, int, int]]:
    """The units with the most answers first."""
    answers: Counter[int] = Counter()
    satisfied: Counter[int] = Counter()
    for line in heard:
        answers[line.unit] += 1
        satisfied[line.unit] += line.content in SATISFIED
    order = sorted(answers, key=lambda unit: (-answers[unit], unit))
    return [(unit, satisfied[unit], answers[unit]) for unit in order]


def _compared(heard: Iterable[Line]) -> Compared:
    both = [line for line in heard if line.rating is not None and line.rating.set_aside_at is None]
    pairs = [(line, line.rating.level in RATED_SATISFIED, line.content in SATISFIED) for line in both if line.rating]
    worse = tuple(line for line, rated, said in pairs if rated and not said)
    better = tuple(line for line, rated, said in pairs if said and not rated)
    return Compared(len(pairs), len(pairs) - len(worse) - len(better), worse, better)
