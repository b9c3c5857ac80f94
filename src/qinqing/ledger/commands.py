"""`qinqing ledger balances | check`."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

from qinqing.ledger import checking, selectors
from qinqing.ledger.accounts import ACCOUNT_LABELS, Account
from qinqing.ledger.refusals import said
from qinqing.lib.cli import Cli, CommandError
from qinqing.lib.labels import LANGUAGES, Label, speaking
from qinqing.ui.errors import Problem


def add_commands(cli: Cli) -> None:
    balances = cli.command("ledger", "balances", _balances, help="what stands on the accounts of every book")
    balances.add_argument("books", nargs="*", metavar="BOOK", help="default: all")
    check = cli.command("ledger", "check", _check, help="count everything anew from the transfers; exit 1 if not equal")
    for parser in (balances, check):
        parser.add_argument("--json", action="store_true")
        parser.add_argument("--lang", choices=LANGUAGES, default="zh")


def _balances(arguments: argparse.Namespace) -> None:
    with speaking(arguments.lang):
        try:
            books = [selectors.book(code) for code in arguments.books] or list(selectors.books())
        except Problem as problem:
            raise CommandError(str(problem.detail)) from problem
        for book in books:
            its = {"appropriated": book.balances.appropriated} | asdict(book.balances)
            if arguments.json:
                facts = {"code": book.code, "title": book.title, "unit": book.unit, **its, "transfers": book.seq}
                print(json.dumps(facts, ensure_ascii=False))
                continue
            labels = {"appropriated": Label("预算", "Budget")} | {a.value: ACCOUNT_LABELS[a] for a in Account}
            print(f"{book.code}\t{book.title}")
            for name, amount in its.items():
                print(f"  {labels[name]}\t{said(amount, book.unit)}")
        if not books and not arguments.json:
            print(Label("还没有账本", "There are no books yet"))


def _check(arguments: argparse.Namespace) -> int:
    with speaking(arguments.lang):
        checked = checking.check()
        if arguments.json:
            facts = {"ok": not checked.faults, "books": checked.books, "transfers": checked.transfers}
            faults = [fault.as_json() for fault in checked.faults]
            print(json.dumps({**facts, "faults": faults}, ensure_ascii=False))
            return 1 if checked.faults else 0
        for fault in checked.faults:
            print(f"! {fault}", file=sys.stderr)
        counts = {"books": checked.books, "transfers": checked.transfers}
        if checked.faults:
            text = Label(
                "{books}个账本、{transfers}笔：发现{n}处问题", "{books} books, {transfers} transfers: {n} faults"
            )
            print(text.format(**counts, n=len(checked.faults)))
            return 1
        print(
            Label("{books}个账本、{transfers}笔，账实相符", "{books} books, {transfers} transfers: all equal").format(
                **counts
            )
        )
        return 0
