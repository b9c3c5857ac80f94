"""表格导入: small sheets of any kind that a wing registers, read, checked row by row, previewed, and applied when
somebody confirms; nothing is changed before. Large tables of companies have `imports`.

The uploaded file is kept until it is applied or given up. A preview is the file read against the database of this
moment, so it is always true; confirming says which preview was seen, and when the county has moved on meanwhile the new
preview is shown instead. Rows at fault are left out, all others are applied in one transaction, and the same file
imported again changes nothing, because each row is known by its key.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from qinqing.accounts.access import may_open
from qinqing.accounts.actor import Actor
from qinqing.directory import sheet_reading
from qinqing.directory.models import ImportBatch
from qinqing.directory.sheet_cells import Read, text
from qinqing.directory.sheet_reading import Fault, Found
from qinqing.lib.labels import Label
from qinqing.ui.errors import NotAllowed, NotFound, Problem
from qinqing.ui.sheets import Cell as OutCell
from qinqing.ui.sheets import Column, Sheet

MOST_ROWS = 5_000
KEPT_DAYS = 7  # previews that nobody confirmed; then their files go
NEW, CHANGED, SAME, BAD = "new", "changed", "same", "bad"


@dataclass(frozen=True, slots=True)
class InColumn:
    """要填的一列. `read` gives the value of a cell or raises `lib.identifiers.Invalid`; an empty cell is None, and
    clears what is known; a column missing in the file leaves it. `show` gives a value as a cell of the template."""

    name: str
    label: Label
    definition: Label
    read: Read = field(default_factory=lambda: text(200))
    required: bool = False
    width: int = 18
    kind: str = "text"  # of ui.sheets.Column
    clears: bool = True  # False: an empty cell leaves what is known, as if the column were missing
    show: Callable[[Any], OutCell] = lambda value: value


@dataclass(frozen=True, slots=True)
class Seen:
    """What the wing knows of a row: `before`, its present values by column (None: it would be new); `faults` by column
    that only the wing can find; `values` that replace those read (a person's name in its one spelling)."""

    before: Mapping[str, Any] | None = None
    faults: Mapping[str, Label] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)


Values = dict[str, Any]
Apply = Callable[[Actor, Sequence[Values], datetime], object]
Look = Callable[[Actor, Sequence[Values], datetime], Sequence[Seen]]


@dataclass(frozen=True, slots=True)
class Kind:
    """一种表."""

    name: str
    label: Label
    columns: Sequence[InColumn]
    apply: Apply  # new and changed rows, in the order of the file, inside a transaction; a Problem undoes all
    roles: str  # the route whose roles in the permissions table may import this kind
    key: Callable[[Values], Hashable]  # tells rows apart; None: this row can have no double
    look: Look
    current: Callable[[Actor, datetime], Iterable[Values]] | None = None  # the present list, to be edited and sent back
    most_rows: int = MOST_ROWS
    hint: Label | None = None  # shown above the upload

    @property
    def has_list(self) -> bool:
        """Whether the present list can be downloaded (templates would call `current` itself)."""
        return self.current is not None


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a preview: `status` new, changed, same or bad; `changes` column -> (before, after)."""

    number: int
    status: str
    values: Values
    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file would do. `seen` is the fingerprint that confirming gives back."""

    kind: Kind
    rows: Sequence[Row]
    ignored: tuple[str, ...]  # headers that are not read
    seen: str

    @property
    def counts(self) -> Counter[str]:
        found = Counter(dict.fromkeys((NEW, CHANGED, SAME, BAD), 0))
        found.update(row.status for row in self.rows)
        return found

    @property
    def to_apply(self) -> list[Row]:
        return [row for row in self.rows if row.status in {NEW, CHANGED}]


class MovedOn(Problem):
    status = 409
    code = "sheet-moved-on"
    title = Label("资料刚刚有变动", "The records have just changed")


class Closed(Problem):
    status = 409
    code = "sheet-closed"
    title = Label("这份表已处理过", "This sheet was dealt with already")


_kinds: dict[str, Kind] = {}


