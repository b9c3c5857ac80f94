"""Commands on policies and a file of facts, without a database: `qinqing policies match|diff`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from qinqing.directory.facts.dictionary import FactDef
from qinqing.directory.tables import Unreadable
from qinqing.lib.cli import Cli, CommandError
from qinqing.lib.labels import LANGUAGES, Label, speaking
from qinqing.lib.rules.columns import ColumnError
from qinqing.lib.wallclock import now
from qinqing.policies import folder, matching
from qinqing.policies.differences import KINDS, differences
from qinqing.policies.fact_files import FactFile, nearest, open_facts
from qinqing.policies.matching import CsvOut, Moved, ParquetOut, Shift, Summary, Tally
from qinqing.policies.policy import Policy
from qinqing.ui.figures import money

_MOST_LISTED = 20


def add_to(cli: Cli) -> None:
    match = cli.command("policies", "match", _match, help="匹配 match a file of facts with policies", database=False)
    match.add_argument("--policies", type=Path, required=True, metavar="DIR", nargs="+", help="folders or files")
    match.add_argument("--out", type=Path, required=True, metavar="FILE", help="CSV or Parquet")
    match.add_argument("--all", action="store_true", help="write those that do not qualify as well")
    diff = cli.command("policies", "diff", _diff, help="对照两版 say what changed between two files", database=False)
    diff.add_argument("old", type=Path)
    diff.add_argument("new", type=Path)
    add_facts(match, required=True)
    add_facts(diff, required=False)


def add_facts(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """Arguments of every command that reads a file of facts."""
    parser.add_argument("--facts", type=Path, required=required, metavar="FILE", help="CSV, XLSX, Parquet")
    parser.add_argument("--company", default="", metavar="COLUMN", help="the column that names the company")
    parser.add_argument("--on", type=day_of, metavar="DAY", help="the day of matching, as 2026-09-01; default: today")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    parser.add_argument("--lang", choices=LANGUAGES, default="zh")


def day_of(text: str) -> date:
    """An argument that is a day."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text}: 日期写作2026-09-01 write days as 2026-09-01") from None


@contextmanager
def reading() -> Iterator[None]:
    """What is wrong with a file, as one clear line."""
    try:
        yield
    except folder.Unusable as error:
        raise CommandError(str(error)) from None
    except folder.Rejected as error:
        raise CommandError(str(error)) from None
    except Unreadable as error:
        raise CommandError(str(error.label)) from None
    except (ColumnError, OSError) as error:
        raise CommandError(str(error)) from None


def opened(arguments: argparse.Namespace, dictionary: Mapping[str, FactDef]) -> FactFile:
    """The file of facts; columns that are none are named on standard error."""
    file = open_facts(arguments.facts, dictionary, arguments.company)
    for name in file.ignored:
        near = nearest(name, dictionary)
        zh, en = (f"是否想写{near}？", f"did you mean {near}?") if near else ("", "")
        print(
            Label(f"没有读“{name}”一列：字典中没有。{zh}", f"the column {name!r} was not read: no such fact. {en}"),
            file=sys.stderr,
        )
    return file


# ── match ──


def _match(arguments: argparse.Namespace) -> None:
    began = time.perf_counter()
    with speaking(arguments.lang), reading():
        policies = folder.sound(folder.read(arguments.policies))
        dictionary = folder.county_of(arguments.policies[0]).dictionary
        today = arguments.on or now().date()
        file = opened(arguments, dictionary)
        out = ParquetOut if arguments.out.suffix.lower() == ".parquet" else CsvOut
        with out(arguments.out) as sink:
            summary = matching.match(policies, dictionary, file.tables, today, sink, with_no=arguments.all)
        seconds = time.perf_counter() - began
        if arguments.json:
            print(json.dumps(_summary_json(summary, policies, today, seconds), ensure_ascii=False, indent=2))
        else:
            _tell_summary(summary, policies, today, seconds, arguments.out)


def _summary_json(summary: Summary, policies: list[Policy], today: date, seconds: float) -> dict[str, Any]:
    budgets = {policy.code: policy.budget.fen if policy.budget else None for policy in policies}
    rows = [{"policy": code, **_tally(tally), "budget_fen": budgets[code]} for code, tally in summary.policies.items()]
    head = {"on": str(today), "companies": summary.companies, "with_a_yes": summary.with_a_yes}
    return {**head, **_tally(summary.total), "seconds": round(seconds, 3), "policies": rows}


def _tally(tally: Tally) -> dict[str, int]:
    return {"yes": tally.yes, "unknown": tally.unknown, "fen": tally.fen, "undecided": tally.undecided}


