"""Commands of the kernel: `qinqing procedures check|draw|list|load|move`, `calendar import`, `cases reindex`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from timeit import repeat
from typing import Any

from django.conf import settings

from qinqing.cases import indexing, library, passing_time, shelf
from qinqing.cases.checker import PROVED, Finding, Known, notes
from qinqing.cases.drawing import DrawingError, draw
from qinqing.cases.library import Rejected, Source
from qinqing.cases.models import Case
from qinqing.cases.models import Procedure as StoredProcedure
from qinqing.cases.moving import move, preview
from qinqing.cases.procedure import Procedure
from qinqing.cases.reading import parse
from qinqing.lib.cli import Cli, CommandError
from qinqing.lib.labels import LANGUAGES, Label, speaking
from qinqing.lib.wallclock import now
from qinqing.lib.workdays import CalendarError
from qinqing.ui.errors import Problem


def add_commands(cli: Cli) -> None:
    checking = cli.command(
        "procedures", "check", _check, help="检查流程定义 prove that no case can strand", database=False
    )
    checking.add_argument("files", nargs="*", type=Path, metavar="FILE", help="default: every procedure installed")
    checking.add_argument("--json", action="store_true", help="one JSON object instead of text")
    drawing = cli.command("procedures", "draw", _draw, help="画流程图 draw a procedure as SVG", database=False)
    drawing.add_argument("what", metavar="CODE|FILE")
    drawing.add_argument("--out", type=Path, metavar="FILE.svg", help="default: standard output")
    listing = cli.command("procedures", "list", _list, help="列出流程 list procedures and their files", database=False)
    loading = cli.command("procedures", "load", _load, help="装入流程 store the present versions, all or none")
    loading.add_argument("files", nargs="*", type=Path, metavar="FILE", help="default: every procedure installed")
    moving = cli.command("procedures", "move", _move, help="换版 move open cases to another version; shows first")
    moving.add_argument("code", metavar="CODE")
    moving.add_argument("--to", type=int, required=True, metavar="VERSION")
    moving.add_argument("--case", metavar="NUMBER", help="only this case")
    moving.add_argument("--confirm", action="store_true", help="move those that can be moved")
    moving.add_argument("--lang", choices=LANGUAGES, default="zh")
    calendar = cli.command("calendar", "import", _import_calendar, help="启用工作日历 put a calendar file into force")
    calendar.add_argument("file", type=Path, metavar="FILE")
    calendar.add_argument("--lang", choices=LANGUAGES, default="zh")
    again = cli.command("cases", "reindex", _reindex, help="重建检索索引 build the search index again")
    for parser in (checking, drawing, listing, loading, again):
        parser.add_argument("--lang", choices=LANGUAGES, default="zh")


@dataclass(frozen=True, slots=True)
class _Result:
    """What came of one file; `ms` is the time of the proof alone."""

    source: Source
    procedure: Procedure | None
    findings: list[Finding]
    ms: float

    def as_json(self) -> dict[str, Any]:
        proved = self.procedure is not None and not self.findings
        return {
            "file": str(self.source.path),
            "code": self.source.code,
            "version": self.procedure.version if self.procedure else None,
            "ok": proved,
            "ms": round(self.ms, 3),
            "proved": [rule for rule, _ in PROVED] if proved else [],
            "findings": [_as_json(finding) for finding in self.findings],
            "notes": [_as_json(note) for note in notes(self.procedure)] if self.procedure and proved else [],
        }


def _as_json(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "place": finding.place,
        "line": finding.line,
        "column": finding.column,
        "text": finding.text.as_json(),
    }


def _check(arguments: argparse.Namespace) -> int:
    with speaking(arguments.lang):
        known = _known()
        results = [_examine(source, known) for source in _sources(arguments.files)]
        if arguments.json:
            whole = {"ok": not any(r.findings for r in results), "procedures": [r.as_json() for r in results]}
            print(json.dumps(whole, ensure_ascii=False, indent=2))
        else:
            for result in results:
                _tell(result)
        return 1 if any(result.findings for result in results) else 0


def _examine(source: Source, known: Known) -> _Result:
    procedure, findings = library.examine(source.text, known)
    if procedure is None:
        return _Result(source, None, findings, 0.0)
    seconds = min(repeat(lambda: library.prove(procedure, known), number=1, repeat=5))  # the quickest: least disturbed
    return _Result(source, procedure, findings, seconds * 1000)


def _tell(result: _Result) -> None:
    procedure, source = result.procedure, result.source
    if procedure is None or result.findings:
        count = len(result.findings)
        print(f"✗ {source.code}  {Label(f'有{count}处问题，不能装入', f'{count} fault(s); it cannot be loaded')}")
        for finding in result.findings:
            print(f"  {library.line(source.path, finding)}")
        return
    stages, ends, acts = len(procedure.stages), len(procedure.closed), sum(1 for _ in procedure.all_acts())
    size = Label(f"{stages}个环节、{ends}种办结、{acts}个动作", f"{stages} stages, {ends} closed ends, {acts} acts")
    print(f"✓ {procedure.title} {procedure.code}@{procedure.version}  {size}  {result.ms:.2f} ms  {source.path}")
    proved = [str(proves) for _, proves in PROVED]
    print(f"  {Label('已证明：', 'proved: ')}{str(Label('；', '; ')).join(proved)}")
    for note in notes(procedure):
        print(f"  {Label('说明', 'note')} {note.place}: {note.text}")


def _draw(arguments: argparse.Namespace) -> int:
    path = Path(arguments.what)
    found = [_read(path)] if path.suffix == ".yaml" or path.exists() else _sources([])
    source = next((s for s in found if path.suffix == ".yaml" or s.code == arguments.what or s.path == path), None)
    if source is None:
        codes = ", ".join(s.code for s in found)
        raise CommandError(f"没有流程“{arguments.what}”，现有：{codes}。no such procedure; there are: {codes}")
    with speaking(arguments.lang):
        procedure, findings = library.examine(source.text, _known())
        if procedure is None:
            raise CommandError("\n".join(library.line(source.path, finding) for finding in findings))
        try:
            svg = draw(procedure, language=arguments.lang)
        except DrawingError as error:
            raise CommandError(str(error)) from None
    if arguments.out is None:
        print(svg)
        return 0
    try:
        arguments.out.write_text(svg, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"写不了{arguments.out}：{error}。cannot write it") from None
    print(arguments.out)
    return 0


def _list(arguments: argparse.Namespace) -> None:
    with speaking(arguments.lang):
        for source in _sources([]):
            try:
                procedure = parse(source.text)
                title = f"{procedure.title} {procedure.code}@{procedure.version}"
            except Exception:  # a list shows what is there; `check` says what is wrong with it
                title = f"{source.code} {Label('（读不通，见check）', '(cannot be read, see check)')}"
            instead = f"  {Label('替换', 'replaces')} {source.replaces}" if source.replaces else ""
            print(f"{title}  {source.path}{instead}")


def _load(arguments: argparse.Namespace) -> None:
    """Nothing is stored unless every definition is proved."""
    with speaking(arguments.lang):
        known = _known()
        try:
            procedures = [library.load(source.text, source.path, known) for source in _sources(arguments.files)]
            for procedure in procedures:
                new = shelf.store(procedure, now())
                state = Label("已装入", "stored") if new else Label("已有", "there already")
                print(f"{procedure.code}@{procedure.version} {state}")
        except Rejected as error:
            raise CommandError(str(error)) from None
        except Problem as error:
            raise CommandError(str(error.detail)) from None


def _move(arguments: argparse.Namespace) -> int:
    """Preview, and with --confirm move; exit code 1 when some cannot be moved."""
    with speaking(arguments.lang):
        try:
            found = [m for m in preview(arguments.code, arguments.to) if arguments.case in {None, m.number}]
        except StoredProcedure.DoesNotExist:
            raise CommandError(
                str(Label("没有装入{what}", "{what} is not loaded").format(what=f"{arguments.code}@{arguments.to}"))
            ) from None
        for one in found:
            if one.obstacles:
                print(f"{one.number}  {Label('不能换版', 'cannot be moved')}: {'；'.join(map(str, one.obstacles))}")
            elif arguments.confirm:
                move(one.case_id, arguments.code, arguments.to, now())
                print(f"{one.number}  {Label('已换版', 'moved')}")
            else:
                print(f"{one.number}  {Label('可以换版', 'can be moved')}")
        return 1 if any(one.obstacles for one in found) else 0


def _import_calendar(arguments: argparse.Namespace) -> None:
    """Store the revision, and let every open case follow it, each change an event."""
    with speaking(arguments.lang):
        try:
            row = passing_time.import_calendar(arguments.file.read_text(encoding="utf-8"), now())
        except (OSError, UnicodeDecodeError, CalendarError) as error:
            raise CommandError(f"{arguments.file}: {error}") from None
        moved = 0
        while done := passing_time.reproject(now()):
            moved += done
        said = Label("已启用{revision}，{n}件在办件已重新推算", "{revision} is in force; {n} open cases re-projected")
        print(said.format(revision=row.revision, n=moved))


def _sources(files: list[Path]) -> list[Source]:
    try:
        return [_read(path) for path in files] if files else library.read_all(settings.COUNTY)
    except ValueError as error:
        raise CommandError(str(error)) from None


def _read(path: Path) -> Source:
    try:
        return library.read(path)
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"读不了{path}：{error}。cannot read it; give a YAML file in UTF-8") from None


def _known() -> Known:
    try:
        return library.installed()
    except ValueError as error:
        raise CommandError(str(error)) from None


def _reindex(arguments: argparse.Namespace) -> None:
    """In slices that commit alone; stopped and begun anew it only costs time."""
    total, began = Case.objects.count(), time.perf_counter()
    with speaking(arguments.lang):
        done = 0
        for done in indexing.index_all():
            if sys.stderr.isatty() or done % 10_000 == 0:
                ahead, end = ("\r\033[K", "") if sys.stderr.isatty() else ("", "\n")
                text = Label(f"已编入{done:,}／{total:,}件", f"{done:,} of {total:,} cases")
                print(f"{ahead}{text}", end=end, file=sys.stderr, flush=True)
        seconds = time.perf_counter() - began
        print(Label(f"已编入{done:,}件，用时{seconds:.0f}秒", f"{done:,} cases indexed in {seconds:.0f} s"))