def register(
    kind: str,
    label: Label,
    columns: Sequence[InColumn],
    apply: Apply,
    *,
    roles: str,
    key: Callable[[Values], Hashable],
    look: Look,
    current: Callable[[Actor, datetime], Iterable[Values]] | None = None,
    most_rows: int = MOST_ROWS,
    hint: Label | None = None,
) -> None:
    """Add a kind of sheet; called in a wing's `apps.py: ready()`. `kind`: at most 20 letters and underscores.

    ValueError when the kind is registered already. See `Kind` for what the functions get and give."""
    if kind in _kinds or len(kind) > 20:
        raise ValueError(f"the kind of sheet {kind!r} is registered already, or longer than 20 letters")
    _kinds[kind] = Kind(kind, label, tuple(columns), apply, roles, key, look, current, most_rows, hint)


def kinds_for(actor: Actor) -> list[Kind]:
    """The kinds that the actor may import."""
    return [kind for kind in _kinds.values() if may_open(actor, kind.roles)]


def kind_of(name: str, actor: Actor) -> Kind:
    """Raises NotFound, and NotAllowed for one that is not the actor's to import."""
    if name not in _kinds:
        raise NotFound(Label("没有这一种表", "There is no such kind of sheet"))
    if not may_open(actor, _kinds[name].roles):
        raise NotAllowed(Label("您的岗位不能导入这种表", "Your post does not import this kind of sheet"))
    return _kinds[name]


def out_columns(columns: Iterable[InColumn]) -> list[Column]:
    """The same columns as a sheet is written with them."""
    must, clears = Label("必填。", "Required. "), Label("空格表示没有。", "Empty means none. ")
    leaves = Label("空格表示不变。", "Empty changes nothing. ")

    def rule(column: InColumn) -> Label:
        return must if column.required else clears if column.clears else leaves

    def cell(column: InColumn, values: Values) -> OutCell:
        value = values.get(column.name)
        return None if value is None else column.show(value)

    return [
        Column(
            column.label,
            Label(*(a + b for a, b in zip(rule(column), column.definition, strict=True))),
            partial(cell, column),
            column.width,
            column.kind,
        )
        for column in columns
    ]


def template(kind: Kind, rows: Iterable[Values]) -> Sheet:
    """The sheet to be filled in, empty or with the present list."""
    note = Label(
        f"填写后在“导入表格”中上传；最多{kind.most_rows:,}行，列名请勿改动",
        f"Fill it in and upload it under “Import a sheet”; at most {kind.most_rows:,} rows, headers as they are",
    )
    return Sheet(kind.label, out_columns(kind.columns), rows, note)


def upload(path: Path, filename: str, kind: Kind, actor: Actor, now: datetime) -> ImportBatch:
    """Keep a file, to be confirmed. Raises Invalid when it is no such table; nothing is kept then."""
    suffix = Path(filename).suffix.lower()
    checked = check(path, suffix, kind, actor, now)
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    stored_as = f"{sha256[:16]}-{secrets.token_hex(6)}{suffix}"
    shutil.copyfile(path, _folder() / stored_as)
    _forget(now)
    return ImportBatch.objects.create(
        kind=kind.name, filename=Path(filename).name[:200], sha256=sha256, stored_as=stored_as,
        created_by_id=actor.user_id, created_at=now, total=len(checked.to_apply), report={"counts": checked.counts},
    )  # fmt: skip


def check(path: Path, suffix: str, kind: Kind, actor: Actor, now: datetime) -> Preview:
    """Read a file and say of each row what it would do. Raises Invalid when it is no table of this kind."""
    found = sheet_reading.read(path, suffix, kind.columns, kind.most_rows)
    rows = _looked_up(_without_doubles(found.rows, kind, found), kind, found, actor, now)
    told = repr([(row.number, row.status, sorted(row.changes.items()), row.values) for row in rows])
    return Preview(kind, rows, found.ignored, hashlib.sha256(told.encode()).hexdigest())


def preview(batch: ImportBatch, actor: Actor, now: datetime) -> Preview:
    """What a kept file would do now."""
    path = _folder() / batch.stored_as
    if batch.state != ImportBatch.State.PREVIEW or not path.exists():
        raise Closed(Label("这份表已导入或已放弃，请重新上传", "It was applied or given up; upload it again"))
    return check(path, path.suffix, kind_of(batch.kind, actor), actor, now)


