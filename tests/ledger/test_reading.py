"""Statements, the burn-down, and the commands."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from qinqing.__main__ import main
from qinqing.ledger import selectors, services
from qinqing.ledger.accounts import Balances, Kind
from qinqing.ledger.models import Book
from qinqing.ledger.services import Entry, transfer
from tests.audit.unguarded import unguarded
from tests.ledger.budgets import RD, TALENT, opened

pytestmark = pytest.mark.django_db
LATE = datetime(2026, 9, 30, 15, 59, 59, tzinfo=UTC)  # 23:59:59 in China
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def story(db: None) -> None:
    opened(RD, 1_000)  # 29 September
    services.reserve(RD, "A", 300, "c1", LATE)  # 30 September, the last second
    services.commit("A", 300, "c2", LATE + timedelta(seconds=1))  # 1 October, the first
    services.pay("A", 300, "c3", LATE + DAY * 2)
    services.reverse("c3", "c4", LATE + DAY * 2)
    transfer([Entry(Kind.PAY, 200, "A"), Entry(Kind.CANCEL, 100, "A")], "c5", LATE + DAY * 3)


def test_a_statement_runs_from_opening_to_closing() -> None:
    found = selectors.statement(RD, date(2026, 10, 1), date(2026, 10, 2))
    assert found.opening == Balances(available=700, reserved=300)
    assert [(row.cause, row.ref, row.kind, row.reversal, row.amount) for row in found.rows] == [
        ("c2", "A", Kind.COMMIT, False, 300), ("c3", "A", Kind.PAY, False, 300), ("c4", "A", Kind.PAY, True, 300),
    ]  # fmt: skip
    assert [(row.balances.reserved, row.balances.committed, row.balances.paid) for row in found.rows] == [
        (0, 300, 0), (0, 0, 300), (0, 300, 0),
    ]  # fmt: skip
    assert found.closing == Balances(available=700, committed=300)
    whole = selectors.statement(RD, date(2026, 1, 1), date(2026, 12, 31))
    assert whole.opening == Balances() and whole.closing == selectors.balances(RD)
    empty = selectors.statement(RD, date(2027, 1, 1), date(2027, 12, 31))
    assert not empty.rows and empty.opening == empty.closing == whole.closing


def test_the_burn_down_has_every_day() -> None:
    days = selectors.burn_down(RD, date(2026, 9, 28), date(2026, 10, 4))
    assert [(each.day.day, each.balances.available, each.balances.committed, each.balances.paid) for each in days] == [
        (28, 0, 0, 0), (29, 1_000, 0, 0), (30, 700, 0, 0), (1, 700, 300, 0), (2, 700, 300, 0), (3, 800, 0, 200),
        (4, 800, 0, 200),
    ]  # fmt: skip
    assert {each.balances.appropriated for each in days[1:]} == {1_000}
    assert selectors.burn_down(RD, date(2026, 10, 3), date(2026, 10, 3)) == days[5:6]


def test_what_moved_for_a_reference() -> None:
    assert [each.cause for each in selectors.transfers_of("A")] == ["c1", "c2", "c3", "c4", "c5", "c5"]


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str, str]:
    monkeypatch.setattr("qinqing.site.preparing.ready", lambda: None)  # the test database stands
    code = main(["ledger", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_balances_are_printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    opened(TALENT, 5_00, title="人才津贴")
    code, out, _ = run(capsys, monkeypatch, "balances")
    assert code == 0 and out.index(RD) < out.index(TALENT)
    assert "可用\t8.00元" in out and "已付\t2.00元" in out and "预算\t10.00元" in out
    code, out, _ = run(capsys, monkeypatch, "balances", TALENT, "--json")
    assert json.loads(out)["available"] == 5_00 and json.loads(out)["transfers"] == 1
    code, _, err = run(capsys, monkeypatch, "balances", "none", "--lang", "en")
    assert code == 2 and err == "There is no book none\n"


def test_the_check_counts_anew(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(capsys, monkeypatch, "check") == (0, "1个账本、7笔，账实相符\n", "")
    Book.objects.update(available=801, source=-1_001)
    code, out, err = run(capsys, monkeypatch, "check", "--lang", "en")
    assert code == 1 and "2 faults" in out
    assert "available of fund:2026:rd is kept as 801; its transfers give 800" in err
    code, out, _ = run(capsys, monkeypatch, "check", "--json")
    assert code == 1 and not json.loads(out)["ok"] and len(json.loads(out)["faults"]) == 2


def test_the_check_misses_no_guard(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    connection.check_constraints()  # none pending: PostgreSQL would not let the guards be taken off
    with unguarded():
        code, _, err = run(capsys, monkeypatch, "check")
    assert code == 1 and "ledger_transfer" in err
