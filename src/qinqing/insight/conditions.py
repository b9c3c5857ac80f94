"""条件: what an indicator asks of a case's figures: (column, op, value), combined by all and any. Pure but for Q.

A deliberately small language: it can only compare columns of `columns.py` with fixed values or named moments, so a
county may write its own definitions and nothing can run away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q

from qinqing.insight.columns import COLUMNS
from qinqing.lib.labels import Label

Condition = Mapping[str, Any]  # {column, op, value} or {all: [...]} or {any: [...]}
MOMENTS = ("now", "tomorrow", "start", "end")  # now; the end of today; the period's bounds
OPS: dict[str, tuple[str, ...]] = {  # op -> kinds of column it is for
    "is": ("text", "number", "flag"),
    "is_not": ("text", "number"),
    "in": ("text", "number"),
    "lt": ("moment", "number", "money"),
    "le": ("moment", "number", "money"),
    "gt": ("moment", "number", "money"),
    "ge": ("moment", "number", "money"),
    "known": ("moment", "flag", "number", "money", "unit"),
}
_TYPES: dict[str, tuple[type, ...]] = {"text": (str,), "number": (int,), "money": (int,), "flag": (bool,)}


def query(condition: Condition, moments: Mapping[str, datetime]) -> Q:
    """The condition as a query on `CaseFigure`. Raises KeyError for a moment that is not given."""
    if "all" in condition or "any" in condition:
        both, parts = "all" in condition, condition.get("all", condition.get("any", ()))
        found = query(parts[0], moments)
        for part in parts[1:]:
            found = found & query(part, moments) if both else found | query(part, moments)
        return found
    column, op, value = condition["column"], condition["op"], condition["value"]
    if COLUMNS[column].kind == "moment" and op != "known":
        value = moments[value]
    if op == "is":
        return Q(**{column: value})
    if op == "is_not":
        return ~Q(**{column: value})
    if op == "known":
        return Q(**{f"{column}__isnull": not value})
    return Q(**{f"{column}__{'lte' if op == 'le' else 'gte' if op == 'ge' else op}": value})


def speaks_of(condition: Condition, column: str, value: str) -> bool:
    """Whether it names this value of the column."""
    return any(part["column"] == column and value in ([part["value"]] if part["op"] == "is" else part["value"])
               for part in _plain(condition) if part["op"] in {"is", "in"})  # fmt: skip


def moments_in(condition: Condition) -> set[str]:
    """The named moments that it compares with."""
    return {str(part["value"]) for part in _plain(condition) if COLUMNS[part["column"]].kind == "moment"
            and part["op"] != "known"}  # fmt: skip


def faults(condition: Condition, place: str) -> Iterator[tuple[str, Label]]:
    """(place, what is wrong) of a condition whose form is right: columns, ops and values that fit each other."""
    if "all" in condition or "any" in condition:
        name = "all" if "all" in condition else "any"
        for number, part in enumerate(condition[name]):
            yield from faults(part, f"{place}.{name}.{number}")
        return
    column = COLUMNS.get(condition["column"])
    if column is None:
        known = "、".join(COLUMNS)
        yield (
            f"{place}.column",
            Label(f"没有列{condition['column']}；可用：{known}", f"no column {condition['column']}; known are {known}"),
        )
        return
    if column.kind not in OPS[condition["op"]]:
        fitting = ", ".join(op for op, kinds in OPS.items() if column.kind in kinds)
        yield (
            f"{place}.op",
            Label(
                f"列{condition['column']}（{column.kind}）不能用{condition['op']}；可用：{fitting}",
                f"{condition['op']} is not for {condition['column']} ({column.kind}); use {fitting}",
            ),
        )
        return
    if told := _wrong_value(column.kind, condition["op"], condition["value"]):
        yield f"{place}.value", told


def _wrong_value(kind: str, op: str, value: Any) -> Label | None:
    if op == "known":
        return None if isinstance(value, bool) else Label("known的值为true或false", "known takes true or false")
    if kind == "moment":
        names = "、".join(MOMENTS)
        return None if value in MOMENTS else Label(f"时间只与{names}比较", f"times are compared with {names} only")
    values = value if op == "in" and isinstance(value, list) else [value]
    if op == "in" and not isinstance(value, list):
        return Label("in的值为列表 [a, b]", "in takes a list [a, b]")
    right = all(isinstance(one, _TYPES[kind]) and (kind == "flag" or not isinstance(one, bool)) for one in values)
    return None if right else Label(f"值的类型应为{kind}", f"the value must be of kind {kind}")


def _plain(condition: Condition) -> Iterator[Condition]:
    parts = condition.get("all", condition.get("any"))
    if parts is None:
        yield condition
    for part in parts or ():
        yield from _plain(part)
