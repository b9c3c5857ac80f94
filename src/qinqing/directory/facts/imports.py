"""导入事实 (CSV, XLSX, Parquet): one source's figures read and checked, shown, and recorded only after confirmation.

As the import of companies (`directory.imports`): `preview` names every bad cell and says what would change; the rows
without fault are written beside the upload; after `confirm` they are recorded some hundreds at a time, each time in one
transaction with how far it came. A crash loses nothing, and the same file again changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from qinqing.accounts.models import User
from qinqing.directory.company_rows import Fault
from qinqing.directory.facts import recording, values
from qinqing.directory.facts.dictionary import FactDef, book, dictionary
from qinqing.directory.facts.periods import text_of
from qinqing.directory.facts.recording import Compared, Said
from qinqing.directory.facts.table_columns import FactColumns, FactRow, check_row
from qinqing.directory.facts.table_files import open_table
from qinqing.directory.imports import SHOWN_CHANGES, SHOWN_FAULTS, confirm, drop, faults_file
from qinqing.directory.models import ImportBatch, Party
from qinqing.directory.services import REGISTERED, day_of
from qinqing.directory.tables import Unreadable, write_csv
from qinqing.lib.identifiers import Invalid
from qinqing.lib.labels import Label

__all__ = ["confirm", "drop", "faults_file", "preview", "run_batch", "run_pending"]
KIND = "facts_file"
ROWS_AT_ONCE = 300  # companies in one transaction: a quarter of a second of the database with thirty facts each
Progress = Callable[[int], None]


def preview(
    path: Path,
    filename: str,
    *,
    source: str,
    now: datetime,
    period: str = "",
    at: datetime | None = None,
    user: User | None = None,
    mapping: Mapping[str, str] | None = None,
    progress: Progress = lambda rows: None,
) -> ImportBatch:
    """Read and check a table in which each row is a company; nothing is recorded. The report in `ImportBatch.report`:

    `counts` (cells: new, changed, confirmed, same; rows: bad), `by_fact` (fact -> cells new or changed), `faults` (the
    first 200; all in `faults_file`), `fault_count`, `changes` (the first 50), `ignored` headers, and `source`,
    `period`, `at` as given. Raises Invalid when it is no such table, and Unfit for a source that may not state it.
    """
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    suffix = Path(filename).suffix.lower()
    stored_as = f"{sha256[:16]}-{secrets.token_hex(6)}{suffix}"
    folder = Path(settings.HOME) / "imports"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, folder / stored_as)
    given = {"source": source, "period": period, "at": at.isoformat() if at else None}
    batch = ImportBatch(
        kind=KIND, filename=Path(filename).name[:200], sha256=sha256, stored_as=stored_as, created_by=user,
        created_at=now, report=given,
    )  # fmt: skip
    try:
        _check(batch, folder / stored_as, mapping or {}, now, progress)
    except (Invalid, recording.Unfit):
        for left in (folder / stored_as, _rows_file(batch), faults_file(batch)):
            left.unlink(missing_ok=True)
        raise
    batch.save()
    return batch


def run_pending(now: datetime) -> bool:
    """Record the next rows of the oldest confirmed file. True when there is more to do: call again at once."""
    running = ImportBatch.objects.filter(kind=KIND, state=ImportBatch.State.RUNNING).order_by("pk")
    first = running.values_list("pk", flat=True).first()
    return first is not None and (run_batch(first, now) or running.exists())


@recording.uncollected()
@transaction.atomic
def run_batch(batch_id: int, now: datetime) -> bool:
    """Record the next rows of a confirmed file, in one transaction with its progress. True while rows are left."""
    batch = ImportBatch.objects.select_for_update().get(pk=batch_id, kind=KIND)
    if batch.state != ImportBatch.State.RUNNING:  # another worker was faster
        return False
    with _rows_file(batch).open("rb") as file:
        file.seek(batch.offset)
        rows = [json.loads(line) for line in islice(file, ROWS_AT_ONCE)]
        batch.offset = file.tell()
    counts, _ = recording.record(
        [Said(party_id, *one) for party_id, said in rows for one in said],
        source=batch.report["source"],
        now=now,
        at=_moment(batch),
        user_id=batch.created_by_id,
        batch=batch,
    )
    batch.report["applied"] = dict(Counter(batch.report.get("applied", {})) + counts)
    batch.done += len(rows)
    if batch.done >= batch.total:
        batch.state = ImportBatch.State.DONE
    batch.save(update_fields=["offset", "report", "done", "state"])
    return batch.state == ImportBatch.State.RUNNING


# ── private ──


@recording.uncollected()
def _check(batch: ImportBatch, path: Path, mapping: Mapping[str, str], now: datetime, progress: Progress) -> None:
    """Read the stored file, write the sound rows and all faults beside it, fill the batch's report."""
    table = open_table(path, path.suffix, book(), mapping)
    report = batch.report
    _may_state(table.columns, report["source"], now)
    rows = _known(_once(_read(table.rows, table.columns, report["period"], day_of(now)), table.columns))
    counts: Counter[str] = Counter({"new": 0, "changed": 0, "confirmed": 0, "same": 0, "bad": 0})
    by_fact: Counter[str] = Counter()
    faults: list[Fault] = []
    changes: list[dict[str, Any]] = []
    seen = 0
    with _rows_file(batch).open("w", encoding="utf-8") as file:
        while some := list(islice(rows, ROWS_AT_ONCE)):
            faults += [fault for row, _ in some for fault in row.faults]
            sound = [(row, party) for row, party in some if party is not None]
            counts["bad"] += len(some) - len(sound)
            said = {row.number: [recording.said(*_of(one, party)) for one in row.said] for row, party in sound}
            numbers = [number for number, each in said.items() for _ in each]
            codes = {row.number: row.code for row, _ in sound}
            found = recording.compare(
                [one for each in said.values() for one in each], source=report["source"], now=now, at=_moment(batch)
            )
            counts.update(each.status for each in found)
            by_fact.update(each.said.fact for each in found if each.status in {"new", "changed"})
            changes += _examples(numbers, codes, found) if len(changes) < SHOWN_CHANGES else []
            file.writelines(_line(party, said[row.number]) for row, party in sound)
            batch.total += len(sound)
            seen += len(some)
            progress(seen)
    if not seen:
        raise Unreadable("表头之下没有数据行", "There are no rows below the header")
    header = ["行", "列", "值", "如何更正", "How to mend"]
    write_csv(faults_file(batch), header, ([f.row, f.column, f.value, f.mend.zh, f.mend.en] for f in faults))
    batch.mapping = {column.header: f"{column.fact.id}@{column.unit}" for column in table.columns.facts}
    report |= {
        "counts": dict(counts),
        "by_fact": dict(by_fact),
        "fault_count": len(faults),
        "faults": [fault.as_json() for fault in faults[:SHOWN_FAULTS]],
        "changes": changes[:SHOWN_CHANGES],
        "ignored": table.columns.ignored,
    }


