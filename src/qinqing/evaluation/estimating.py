"""回访满意率的估计 (Y5): from answers in strata to the share of all cases, with its error. Pure.

Each answer stands for as many cases as its stratum holds for each that answered. The interval is Wilson's (1927) at the
effective number of answers n* = (sum of weights)^2 / (sum of squared weights) (Kish 1965), corrected for the finite
number of cases (N - 1) / (N - n): when every case has answered there is no error of sampling left. It leaves out what
stratification gains, so it is rather too wide than too narrow, and it cannot see that those who did not answer may
think otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

from qinqing.evaluation.sampling import Z


@dataclass(frozen=True, slots=True)
class Answers:
    """One stratum: `total` cases in it, `reached` answered whether they are content, `satisfied` of these are."""

    total: int
    reached: int
    satisfied: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """Shares 0..1. `covered` of `total` cases lie in strata where somebody answered; for the others nothing is said."""

    share: float
    low: float
    high: float
    reached: int
    satisfied: int
    effective: float
    covered: int
    total: int
    weighted: bool  # the strata's weights differ: the share is not simply satisfied / reached

    @property
    def percent(self) -> str:
        return f"{100 * self.share:.1f}"

    @property
    def bounds(self) -> str:
        return f"{100 * self.low:.1f}—{100 * self.high:.1f}%"


def estimate(strata: Iterable[Answers]) -> Estimate | None:
    """The share of content parties among all cases; None while nobody has answered."""
    known = list(strata)
    heard = [one for one in known if one.reached]
    if not heard:
        return None
    covered, reached = sum(one.total for one in heard), sum(one.reached for one in heard)
    share = sum(one.total * one.satisfied / one.reached for one in heard) / covered
    effective = covered**2 / sum(one.total**2 / one.reached for one in heard)
    low, high = (share, share) if reached == covered else wilson(share, effective * (covered - 1) / (covered - reached))
    weights = {one.total / one.reached for one in heard}
    satisfied, total = sum(one.satisfied for one in heard), sum(one.total for one in known)
    return Estimate(share, low, high, reached, satisfied, effective, covered, total, len(weights) > 1)


def wilson(share: float, number: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a share 0..1 among an effective number of answers > 0."""
    share = min(1.0, max(0.0, share))
    scale = 1 + Z**2 / number
    middle = share + Z**2 / (2 * number)
    spread = Z * sqrt(share * (1 - share) / number + Z**2 / (4 * number**2))
    return max(0.0, min(share, (middle - spread) / scale)), min(1.0, max(share, (middle + spread) / scale))
