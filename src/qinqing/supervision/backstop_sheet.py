"""信访登记号导入: numbers that the petition system gave, by case number, for matters waiting to be explained."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import datetime

from qinqing.accounts.actor import Actor
from qinqing.directory.services import day_of
from qinqing.directory.sheet_cells import day, text
from qinqing.directory.sheet_imports import InColumn, Seen, Values, register
from qinqing.lib.labels import Label
from qinqing.supervision.models import Backstop

KIND = "petition_records"
TITLE = Label("信访系统登记号", "Petition record numbers")
COLUMNS = (
    InColumn(
        "number", Label("办件编号", "Case number"),
        Label("本平台的办件编号，该件须已决定无法办理", "Our number of a matter that was decided as unable"),
        text(40), required=True,
    ),
    InColumn(
        "petition_no", Label("信访登记号", "Petition number"),
        Label("信访系统给出的登记号，照录", "The number that the petition system gave, as it stands there"),
        text(40), required=True, width=24,
    ),
    InColumn(
        "petition_on", Label("登记日期", "Recorded on"),
        Label("在信访系统登记的日期，如2026-09-30", "The day it was recorded there, such as 2026-09-30"),
        day, required=True, kind="day",
    ),
)  # fmt: skip


def key(row: Values) -> Hashable:
    return str(row["number"])


def look(actor: Actor, rows: Sequence[Values], now: datetime) -> list[Seen]:
    """Only matters of the backstop, and none whose explanation named another number already."""
    known = {
        found.case.number: found
        for found in Backstop.objects.select_related("case").filter(case__number__in=[row["number"] for row in rows])
    }
    return [_seen(known.get(row["number"]), row, now) for row in rows]


def apply(actor: Actor, rows: Sequence[Values], now: datetime) -> None:
    """Keep the numbers; they stand in the form of who explains."""
    for row in rows:
        Backstop.objects.filter(case__number=row["number"]).update(
            petition_no=row["petition_no"], petition_on=row["petition_on"], imported_at=now, imported_by=actor.user_id
        )


def add_kind() -> None:
    """Called at start-up."""
    hint = Label(
        "登记号只能由信访系统给出；导入后自动填入“登记并解释”，由经办人核对",
        "Only the petition system gives these numbers; they are filled in for whoever explains, to be checked",
    )
    register(KIND, TITLE, COLUMNS, apply, roles="supervision:backstop", key=key, look=look, hint=hint)


def _seen(found: Backstop | None, row: Values, now: datetime) -> Seen:
    if found is None:
        fault = Label(
            "没有这件备案兜底的办件，请核对编号", "No matter of this number was decided as unable; check the number"
        )
        return Seen(None, {"number": fault})
    faults = {}
    if row["petition_on"] > day_of(now):
        faults["petition_on"] = Label("晚于今天，请核对", "Later than today; check it")
    if found.explained_at and found.petition_no != row["petition_no"]:
        faults["petition_no"] = Label(
            f"该件已按登记号{found.petition_no}解释，不能改", f"It was explained under {found.petition_no} already"
        )
    if faults or not found.petition_no:
        return Seen(None, faults)
    return Seen({"number": row["number"], "petition_no": found.petition_no, "petition_on": found.petition_on})
