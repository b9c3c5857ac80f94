"""账户 (double entry): which accounts a book has, which kinds of transfer move what, and what they add up to. Pure.

    source ─ appropriate → available ─ reserve → reserved ─ commit → committed ─ pay → paid ─ surrender → surrendered

and back to `available`: what is released (reserved), cancelled (committed), recovered (paid); to `source`: a reduction.

`source` is the treasury behind the budget: it alone may be negative, and all accounts of a book sum to zero. A
*position* (one claim by its reference) has the parts of `reserved`, `committed` and `paid` that are its own. What was
wrong is reversed: the same transfer the other way, naming the one it reverses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from qinqing.lib.labels import Label


class Account(StrEnum):
    SOURCE = "source"
    AVAILABLE = "available"
    RESERVED = "reserved"
    COMMITTED = "committed"
    PAID = "paid"
    SURRENDERED = "surrendered"


class Kind(StrEnum):
    APPROPRIATE = "appropriate"
    REDUCE = "reduce"
    RESERVE = "reserve"
    RELEASE = "release"
    COMMIT = "commit"
    CANCEL = "cancel"
    PAY = "pay"
    RECOVER = "recover"
    SURRENDER = "surrender"


ACCOUNT_LABELS = {
    Account.SOURCE: Label("财政来源", "Treasury"),
    Account.AVAILABLE: Label("可用", "Available"),
    Account.RESERVED: Label("预留", "Reserved"),
    Account.COMMITTED: Label("待付", "Committed"),
    Account.PAID: Label("已付", "Paid"),
    Account.SURRENDERED: Label("收回上缴", "Surrendered"),
}
KIND_LABELS = {
    Kind.APPROPRIATE: Label("下达预算", "Appropriation"),
    Kind.REDUCE: Label("调减预算", "Reduction"),
    Kind.RESERVE: Label("预留", "Reservation"),
    Kind.RELEASE: Label("释放预留", "Release"),
    Kind.COMMIT: Label("确定应付", "Commitment"),
    Kind.CANCEL: Label("取消应付", "Cancellation"),
    Kind.PAY: Label("支付", "Payment"),
    Kind.RECOVER: Label("追回再用", "Recovery"),
    Kind.SURRENDER: Label("追回上缴", "Surrender"),
}
MOVES: dict[Kind, tuple[Account, Account]] = {  # from, to
    Kind.APPROPRIATE: (Account.SOURCE, Account.AVAILABLE),
    Kind.REDUCE: (Account.AVAILABLE, Account.SOURCE),
    Kind.RESERVE: (Account.AVAILABLE, Account.RESERVED),
    Kind.RELEASE: (Account.RESERVED, Account.AVAILABLE),
    Kind.COMMIT: (Account.RESERVED, Account.COMMITTED),
    Kind.CANCEL: (Account.COMMITTED, Account.AVAILABLE),
    Kind.PAY: (Account.COMMITTED, Account.PAID),
    Kind.RECOVER: (Account.PAID, Account.AVAILABLE),
    Kind.SURRENDER: (Account.PAID, Account.SURRENDERED),
}
OF_THE_BOOK = frozenset({Kind.APPROPRIATE, Kind.REDUCE})  # these name no reference
HELD = (Account.RESERVED, Account.COMMITTED, Account.PAID)  # accounts that consist of positions
PARTS = ("reserved", "committed", "paid", "released", "recovered")  # of a position; the last two only count
_COUNTED = {
    Kind.RELEASE: "released",
    Kind.CANCEL: "released",
    Kind.RECOVER: "recovered",
    Kind.SURRENDER: "recovered",
}


def book_changes(kind: Kind, amount: int) -> dict[str, int]:
    """What a transfer of `amount` adds to each account of its book (a reversal: `-amount`)."""
    source, target = MOVES[kind]
    return {source.value: -amount, target.value: amount}


def part_changes(kind: Kind, amount: int) -> dict[str, int]:
    """What a transfer of `amount` adds to the parts of its position (a reversal: `-amount`)."""
    changes = {name: change for name, change in book_changes(kind, amount).items() if name in HELD}
    if kind in _COUNTED:
        changes[_COUNTED[kind]] = amount
    return changes


@dataclass(frozen=True, slots=True)
class Balances:
    """What stands on a book's accounts, in its smallest unit (fen)."""

    available: int = 0
    reserved: int = 0
    committed: int = 0
    paid: int = 0  # less what was recovered
    surrendered: int = 0  # recovered and given back to the treasury

    @property
    def appropriated(self) -> int:
        """The budget as appropriated and reduced so far: everything the treasury put in."""
        return self.available + self.reserved + self.committed + self.paid + self.surrendered

    def after(self, changes: Mapping[str, int]) -> Balances:
        """These balances with changes added (`book_changes`)."""
        return Balances(**{name: getattr(self, name) + changes.get(name, 0) for name in self.__slots__})


def total(changes: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """The sum of changes, by name."""
    sums: dict[str, int] = {}
    for change in changes:
        for name, amount in change.items():
            sums[name] = sums.get(name, 0) + amount
    return sums
