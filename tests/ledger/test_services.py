"""What each transfer does, what it refuses, and that a cause acts once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from qinqing.ledger import selectors, services
from qinqing.ledger.accounts import Account, Balances, Kind
from qinqing.ledger.models import Book, Position, Transfer
from qinqing.ledger.refusals import Clash, Missing, Short
from qinqing.ledger.services import Entry, transfer
from qinqing.lib.labels import speaking
from qinqing.ui.errors import Invalid
from tests.ledger.budgets import NOW, RD, TALENT, cause, opened, refusal

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def budget(db: None) -> None:
    opened(RD, 1_000_00)


def parts(ref: str) -> tuple[int, ...]:
    found = selectors.position(ref)
    assert found is not None
    return found.reserved, found.committed, found.paid, found.released, found.recovered


def test_from_appropriation_to_payment_and_back() -> None:
    services.reserve(RD, "A", 300_00, cause(), NOW)
    assert selectors.balances(RD) == Balances(available=700_00, reserved=300_00)
    services.commit("A", 250_00, cause(), NOW)
    services.pay("A", 100_00, cause(), NOW)
    assert parts("A") == (50_00, 150_00, 100_00, 0, 0)
    services.release("A", cause(), NOW)
    assert parts("A") == (0, 0, 100_00, 200_00, 0)
    services.recover("A", 30_00, Account.AVAILABLE, cause(), NOW)
    services.recover("A", 20_00, Account.SURRENDERED, cause(), NOW)
    assert parts("A") == (0, 0, 50_00, 200_00, 50_00)
    services.reduce(RD, 100_00, cause(), NOW)
    at_the_end = selectors.balances(RD)
    assert at_the_end == Balances(available=830_00, paid=50_00, surrendered=20_00)
    assert at_the_end.appropriated == 900_00 == -Book.objects.get(code=RD).source
    with pytest.raises(ValueError, match="available or surrendered"):
        services.recover("A", 1, Account.SOURCE, cause(), NOW)


def test_who_is_short_is_told_what_there_is() -> None:
    problem = refusal(Short, lambda: services.reserve(RD, "A", 1_000_01, cause(), NOW))
    assert problem.extra == {"book": RD, "ref": "", "account": "available", "there": 1_000_00, "asked": 1_000_01}
    assert "研发奖励" in problem.detail.zh and "1,000.00元" in problem.detail.zh and "1,000.01元" in problem.detail.zh
    with speaking("en"):
        assert "only CNY 1,000.00 available, CNY 1,000.01 asked for" in str(problem.detail)
    assert selectors.position("A") is None and Transfer.objects.count() == 1


@pytest.mark.parametrize(
    ("account", "act"),
    [
        ("available", lambda: services.reduce(RD, 900_00, cause(), NOW)),
        ("reserved", lambda: services.commit("A", 101_00, cause(), NOW)),
        ("reserved", lambda: transfer([Entry(Kind.RELEASE, 101_00, "A")], cause(), NOW)),
        ("committed", lambda: services.pay("A", 51_00, cause(), NOW)),
        ("committed", lambda: transfer([Entry(Kind.CANCEL, 51_00, "A")], cause(), NOW)),
        ("paid", lambda: services.recover("A", 21_00, Account.AVAILABLE, cause(), NOW)),
        ("paid", lambda: services.recover("A", 21_00, Account.SURRENDERED, cause(), NOW)),
    ],
)
def test_nothing_moves_that_is_not_there(account: str, act: object) -> None:
    """Another claim's money is no help."""
    for ref in ("A", "B"):
        entries = [Entry(Kind.RESERVE, 170_00, ref, RD), Entry(Kind.COMMIT, 70_00, ref), Entry(Kind.PAY, 20_00, ref)]
        transfer(entries, cause(), NOW)
    before = selectors.balances(RD)
    assert refusal(Short, act).extra["account"] == account  # type: ignore[arg-type]
    assert selectors.balances(RD) == before


