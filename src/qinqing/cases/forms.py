"""表单: what came in with an act, against the fields its procedure declares. Pure.

Choices, units, numbers and dates are part of the case's state; texts and phone numbers are personal and go to the
payload only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from qinqing.cases.procedure import Act, Field, Procedure
from qinqing.lib.labels import Label

TEXTS = frozenset({"text", "phone"})

STANDARD_FIELDS: dict[str, tuple[Field, ...]] = {
    "note": (Field("note", "text", Label("记事", "Note"), 1000),),
    "attend": (Field("note", "text", Label("督办意见", "Supervision opinion"), 1000),),
    "refuse": (Field("reason", "text", Label("退回理由", "Reason for sending back"), 500),),
    "assign": (Field("officer", "officer", Label("转交给", "Hand to")),),
    "resume": (Field("reason", "text", Label("恢复计时的理由", "Why the clock runs again"), 500),),
}
"""Forms of the standard acts; every field is needed."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A whole form: `set` for the state, `texts` for the payload only."""

    set: dict[str, Any]
    texts: dict[str, str]


class Bad(ValueError):
    """Per field what is wrong and what to do."""

    def __init__(self, fields: dict[str, Label]) -> None:
        super().__init__("; ".join(label.zh for label in fields.values()))
        self.fields = fields


def fields_of(spec: Procedure, act: Act | None, action: str) -> tuple[tuple[Field, ...], frozenset[str]]:
    """(fields of the form in order, names of those that may be left empty)."""
    if act is None:
        return STANDARD_FIELDS.get(action, ()), frozenset()
    return tuple(spec.fields[name] for name in act.fields), frozenset(act.may)


def fill(fields: Iterable[Field], optional: frozenset[str], data: Mapping[str, Any]) -> Filled:
    """Read `data` (from a page's form, the API or a program). Raises Bad naming every faulty field at once."""
    filled, faults = Filled({}, {}), {}
    known = list(fields)
    for name in set(data) - {item.name for item in known}:
        faults[name] = Label(f"“{name}”不是这张表单的字段", f"“{name}” is not a field of this form")
    for item in known:
        raw = data.get(item.name)
        if isinstance(raw, str):
            raw = raw.replace("\r\n", "\n").strip()
        if raw is None or raw is False or raw in ("", []):
            if item.name not in optional:
                faults[item.name] = _missing(item)
            continue
        try:
            if not _readable(item, raw):
                raise _Fault(Label(f"“{item.label.zh}”的格式不对，请重新填写", f"{item.label.en}: fill it in again"))
            value = _READERS[item.type](item, raw)
        except _Fault as fault:
            faults[item.name] = fault.label
            continue
        target: dict[str, Any] = filled.texts if item.type in TEXTS else filled.set
        target[item.name] = value
    if faults:
        raise Bad(faults)
    return filled


class _Fault(Exception):
    def __init__(self, label: Label) -> None:
        super().__init__(label.zh)
        self.label = label


def _readable(item: Field, raw: Any) -> bool:
    """Whether it is what doors send: text or a whole number, several units as a list, a confirmation as yes."""
    values = raw if item.type == "units" and isinstance(raw, list | tuple) else [raw]
    return all(isinstance(v, str | int) and (not isinstance(v, bool) or item.type == "confirm") for v in values)


def _missing(item: Field) -> Label:
    verb_zh, verb_en = (
        ("请勾选", "tick")
        if item.type == "confirm"
        else (("请选择", "choose") if item.type in {"choice", "unit", "units", "officer"} else ("请填写", "fill in"))
    )
    return Label(f"{verb_zh}“{item.label.zh}”", f"Please {verb_en}: {item.label.en}")


def _text(item: Field, raw: Any) -> str:
    text = str(raw)
    if item.max and len(text) > item.max:
        over = len(text) - item.max
        raise _Fault(
            Label(
                f"“{item.label.zh}”超出{over}字，最多{item.max}字",
                f"{item.label.en}: {over} characters over {item.max}",
            )
        )
    if any(ord(character) < 32 and character not in "\n\t" for character in text) or "\x7f" in text:
        raise _Fault(
            Label(
                f"“{item.label.zh}”含有无法识别的控制字符，请重新输入",
                f"{item.label.en} holds control characters; type it again",
            )
        )
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise _Fault(
            Label(
                f"“{item.label.zh}”含有残缺的字符，请重新输入",
                f"{item.label.en} holds broken characters; type it again",
            )
        ) from None
    return text


def _phone(item: Field, raw: Any) -> str:
    digits = "".join(ch for ch in str(raw) if ch not in " -　")
    if not (digits.isascii() and digits.removeprefix("+").isdigit() and 7 <= len(digits) <= 15):
        raise _Fault(Label(f"“{item.label.zh}”应为7至15位数字", f"{item.label.en} should be 7 to 15 digits"))
    return digits


def _choice(item: Field, raw: Any) -> str:
    if str(raw) not in item.choices:
        allowed = "、".join(label.zh for label in item.choices.values())
        raise _Fault(Label(f"“{item.label.zh}”只能是{allowed}", f"{item.label.en}: one of {', '.join(item.choices)}"))
    return str(raw)


def _unit(item: Field, raw: Any) -> int:
    if not re.fullmatch("[0-9]{1,18}", str(raw)):
        raise _Fault(Label(f"“{item.label.zh}”请从名单中选择", f"{item.label.en}: choose from the list"))
    return int(raw)


def _units(item: Field, raw: Any) -> list[int]:
    values = [raw] if isinstance(raw, str | int) else raw
    return list(dict.fromkeys(_unit(item, value) for value in values))


def _number(item: Field, raw: Any) -> int:
    if not re.fullmatch("-?[0-9]{1,15}", str(raw)):
        raise _Fault(Label(f"“{item.label.zh}”应为整数", f"{item.label.en} should be a whole number"))
    if item.max is not None and int(raw) > item.max:
        raise _Fault(Label(f"“{item.label.zh}”不能大于{item.max}", f"{item.label.en} is {item.max} at most"))
    return int(raw)


def _date(item: Field, raw: Any) -> str:
    try:
        return date.fromisoformat(str(raw)).isoformat()
    except ValueError:
        raise _Fault(Label(f"“{item.label.zh}”应写成2026-09-30", f"{item.label.en} is written 2026-09-30")) from None


def _confirm(item: Field, raw: Any) -> bool:
    if raw is True or str(raw) in {"on", "true", "1"}:
        return True
    raise _Fault(_missing(item))


_READERS: dict[str, Callable[[Field, Any], object]] = {
    "text": _text,
    "phone": _phone,
    "choice": _choice,
    "unit": _unit,
    "officer": _unit,
    "units": _units,
    "number": _number,
    "date": _date,
    "confirm": _confirm,
}
