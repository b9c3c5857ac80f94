"""The one place that asks what time it is. Doors ask here and pass `now` down; rules never ask.

In the demo and in tests the clock can be moved, for all processes of one installation at once, through a small file
that holds an offset in seconds. Production never names such a file, and refuses to start when one is named
(`qinqing.config.settings`).
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

CHINA: tzinfo = ZoneInfo("Asia/Shanghai")  # no summer time since 1991: hours can be counted on this clock
_file: Path | None = None


def allow_moving(path: Path) -> None:
    """From now on `path` may hold an offset in seconds. Called once by settings, never in production."""
    global _file  # noqa: PLW0603 - one process has one clock
    _file = path


def now() -> datetime:
    """The present moment, aware, in China's time zone, with whole microseconds."""
    return datetime.now(UTC).astimezone(CHINA) + _offset()


def move_to(moment: datetime) -> None:
    """Let `now()` continue from `moment`. Raises RuntimeError where the clock may not be moved."""
    if _file is None:
        raise RuntimeError("the clock may not be moved here")
    seconds = (moment - datetime.now(UTC)).total_seconds()
    temporary = _file.with_suffix(f".{os.getpid()}")
    temporary.write_text(repr(seconds), encoding="ascii")
    temporary.replace(_file)


def move_back() -> None:
    """Return to real time."""
    if _file is not None:
        _file.unlink(missing_ok=True)


def _offset() -> timedelta:
    if _file is None:
        return timedelta()
    try:
        return timedelta(seconds=float(_file.read_text(encoding="ascii")))
    except FileNotFoundError:
        return timedelta()
