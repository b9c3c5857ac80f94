"""Commands of the directory: `qinqing directory import | load-county`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from django.conf import settings

from qinqing.directory import county, imports
from qinqing.directory.facts.commands import add_commands as add_fact_commands
from qinqing.directory.models import ImportBatch
from qinqing.lib.cli import Cli, CommandError
from qinqing.lib.identifiers import Invalid
from qinqing.lib.wallclock import now


def add_commands(cli: Cli) -> None:
    command = cli.command(
        "directory", "import", run_import, help="companies from a CSV or XLSX file: preview, then apply"
    )
    command.add_argument("file", type=Path, help="CSV (UTF-8 or GB18030) or XLSX, headers in one of its first ten rows")
    command.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="列名=field",
        help="which fact a column holds, where its header is not recognised; field - leaves it out, field!clear lets "
        "empty cells erase known values",
    )
    command.add_argument(
        "--confirm", action="store_true", help="apply the rows without fault (else nothing is changed)"
    )
    command.add_argument("--json", action="store_true", help="print one JSON object")
    command = cli.command(
        "directory", "load-county", run_load_county, help="units and officers from the county's folder"
    )
    command.add_argument(
        "path", type=Path, nargs="?", default=None, help="folder or units.yaml (default: QINQING_COUNTY)"
    )
    command.add_argument("--json", action="store_true", help="print one JSON object")
    add_fact_commands(cli)


def run_import(arguments: argparse.Namespace) -> int:
    """Preview, and with --confirm apply to the end. Exit code 1 when rows were at fault."""
    mapping = dict(pair.partition("=")[::2] for pair in arguments.map)
    if not all(mapping.values()):
        raise CommandError("--map takes 列名=field, as --map 公司=name")
    if not arguments.file.is_file():
        raise CommandError(f"{arguments.file}: there is no such file")
    try:
        batch = imports.preview(
            arguments.file,
            arguments.file.name,
            now(),
            mapping=mapping,
            progress=lambda rows: _progress(f"checked {rows:,} rows"),
        )
    except Invalid as error:
        raise CommandError(f"{arguments.file}: {error.label.zh} / {error.label.en}") from error
    if arguments.confirm:
        imports.confirm(batch.pk, now())
        while imports.run_batch(batch.pk, now()):
            batch.refresh_from_db(fields=["done", "total"])
            _progress(f"applied {batch.done:,} of {batch.total:,} rows ({batch.done * 100 // max(batch.total, 1)} %)")
    _progress("")
    batch.refresh_from_db()
    _print(batch, as_json=arguments.json)
    return 1 if batch.report["counts"]["bad"] else 0


def run_load_county(arguments: argparse.Namespace) -> int:
    """Load the county's units and officers; loading again changes nothing."""
    path = arguments.path or settings.COUNTY
    try:
        loaded = county.load_county(path, now())
    except county.CountyError as error:
        raise CommandError(str(error)) from error
    if arguments.json:
        print(json.dumps({"counts": dict(loaded.counts), "not_named": list(loaded.not_named)}, ensure_ascii=False))
        return 0
    print("; ".join(f"{name}: {count}" for name, count in sorted(loaded.counts.items())))
    if loaded.not_named:
        print(f"units in the database that the file does not name: {', '.join(loaded.not_named)}")
    return 0


def _progress(text: str) -> None:
    """One line that rewrites itself, on a terminal only."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def _print(batch: ImportBatch, *, as_json: bool) -> None:
    report = batch.report
    if as_json:
        about = {"batch": batch.pk, "state": batch.state, "columns": batch.mapping, "done": batch.done}
        print(json.dumps({**about, **report, "faults_file": str(imports.faults_file(batch))}, ensure_ascii=False))
        return
    counts = report["counts"]
    print(f"new {counts['new']:,}, changed {counts['changed']:,}, same {counts['same']:,}, bad {counts['bad']:,}")
    if report["changed_fields"]:
        print("changed: " + ", ".join(f"{name} {rows:,}" for name, rows in report["changed_fields"].items()))
    if report["ignored"]:
        print(f"columns not read: {'、'.join(report['ignored'])}")
    for fault in report["faults"][:20]:
        print(
            f"row {fault['row']}, {fault['column']} {fault['value']!r}: {fault['mend']['zh']} / {fault['mend']['en']}"
        )
    if report["fault_count"] > 20:
        print(f"... {report['fault_count']:,} bad cells in all: {imports.faults_file(batch)}")
    if batch.state == ImportBatch.State.PREVIEW:
        print("nothing was changed; add --confirm to apply the rows without fault")
    else:
        applied = report["applied"]
        print(f"applied: new {applied['new']:,}, changed {applied['changed']:,}, same {applied['same']:,}")
