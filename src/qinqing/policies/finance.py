"""财政支付系统接口: how payment batches reach whoever pays, and how results come back. What a county connects
implements `FinanceSystem`; without one, officers carry files (payment_files.py).

    finance.use(OurBank(...))            # in the county's own app, once
    finance.send(batch); finance.fetch(batch, actor, now)

Results take the same way as a file's: each is held against its payment, what differs is returned and not applied.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from qinqing.accounts.actor import Actor
from qinqing.lib.labels import Label
from qinqing.policies import payments
from qinqing.policies.models_money import Batch, Payment
from qinqing.policies.payments import Result


class FinanceSystem(Protocol):
    """Another system that pays. Both may be called again for the same batch: `sha256` tells it apart."""

    def send(self, number: str, sha256: str, orders: Sequence[Order]) -> None:
        """Hand a batch over. Raises OSError when it cannot be reached; nothing was handed over then."""

    def results(self, number: str) -> Sequence[Result]:
        """What is known of the batch by now; a payment that is not listed has no result yet."""


@dataclass(frozen=True, slots=True)
class Order:
    """One payment as another system gets it. `fen`: whole fen."""

    number: str
    name: str
    account: str
    bank: str
    fen: int


class ByFile:
    """By files that officers carry: nothing is handed over by itself, nothing comes back by itself."""

    def send(self, number: str, sha256: str, orders: Sequence[Order]) -> None:
        return

    def results(self, number: str) -> Sequence[Result]:
        return ()


class Demo:
    """演示: pays at once; accounts that end in 0000 are closed, of those that end in 9999 the result is unknown."""

    def __init__(self) -> None:
        self._orders: dict[str, Sequence[Order]] = {}

    def send(self, number: str, sha256: str, orders: Sequence[Order]) -> None:
        self._orders[number] = tuple(orders)

    def results(self, number: str) -> Sequence[Result]:
        return [self._result(order) for order in self._orders.get(number, ())]

    def _result(self, order: Order) -> Result:
        state, reason = Payment.State.PAID, ""
        if order.account.endswith("0000"):
            state, reason = Payment.State.FAILED, "账户已销户"
        elif order.account.endswith("9999"):
            state, reason = Payment.State.UNKNOWN, "银行未返回结果"
        ref = f"DEMO{order.number}" if state is Payment.State.PAID else ""
        return Result(order.number, order.name, order.account, order.fen, state.value, ref, reason)


_system: FinanceSystem = ByFile()


def use(system: FinanceSystem) -> FinanceSystem:
    """From now on batches go to this system. Gives the one before."""
    global _system
    before, _system = _system, system
    return before


def connected() -> bool:
    """Whether a system is connected, so that pages offer to ask it."""
    return not isinstance(_system, ByFile)


def send(batch: Batch) -> None:
    """Hand a batch over. Raises OSError."""
    found = batch.payments.order_by("line")
    orders = [Order(each.number, each.name, each.account, each.bank, each.fen) for each in found]
    _system.send(batch.number, batch.sha256, orders)


def fetch(batch: Batch, actor: Actor, now: datetime) -> tuple[Counter[str], list[tuple[Result, Label]]]:
    """Ask for results and apply those that fit: (counts by state, what differs and why). Raises OSError, and what
    `payments.take` raises."""
    known = {each.number: each for each in batch.payments.all()}
    fitting: list[Result] = []
    differing: list[tuple[Result, Label]] = []
    for result in _system.results(batch.number):
        why = payments.difference(known.get(result.number), result)
        if why is None:
            fitting.append(result)
        else:
            differing.append((result, why))
    return payments.take(fitting, actor, now), differing
