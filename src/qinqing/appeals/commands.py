"""Commands of the appeals: `qinqing appeals import | report`; with those of the section suggestion."""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from dataclasses import asdict
from pathlib import Path

from qinqing.appeals import (
    alike_groups,
    commands_retraining,
    commands_routing,
    history_import,
    message_selectors,
    report,
)
from qinqing.appeals.history_import import Imported
from qinqing.cases.library import Rejected
from qinqing.directory.tables import write_csv
from qinqing.lib.cli import Cli, CommandError
from qinqing.lib.identifiers import Invalid
from qinqing.lib.labels import LANGUAGES, Label, speaking
from qinqing.lib.wallclock import now
from qinqing.ui.errors import Problem
from qinqing.ui.figures import FEWEST, wilson

SHOWN = 20  # bad cells on the screen; all of them with --faults or --json
SOURCE = "messages"


def add_commands(cli: Cli) -> None:
    bring = cli.command("appeals", "import", run_import, help="past messages with their replies from a CSV, as history")
    bring.add_argument("file", type=Path, metavar="FILE.csv", help="UTF-8 or GB18030, headers in the first row")
    bring.add_argument(
        "--map", action="append", default=[], metavar="COLUMN=field",
        help="which field a column holds where its header is not recognised; `-` leaves the column out",
    )  # fmt: skip
    bring.add_argument("--mapping", metavar="NAME", help="use the columns and source saved under this name")
    bring.add_argument("--save-mapping", metavar="NAME", help="save the columns and source under this name")
    bring.add_argument("--source", metavar="NAME", help=f"the platform the numbers belong to (default: {SOURCE})")
    bring.add_argument(
        "--check", action="store_true", help="only read and name what is wrong; history cannot be undone"
    )
    bring.add_argument("--faults", type=Path, metavar="FILE.csv", help="write every bad cell to this file")
    show = cli.command("appeals", "report", run_report, help="volume, reply times, limits met and repeated messages")
    for parser in (bring, show):
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--lang", choices=LANGUAGES, default="zh")
    commands_routing.add_commands(cli)
    commands_retraining.add_commands(cli)


def run_import(arguments: argparse.Namespace) -> int:
    """Import the file; exit code 1 when rows were at fault (the rest is brought in)."""
    with speaking(arguments.lang):
        if not arguments.file.is_file():
            raise CommandError(str(Label(f"没有文件{arguments.file}", f"{arguments.file}: there is no such file")))
        began = time.perf_counter()
        try:
            given, source = _mapping(arguments)
            done = history_import.bring_in(
                arguments.file, given, source, now(), check_only=arguments.check, progress=_progress
            )
        except Invalid as error:
            raise CommandError(f"{arguments.file}: {error.label}") from error
        except Problem as error:
            raise CommandError(str(error.detail)) from error
        except Rejected as error:
            raise CommandError(str(error)) from error
        if arguments.save_mapping:
            history_import.save_mapping(arguments.save_mapping, given, source, now())
        if arguments.faults:
            _write_faults(arguments.faults, done)
        _tell(done, time.perf_counter() - began, arguments)
        return 1 if done.bad else 0


def run_report(arguments: argparse.Namespace) -> None:
    """Print the figures; the page appeals:report shows the same."""
    with speaking(arguments.lang):
        found, groups = message_selectors.measured(), alike_groups.found_groups()
        if arguments.json:
            print(json.dumps(message_selectors.as_json(found, groups), ensure_ascii=False))
        elif found:
            _print_report(found, groups)
        else:
            print(
                Label("还没有历史留言，请先运行 qinqing appeals import", "No messages yet; run qinqing appeals import")
            )


# ── private ──


def _mapping(arguments: argparse.Namespace) -> tuple[dict[str, str], str]:
    """(column -> field, source): what is saved, overruled by what is typed."""
    saved = history_import.saved_mapping(arguments.mapping) if arguments.mapping else None
    given = dict(saved.columns) if saved else {}
    for pair in arguments.map:
        column, _, name = pair.rpartition("=")
        if not column or not name:
            raise CommandError(
                str(
                    Label(
                        f"--map写成 列名=项，如 --map 时间=sent_at，现为{pair}", f"--map takes COLUMN=field, not {pair}"
                    )
                )
            )
        given[column] = name
    source = arguments.source or (saved.source if saved else SOURCE)
    for option, name in (("--source", source), ("--save-mapping", arguments.save_mapping)):
        if name is not None and not re.fullmatch(r"[\w-]{1,40}", name):
            raise CommandError(
                str(Label(f"{option}限1至40个字母、数字、汉字或-", f"{option} takes 1 to 40 letters, digits or -"))
            )
    return given, source