def test_a_cause_acts_once() -> None:
    key = cause()
    first = services.reserve(RD, "A", 10_00, key, NOW)
    again = services.reserve(RD, "A", 10_00, key, NOW)
    assert (first.replayed, again.replayed) == (False, True)
    assert [each.pk for each in again.transfers] == [each.pk for each in first.transfers]
    assert parts("A") == (10_00, 0, 0, 0, 0)
    opened(TALENT)
    for other in (
        lambda: services.reserve(RD, "A", 10_01, key, NOW),
        lambda: services.reserve(RD, "B", 10_00, key, NOW),
        lambda: services.commit("A", 10_00, key, NOW),
        lambda: services.appropriate(TALENT, 10_00, key, NOW),
        lambda: transfer([Entry(Kind.RESERVE, 10_00, "A", RD), Entry(Kind.COMMIT, 10_00, "A")], key, NOW),
    ):
        assert key in refusal(Clash, other).detail.zh
    assert parts("A") == (10_00, 0, 0, 0, 0)


def test_releasing_all_acts_once_too() -> None:
    services.reserve(RD, "A", 10_00, cause(), NOW)
    key = cause()
    assert [each.amount for each in services.release("A", key, NOW).transfers] == [10_00]
    assert services.release("A", key, NOW).replayed
    services.reserve(RD, "A", 5_00, cause(), NOW)
    assert services.release("A", key, NOW).replayed and parts("A") == (5_00, 0, 0, 10_00, 0)
    services.release("A", cause(), NOW)
    refusal(Clash, lambda: services.release("A", cause(), NOW))


def test_linked_transfers_succeed_or_fail_together() -> None:
    opened(TALENT, 50_00)
    entries = [
        Entry(Kind.RESERVE, 60_00, "A", RD),
        Entry(Kind.RESERVE, 40_00, "B", TALENT),
        Entry(Kind.COMMIT, 60_00, "A"),
        Entry(Kind.PAY, 61_00, "A"),
    ]
    refusal(Short, lambda: transfer(entries, cause(), NOW))
    assert not Position.objects.exists() and Transfer.objects.count() == 2
    done = transfer([*entries[:3], Entry(Kind.PAY, 59_00, "A")], key := cause(), NOW)
    assert [(each.line, each.of, each.book.code) for each in done.transfers] == [
        (1, 4, RD), (2, 4, TALENT), (3, 4, RD), (4, 4, RD),
    ]  # fmt: skip
    assert parts("A") == (0, 1_00, 59_00, 0, 0) and parts("B") == (40_00, 0, 0, 0, 0)
    assert transfer([*entries[:3], Entry(Kind.PAY, 59_00, "A")], key, NOW).replayed


def test_a_refusal_leaves_the_callers_transaction_usable() -> None:
    with transaction.atomic():
        for ref in "ABCDE":
            try:
                services.reserve(RD, ref, 300_00, cause(), NOW)
            except Short:
                break
    assert sorted(Position.objects.values_list("ref", flat=True)) == ["A", "B", "C"]
    with pytest.raises(RuntimeError, match="the act failed"), transaction.atomic():
        services.commit("A", 300_00, cause(), NOW)
        raise RuntimeError("the act failed")
    assert parts("A") == (300_00, 0, 0, 0, 0)


def test_a_reversal_undoes_a_whole_set_once() -> None:
    services.reserve(RD, "A", 100_00, cause(), NOW)
    entries = [Entry(Kind.COMMIT, 70_00, "A"), Entry(Kind.PAY, 70_00, "A"), Entry(Kind.RELEASE, 30_00, "A")]
    transfer(entries, wrong := cause(), NOW)
    assert parts("A") == (0, 0, 70_00, 30_00, 0)
    done = services.reverse(wrong, by := cause(), NOW)
    assert parts("A") == (100_00, 0, 0, 0, 0)
    assert [(each.source, each.target) for each in done.transfers] == [
        ("available", "reserved"), ("paid", "committed"), ("committed", "reserved"),
    ]  # fmt: skip
    assert services.reverse(wrong, by, NOW).replayed
    refusal(Clash, lambda: services.reverse(wrong, cause(), NOW))
    refusal(Clash, lambda: services.reverse(by, cause(), NOW))
    refusal(Clash, lambda: transfer(entries, by, NOW))
    refusal(Missing, lambda: services.reverse("never", cause(), NOW))
    assert transfer(entries, wrong, NOW).replayed, "the cause is spent although reversed"