def _tell_summary(summary: Summary, policies: list[Policy], today: date, seconds: float, out: Path) -> None:
    total = summary.total
    said = Label(
        "{day}：{n:,}户企业 × {p}项政策，符合{y:,}（{c:,}户），待补数据{u:,}，合计{fen}，用时{s:.1f}秒",
        "{day}: {n:,} companies × {p} policies, {y:,} yes ({c:,} companies), {u:,} unknown, {fen} in all, {s:.1f} s",
    )
    print(said.format(day=today, n=summary.companies, p=len(policies), y=total.yes, c=summary.with_a_yes,
                      u=total.unknown, fen=money(total.fen), s=seconds))  # fmt: skip
    for policy in policies:
        tally = summary.policies[policy.code]
        over = policy.budget is not None and tally.fen > policy.budget.fen
        marks = [str(Label("超预算", "over budget"))] if over else []
        marks += (
            [str(Label(f"{tally.undecided}户待决定", f"{tally.undecided} to be decided"))] if tally.undecided else []
        )
        marks += [] if policy.effect.covers(today) else [str(Label("不在施行期", "not in effect"))]
        line = Label(
            "  {code}  符合{y:,}，待补{u:,}，{fen} {marks}", "  {code}  {y:,} yes, {u:,} unknown, {fen} {marks}"
        )
        text = line.format(code=policy.code, y=tally.yes, u=tally.unknown, fen=money(tally.fen), marks="；".join(marks))
        print(text.rstrip())
    print(
        Label(
            f"写入{out}；金额为各政策单独计算，未计同享、就高和预算",
            f"written to {out}; each policy on its own, before stacking and budgets",
        )
    )


# ── diff ──


def _diff(arguments: argparse.Namespace) -> int:
    """Exit code 1 where they differ, as `diff` does."""
    with speaking(arguments.lang), reading():
        old, new = (_one(path) for path in (arguments.old, arguments.new))
        dictionary = folder.county_of(arguments.new).dictionary
        changes = differences(old, new, {name: fact.spec for name, fact in dictionary.items()})
        shift = None
        if arguments.facts:
            file = opened(arguments, dictionary)
            shift = matching.compare(old, new, dictionary, file.tables, arguments.on or now().date())
        if arguments.json:
            said = [{"kind": change.kind, "text": change.text.as_json()} for change in changes]
            whole = {"same": not changes, "changes": said, "companies": _shift_json(shift) if shift else None}
            print(json.dumps(whole, ensure_ascii=False, indent=2))
        else:
            print(
                "\n".join(f"{KINDS[change.kind]}  {change.text}" for change in changes)
                or Label("内容相同", "the same content")
            )
            if shift:
                _tell_shift(shift)
        return 1 if changes else 0


def _one(path: Path) -> Policy:
    return folder.typed(folder.read([path]))[0]


def _shift_json(shift: Shift) -> dict[str, Any]:
    lists = {"enters": shift.enters, "drops": shift.drops, "other_amount": shift.other_amount}
    rows = {
        name: [{"company": each.company, "before_fen": each.before, "after_fen": each.after} for each in moved]
        for name, moved in lists.items()
    }
    fen = shift.after.fen - shift.before.fen
    return {
        "companies": shift.companies,
        "before": _tally(shift.before),
        "after": _tally(shift.after),
        "fen": fen,
        **rows,
    }


def _tell_shift(shift: Shift) -> None:
    fen = shift.after.fen - shift.before.fen
    said = Label(
        "{n:,}户企业中：符合{a:,} → {b:,}，待补{c:,} → {d:,}，金额{e} → {f}（{sign}{g}）",
        "of {n:,} companies: yes {a:,} → {b:,}, unknown {c:,} → {d:,}, {e} → {f} ({sign}{g})",
    )
    print(said.format(n=shift.companies, a=shift.before.yes, b=shift.after.yes, c=shift.before.unknown,
                      d=shift.after.unknown, e=money(shift.before.fen), f=money(shift.after.fen),
                      sign="+" if fen >= 0 else "", g=money(fen)))  # fmt: skip
    _tell_moved(Label("新符合", "enter"), shift.enters)
    _tell_moved(Label("不再符合", "drop out"), shift.drops)
    _tell_moved(Label("金额改变", "other amount"), shift.other_amount)


def _tell_moved(title: Label, moved: list[Moved]) -> None:
    print(f"{title} {len(moved):,}")
    for each in moved[:_MOST_LISTED]:
        before, after = (str(money(fen)) if fen is not None else "—" for fen in (each.before, each.after))
        print(f"  {each.company}  {before} → {after}")
    if len(moved) > _MOST_LISTED:
        rest = len(moved) - _MOST_LISTED
        print(Label(f"  另有{rest:,}户（--json列出全部）", f"  and {rest:,} more (--json lists all)"))
