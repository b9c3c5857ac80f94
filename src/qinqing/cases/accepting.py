"""受理检查: what every write checks before it decides: the form, the parent, the key, the time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.backends.utils import CursorWrapper

from qinqing.accounts.actor import Actor
from qinqing.cases import forms, writing
from qinqing.cases.procedure import Act, Procedure
from qinqing.cases.refusals import Incomplete, Refused
from qinqing.lib.labels import Label


def fill(
    db: CursorWrapper, spec: Procedure, act: Act | None, action: str, data: Mapping[str, Any], unit: int | None = None
) -> forms.Filled:
    """The form of an act, read and whole; units and officers chosen exist. `unit`: whose task it is done at.

    Raises Incomplete naming every faulty field."""
    fields, optional = forms.fields_of(spec, act, action)
    try:
        filled = forms.fill(fields, optional, data)
    except forms.Bad as bad:
        raise Incomplete(bad.fields) from None
    faults = {}
    for item in fields:
        chosen = filled.set.get(item.name)
        if item.type in {"unit", "units"} and chosen and not _units_stand(db, chosen):
            zh = f"“{item.label.zh}”中有不存在或已撤销的单位，请重新选择"
            faults[item.name] = Label(zh, f"{item.label.en}: an unknown or closed unit; choose again")
        if item.type == "officer" and chosen and not writing.scalar(db, writing.COLLEAGUE, [chosen, unit]):
            faults[item.name] = Label("请从本单位在岗人员中选择", "Choose somebody who holds a post in your unit")
    if faults:
        raise Incomplete(faults)
    return filled


def _units_stand(db: CursorWrapper, chosen: int | list[int]) -> bool:
    ids = [chosen] if isinstance(chosen, int) else chosen
    marks = ",".join(["%s"] * len(ids))
    standing = writing.scalar(db, f"{writing.UNITS_STANDING} ({marks})", ids)
    return bool(standing == len(set(ids)))


def check_parent(db: CursorWrapper, parent_id: int | None) -> None:
    """Lock the parent, so that it cannot close while a child opens."""
    if parent_id is None:
        return
    parent = writing.lock_case(db, parent_id)
    if parent is None or parent.outcome:
        raise Refused(
            Label("上级办件已办结，不能再立下级办件", "The case above is closed; nothing can be opened below it")
        )


def scoped_key(actor: Actor, key: str | None) -> str | None:
    """The idempotency key as stored: each person has keys of their own. Raises Incomplete."""
    if key is None:
        return None
    if not (1 <= len(key) <= 60 and key.isascii() and key.isprintable()):
        raise Incomplete(
            {"idempotency_key": Label("幂等键为1至60个可见字符", "An idempotency key is 1 to 60 visible characters")}
        )
    return f"{actor.user_id or 0}:{key}"


def happened_at(actor: Actor, now: datetime, occurred_at: datetime | None) -> datetime:
    """When it happened: now, except for history that the system brings in. Raises Refused."""
    if occurred_at is None:
        return now
    if actor.kind != "system" or occurred_at > now:
        raise Refused(Label("只有历史导入可以写入过去的时间", "Only an import of history may write past times"))
    return occurred_at