def test_one_payment_of_a_set_is_reversed_alone() -> None:
    """退汇: the bank sends one of many back."""
    for ref, fen in (("A", 100_00), ("B", 200_00)):
        services.reserve(RD, ref, fen, cause(), NOW)
        services.commit(ref, fen, cause(), NOW)
    transfer([Entry(Kind.PAY, 100_00, "A"), Entry(Kind.PAY, 200_00, "B")], batch := cause(), NOW)
    paid = selectors.payment_of("B")
    assert paid is not None and (paid.cause, paid.amount) == (batch, 200_00)
    services.reverse(batch, by := cause(), NOW, ref="B")
    assert parts("A") == (0, 0, 100_00, 0, 0) and parts("B") == (0, 200_00, 0, 0, 0)
    assert selectors.payment_of("B") is None
    assert services.reverse(batch, by, NOW, ref="B").replayed
    refusal(Clash, lambda: services.reverse(batch, cause(), NOW, ref="B"))
    refusal(Clash, lambda: services.reverse(batch, cause(), NOW))
    refusal(Clash, lambda: services.reverse(batch, by, NOW, ref="A"))
    refusal(Missing, lambda: services.reverse(batch, cause(), NOW, ref="C"))
    services.pay("B", 200_00, second := cause(), NOW)
    again = selectors.payment_of("B")
    assert again is not None and again.cause == second
    services.recover("B", 1, Account.AVAILABLE, cause(), NOW)
    refusal(Short, lambda: services.reverse(second, cause(), NOW, ref="B"))
    services.reverse(batch, cause(), NOW, ref="A")
    assert parts("A") == (0, 100_00, 0, 0, 0)


def test_what_has_moved_on_cannot_be_reversed() -> None:
    services.reserve(RD, "A", 100_00, wrong := cause(), NOW)
    services.commit("A", 60_00, cause(), NOW)
    assert refusal(Short, lambda: services.reverse(wrong, cause(), NOW)).extra["there"] == 40_00
    opened(TALENT, 0)
    services.appropriate(TALENT, 5, appropriation := cause(), NOW)
    services.reserve(TALENT, "B", 1, cause(), NOW)
    refusal(Short, lambda: services.reverse(appropriation, cause(), NOW))


def test_a_reference_belongs_to_one_book() -> None:
    opened(TALENT)
    services.reserve(RD, "A", 1_00, cause(), NOW)
    refusal(Clash, lambda: services.reserve(TALENT, "A", 1_00, cause(), NOW))
    refusal(Clash, lambda: transfer([Entry(Kind.COMMIT, 1_00, "A", TALENT)], cause(), NOW))
    wrong_way = [Entry(Kind.COMMIT, 1_00, "A"), Entry(Kind.RESERVE, 1_00, "A", TALENT)]
    refusal(Clash, lambda: transfer(wrong_way, cause(), NOW))
    transfer([Entry(Kind.COMMIT, 1_00, "A", RD)], cause(), NOW)


def test_what_does_not_exist_is_said() -> None:
    refusal(Missing, lambda: services.commit("A", 1, cause(), NOW))
    refusal(Missing, lambda: services.appropriate("fund:none", 1, cause(), NOW))
    refusal(Missing, lambda: selectors.balances("fund:none"))
    assert selectors.position("A") is None


@pytest.mark.parametrize("amount", [0, -1, True, 1.0, "1", 10**15 + 1, None])
def test_amounts_are_whole_and_above_zero(amount: object) -> None:
    problem = refusal(Invalid, lambda: services.appropriate(RD, amount, cause(), NOW))  # type: ignore[arg-type]
    assert "amount" in problem.fields


