"""What a process of the race and kill tests does: `python -m tests.ledger.ledger_process JOB [arguments as JSON]`.

Acknowledges each thing done by one line of JSON, after the commit, as a page would answer.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import django

if __name__ == "__main__":
    django.setup()

from django.db import transaction

from qinqing.ledger import services
from qinqing.ledger.accounts import Account, Kind
from qinqing.ledger.refusals import Busy
from qinqing.ledger.services import Entry
from qinqing.ui.errors import Problem
from tests.ledger.budgets import NOW

JOBS: dict[str, Callable[..., None]] = {}


def job(function: Callable[..., None]) -> Callable[..., None]:
    JOBS[function.__name__] = function
    return function


def say(*what: Any) -> None:
    print(json.dumps(what), flush=True)


def tried(act: Callable[..., services.Done], *arguments: Any) -> str:
    """done, replayed, or the code of the refusal."""
    try:
        return "replayed" if act(*arguments, NOW).replayed else "done"
    except Problem as problem:
        return problem.code


@job
def reserve_each(book: str, refs: list[str], amount: int) -> None:
    """Reserve for each; says (ref, how)."""
    for ref in refs:
        say(ref, tried(services.reserve, book, ref, amount, f"{ref}#1"))


@job
def settle(refs: list[str], amount: int, who: str) -> None:
    """Commit and pay each under causes of one's own, as two officers might; says (ref, step, how)."""
    for ref in refs:
        say(ref, "commit", tried(services.commit, ref, amount, f"{ref}#commit#{who}"))
        say(ref, "pay", tried(services.pay, ref, amount, f"{ref}#pay#{who}"))


@job
def mixed(books: list[str], refs: list[str], seed: int, steps: int) -> None:
    """Anything, at random; says (cause, how)."""
    chance = random.Random(seed)
    for step in range(steps):
        book, claim, n, cause = chance.choice(books), chance.choice(refs), chance.randint(1, 50), f"p{seed}#{step}"
        ref = f"{book}-{claim}"
        acts: list[tuple[Any, ...]] = [
            (services.reserve, book, ref, n),
            (services.commit, ref, n),
            (services.pay, ref, n),
            (services.recover, ref, n, Account.AVAILABLE),
            (services.recover, ref, n, Account.SURRENDERED),
            (services.release, ref),
            (services.reverse, f"p{seed}#{chance.randrange(step + 1)}"),
            (services.transfer, [Entry(Kind.RESERVE, n, f"{each}-{claim}", each) for each in books]),
        ]
        say(cause, tried(*chance.choice(acts), cause))


@job
def crossing(books: list[str], who: str, turns: int, linked: bool) -> None:
    """Reserve in both books in the order given: in one linked set, or in two calls of one transaction."""
    for turn in range(turns):
        entries = [Entry(Kind.RESERVE, 1, f"{book}-{who}-{turn}", book) for book in books]
        if linked:
            say(turn, tried(services.transfer, entries, f"{who}{turn}"))
            continue
        how = "busy"
        with suppress(Busy), transaction.atomic():
            for number, entry in enumerate(entries):
                services.transfer([entry], f"{who}{turn}#{number}", NOW)
            how = "done"
        say(turn, how)


@job
def same_reference(book: str, refs: list[str]) -> None:
    """Reserve in one's own book for references that others claim as well; says (ref, how), tried again when busy."""
    for ref in refs:
        asked = (services.reserve, book, ref, 1, f"{book}/{ref}")
        how = tried(*asked)
        say(ref, tried(*asked) if how == "ledger_busy" else how)


@job
def work(book: str, who: str, turns: int) -> None:
    """Linked sets of four transfers; says (cause) when one is done."""
    for turn in range(turns):
        ref = f"{who}-{turn}"
        entries = [
            Entry(Kind.RESERVE, 10, ref, book), Entry(Kind.COMMIT, 8, ref), Entry(Kind.RELEASE, 2, ref),
            Entry(Kind.PAY, 8, ref),
        ]  # fmt: skip
        services.transfer(entries, ref, NOW)
        say(ref)


if __name__ == "__main__":
    print("ready", flush=True)
    sys.stdin.readline()
    JOBS[sys.argv[1]](*json.loads(sys.argv[2]))