def _progress(done: int, total: int) -> None:
    """On a terminal one line that rewrites itself, else a line for each 1,000."""
    text = Label(f"已处理{done:,}／{total:,}件", f"{done:,} of {total:,} messages")
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="" if done < total else "\n", file=sys.stderr, flush=True)
    elif done % 1000 == 0 or done == total:
        print(text, file=sys.stderr, flush=True)


def _write_faults(path: Path, done: Imported) -> None:
    try:
        write_csv(
            path,
            ["行", "列", "值", "如何更正", "How to mend"],
            ([fault.row, fault.column, fault.value, fault.mend.zh, fault.mend.en] for fault in done.faults),
        )
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error


def _tell(done: Imported, seconds: float, arguments: argparse.Namespace) -> None:
    if arguments.json:
        facts = asdict(done) | {"faults": [fault.as_json() for fault in done.faults]}
        print(json.dumps({**facts, "check_only": arguments.check, "seconds": round(seconds, 2)}, ensure_ascii=False))
        return
    verb = Label("可导入", "could be imported") if arguments.check else Label("新导入", "imported")
    print(
        Label(
            f"共{done.rows:,}行：{verb.zh}{done.new:,}，已有{done.same:,}，无答复未导入{done.unanswered:,}，有误{done.bad:,}；"
            f"用时{seconds:.1f}秒",
            f"{done.rows:,} rows: {done.new:,} {verb.en}, {done.same:,} known already, {done.unanswered:,} left out"
            f" without reply, {done.bad:,} bad; {seconds:.1f} s",
        )
    )
    if done.day_only:
        text = Label(
            f"其中{done.day_only:,}件的时间只有日期：留言按当日0时、答复按当日终了计",
            f"{done.day_only:,} of them give a date only: messages count from its beginning, replies at its end",
        )
        print(text)
    if done.ignored:
        names = "、".join(done.ignored)
        print(Label(f"其他列随件保存：{names}", f"other columns, kept with each message: {names}"))
    if done.unanswered:
        shown = "、".join(map(str, done.unanswered_rows[:SHOWN]))
        more = "…" if done.unanswered > SHOWN else ""
        print(
            Label(
                f"无答复的行：{shown}{more}；有答复后再导入一次即可",
                f"rows without reply: {shown}{more}; import again later",
            )
        )
    for fault in done.faults[:SHOWN]:
        where = Label(f"第{fault.row}行 {fault.column}", f"row {fault.row}, {fault.column}")
        print(f"{where} {fault.value!r}: {fault.mend}")
    if len(done.faults) > SHOWN:
        rest = len(done.faults) - SHOWN
        print(Label(f"另有{rest:,}处，用--faults写入文件", f"{rest:,} more; --faults FILE.csv writes all"))


def _print_report(found: list[report.Timed], groups: list[alike_groups.Group]) -> None:
    whole = report.figures(found)
    months = report.by_month(found)
    print(
        Label(
            f"网民留言（历史）{whole.messages:,}件，{months[0][0]}至{months[-1][0]}",
            f"{whole.messages:,} past messages, {months[0][0]} to {months[-1][0]}",
        )
    )
    print(
        Label(
            f"答复用时：中位数{whole.working_days_median}个工作日，第90百分位{whole.working_days_p90}个工作日"
            f"（自然日{whole.calendar_days_median:.1f}、{whole.calendar_days_p90:.1f}）",
            f"time to reply: median {whole.working_days_median} working days, 90th percentile {whole.working_days_p90}"
            f" (calendar days {whole.calendar_days_median:.1f}, {whole.calendar_days_p90:.1f})",
        )
    )
    for limit, met in whole.met.items():
        if whole.messages < FEWEST:
            share = ""
        else:
            low, high = wilson(met, whole.messages)
            share = f"  {met / whole.messages:.1%} [{low:.1%}, {high:.1%}]"
        label = Label(f"{limit}个工作日内可达标", f"within {limit} working days")
        print(f"{label}: {met:,}／{whole.messages:,}{share}")
    several = sum(len(group.cases) for group in groups)
    print(
        Label(f"近似留言：{len(groups)}组，{several}件", f"messages alike: {len(groups)} groups of {several} messages")
    )
    for group in groups[:SHOWN]:
        print(f"  {group.similarity}  {'、'.join(case.number for case in group.cases)}  {group.cases[0].title}")
    print(Label("各月件数", "by month"))
    most = max(count for _, count in months)
    for month, count in months:
        print(f"  {month} {count:5,} {'█' * round(40 * count / most)}")
    print(Label("口径", "how counted"))
    for definition in report.DEFINITIONS.values():
        print(f"  {definition}")