def confirm(batch_id: int, seen: str, actor: Actor, now: datetime) -> Counter[str]:
    """Apply the sound rows, all in one transaction; gives the counts. Confirming again what was applied is no error.

    Raises MovedOn when the preview that was `seen` is no longer what would happen, Closed, and what `apply` raises."""
    with transaction.atomic():
        batch = ImportBatch.objects.select_for_update().get(pk=batch_id)
        if batch.state == ImportBatch.State.DONE:
            return Counter(batch.report["counts"])
        checked = preview(batch, actor, now)
        if checked.seen != seen:
            raise MovedOn(
                Label(
                    "在您核对期间，相关资料有变动；下面是现在的核对结果，请再看一遍后确认",
                    "The records changed meanwhile; below is what would happen now. Look again and confirm",
                )
            )
        checked.kind.apply(actor, [row.values for row in checked.to_apply], now)
        batch.state, batch.done = ImportBatch.State.DONE, len(checked.to_apply)
        batch.total, batch.report = batch.done, {"counts": checked.counts}
        batch.save(update_fields=["state", "done", "total", "report"])
    (_folder() / batch.stored_as).unlink(missing_ok=True)  # it may hold personal data; what it said is in the records
    return checked.counts


def drop(batch_id: int) -> None:
    """Give a file up; nothing of it is applied."""
    with transaction.atomic():
        batch = ImportBatch.objects.select_for_update().get(pk=batch_id)
        if batch.state != ImportBatch.State.PREVIEW:
            raise Closed(Label("这份表已导入，不能放弃", "It was applied and cannot be given up"))
        batch.state = ImportBatch.State.DROPPED
        batch.save(update_fields=["state"])
    (_folder() / batch.stored_as).unlink(missing_ok=True)


# ── private ──


def _without_doubles(rows: Sequence[sheet_reading.ReadRow], kind: Kind, found: Found) -> list[Row]:
    """Sound rows and those at fault; a row whose key stood in an earlier row is at fault and names that row."""
    first: dict[Hashable, int] = {}
    result = []
    for row in rows:
        faults = row.faults
        key = None if faults else kind.key(row.values)
        if key is not None and (earlier := first.setdefault(key, row.number)) != row.number:
            mend = Label(f"与第{earlier}行重复，请只保留一行", f"The same as row {earlier}; keep one of them")
            faults = (Fault(row.number, found.header(kind.columns[0].name), str(key)[:80], mend),)
        result.append(Row(row.number, BAD if faults else NEW, row.values, faults=faults))
    return result


def _looked_up(rows: list[Row], kind: Kind, found: Found, actor: Actor, now: datetime) -> list[Row]:
    sound = [row for row in rows if row.status != BAD]
    known = iter(kind.look(actor, [dict(row.values) for row in sound], now) if sound else ())
    return [row if row.status == BAD else _compared(row, next(known), found) for row in rows]


def _compared(row: Row, seen: Seen, found: Found) -> Row:
    values = {**row.values, **seen.values}
    if seen.faults:
        faults = tuple(
            Fault(row.number, found.header(name), str(row.values.get(name) or "")[:80], mend)
            for name, mend in seen.faults.items()
        )
        return replace(row, status=BAD, values=values, faults=faults)
    if seen.before is None:
        return replace(row, values=values)
    before = seen.before
    changes = {name: (before[name], new) for name, new in values.items() if name in before and before[name] != new}
    return replace(row, status=CHANGED if changes else SAME, values=values, changes=changes)


def _forget(now: datetime) -> None:
    """Give up previews that nobody came back to, so that their files do not stay."""
    old = ImportBatch.objects.filter(
        kind__in=_kinds, state=ImportBatch.State.PREVIEW, created_at__lt=now - timedelta(days=KEPT_DAYS)
    )
    for batch_id in old.values_list("pk", flat=True):
        drop(batch_id)


def _folder() -> Path:
    folder = Path(settings.HOME) / "imports"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
