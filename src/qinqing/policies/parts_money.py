"""金额的部分: instalments of a whole, and the range within which a body decides. Pure."""

from __future__ import annotations

from fractions import Fraction

from qinqing.ledger.sharing import share
from qinqing.lib.labels import Label
from qinqing.lib.rules.rule import Benefit, Decided, Higher, Schedule
from qinqing.policies.policy import Policy

WHOLE = ((Fraction(1), Label("一次兑付", "Paid at once")),)


def parts_of(policy: Policy) -> tuple[tuple[Fraction, Label], ...]:
    """The instalments with what each waits for; one where it is paid at once."""
    benefit = policy.rule.benefit
    return benefit.parts if isinstance(benefit, Schedule) else WHOLE


def part_fen(policy: Policy, whole_fen: int | None, part: int) -> int | None:
    """The fen of one instalment: they sum to the whole exactly. None where the whole is not decided yet."""
    if whole_fen is None:
        return None
    return share(whole_fen, [fraction for fraction, _ in parts_of(policy)])[part]


def decided_by(benefit: Benefit) -> Decided | None:
    """The body that decides the sum, with its range; None where the facts give it."""
    match benefit:
        case Decided():
            return benefit
        case Schedule(whole):
            return decided_by(whole)
        case Higher(several):
            return next((found for one in several if (found := decided_by(one))), None)
        case _:
            return None
