"""Import of companies (导入) from CSV and XLSX: read and check, show, and only after confirmation apply.

`preview` reads the file, names every bad cell and says what would be new, changed or the same; it changes no party. It
writes the rows without fault to a file beside the upload. After `confirm` the worker calls `run_pending`, which applies
one batch of rows per transaction and stores how far it came in that same transaction: after a crash it continues where
it stopped, and the same file imported again changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from qinqing.accounts.models import User
from qinqing.directory.company_rows import Columns, Fault, Row, check_row, find_columns, with_duplicates
from qinqing.directory.facts.marks import next_mark
from qinqing.directory.models import FormerName, ImportBatch, Party
from qinqing.directory.services import Unfit, day_of
from qinqing.directory.tables import Cell, Unreadable, read_table, write_csv
from qinqing.lib.identifiers import Invalid
from qinqing.lib.labels import Label
from qinqing.lib.names import normal

ROWS_AT_ONCE = 1_000  # a quarter of a second of the database to itself, so that people at the pages get their turn
SHOWN_FAULTS, SHOWN_CHANGES = 200, 50
_COMPARED = (
    *("kind", "name", "short_name", "phone", "status", "registered_on", "region", "town", "address"),
    *("industry", "staff", "revenue_fen", "assets_fen"),
)
Progress = Callable[[int], None]


def preview(
    path: Path,
    filename: str,
    now: datetime,
    *,
    user: User | None = None,
    mapping: Mapping[str, str] | None = None,
    progress: Progress = lambda rows: None,
) -> ImportBatch:
    """Read and check a table of companies; no party is changed. The report stands in `ImportBatch.report`:

    `counts` (new, changed, same, bad), `changed_fields` (field -> rows), `faults` (the first 200; all of them in
    `faults_file(batch)`), `fault_count`, `changes` (the first 50), `ignored` (headers not read).
    `mapping`: column header -> field, see company_rows.find_columns. Raises Invalid when it is no such table.
    """
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    suffix = Path(filename).suffix.lower()
    stored_as = f"{sha256[:16]}-{secrets.token_hex(6)}{suffix}"
    shutil.copyfile(path, _folder() / stored_as)
    batch = ImportBatch(
        kind="companies", filename=Path(filename).name[:200], sha256=sha256, stored_as=stored_as, created_by=user
    )
    try:
        _check(batch, day_of(now), mapping or {}, progress)
    except Invalid:
        (_folder() / stored_as).unlink(missing_ok=True)
        raise
    batch.created_at = now
    batch.save()
    return batch


@transaction.atomic
def recheck(batch_id: int, mapping: Mapping[str, str], now: datetime) -> ImportBatch:
    """Preview the same file again with other columns. Raises Invalid, and Unfit when it is already confirmed."""
    batch = _batch(batch_id, ImportBatch.State.PREVIEW)
    _check(batch, day_of(now), mapping, lambda rows: None)
    batch.save()
    return batch


@transaction.atomic
def confirm(batch_id: int, now: datetime) -> ImportBatch:
    """Let the rows without fault be applied. Confirming a running or finished batch again is no error."""
    batch = _batch(batch_id, *set(ImportBatch.State) - {ImportBatch.State.DROPPED})
    if batch.state == ImportBatch.State.PREVIEW:
        batch.state = ImportBatch.State.RUNNING
        batch.save(update_fields=["state"])
    return batch


@transaction.atomic
def drop(batch_id: int, now: datetime) -> ImportBatch:
    """Give a previewed batch up; its files are removed."""
    batch = _batch(batch_id, ImportBatch.State.PREVIEW)
    batch.state = ImportBatch.State.DROPPED
    batch.save(update_fields=["state"])
    for path in (_folder() / batch.stored_as, _rows_file(batch), faults_file(batch)):
        path.unlink(missing_ok=True)
    return batch


def run_pending(now: datetime) -> bool:
    """Apply the next rows of the oldest confirmed batch. True when there is more to do: call again at once."""
    running = ImportBatch.objects.filter(kind="companies", state=ImportBatch.State.RUNNING)
    batch_id = running.order_by("pk").values_list("pk", flat=True)
    first = batch_id.first()
    return first is not None and (run_batch(first, now) or batch_id.exists())


@transaction.atomic
def run_batch(batch_id: int, now: datetime) -> bool:
    """Apply the next rows of a confirmed batch, in one transaction with its progress. True while rows are left."""
    batch = ImportBatch.objects.select_for_update().get(pk=batch_id)
    if batch.state != ImportBatch.State.RUNNING:  # another worker was faster
        return False
    with _rows_file(batch).open("rb") as file:
        file.seek(batch.offset)
        rows = [json.loads(line) for line in islice(file, ROWS_AT_ONCE)]
        batch.offset = file.tell()
    applied = Counter(batch.report.get("applied", {}))
    applied.update(apply_rows(rows, now))
    batch.report["applied"] = dict(applied)
    batch.done += len(rows)
    if batch.done >= batch.total:
        batch.state = ImportBatch.State.DONE
    batch.save(update_fields=["offset", "report", "done", "state"])
    return batch.state == ImportBatch.State.RUNNING


@transaction.atomic
def apply_rows(rows: Sequence[Mapping[str, Any]], now: datetime) -> Counter[str]:
    """Bring checked rows (facts by the names of Party's columns, dates as ISO text or date) into the directory.

    A fact that is not in a row stays as it was. A changed name leaves a former name. Returns counts of new, changed
    and same. Credit codes must be checked and differ within `rows`.
    """
    mark = next_mark()
    known = {
        party.credit_code: party
        for party in Party.objects.select_for_update().filter(credit_code__in=[row["credit_code"] for row in rows])
    }
    counts: Counter[str] = Counter(new=0, changed=0, same=0)
    written, former = [], []
    for row in rows:
        values = _typed(row)
        party = known.get(values["credit_code"])
        if party is None:
            counts["new"] += 1
            written.append(Party(kind=_kind_of(values), **{k: v for k, v in values.items() if k != "kind"}))
        elif changes := _changes({name: getattr(party, name) for name in _COMPARED}, values):
            counts["changed"] += 1
            if "name" in changes:
                former.append(_former(party, day_of(now)))
            for name, (_, value) in changes.items():
                setattr(party, name, value)
            party.pk = None  # written by its credit code
            written.append(party)
        else:
            counts["same"] += 1
    for party in written:
        party.name_norm, party.updated_at, party.facts_mark = normal(party.name), now, mark
    FormerName.objects.bulk_create(former)
    Party.objects.bulk_create(
        written,
        update_conflicts=True,
        unique_fields=["credit_code"],
        update_fields=[*_COMPARED, "name_norm", "updated_at", "facts_mark"],
    )
    return counts


def faults_file(batch: ImportBatch) -> Path:
    """CSV of every bad cell of a batch (row, column, value, mend in both languages), safe to open in a spreadsheet."""
    return _folder() / f"{batch.stored_as}.faults.csv"


def header_of(batch: ImportBatch) -> list[str]:
    """The column headers of a previewed file, for choosing columns."""
    return list(batch.report["header"])


# ── private ──


def _check(batch: ImportBatch, today: date, mapping: Mapping[str, str], progress: Progress) -> None:
    """Read the stored file, write the rows without fault and all faults beside it, fill the batch's report."""
    numbered = enumerate(read_table(_folder() / batch.stored_as), 1)
    columns = _header(numbered, mapping)
    at = next(index for index, name in columns.fields.items() if name == "credit_code")
    rows = (check_row(number, cells, columns, today) for number, cells in numbered if cells)
    counts: Counter[str] = Counter(new=0, changed=0, same=0, bad=0)
    changed_fields: Counter[str] = Counter()
    faults: list[Fault] = []
    changes: list[dict[str, Any]] = []
    checked = with_duplicates(rows, columns.header[at])
    with _rows_file(batch).open("w", encoding="utf-8") as file:
        while chunk := list(islice(checked, ROWS_AT_ONCE)):
            faults += [fault for row in chunk for fault in row.faults]
            counts["bad"] += sum(bool(row.faults) for row in chunk)
            good = [row for row in chunk if not row.faults]
            for row, difference in _compared(good):
                counts["new" if difference is None else "changed" if difference else "same"] += 1
                changed_fields.update(list(difference or ()))
                changes += _examples(row, difference or {}) if len(changes) < SHOWN_CHANGES else []
            file.writelines(json.dumps(row.values, ensure_ascii=False) + "\n" for row in good)
            progress(sum(counts.values()))
    if not counts.total():
        raise Unreadable("表头之下没有数据行", "There are no rows below the header")
    write_csv(
        faults_file(batch),
        ["行", "列", "值", "如何更正", "How to mend"],
        ([fault.row, fault.column, fault.value, fault.mend.zh, fault.mend.en] for fault in faults),
    )
    batch.total = counts.total() - counts["bad"]
    batch.mapping = {columns.header[i]: _target(columns, name) for i, name in columns.fields.items()}
    batch.report = {
        "counts": dict(counts),
        "changed_fields": dict(changed_fields),
        "fault_count": len(faults),
        "faults": [fault.as_json() for fault in faults[:SHOWN_FAULTS]],
        "changes": changes[:SHOWN_CHANGES],
        "header": list(columns.header),
        "ignored": list(columns.ignored),
    }


def _header(numbered: Iterator[tuple[int, list[Cell]]], mapping: Mapping[str, str]) -> Columns:
    """The first of the upper rows that reads as a header: offices often put a title above it."""
    first: Invalid | None = None
    widest = 0
    for _, cells in islice(numbered, 10):
        try:
            return find_columns(cells, mapping)
        except Invalid as error:
            if len([cell for cell in cells if cell is not None]) > widest:
                first, widest = error, len(cells)
    raise first or Unreadable("文件是空的", "The file is empty")


def _compared(rows: list[Row]) -> Iterator[tuple[Row, dict[str, tuple[Any, Any]] | None]]:
    """Each row with its changes against what is known; None: the company is new."""
    codes = [row.values["credit_code"] for row in rows]
    found = Party.objects.filter(credit_code__in=codes).values("credit_code", *_COMPARED)
    known = {party["credit_code"]: party for party in found}
    for row in rows:
        before = known.get(row.values["credit_code"])
        yield row, None if before is None else _changes(before, _typed(row.values))


def _changes(before: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {name: (before[name], values[name]) for name in _COMPARED if name in values and before[name] != values[name]}


def _examples(row: Row, difference: Mapping[str, tuple[Any, Any]]) -> Iterable[dict[str, Any]]:
    for name, (old, new) in difference.items():
        texts = ["" if value is None else str(value) for value in (old, new)]
        yield {"row": row.number, "code": row.values["credit_code"], "field": name, "old": texts[0], "new": texts[1]}


def _typed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as Party keeps them: a fact to be cleared (None) becomes NULL, or empty text where there is no NULL."""
    typed = dict(values)
    for name, value in values.items():
        if value is None and not Party._meta.get_field(name).null:
            typed[name] = ""
    day = typed.get("registered_on")
    if isinstance(day, str):
        typed["registered_on"] = date.fromisoformat(day)
    return typed


def _kind_of(values: Mapping[str, Any]) -> str:
    """As the row says; else by the code, whose first two characters are 92 for a sole trader (GB 32100-2015)."""
    by_code = Party.Kind.SOLE_TRADER if values["credit_code"].startswith("92") else Party.Kind.COMPANY
    return str(values.get("kind") or by_code)


def _former(party: Party, today: date) -> FormerName:
    """The day of the change is not in the file: the old name was last known to be in use yesterday."""
    return FormerName(
        party_id=party.pk, name=party.name, name_norm=party.name_norm, starts_on=None, ends_on=today - timedelta(days=1)
    )


def _target(columns: Columns, name: str) -> str:
    return f"{name}!clear" if name in columns.clear else name


def _batch(batch_id: int, *states: str) -> ImportBatch:
    batch = ImportBatch.objects.select_for_update().get(pk=batch_id)
    if batch.state not in states:
        label = ImportBatch.State(batch.state).label
        raise Unfit(Label(f"本批次{label}，不能再改", f"This import is {batch.state} and cannot be changed"))
    return batch


def _folder() -> Path:
    folder = Path(settings.HOME) / "imports"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _rows_file(batch: ImportBatch) -> Path:
    return _folder() / f"{batch.stored_as}.rows"
