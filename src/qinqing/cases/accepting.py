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


def fill(db: CursorWrapper, spec: Procedure, act: Act | None, action: str, data: Mapping[str, Any]) -> forms.Filled:
    fields, optional = forms.fields_of(spec, act, action)
    try:
        filled = forms.fill(fields, optional, data)
    except forms.Bad as bad:
        raise Incomplete(bad.fields) from None
    faults = {}
    for item in fields:
        if item.type in {"unit", "units"} and item.name in filled.set:
            chosen = filled.set[item.name] if item.type == "units" else [filled.set[item.name]]
            if any(
                not writing.scalar(db, "SELECT 1 FROM directory_unit WHERE id=%s AND closed_on IS NULL", [u])
                for u in chosen
            ):
                faults[item.name] = Label(
                    f"“{item.label.zh}”中有不存在或已撤销的单位", f"{item.label.en}: unknown or closed unit"
                )
        if item.type == "officer" and not writing.scalar(
            db, "SELECT 1 FROM directory_officer WHERE user_id=%s", [filled.set[item.name]]
        ):
            faults[item.name] = Label("请从本单位人员中选择", "Choose somebody of your unit")
    if faults:
        raise Incomplete(faults)
    return filled


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
    if key is None:
        return None
    if not (1 <= len(key) <= 60 and key.isascii() and key.isprintable()):
        raise Incomplete(
            {"idempotency_key": Label("幂等键为1至60个可见字符", "An idempotency key is 1 to 60 visible characters")}
        )
    return f"{actor.user_id or 0}:{key}"


def happened_at(actor: Actor, now: datetime, occurred_at: datetime | None) -> datetime:
    if occurred_at is None:
        return now
    if actor.kind != "system" or occurred_at > now:
        raise Refused(Label("只有历史导入可以写入过去的时间", "Only an import of history may write past times"))
    return occurred_at