def _may_state(columns: FactColumns, source: str, now: datetime) -> None:
    """Unfit at once when the source may not state one of the columns."""
    recording.compare([Said(0, column.fact.kept_as, 0, None) for column in columns.facts], source=source, now=now)


def _read(rows: Iterable[tuple[int, list[Any]]], columns: FactColumns, period: str, today: date) -> Iterator[FactRow]:
    return (check_row(number, cells, columns, period, today) for number, cells in rows)


def _once(rows: Iterable[FactRow], columns: FactColumns) -> Iterator[FactRow]:
    """The same rows; one that says something of a company and period that an earlier row has said is at fault."""
    first: dict[tuple[str, int], int] = {}
    years: dict[tuple[str, str, int], int] = {}  # where figures of the year before might meet those of another row
    for row in rows:
        faults = row.faults
        for key in {(row.code, period) for _, period, _ in row.said}:
            earlier = first.setdefault(key, row.number)
            faults = faults or ((_twice(row, earlier, columns),) if earlier != row.number else ())
        for fact, period, _ in row.said if columns.has_years_before and columns.period is not None else ():
            key_of = (row.code, fact.kept_as, period - 100 if fact.year_before else period)
            earlier = years.setdefault(key_of, row.number)
            faults = faults or ((_twice(row, earlier, columns),) if earlier != row.number else ())
        yield FactRow(row.number, row.code, faults=faults) if faults else row


def _twice(row: FactRow, earlier: int, columns: FactColumns) -> Fault:
    mend = Label(
        f"该企业同一报告期的数据在第{earlier}行已有，请只保留一处",
        f"Row {earlier} has figures of the same company and period already; keep one of them",
    )
    return Fault(row.number, columns.header[columns.code], row.code, mend)


def _known(rows: Iterator[FactRow]) -> Iterator[tuple[FactRow, int | None]]:
    """Each row with its company; a company that is not in the directory is a fault, and then there is none."""
    while some := list(islice(rows, ROWS_AT_ONCE)):
        codes = [row.code for row in some if not row.faults]
        found = Party.objects.filter(credit_code__in=codes, kind__in=REGISTERED)
        known = dict(found.values_list("credit_code", "pk"))
        for row in some:
            if row.faults or row.code in known:
                yield row, None if row.faults else known[row.code]
            else:
                mend = Label(
                    "名录中没有这家企业，请先导入企业", "The company is not in the directory; import companies first"
                )
                yield FactRow(row.number, row.code, faults=(Fault(row.number, "", row.code, mend),)), None


def _of(one: tuple[FactDef, int, Any], party: int | None) -> tuple[FactDef, int, int, Any]:
    fact, period, value = one
    return fact, party or 0, period, value


def _line(party: int | None, said: list[Said]) -> str:
    return json.dumps([party, [[one.fact, one.period, one.value] for one in said]], ensure_ascii=False) + "\n"


def _examples(numbers: list[int], codes: Mapping[int, str], found: list[Compared]) -> Iterator[dict[str, Any]]:
    for number, each in zip(numbers, found, strict=True):
        if each.status == recording.CHANGED:
            fact = dictionary()[each.said.fact]
            yield {
                "row": number,
                "code": codes[number],
                "fact": fact.id,
                "period": text_of(each.said.period),
                "old": values.words(fact, values.from_kept(fact, each.before)).as_json(),
                "new": values.words(fact, values.from_kept(fact, each.said.value)).as_json(),
            }


def _moment(batch: ImportBatch) -> datetime | None:
    return datetime.fromisoformat(batch.report["at"]) if batch.report["at"] else None


def _rows_file(batch: ImportBatch) -> Path:
    return Path(settings.HOME) / "imports" / f"{batch.stored_as}.rows"
