"""好转还是变差: two shares against each other, with the error of both. Pure.

The 95 % interval of a difference of two shares by R. G. Newcombe's hybrid score method (Statistics in
Medicine 17, 1998, 873-890, method 10), which joins their Wilson intervals. Where it holds zero, the difference
is within error.
"""

from __future__ import annotations

from math import sqrt

from qinqing.insight.measuring import Share
from qinqing.lib.labels import Label
from qinqing.ui.figures import FEWEST, wilson


def difference(now: Share, before: Share) -> tuple[float, float]:
    """The interval of share now less share before, in points of 1. Raises ValueError for a share of none."""
    low, high = wilson(now.hits, now.total)
    low_before, high_before = wilson(before.hits, before.total)
    one, other = now.hits / now.total, before.hits / before.total
    apart = one - other
    return (
        apart - sqrt((one - low) ** 2 + (high_before - other) ** 2),
        apart + sqrt((high - one) ** 2 + (other - low_before) ** 2),
    )


def against(now: Share, before: Share, name: Label, direction: str) -> Label:
    """The words: 上月93.1%，▲高3.7个百分点，好转. `name`: of the period before; small numbers are not compared."""
    en = name.en[:1].upper() + name.en[1:]
    if not before.total:
        return Label(f"{name.zh}没有可比的办件", f"{en}: nothing to compare with")
    if before.total < FEWEST:
        return Label(f"{name.zh}{before.total}件，不足{FEWEST}件不作比较",
                     f"{en}: {before.total}, too few to compare")  # fmt: skip
    percent = f"{100 * before.hits / before.total:.1f}%"
    low, high = difference(now, before)
    if low <= 0 <= high:
        return Label(f"{name.zh}{percent}，差别在误差以内", f"{en} {percent}; the difference is within error")
    up = low > 0
    points = f"{100 * abs(now.hits / now.total - before.hits / before.total):.1f}"
    better = {"up": up, "down": not up}.get(direction)
    word = Label("", "") if better is None else Label("，好转", ", better") if better else Label("，变差", ", worse")
    return Label(
        f"{name.zh}{percent}，{'▲高' if up else '▼低'}{points}个百分点{word.zh}",
        f"{en} {percent}; {'▲' if up else '▼'} {points} points{word.en}",
    )
