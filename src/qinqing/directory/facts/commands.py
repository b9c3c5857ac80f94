"""Commands of facts: `qinqing facts check | list | import | withdraw | recount`."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from qinqing.directory.facts import choosing, imports, recording
from qinqing.directory.facts.dictionary import BadDictionary, Book, book, load, paths
from qinqing.directory.models import ImportBatch, Observation
from qinqing.lib.cli import Cli, CommandError
from qinqing.lib.identifiers import Invalid
from qinqing.lib.labels import LANGUAGES, Label, speaking
from qinqing.lib.wallclock import CHINA, now


def add_commands(cli: Cli) -> None:
    checking = cli.command("facts", "check", _check, help="检查事实字典 check the dictionary of facts", database=False)
    checking.add_argument(
        "files", nargs="*", type=Path, metavar="FILE", help="on top of the shipped one; default: in force"
    )
    listing = cli.command("facts", "list", _list, help="列出事实 list facts with types, units, sources", database=False)
    bringing = cli.command("facts", "import", _import, help="导入事实 one source's figures: preview, then record")
    bringing.add_argument("file", type=Path, help="CSV, XLSX or Parquet; one company a row, columns named after facts")
    bringing.add_argument("--source", required=True, help="the department that states them, as tax")
    bringing.add_argument("--period", default="", help="2025, 2025Q3 or 2025-07, where no column says it")
    bringing.add_argument(
        "--observed", default="", metavar="DAY", help="the day the figures are of, where it is not today: dated "
        "figures are kept for their day even where nothing changed",
    )  # fmt: skip
    bringing.add_argument(
        "--map", action="append", default=[], metavar="列名=fact", help="fact, fact@wan, fact@fen, or - to leave it out"
    )
    bringing.add_argument("--confirm", action="store_true", help="record the rows without fault (else nothing changes)")
    back = cli.command("facts", "withdraw", _withdraw, help="撤回一次导入 take back all that an import recorded")
    back.add_argument("batch", type=int, help="the number of the import")
    back.add_argument("--reason", default="", help="why; kept for ever")
    back.add_argument("--confirm", action="store_true", help="take it back (else it only shows how much)")
    again = cli.command("facts", "recount", _recount, help="重算现值 choose all current values anew")
    for parser in (checking, listing, bringing, back, again):
        parser.add_argument("--lang", choices=LANGUAGES, default="zh")
    for parser in (listing, bringing):
        parser.add_argument("--json", action="store_true", help="print JSON")


def _check(arguments: argparse.Namespace) -> int:
    """Exit code 1 when something is wrong, each fault as file:line:column."""
    with speaking(arguments.lang):
        files = [paths(settings.COUNTY)[0], *arguments.files] if arguments.files else paths(settings.COUNTY)
        found, faults = load(files)
        for fault in faults:
            print(fault)
        if found is not None:
            derived = sum(bool(fact.year_before) for fact in found.facts.values())
            zh = f"✓ {len(found.facts)}项事实（其中{derived}项为上年数），{len(found.sources)}个来源部门"
            en = f"✓ {len(found.facts)} facts ({derived} of the year before), {len(found.sources)} sources"
            print(Label(zh, en), *files, sep="\n  ")
        return 1 if faults else 0


def _list(arguments: argparse.Namespace) -> None:
    known = _book()
    if arguments.json:
        print(json.dumps([as_json(known, name) for name in known.facts], ensure_ascii=False, indent=1))
        return
    with speaking(arguments.lang):
        for code, group in known.groups.items():
            print(f"\n{group}")
            for fact in (fact for fact in known.facts.values() if fact.group == code):
                words = [fact.type.value, *([str(fact.unit)] if fact.unit else []), fact.period, fact.sensitivity]
                sources = ">".join(fact.sources) or "directory"
                print(f"  {fact.id:30} {fact.label}  [{', '.join(words)}]  {sources}")
                if fact.codes:
                    print(f"  {'':30}   {'、'.join(f'{code}={label}' for code, label in fact.codes.items())}")


def as_json(known: Book, name: str) -> dict[str, Any]:
    """A fact as `list --json` and the API give it."""
    fact = known.facts[name]
    return {
        "id": fact.id,
        "label": fact.label.as_json(),
        "type": fact.type.value,
        "unit": fact.unit.as_json() if fact.unit else None,
        "places": fact.places,
        "codes": {code: label.as_json() for code, label in fact.codes.items()},
        "period": fact.period,
        "sources": list(fact.sources),
        "sensitivity": fact.sensitivity,
        "year_before": fact.year_before or None,
        "from_directory": bool(fact.from_party),
    }


def _import(arguments: argparse.Namespace) -> int:
    """Preview, and with --confirm record to the end. Exit code 1 when rows were at fault."""
    mapping = dict(pair.partition("=")[::2] for pair in arguments.map)
    if not all(mapping.values()):
        raise CommandError("--map takes 列名=fact, as --map 研发=rd_expense@wan")
    if not arguments.file.is_file():
        raise CommandError(f"{arguments.file}: there is no such file")
    _book()
    try:
        batch = imports.preview(
            arguments.file, arguments.file.name, source=arguments.source, now=now(), period=arguments.period,
            at=_day(arguments.observed), mapping=mapping,
            progress=lambda rows: _progress(f"checked {rows:,} companies"),
        )  # fmt: skip
        if arguments.confirm:
            imports.confirm(batch.pk, now())
            while imports.run_batch(batch.pk, now()):
                batch.refresh_from_db(fields=["done", "total"])
                _progress(f"recorded {batch.done:,} of {batch.total:,} companies ({100 * batch.done // batch.total} %)")
    except (Invalid, recording.Unfit) as error:
        label = error.label if isinstance(error, Invalid) else error.detail
        raise CommandError(f"{arguments.file}: {label.zh} / {label.en}") from error
    _progress("")
    batch.refresh_from_db()
    if arguments.json:
        print(json.dumps({"batch": batch.pk, "state": batch.state, **batch.report}, ensure_ascii=False))
    else:
        _tell(batch)
    return 1 if batch.report["counts"]["bad"] else 0


def _withdraw(arguments: argparse.Namespace) -> int:
    batch = ImportBatch.objects.filter(pk=arguments.batch, kind=imports.KIND).first()
    if batch is None:
        raise CommandError(f"there is no import of facts number {arguments.batch}")
    if batch.state == ImportBatch.State.RUNNING:
        raise CommandError(f"import {batch.pk} is still being recorded; wait until it is done")
    standing = Observation.objects.filter(statement__batch=batch, retracts=None).count()
    standing -= Observation.objects.filter(retracts__statement__batch=batch).count()
    if not arguments.confirm:
        print(
            f"import {batch.pk} ({batch.filename}): {standing:,} observations stand; --confirm --reason takes them back"
        )
        return 0
    if not arguments.reason.strip():
        raise CommandError("say why with --reason: it is kept with the retraction")
    done = recording.retract_import(batch.pk, now=now(), user_id=None, note=arguments.reason)
    print(f"taken back: {done:,} observations of import {batch.pk}")
    return 0


def _recount(arguments: argparse.Namespace) -> int:
    changed = choosing.recount(_book(), lambda done, total: _progress(f"{done:,} of {total:,} companies"))
    _progress("")
    print(f"{changed:,} current values changed")
    return 0


# ── private ──


def _book() -> Book:
    try:
        return book()
    except BadDictionary as error:
        raise CommandError(str(error)) from None


def _day(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=CHINA) if text else None
    except ValueError:
        raise CommandError(f"--observed {text}: write a day as 2026-03-31") from None


def _progress(text: str) -> None:
    """One line that rewrites itself, on a terminal only."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def _tell(batch: ImportBatch) -> None:
    report = batch.report
    print(f"import {batch.pk}: {_counted(report['counts'])} (bad: rows; others: figures)")
    if report["by_fact"]:
        print(f"by fact: {_counted(report['by_fact'])}")
    if report["ignored"]:
        print(f"columns not read: {'、'.join(report['ignored'])}")
    for change in report["changes"][:10]:
        at = f"row {change['row']}, {change['code']} {change['fact']} {change['period']}"
        print(f"{at}: {change['old']['zh']} → {change['new']['zh']}")
    for fault in report["faults"][:20]:
        print(
            f"row {fault['row']}, {fault['column']} {fault['value']!r}: {fault['mend']['zh']} / {fault['mend']['en']}"
        )
    if report["fault_count"] > 20:
        print(f"... {report['fault_count']:,} bad cells in all: {imports.faults_file(batch)}")
    if batch.state == ImportBatch.State.PREVIEW:
        print("nothing was recorded; add --confirm to record the rows without fault")
    else:
        print(f"recorded: {_counted(report['applied'])}")
