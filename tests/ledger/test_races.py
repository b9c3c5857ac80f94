"""Real processes at the same budget at once, on either database: never overdrawn, nothing twice, nothing half done."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter

import pytest
from django.db.models import Max

from qinqing.ledger import checking, selectors, services
from qinqing.ledger.models import Book, Position, Transfer
from tests.cases.processes import running
from tests.ledger.budgets import NOW, RD, TALENT, opened

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]
HERE = "tests.ledger.ledger_process"
FOUR = range(4)


def sound() -> None:
    """Every fen accounted for: recounted, chained, whole."""
    assert [fault.en for fault in checking.check().faults] == []
    for book in Book.objects.all():
        held = Position.objects.filter(book=book)
        assert sum(p.reserved + p.committed + p.paid for p in held) + book.available + book.surrendered == -book.source


def test_a_budget_that_does_not_suffice_is_never_overdrawn() -> None:
    opened(RD, 100 * 7)
    jobs = [(f"{HERE}:reserve_each", RD, [f"{who}-{n}" for n in range(40)], 7) for who in "abcd"]
    with running(*jobs) as all_four:
        said = [answer for process in all_four for answer in process.finish()]
    assert Counter(how for _, how in said) == {"done": 100, "money_short": 60}
    assert selectors.balances(RD).available == 0 and selectors.balances(RD).reserved == 700
    assert Position.objects.count() == 100
    sound()


def test_the_same_cause_acts_once_for_all() -> None:
    opened(RD, 1_000)
    refs = [f"r{n}" for n in range(50)]
    with running(*[(f"{HERE}:reserve_each", RD, refs, 3) for _ in FOUR]) as all_four:
        said = [answer for process in all_four for answer in process.finish()]
    for ref in refs:
        assert Counter(how for which, how in said if which == ref) == {"done": 1, "replayed": 3}
    assert selectors.balances(RD).reserved == 150
    sound()


def test_no_claim_is_paid_twice_by_officers_who_do_not_know_of_each_other() -> None:
    opened(RD, 10_000)
    refs = [f"r{n}" for n in range(50)]
    for ref in refs:
        services.reserve(RD, ref, 100, f"{ref}#1", NOW)
    with running(*[(f"{HERE}:settle", refs, 100, str(who)) for who in FOUR]) as all_four:
        said = [answer for process in all_four for answer in process.finish()]
    for ref in refs:
        for step in ("commit", "pay"):
            hows = Counter(how for which, what, how in said if (which, what) == (ref, step))
            assert hows == {"done": 1, "money_short": 3}
    assert selectors.balances(RD).paid == 5_000
    sound()


def test_anything_at_random_in_two_books() -> None:
    opened(RD, 1_500), opened(TALENT, 1_500)
    jobs = [(f"{HERE}:mixed", [RD, TALENT][:: 1 if seed % 2 else -1], list("abc"), seed, 150) for seed in FOUR]
    with running(*jobs) as all_four:
        said = [tuple(answer) for process in all_four for answer in process.finish()]
    hows = Counter(how for _, how in said)
    assert hows.total() == 600, "a process ended early"
    assert hows["done"] > 100 and hows["money_short"] > 20 and not hows["ledger_busy"], hows
    done = {cause for cause, how in said if how == "done"}
    moved = set(Transfer.objects.filter(cause__startswith="p").values_list("cause", flat=True))
    assert moved == done, "what was moved is what was acknowledged"
    sound()


def test_linked_sets_never_deadlock_and_broken_order_is_told() -> None:
    opened(RD, 1_000), opened(TALENT, 1_000)
    for linked, turns in ((True, 60), (False, 15)):
        jobs = [(f"{HERE}:crossing", [RD, TALENT][::way], f"{way}{linked}", turns, linked) for way in (1, -1)]
        with running(*jobs) as both:
            said = [answer for process in both for answer in process.finish()]
        hows = Counter(how for _, how in said)
        assert hows.total() == 2 * turns and set(hows) <= ({"done"} if linked else {"done", "busy"}), hows
        assert hows["done"] > 0
        sound()


def test_two_books_claim_the_same_reference() -> None:
    opened(RD, 1_000), opened(TALENT, 1_000)
    refs = [f"r{n}" for n in range(100)]
    with running(*[(f"{HERE}:same_reference", book, refs) for book in (RD, TALENT)]) as both:
        said = [answer for process in both for answer in process.finish()]
    for ref in refs:
        assert Counter(how for which, how in said if which == ref) == {"done": 1, "ledger_clash": 1}
    assert selectors.balances(RD).reserved + selectors.balances(TALENT).reserved == 100
    sound()


def test_killed_at_any_moment_nothing_is_lost_and_nothing_half_done() -> None:
    chance = random.Random(20260929)
    opened(RD, 10_000_000)
    acknowledged: set[str] = set()
    for turn in range(6):
        with running(*[(f"{HERE}:work", RD, f"{turn}{who}", 500) for who in "ab"]) as both:
            for process in both:
                for _ in range(chance.randint(1, 12)):
                    process.hear()
                time.sleep(chance.uniform(0, 0.01))
                process.process.send_signal(signal.SIGKILL)
            acknowledged |= {ref for process in both for (ref,) in process.finish()}
        there = Transfer.objects.filter(of=4).values("cause").annotate(lines=Max("line"))
        assert {row["lines"] for row in there} == {4}
        causes = {row["cause"] for row in there}
        assert acknowledged <= causes, "an acknowledged transfer is gone"
        assert len(causes) <= len(acknowledged) + 2 * (turn + 1), "more was done than was in hand at the kills"
    assert len(acknowledged) > 25
    assert selectors.balances(RD).paid == 8 * len(causes)
    sound()
