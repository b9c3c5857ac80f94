"""`qinqing mortgages ...`: what operators and banks do from the command line; each room adds its own."""

from __future__ import annotations

import argparse
import json
import time
from datetime import date
from pathlib import Path

from qinqing.directory.tables import read_table
from qinqing.lib.cli import Cli, CommandError
from qinqing.lib.identifiers import Invalid
from qinqing.mortgages import commands_bank, commands_keys, trying
from qinqing.mortgages.suggesting import Candidate, Index
from qinqing.mortgages.trying import Rename

_COLUMNS = ("date", "old_name", "new_name")


def add_commands(cli: Cli) -> None:
    """Collected by `__main__`."""
    commands_bank.add_commands(cli)
    commands_keys.add_commands(cli)
    trial = cli.command(
        "mortgages", "suggest", _suggest, help="曾用名推荐质量 how well former names are suggested", database=False
    )
    trial.add_argument("--renames", type=Path, required=True, metavar="FILE", help="columns date, old_name, new_name")
    trial.add_argument("--misses", action="store_true", help="also the names whose right one is not among the five")
    trial.add_argument("--json", action="store_true", help="one JSON object instead of text")


def _suggest(arguments: argparse.Namespace) -> None:
    renames = _read(arguments.renames)
    begun = time.perf_counter()
    whole = trying.rank(renames, renames)
    seconds = time.perf_counter() - begun
    halves = [trying.rank(renames, half).shares for half in (renames[::2], renames[1::2]) if half]
    linked = trying.link(renames)
    found = {
        "rows": whole.rows, **whole.shares, "halves": halves, "linked_without_alias": linked.without,
        "linked_with_alias": linked.with_alias, "present_name_of_another": linked.of_another,
        "seconds": round(seconds, 2),
    }  # fmt: skip
    if arguments.json:
        print(json.dumps(found, ensure_ascii=False))
        return
    print(
        f"更名{whole.rows}条：正确名称排第一{whole.first}条（{whole.shares['first']:.1%}），"
        f"前五{whole.first_five}条（{whole.shares['first_five']:.1%}），用时{seconds:.2f}秒\n"
        f"未备案而对应到机构：{linked.without}条；备案后准确对应：{linked.with_alias}条；"
        f"旧名称如今是别家的现名称：{linked.of_another}条"
    )
    if arguments.misses:
        _print_misses(renames)


def _print_misses(renames: list[Rename]) -> None:
    index = Index(Candidate(each.new) for each in renames)
    for each in renames:
        five = [suggestion.candidate.name for suggestion in index.rank(each.old)]
        if each.new not in five:
            print(f"{each.old} → {each.new}；首位推荐：{five[0] if five else '无'}")


def _read(path: Path) -> list[Rename]:
    """The rows of the file. Raises CommandError: which file, which row."""
    try:
        rows = read_table(path)
        header = [str(cell or "").strip() for cell in next(rows, [])]
        at = [header.index(name) for name in _COLUMNS]
        found = [Rename(_day(row[at[0]]), str(row[at[1]]), str(row[at[2]])) for row in rows if any(row)]
    except (OSError, Invalid, ValueError, IndexError) as error:
        raise CommandError(
            f"{path}读不出更名：{error}。应为CSV或XLSX，列为{'、'.join(_COLUMNS)}。"
            f" It should be CSV or XLSX with the columns {', '.join(_COLUMNS)}"
        ) from None
    if not found:
        raise CommandError(f"{path}没有数据行。{path} has no rows")
    return found


def _day(cell: object) -> date:
    return cell if isinstance(cell, date) else date.fromisoformat(str(cell)[:10])
