"""How figures are written and judged: money, counts, working days, and rates with their interval. Pure.

A rate shows numerator, denominator and a 95 % Wilson interval; fewer than 20 are counted, not divided
(E. B. Wilson 1927).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from qinqing.lib.labels import Label

UNKNOWN = Label("—", "—")
FEWEST = 20  # a percentage of fewer cases says more about chance than about work
_Z = 1.959963984540054


def money(fen: int | None) -> Label:
    """Whole fen as yuan: 286,132.40元 / CNY 286,132.40; None is unknown, never zero."""
    if fen is None:
        return UNKNOWN
    sign, fen = ("−", -fen) if fen < 0 else ("", fen)
    text = f"{sign}{fen // 100:,}.{fen % 100:02d}"
    return Label(f"{text}元", f"CNY {text}")


def working_days(days: float | None) -> Label:
    """5个工作日 / 5 working days; a fraction keeps one decimal, rounded half up at the first."""
    if days is None:
        return UNKNOWN
    text = str(int(days)) if days == int(days) else f"{days:.1f}"
    return Label(f"{text}个工作日", f"{text} working day{'' if text == '1' else 's'}")


def wilson(hits: int, total: int) -> tuple[float, float]:
    """The 95 % Wilson interval of hits/total as shares 0..1. Raises ValueError unless 0 <= hits <= total, total > 0."""
    if not 0 <= hits <= total or total == 0:
        raise ValueError(f"{hits} of {total} is not a share")
    share = hits / total
    spread = _Z * sqrt(share * (1 - share) / total + _Z**2 / (4 * total**2))
    middle = share + _Z**2 / (2 * total)
    scale = 1 + _Z**2 / total
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


@dataclass(frozen=True, slots=True)
class Rate:
    """比率: `hits` of `total`; links lead to those cases; `previous` is the last period's share, 0..1."""

    label: Label
    hits: int
    total: int
    definition: Label
    hits_href: str = ""
    total_href: str = ""
    previous: float | None = None

    @property
    def enough(self) -> bool:
        return self.total >= FEWEST

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.hits, self.total)

    @property
    def percent(self) -> str:
        return f"{100 * self.hits / self.total:.1f}"

    @property
    def bounds(self) -> str:
        low, high = self.interval
        return f"{100 * low:.1f}—{100 * high:.1f}%"

    @property
    def comparison(self) -> Label | None:
        """Against the last period; a change inside the interval is no change and gets no arrow."""
        if self.previous is None:
            return None
        before = f"{100 * self.previous:.1f}%"
        low, high = self.interval
        if low <= self.previous <= high:
            return Label(f"上期{before}，差别在误差以内", f"last period {before}; the difference is within error")
        points = 100 * (self.hits / self.total - self.previous)
        up = points > 0
        return Label(
            f"上期{before}，{'▲高' if up else '▼低'}{abs(points):.1f}个百分点",
            f"last period {before}; {'▲' if up else '▼'} {abs(points):.1f} points",
        )
