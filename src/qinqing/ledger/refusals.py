"""不予记账: why nothing was moved, as the person at the door reads it."""

from __future__ import annotations

from qinqing.ledger.accounts import ACCOUNT_LABELS, Account
from qinqing.lib.labels import Label
from qinqing.ui.errors import Problem
from qinqing.ui.figures import money


class Short(Problem):
    """There is not enough; `extra` has book, ref, account, there, asked (smallest units)."""

    status = 409
    code = "money_short"
    title = Label("余额不足", "Not enough money")

    def __init__(self, book: str, title: str, unit: str, ref: str, account: Account, there: int, asked: int) -> None:
        where, name = ACCOUNT_LABELS[account], f"{title}（{book}）"
        have, want = said(there, unit), said(asked, unit)
        whose = Label(f"编号{ref}在{name}中的", f"{ref} in {title} ({book}): ") if ref else Label(name, f"{title}: ")
        text = Label(
            f"{whose.zh}{where.zh}资金只有{have.zh}，不足{want.zh}。请核对金额，或先补足资金",
            f"{whose.en}only {have.en} {where.en.lower()}, {want.en} asked for. Check the amount, or find more money",
        )
        facts = {"book": book, "ref": ref, "account": account.value, "there": there, "asked": asked}
        super().__init__(text, extra=facts)


class Clash(Problem):
    """The same cause, book or reference stands for something else already."""

    status = 409
    code = "ledger_clash"
    title = Label("与已记的账不符", "Something else is on the books already")


class Busy(Problem):
    """Another transaction was in the way (a deadlock that the database broke up); nothing was done."""

    status = 409
    code = "ledger_busy"
    title = Label("账本正忙", "The ledger is busy")

    def __init__(self) -> None:
        super().__init__(
            Label(
                "他人正在记同一本账，本次没有记账，请再试一次",
                "Somebody is writing to the same book; nothing was done, please try again",
            )
        )


class Missing(Problem):
    """No such book, reference or transfer."""

    status = 404
    code = "ledger_missing"
    title = Label("账上没有", "Not on the books")


def said(amount: int, unit: str) -> Label:
    """An amount as people read it: 1,234.56元 for fen; other units as they are counted."""
    return money(amount) if unit == "fen" else Label(f"{amount:,} {unit}", f"{amount:,} {unit}")
