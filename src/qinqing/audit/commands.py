"""`qinqing audit verify | export | anchor | erase`."""

from __future__ import annotations

import argparse
import getpass
import json
import os
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

from qinqing.audit import anchors, erasure, export, histories
from qinqing.audit.histories import ChainView
from qinqing.audit.services import log_security, verify_database
from qinqing.audit.verify import AnchorView, Report
from qinqing.lib.cli import Cli, CommandError
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import CHINA, now


def add_commands(cli: Cli) -> None:
    verify = cli.command(
        "audit",
        "verify",
        _verify,
        help="verify all histories and anchors, or an export alone",
        database=lambda arguments: arguments.export is None,
    )
    verify.add_argument("export", nargs="?", type=Path, metavar="EXPORT")
    verify.add_argument("--json", action="store_true")
    out = cli.command("audit", "export", _export, help="write histories and anchors to a file that verifies alone")
    out.add_argument("file", type=Path, metavar="FILE")
    out.add_argument("--case", metavar="NUMBER", help="only this chain, with proofs of its anchors")
    anchor = cli.command("audit", "anchor", _anchor, help="make the anchor of a day that is over")
    anchor.add_argument("--day", type=date.fromisoformat, metavar="YYYY-MM-DD", help="default: yesterday")
    erase = cli.command(
        "audit", "erase", _erase, help="erase content whose retention time is over; without --confirm: show"
    )
    erase.add_argument("--class", dest="retention", metavar="CLASS", help="without it: what is due in every class")
    erase.add_argument("--before", type=date.fromisoformat, metavar="YYYY-MM-DD", help="of matters that ended before")
    erase.add_argument("--confirm", action="store_true")


def _verify(arguments: argparse.Namespace) -> int:
    if arguments.export is None:
        report = verify_database(now())
    else:
        try:
            with arguments.export.open(encoding="utf-8") as file:
                report = export.verify(file)
        except (OSError, UnicodeDecodeError, export.ExportError) as error:
            raise CommandError(f"{arguments.export}: {error}") from error
    if arguments.json:
        print(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        _print(report)
    return 1 if report.findings else 0


def _print(report: Report) -> None:
    checked = Label(
        "已核验{chains}条链、{events}条记录（其中{erased}条内容已清除）、{anchors}个日锚，用时{seconds:.2f}秒",
        "checked {chains} chains, {events} records ({erased} of them erased), {anchors} anchors in {seconds:.2f} s",
    )
    print(
        checked.format(
            chains=report.chains,
            events=report.events,
            erased=report.erased,
            anchors=report.anchors,
            seconds=report.seconds,
        )
    )
    for finding in report.findings:
        print(f"! {finding.kind}\t{finding.place}\t{finding.text}")
    if report.findings:
        print(Label("发现{n}处问题", "{n} findings").format(n=len(report.findings)))
    else:
        print(Label("历史完整", "all histories are whole"))


def _export(arguments: argparse.Namespace) -> int:
    complete = arguments.case is None
    views = anchors.files() if complete else _proofs(arguments.case)
    chains = list(_chains(arguments.case)) if not complete else _chains(None)
    if not complete and not chains:
        raise CommandError(Label("没有编号为{n}的链", "there is no chain {n}").format(n=arguments.case))
    try:
        descriptor = os.open(arguments.file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)  # personal data: owner only
    except FileExistsError as error:
        raise CommandError(
            Label("{f}已存在，请换一个文件名", "{f} exists; choose another name").format(f=arguments.file)
        ) from error
    except OSError as error:
        raise CommandError(f"{arguments.file}: {error.strerror}") from error
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        count, events = export.write(file, chains, views, now(), complete=complete)
    what = arguments.case or "all"
    log_security("audit.export", None, "", f"{_operator()}: {what}, {count} chains, {events} records", now())
    print(
        Label("已导出{c}条链、{e}条记录到{f}", "wrote {c} chains, {e} records to {f}").format(
            c=count, e=events, f=arguments.file
        )
    )
    return 0


def _chains(ref: str | None) -> Iterator[tuple[str, ChainView]]:
    for name, history in histories.registered().items():
        for chain in history.chains(ref):
            yield name, _settled(history, chain)


def _settled(history: histories.History, chain: ChainView) -> ChainView:
    """The chain with its records read; read once more when an act came in between row and records."""
    for _ in range(3):
        events = list(chain.events)
        if len(events) == chain.seq:
            break
        chain = next(history.chains(chain.ref), chain)
    return ChainView(chain.ref, chain.head_hash, chain.seq, events)


def _proofs(ref: str) -> Iterator[AnchorView]:
    views = list(anchors.files())
    for name in histories.registered():
        yield from export.proofs_for(name, ref, views)


def _anchor(arguments: argparse.Namespace) -> int:
    moment = now()
    day = arguments.day or moment.astimezone(CHINA).date() - timedelta(days=1)
    try:
        anchor = anchors.make_anchor(day, moment)
    except anchors.AnchorError as error:
        raise CommandError(str(error)) from error
    print(f"{anchor.day}\t{anchor.root}\t{anchor.chains}\t{anchor.leaves_file}")
    return 0


def _erase(arguments: argparse.Namespace) -> int:
    moment = now()
    if arguments.retention is None:
        for due in erasure.due_for_erasure(moment):
            _print_due(due)
        return 0
    before = _midnight(arguments.before, moment, arguments.retention)
    try:
        _print_due(erasure.preview(arguments.retention, before, moment))
        if not arguments.confirm:
            print(Label("以上为预览；加 --confirm 才会清除", "this is a preview; add --confirm to erase"))
            return 0
        count = erasure.erase(arguments.retention, before, _operator(), moment)
    except erasure.ErasureError as error:
        raise CommandError(str(error)) from error
    print(Label("已清除{n}条内容", "erased {n} payloads").format(n=count))
    return 0


def _print_due(due: erasure.Due) -> None:
    counts = ", ".join(f"{name} {count}" for name, count in due.counts.items()) or "0"
    text = Label("{label}：{day}前办结的可清除", "{label}: of matters that ended before {day}")
    print(f"{due.retention.code}\t{text.format(label=due.retention.label, day=f'{due.before:%Y-%m-%d}')}\t{counts}")


def _midnight(day: date | None, moment: datetime, code: str) -> datetime:
    if day is not None:
        return datetime(day.year, day.month, day.day, tzinfo=CHINA)
    retention = erasure.retention_classes().get(code)
    return retention.kept_until(moment) if retention else moment


def _operator() -> str:
    """Who sits at the console; it has no signed-in user."""
    try:
        return f"console:{getpass.getuser()}"
    except (KeyError, OSError):
        return f"console:{os.getuid()}"
