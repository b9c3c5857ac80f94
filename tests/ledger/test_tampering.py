"""`audit verify` finds what somebody changed behind the triggers' back."""

from __future__ import annotations

import io
import json

import pytest
from django.db import connection, models

from qinqing.audit import export, histories
from qinqing.audit.chain import link
from qinqing.audit.services import verify_database
from qinqing.audit.verify import check_chain
from qinqing.ledger import checking, services
from qinqing.ledger.history import LedgerHistory
from qinqing.ledger.models import Book
from qinqing.ledger.services import Entry, Kind, transfer
from tests.audit.unguarded import unguarded
from tests.ledger.budgets import NOW, RD, TALENT, opened

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def story(db: None) -> None:
    opened(RD, 1_000)
    opened(TALENT, 500, "人才津贴")
    both = [Entry(Kind.RESERVE, 300, "A", RD), Entry(Kind.RESERVE, 50, "T", TALENT), Entry(Kind.COMMIT, 200, "A")]
    transfer(both, "both", NOW)
    services.pay("A", 100, "paid", NOW)
    services.reverse("paid", "returned by the bank", NOW)
    connection.check_constraints()  # none pending: PostgreSQL would not let the guards be taken off


def kinds() -> set[str]:
    return {finding.kind for finding in verify_database(NOW).findings}


def do(sql: str) -> None:
    with unguarded(), connection.cursor() as cursor:
        cursor.execute(sql)


def rechain(code: str, change: dict[str, object]) -> None:
    """What somebody with the whole database could do: change the fourth record and hash all anew."""
    book, previous = Book.objects.get(code=code), ""
    with unguarded():
        for each in book.transfers.order_by("seq"):
            head = each.head
            if each.seq == 4:
                head = json.dumps(json.loads(head) | change, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            previous = link(previous, head)
            book.transfers.filter(pk=each.pk).update(head=head, hash=previous)
        Book.objects.filter(pk=book.pk).update(head_hash=previous)


def test_an_untouched_ledger_is_whole() -> None:
    assert isinstance(histories.registered()["ledger"], LedgerHistory)
    report = verify_database(NOW)
    assert report.findings == [] and report.events == 7
    assert checking.check() == checking.Checked(2, 7, ())


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("UPDATE ledger_transfer SET amount = 99 WHERE cause = 'paid'", "state"),
        ("UPDATE ledger_transfer SET cause = 'someone else' WHERE cause = 'paid'", "state"),
        ("UPDATE ledger_transfer SET head = REPLACE(head, '100', '101') WHERE cause = 'paid'", "head"),
        ("UPDATE ledger_transfer SET hash = 'ab' WHERE cause = 'paid'", "head"),
        ("DELETE FROM ledger_transfer WHERE cause = 'returned by the bank'", "truncated"),
        ("UPDATE ledger_book SET head_hash = '' WHERE code = 'fund:2026:rd'", "truncated"),
        ("UPDATE ledger_book SET available = available + 1, source = source - 1", "state"),
        ("UPDATE ledger_book SET unit = 'yuan'", "state"),
        ("UPDATE ledger_position SET paid = 100 WHERE ref = 'A'", "state"),
        ("UPDATE ledger_position SET released = 1 WHERE ref = 'A'", "state"),
        ("UPDATE ledger_position SET ref = 'B' WHERE ref = 'A'", "state"),
        ("UPDATE ledger_position SET book_id = (SELECT id FROM ledger_book WHERE code = 'fund:2026:talent')", "state"),
        (
            "INSERT INTO ledger_position (book_id, ref, reserved, committed, paid, released, recovered)"
            " SELECT id, 'Z', 0, 0, 7, 0, 0 FROM ledger_book",
            "state",
        ),
    ],
)
def test_a_changed_row_is_found(sql: str, kind: str) -> None:
    if "'Z'" in sql:
        sql += " WHERE code = 'fund:2026:rd'"
    do(sql)
    assert kinds() == {kind}
    assert checking.check().faults


@pytest.mark.parametrize("change", [{"amount": 90}, {"ref": "B"}, {"reverses": 3}, {"kind": "cancel"}])
def test_a_record_rewritten_with_all_its_hashes_does_not_fit_the_rows(change: dict[str, object]) -> None:
    rechain(RD, change)
    assert kinds() == {"state"}


def test_a_lost_guard_is_found() -> None:
    with unguarded():
        assert {f.kind for f in verify_database(NOW).findings} == {"unguarded"}


def test_a_torn_set_is_found_where_both_chains_are_whole() -> None:
    """The last record of one book gone, its row set back: only the count of the set tells."""
    talent = Book.objects.get(code=TALENT)
    do(f"DELETE FROM ledger_transfer WHERE seq = 2 AND book_id = {talent.pk}")
    first = talent.transfers.get()
    Book.objects.filter(code=TALENT).update(seq=1, head_hash=first.hash, reserved=0, available=500)
    do("DELETE FROM ledger_position WHERE ref = 'T'")
    assert [str(fault) for fault in checking.check().faults] == ["“both”应有3笔，只有2笔"]


def test_a_lost_limit_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = models.CheckConstraint(condition=models.Q(paid__gte=0), name="book_lost")
    monkeypatch.setattr(Book._meta, "constraints", [*Book._meta.constraints, lost])
    assert [fault.en for fault in checking.check().faults] == ["table ledger_book has lost the constraint book_lost"]


def test_slices_and_single_chains_read_the_same() -> None:
    history = LedgerHistory()
    assert [chain.ref for chain in history.chains()] == [RD, TALENT]
    assert [chain.ref for chain in history.chains_after("", 1)] == [RD]
    assert [chain.ref for chain in history.chains_after(RD, 9)] == [TALENT]
    assert [chain.ref for chain in history.chains("none")] == []
    assert [(head.ref, head.seq) for head in history.heads()] == [(RD, 5), (TALENT, 2)]
    for chain in history.chains():
        assert check_chain("ledger", chain)[:2] == ([], chain.seq)
    assert history.erasable("standard", NOW) == history.erase("standard", NOW, NOW, 9) == 0


def test_an_export_verifies_alone() -> None:
    file = io.StringIO()
    export.write(file, (("ledger", chain) for chain in LedgerHistory().chains()), [], NOW, complete=True)
    lines = file.getvalue().splitlines(keepends=True)
    assert export.verify(lines).findings == []
    changed = [line.replace('\\"amount\\":100', '\\"amount\\":10') for line in lines]
    assert changed != lines and {f.kind for f in export.verify(changed).findings} == {"head"}
