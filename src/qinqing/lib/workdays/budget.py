"""How long something may take (时限). Three kinds that never mix, because the law counts them differently."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from qinqing.lib.labels import Label

WORKING_DAYS, OFFICE_HOURS, ELAPSED = "working_days", "office_hours", "elapsed"
KINDS = (WORKING_DAYS, OFFICE_HOURS, ELAPSED)
_SPAN = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?", re.ASCII)
_WHOLE = re.compile(r"\d+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit. `amount`, at least 1: days for `working_days`, whole minutes for `office_hours` and `elapsed`."""

    kind: str
    amount: int

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(
                Label(
                    f"没有“{self.kind}”这种时限；可写{'、'.join(KINDS)}",
                    f"there is no limit of kind {self.kind!r}; write one of {', '.join(KINDS)}",
                )
            )
        if type(self.amount) is not int or self.amount < 1:
            raise ValueError(
                Label(
                    f"{self.kind}应为不小于1的整数，现为{self.amount!r}",
                    f"{self.kind} takes a whole number from 1 up, not {self.amount!r}",
                )
            )

    @classmethod
    def parse(cls, value: Mapping[str, Any] | str) -> Budget:
        """From YAML: `{working_days: 3}`, `{office_hours: 2}` (hours, may be 0.5) or `{elapsed: 1h30m}`; from text:
        `"working_days: 3"` or the canonical JSON. Raises ValueError, which says what is wrong and how to write it."""
        if isinstance(value, str):
            if value.lstrip().startswith("{"):
                return cls.from_canonical(value)
            name, colon, rest = value.partition(":")
            return cls.parse({name.strip(): rest.strip()} if colon else {})
        if not isinstance(value, Mapping) or len(value) != 1:
            raise ValueError(
                Label(
                    "时限应只写一种，如 {working_days: 3}、{office_hours: 2} 或 {elapsed: 1h30m}",
                    "a limit names one kind, like {working_days: 3}, {office_hours: 2} or {elapsed: 1h30m}",
                )
            )
        ((kind, amount),) = value.items()
        if kind == OFFICE_HOURS:
            return cls(kind, _minutes_of_hours(amount))
        if kind == ELAPSED:
            return cls(kind, _minutes_of_span(amount))
        if isinstance(amount, str) and _WHOLE.fullmatch(amount):
            amount = int(amount)
        return cls(kind, amount)

    def canonical(self) -> str:
        """Canonical JSON: sorted keys, no blanks. Two equal budgets have the same text."""
        return f'{{"amount":{self.amount},"kind":"{self.kind}"}}'

    @classmethod
    def from_canonical(cls, text: str) -> Budget:
        """The budget whose `canonical()` is `text`. Raises ValueError."""
        try:
            value = json.loads(text)
            return cls(value["kind"], value["amount"])
        except (KeyError, TypeError, json.JSONDecodeError) as error:
            raise ValueError(
                Label(f"不是规范写法的时限：{text!r}", f"not the canonical text of a limit: {text!r}")
            ) from error

    def __add__(self, other: Budget) -> Budget:
        """Both limits one after the other (延期). Raises ValueError for different kinds."""
        if self.kind != other.kind:
            raise ValueError(
                Label(
                    f"{self.kind}与{other.kind}不能相加；延期须用同一种时限",
                    f"{self.kind} and {other.kind} do not add up; extend a limit by its own kind",
                )
            )
        return Budget(self.kind, self.amount + other.amount)

    @property
    def text(self) -> Label:
        """For people: 3个工作日, 2小时（办公时间）, 1天6小时."""
        if self.kind == WORKING_DAYS:
            return Label(f"{self.amount}个工作日", f"{self.amount} working day{'' if self.amount == 1 else 's'}")
        if self.kind == OFFICE_HOURS:
            span = span_text(self.amount)
            return Label(f"{span.zh}（办公时间）", f"{span.en} of office time")
        return span_text(self.amount, days=True)


def span_text(minutes: int, *, days: bool = False) -> Label:
    """Minutes as 5小时10分 / 40分钟 / 3小时; with `days`, 24 hours read as 1天."""
    whole, minutes = divmod(minutes, 1440) if days else (0, minutes)
    hours, minutes = divmod(minutes, 60)
    zh = (f"{whole}天" if whole else "") + (f"{hours}小时" if hours else "")
    if minutes or not zh:
        zh += f"{minutes}分" if zh else f"{minutes}分钟"
    parts = [f"{n} {unit}" for n, unit in ((whole, "d"), (hours, "h"), (minutes, "min")) if n]
    return Label(zh, " ".join(parts) or "0 min")


def _minutes_of_hours(hours: Any) -> int:
    try:
        minutes = None if isinstance(hours, bool) else Decimal(str(hours)) * 60
    except InvalidOperation:
        minutes = None
    if minutes is None or not minutes.is_finite() or minutes < 1 or minutes != int(minutes):
        raise ValueError(
            Label(
                f"office_hours是小时数，须合整分钟，如2或0.5，现为{hours!r}",
                f"office_hours is a number of hours that makes whole minutes, like 2 or 0.5, not {hours!r}",
            )
        )
    return int(minutes)


def _minutes_of_span(span: Any) -> int:
    match = _SPAN.fullmatch(span.replace(" ", "")) if isinstance(span, str) else None
    days, hours, minutes = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    total = days * 1440 + hours * 60 + minutes
    if total < 1:
        raise ValueError(
            Label(
                f"elapsed写作天、小时、分钟，如2d、1h30m、5m，现为{span!r}",
                f"elapsed is written in days, hours and minutes, like 2d, 1h30m or 5m, not {span!r}",
            )
        )
    return total
