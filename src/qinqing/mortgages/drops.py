"""文件报送: a small bank's sheet of settlements and reversals, read with every bad cell named. Nothing counts before a
colleague of the bank has confirmed it (`entering.py`). The same rows again are the same events again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from qinqing.accounts.actor import Actor
from qinqing.directory import sheet_reading
from qinqing.directory.models import Unit
from qinqing.directory.sheet_cells import choice, moment, text
from qinqing.directory.sheet_imports import InColumn, out_columns
from qinqing.lib.labels import Label
from qinqing.mortgages import entering, wire
from qinqing.mortgages.models import BankEvent
from qinqing.mortgages.models_doors import Submission
from qinqing.mortgages.selectors_doors import CLERK
from qinqing.ui.sheets import Sheet

MOST_ROWS = 500
KINDS = {"settled": Label("结清", "Settled"), "reversed": Label("冲正", "Reversed")}
EXTENTS = {wire.FULL: Label("全部", "Full"), wire.PART: Label("部分", "Part")}
COLUMNS = (
    InColumn(
        "kind", Label("事项", "What"), Label("结清或冲正", "settled or reversed"), choice(KINDS), required=True,
        width=10, show=lambda value: KINDS[value],
    ),
    InColumn(
        "certificate", Label("不动产登记证明号", "Mortgage certificate"),
        Label("结清必填，与登记证明上完全一致", "Required of a settlement, exactly as on the certificate"), text(60),
        width=34,
    ),
    InColumn(
        "unit_number", Label("不动产单元号", "Property unit number"),
        Label("结清必填，28位", "Required of a settlement, 28 characters"), text(40), width=32,
    ),
    InColumn(
        "loan_number", Label("贷款合同号", "Loan number"),
        Label("登记簿记载贷款合同号的须填写", "Where the register holds one"), text(80), width=22,
    ),
    InColumn(
        "creditor_code", Label("抵押权人统一社会信用代码", "Creditor's credit code"),
        Label("空格表示本行；代公积金中心报送的填其代码", "Empty is your own bank; the fund's where you speak for it"),
        text(40), width=24,
    ),
    InColumn(
        "extent", Label("结清范围", "Extent"), Label("全部或部分，空格表示全部", "full or part; empty is full"),
        choice(EXTENTS), width=10, show=lambda value: EXTENTS[value],
    ),
    InColumn(
        "happened_at", Label("发生时间", "Time"), Label("如2026-09-29 15:20", "such as 2026-09-29 15:20"), moment,
        required=True, width=18, kind="moment",
    ),
    InColumn(
        "reverses", Label("冲正的事件编号", "Event it reverses"),
        Label("冲正必填：原结清的事件编号", "Required of a reversal: the id of the settlement"), text(200), width=30,
    ),
    InColumn(
        "event_id", Label("业务流水号", "Reference"),
        Label("本行的唯一编号；空格则由系统按内容编号", "Your unique id; empty: one is made of the content"), text(128),
        width=24,
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Read:
    """A sheet: rows that can be sent, faults of the others (as they are kept), headers nobody reads."""

    rows: list[entering.Row]
    faults: list[dict[str, Any]]
    ignored: tuple[str, ...]


def template() -> Sheet:
    """The sheet to be filled in."""
    note = Label(
        f"填写后上传；最多{MOST_ROWS}行，列名请勿改动；由本行复核员确认后才报送",
        f"Fill it in and upload it; at most {MOST_ROWS} rows, headers as they are; sent once a checker has confirmed",
    )
    return Sheet(Label("结清报送表", "Settlements"), out_columns(COLUMNS), (), note)


def upload(actor: Actor, bank: Unit, path: Path, filename: str, now: datetime) -> Submission:
    """Keep what a sheet says as a draft. Raises lib.identifiers.Invalid when it is no such table."""
    entering.need(actor, bank.pk, CLERK)
    found = read(bank, path, Path(filename).suffix.lower(), now)
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return Submission.objects.create(
        bank=bank, via=BankEvent.Via.FILE, filename=Path(filename).name[:200], sha256=sha256, rows=found.rows,
        faults=found.faults, state=Submission.State.DRAFT, entered_by_id=entering.user_of(actor), entered_at=now,
    )  # fmt: skip


def read(bank: Unit, path: Path, suffix: str, now: datetime) -> Read:
    """Every row checked as `entering` checks one. Raises lib.identifiers.Invalid naming the file's fault."""
    found = sheet_reading.read(path, suffix, COLUMNS, MOST_ROWS)
    rows: list[entering.Row] = []
    faults = [_fault(each.row, each.column, each.value, each.mend) for row in found.rows for each in row.faults]
    for row in found.rows:
        if not row.faults:
            rows.append(entering.row_of(row.values["kind"], row.values, row.values["happened_at"], row.number))
    known = entering.known_events(bank, rows)
    sound: list[entering.Row] = []
    first: dict[str, int] = {}
    for each in rows:
        wrong = entering.check(bank, each, known, now)
        if not wrong and (at := first.setdefault(each["event_id"], each["number"])) != each["number"]:
            wrong = {"event_id": Label(f"与第{at}行重复，请只保留一行", f"The same as row {at}; keep one of them")}
        if wrong:
            at = each["number"]
            faults += [_fault(at, _header(found, name), each.get(name), mend) for name, mend in wrong.items()]
        else:
            sound.append(each)
    return Read(sound, sorted(faults, key=lambda fault: fault["row"]), found.ignored)


def again(submission: Submission) -> set[str]:
    """Event ids of its rows that were sent before: confirming does nothing more for them."""
    return set(entering.known_events(submission.bank, submission.rows))


# ── private ──


def _header(found: sheet_reading.Found, name: str) -> str:
    labels: Mapping[str, str] = {column.name: column.label.zh for column in COLUMNS}
    return found.headers.get(name, labels.get(name, name))


def _fault(row: int, column: str, value: object, mend: Label) -> dict[str, Any]:
    return {"row": row, "column": column, "value": str(value or "")[:80], "mend": list(mend)}
