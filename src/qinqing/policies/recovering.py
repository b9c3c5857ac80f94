"""追回: money that was paid and proves undue comes back, in one sum or in parts, until all is in or a second person
writes the rest off. What the acts of procedure `policy_claim` do from the reopening on; what is still owed.

Every receipt goes onto the ledger in its own act, so balances are right after each; more than was paid cannot come in:
the database holds a position's `paid` at zero or above.
"""

from __future__ import annotations

from dataclasses import dataclass

from qinqing.cases.refusals import Conflict
from qinqing.cases.registry import Context, effect, guard
from qinqing.ledger import selectors as ledger_reading
from qinqing.ledger import services as ledger
from qinqing.ledger.accounts import Account
from qinqing.lib.identifiers import Invalid
from qinqing.lib.labels import Label
from qinqing.policies.claim_acts import behind, cause, last_returned, locked
from qinqing.policies.models_money import Claim
from qinqing.policies.yuan import read_yuan
from qinqing.ui.figures import money


@dataclass(frozen=True, slots=True)
class Owed:
    """追缴情况, in fen: `paid` once, of which `back` has come in; `rest` has not."""

    paid: int
    back: int

    @property
    def rest(self) -> int:
        return self.paid - self.back


def owed(claim: Claim) -> Owed:
    """What was paid for the claim and what of it came back, by the ledger."""
    held = ledger_reading.position(claim.ref)
    return Owed(held.paid + held.recovered, held.recovered) if held else Owed(0, 0)


@effect("policies.reopen")
def reopen(context: Context) -> None:
    """启动追回: it is decided on like any other claim, but nothing new is paid for it. Where the bank sent the money
    back it is due again instead, as soon as its account is mended."""
    claim = locked(context)
    if claim.state != Claim.State.PAID:
        raise Conflict(Label("只有已兑付的申领可以追回", "Only what was paid can be recovered"))
    if last_returned(claim):
        make_due(claim)


@guard("policies.sent_back", Label("银行没有退汇", "The bank has not sent it back"))
def sent_back(context: Context) -> bool:
    """退汇: the claim's last payment came back."""
    claim = behind(context)
    return claim is not None and last_returned(claim)


@effect("policies.returned")
def returned(context: Context) -> None:
    """退汇 while recovery was being looked into: nothing is left to recover; it is due again, or to be stopped."""
    make_due(locked(context))


def make_due(claim: Claim) -> None:
    """Due again, to another account. The claim's row is locked."""
    claim.state, claim.to_mend = Claim.State.OPEN, True
    claim.save(update_fields=["state", "to_mend"])


# ── what comes in ──


def _a_part(context: Context) -> Label:
    claim = behind(context)
    rest = money(owed(claim).rest) if claim else money(0)
    return Label(
        f"请按1234.56填写本次到账金额，须少于尚未追回的{rest.zh}；全部到账的，请办理“全部到账”",
        f"Write what came in as 1234.56, less than the {rest.en} still out; when all is in, use “All is in”",
    )


@guard("policies.a_part", _a_part)
def a_part(context: Context) -> bool:
    """部分到账: above zero, and less than what is still out."""
    claim, fen = behind(context), _received(context)
    return claim is not None and fen is not None and 0 < fen < owed(claim).rest


@effect("policies.recover_part")
def recover_part(context: Context) -> None:
    """部分到账: onto the ledger; the rest stays to be collected."""
    claim, fen = locked(context), _received(context)
    if fen is None or not 0 < fen < owed(claim).rest:  # asked again with the claim locked
        raise Conflict(_a_part(context))
    _take_back(claim, fen, context)


@effect("policies.recover")
def recover(context: Context) -> None:
    """全部到账: all that is still out, back to the budget or to the treasury."""
    claim = locked(context)
    rest = owed(claim).rest
    if not rest:
        raise Conflict(Label("账上没有已付的资金可以追回", "The ledger holds nothing paid to recover"))
    _take_back(claim, rest, context)
    _end(claim, Claim.State.RECOVERED)


@effect("policies.waive")
def waive(context: Context) -> None:
    """核销余额: what is still out stays paid on the ledger; that nobody collects it was decided by a second person."""
    _end(locked(context), Claim.State.WAIVED)


# ── private ──


def _received(context: Context) -> int | None:
    """The sum typed, in fen; None: it is none."""
    try:
        return read_yuan(context.texts.get("received_yuan", ""))
    except Invalid:
        return None


def _take_back(claim: Claim, fen: int, context: Context) -> None:
    ledger.recover(claim.ref, fen, Account(context.fields["recovered_to"]), cause(context), context.now)


def _end(claim: Claim, state: Claim.State) -> None:
    claim.state = state
    claim.save(update_fields=["state"])