@pytest.mark.parametrize(
    "entry",
    [
        Entry(Kind.APPROPRIATE, 1),
        Entry(Kind.APPROPRIATE, 1, "A", RD),
        Entry(Kind.RESERVE, 1, "A"),
        Entry(Kind.RESERVE, 1, "", RD),
        Entry(Kind.COMMIT, 1),
        Entry(Kind.COMMIT, 1, "A" * 81),
    ],
)
def test_entries_that_make_no_sense_are_slips_of_the_program(entry: Entry) -> None:
    with pytest.raises(ValueError, match="name"):
        transfer([entry], cause(), NOW)


def test_a_cause_is_one_readable_line() -> None:
    for wrong in ("", " ", "a ", "a\nb", "a\tb", "x" * 121):
        with pytest.raises(ValueError, match="cause"):
            services.appropriate(RD, 1, wrong, NOW)
    with pytest.raises(ValueError, match="nothing"):
        transfer([], cause(), NOW)


def test_a_book_is_opened_once() -> None:
    book = services.open_book(RD, "研发奖励", datetime(2026, 10, 1, tzinfo=UTC))
    assert book.opened_at == NOW and book.available == 1_000_00
    refusal(Clash, lambda: services.open_book(RD, "别的", NOW))
    refusal(Clash, lambda: services.open_book(RD, "研发奖励", NOW, unit="g"))
    for code, title in (("Fund", "x"), ("", "x"), ("a b", "x"), ("x" * 61, "x"), ("ok", " "), ("ok", "x" * 81)):
        refusal(Invalid, lambda code=code, title=title: services.open_book(code, title, NOW))  # type: ignore[misc]


def test_grams_are_counted_the_same_way() -> None:
    services.open_book("quota:2026:cod", "化学需氧量储备", NOW, unit="g")
    services.appropriate("quota:2026:cod", 5_000, cause(), NOW)
    problem = refusal(Short, lambda: services.reserve("quota:2026:cod", "Q1", 5_001, cause(), NOW))
    assert "5,000 g" in problem.detail.zh


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ledger_book SET available = -1, source = source + available + 1",
        "UPDATE ledger_book SET available = available + 1",
        "UPDATE ledger_position SET paid = -1",
        "UPDATE ledger_position SET released = -1",
        "UPDATE ledger_book SET unit = 'g'",
        "UPDATE ledger_book SET code = 'x'",
        "UPDATE ledger_position SET ref = 'B'",
        "UPDATE ledger_position SET book_id = book_id + 1",
        "DELETE FROM ledger_book",
        "DELETE FROM ledger_position",
        "UPDATE ledger_transfer SET amount = 1",
        "DELETE FROM ledger_transfer",
    ],
)
def test_the_database_refuses_by_itself(sql: str) -> None:
    services.reserve(RD, "A", 100_00, cause(), NOW)
    with pytest.raises(DatabaseError), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(sql)
        connection.check_constraints()
    if connection.vendor == "postgresql":
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("TRUNCATE ledger_transfer")


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": 0},
        {"amount": -5},
        {"kind": "pay"},
        {"source": "available", "target": "paid"},
        {"source": "reserved", "target": "available"},
        {"position": None},
        {"kind": "appropriate", "source": "source", "target": "available"},
        {"line": 2},
        {"line": 0},
        {"seq": 1},
        {"cause": "taken"},
    ],
)
def test_the_database_refuses_transfers_that_cannot_be(wrong: dict[str, object]) -> None:
    services.reserve(RD, "A", 100_00, "taken", NOW)
    sound = {
        "book": Book.objects.get(code=RD), "seq": 9, "cause": "new", "line": 1, "of": 1, "kind": "reserve",
        "source": "available", "target": "reserved", "amount": 5, "position": Position.objects.get(ref="A"), "at": NOW,
        "head": "{}", "hash": "0",
    }  # fmt: skip
    with transaction.atomic():
        Transfer.objects.create(**sound)
        transaction.set_rollback(True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Transfer.objects.create(**sound | wrong)
