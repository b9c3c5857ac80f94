"""申报窗口: open, yet to open, or over, on a day. Pure."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from qinqing.policies.policy import Window


class Opening(StrEnum):
    OPEN = "open"
    AHEAD = "ahead"
    OVER = "over"


def opening(window: Window | None, day: date) -> Opening:
    """A policy without a window is open while it is in force (as `claims.open_claim` takes it)."""
    if window is None:
        return Opening.OPEN
    if day < window.start:
        return Opening.AHEAD
    return Opening.OVER if window.end is not None and day > window.end else Opening.OPEN


def is_open(window: Window | None, day: date) -> bool:
    return opening(window, day) is Opening.OPEN
