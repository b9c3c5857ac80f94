"""Reads of the ledger: what is there, what happened to a reference, statements (对账单) and the burn-down by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from qinqing.ledger.accounts import Balances, Kind, total
from qinqing.ledger.models import Book, Position, Transfer
from qinqing.ledger.refusals import Missing
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import CHINA


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a statement; `balances` as they were after it."""

    at: datetime
    seq: int
    cause: str
    ref: str  # empty for what concerns the book as a whole
    kind: Kind
    reversal: bool
    amount: int
    balances: Balances


@dataclass(frozen=True, slots=True)
class Statement:
    """对账单: `opening` and the rows give `closing`."""

    book: Book
    opening: Balances
    rows: tuple[Row, ...]
    closing: Balances


@dataclass(frozen=True, slots=True)
class DayEnd:
    """What stood on the accounts when the day was over."""

    day: date
    balances: Balances


def books() -> QuerySet[Book]:
    """All books by code; each has its `balances`."""
    return Book.objects.order_by("code")


def book(code: str) -> Book:
    """Raises Missing."""
    found = Book.objects.filter(code=code).first()
    if found is None:
        raise Missing(Label(f"没有代码为{code}的账本", f"There is no book {code}"))
    return found


def balances(code: str) -> Balances:
    """What stands on the book's accounts now. Raises Missing."""
    return book(code).balances


def position(ref: str) -> Position | None:
    """What of a book's money is reserved, committed and paid for the reference; None: it never had any."""
    return Position.objects.select_related("book").filter(ref=ref).first()


def transfers_of(ref: str) -> QuerySet[Transfer]:
    """All that moved for a reference, in order."""
    return Transfer.objects.filter(position__ref=ref).select_related("book", "position").order_by("seq")


def payment_of(ref: str) -> Transfer | None:
    """The last payment for a reference that stands: was not reversed."""
    paid = transfers_of(ref).filter(kind=Kind.PAY, reverses=None, reversed_by=None)
    return paid.order_by("-seq").first()


def statement(code: str, since: date, until: date) -> Statement:
    """What moved on days of China from `since` to `until`, both inside, in the order it was written. Raises Missing."""
    its = book(code)
    inside = _period(its, since, until).select_related("position").order_by("seq")
    running = opening = _before(its, since)
    rows = []
    for each in inside:
        running = running.after(_changes(each.source, each.target, each.amount))
        ref = each.position.ref if each.position else ""
        reversal = each.reverses_id is not None
        rows.append(Row(each.at, each.seq, each.cause, ref, Kind(each.kind), reversal, each.amount, running))
    return Statement(its, opening, tuple(rows), running)


def burn_down(code: str, since: date, until: date) -> list[DayEnd]:
    """The balances at the end of every day of China from `since` to `until`, both inside. Raises Missing."""
    its = book(code)
    moved: dict[date, list[dict[str, int]]] = {}
    by_day = _period(its, since, until).annotate(day=TruncDate("at", tzinfo=CHINA))
    for row in by_day.values("day", "source", "target").annotate(sum=Sum("amount")).order_by("day"):
        moved.setdefault(row["day"], []).append(_changes(row["source"], row["target"], row["sum"]))
    running, days = _before(its, since), []
    for number in range((until - since).days + 1):
        day = since + timedelta(days=number)
        running = running.after(total(moved.get(day, [])))
        days.append(DayEnd(day, running))
    return days


# ── private ──


def _period(its: Book, since: date, until: date) -> QuerySet[Transfer]:
    return its.transfers.filter(at__gte=_midnight(since), at__lt=_midnight(until + timedelta(days=1)))


def _before(its: Book, day: date) -> Balances:
    return Balances().after(total(_sums(its, Q(at__lt=_midnight(day)))))


def _sums(its: Book, which: Q) -> list[dict[str, int]]:
    rows: Any = its.transfers.filter(which).values("source", "target").annotate(sum=Sum("amount")).order_by()
    return [_changes(row["source"], row["target"], row["sum"]) for row in rows]


def _changes(source: str, target: str, amount: int) -> dict[str, int]:
    return {source: -amount, target: amount}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), CHINA)
