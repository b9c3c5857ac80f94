"""收款账户: whose account money may go to. Its name is the company's own, exact after `lib.names.normal`; a former name
needs an officer who has made sure that it is the same company. Any other name is refused: likeness never decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from qinqing.accounts.actor import Actor
from qinqing.directory.models import FormerName, Party
from qinqing.lib.labels import Label
from qinqing.lib.names import normal
from qinqing.policies.models_money import PayeeAccount
from qinqing.ui.errors import Invalid, NotAllowed

_NUMBER = re.compile(r"[0-9]{8,32}")
_BLANKS = re.compile(r"[\s-]+")


@dataclass(frozen=True, slots=True)
class Account:
    """An account as somebody gives it. `confirmed`: an officer has made sure of a former name."""

    name: str
    number: str
    bank: str
    confirmed: bool = False


def current(party: Party) -> PayeeAccount | None:
    """The account the company gave last; None also where it has been erased since."""
    return PayeeAccount.objects.filter(party=party, erased_at=None).order_by("-pk").first()


def give(party: Party, account: Account, actor: Actor, now: datetime) -> PayeeAccount:
    """Keep an account; the same as the present one is kept once. Raises Invalid by field, NotAllowed."""
    if actor.user_id is None:
        raise NotAllowed(Label("请先登录", "Sign in first"))
    name, bank = account.name.strip(), account.bank.strip()
    number = _BLANKS.sub("", account.number)
    faults = _faults(party, name, number, bank, account.confirmed and actor.kind == "officer")
    if faults:
        raise Invalid(Label("收款账户有误", "The account cannot be used"), fields=faults)
    confirmed = None if normal(name) == party.name_norm else actor.user_id
    before = current(party)
    if before and (before.name, before.number, before.bank) == (name, number, bank) and fits(before, party):
        return before
    return PayeeAccount.objects.create(
        party=party, name=name, number=number, bank=bank, given_at=now, given_by_id=actor.user_id,
        confirmed_by_id=confirmed,
    )  # fmt: skip


def fits(account: PayeeAccount, party: Party) -> bool:
    """Whether money may go there now: the company may have been renamed since the account was given."""
    if normal(account.name) == party.name_norm:
        return True
    return account.confirmed_by_id is not None and _former(party, account.name)


def masked(number: str) -> str:
    """The last four digits, for pages and receipts."""
    return f"****{number[-4:]}"


# ── private ──


def _faults(party: Party, name: str, number: str, bank: str, confirmed: bool) -> dict[str, Label]:
    faults = {}
    if normal(name) != party.name_norm:
        if not _former(party, name):
            faults["account_name"] = Label(
                f"户名须与企业名称“{party.name}”一致，请使用本企业的账户",
                f"The account must bear the company's name, {party.name}; give the company's own account",
            )
        elif not confirmed:
            faults["account_name"] = Label(
                "户名是企业的曾用名，须由工作人员核实是同一企业后登记",
                "The name is a former name; an officer must make sure that it is the same company, and record it",
            )
    if not _NUMBER.fullmatch(number):
        faults["account_number"] = Label("账号应为8至32位数字", "An account number is 8 to 32 digits")
    if not bank or len(bank) > 100 or not bank.isprintable():
        faults["bank"] = Label("请填写开户银行，不超过100字", "Name the bank, in at most 100 characters")
    return faults


def _former(party: Party, name: str) -> bool:
    return FormerName.objects.filter(party=party, name_norm=normal(name)).exists()
