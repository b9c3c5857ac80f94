"""Erasure by retention class (按类清除): content goes when its time is over, the chain of commitments stays whole.

Basis: Personal Information Protection Law, articles 19 and 47. The classes stand in `retention.yaml`; which matters
have ended, and when, the histories know themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from django.db import transaction

from qinqing.audit import histories
from qinqing.audit.models import Erasure
from qinqing.lib import safe_yaml
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import CHINA

_BATCH = 2000  # payloads a transaction: others get to write in between


class ErasureError(ValueError):
    """An erasure that is not allowed; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class RetentionClass:
    """保管类别. `years` are counted from the end of the matter."""

    code: str
    label: Label
    years: int
    basis: Label
    source: Label

    def kept_until(self, now: datetime) -> datetime:
        """Matters that ended before this moment (midnight in China) are past their time at `now`."""
        today = now.astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
        try:
            return today.replace(year=today.year - self.years)
        except ValueError:  # 29 February
            return today.replace(year=today.year - self.years, day=28)


@dataclass(frozen=True, slots=True)
class Due:
    """How many payloads of a class are past their time, per history."""

    retention: RetentionClass
    before: datetime
    counts: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@cache
def retention_classes() -> dict[str, RetentionClass]:
    """All classes by code."""
    rows = safe_yaml.read(Path(__file__).with_name("retention.yaml"))
    return {
        code: RetentionClass(
            code, Label.of(row["label"]), int(row["years"]), Label.of(row["basis"]), Label.of(row["source"])
        )
        for code, row in rows.items()
    }


def due_for_erasure(now: datetime) -> list[Due]:
    """Every class with what is past its time."""
    return [preview(code, retention.kept_until(now), now) for code, retention in retention_classes().items()]


def preview(code: str, before: datetime, now: datetime) -> Due:
    """What `erase` would erase. ErasureError: unknown class, or `before` lies within the time they must be kept."""
    retention = retention_classes().get(code)
    if retention is None:
        known = "、".join(retention_classes())
        raise ErasureError(f"没有保管类别 {code}，可用：{known} / there is no retention class {code!r}; known: {known}")
    if before > (limit := retention.kept_until(now)):
        raise ErasureError(
            f"{code} 须保管{retention.years}年，日期不得晚于 {limit:%Y-%m-%d}"
            f" / {code} is kept for {retention.years} years; the date must not be later than {limit:%Y-%m-%d}"
        )
    counts = {name: history.erasable(code, before) for name, history in histories.registered().items()}
    return Due(retention, before, counts)


def erase(code: str, before: datetime, by: str, now: datetime) -> int:
    """Erase what `preview` shows; returns how many. Each batch and its record commit together."""
    preview(code, before, now)
    total = 0
    for name, history in histories.registered().items():
        erased = _BATCH
        while erased == _BATCH:
            with transaction.atomic():
                erased = history.erase(code, before, now, _BATCH)
                if erased:
                    Erasure.objects.create(
                        history=name, retention=code, before=before, count=erased, user_name=by, at=now
                    )
            total += erased
    return total
