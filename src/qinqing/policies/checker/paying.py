"""Rules about what is paid: parts make a whole, steps rise, bounds stand the right way round, the budget suffices."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from qinqing.lib.labels import Label
from qinqing.lib.rules.checking import names
from qinqing.lib.rules.rule import Benefit, Decided, Fixed, Higher, Rate, Schedule, Tiers
from qinqing.policies.checker.known import Faults, Known
from qinqing.policies.content import decimal
from qinqing.policies.finding import Fault
from qinqing.policies.parts import Path, benefits, expressions
from qinqing.policies.policy import Policy, Short


def parts(policy: Policy, known: Known) -> Faults:
    """Instalments make a whole, and are not instalments of instalments."""
    for path, benefit in benefits(policy):
        if isinstance(benefit, Schedule):
            total = sum(share for share, _ in benefit.parts)
            if total != 1:
                said = f"{decimal(total * 100)}%"
                text = Label(f"各期合计{said}，应为100%，请改正", f"the parts sum to {said}, not 100%; mend the shares")
                yield Fault((*path, "parts"), text)
            if any(share <= 0 for share, _ in benefit.parts):
                said_zero = Label("有一期为零，请删去", "one part is nothing; take it out")
                yield Fault((*path, "parts"), said_zero)
            if path != ("benefit",) or isinstance(benefit.whole, Schedule):
                yield Fault(path, Label("分期只能写在最外层", "instalments can only be of the whole benefit"))


def steps(policy: Policy, known: Known) -> Faults:
    """Steps are written from the lowest up, each once."""
    for path, benefit in benefits(policy):
        if isinstance(benefit, Tiers):
            marks = [(step.start, step.above) for step in benefit.steps]
            for at in range(1, len(marks)):
                if marks[at] <= marks[at - 1]:
                    yield Fault(
                        (*path, "tiers", str(at)),
                        Label(
                            f"这一档的起点{decimal(marks[at][0])}不高于上一档，请从低到高写",
                            f"this step begins at {decimal(marks[at][0])}, not above the one before; write them from "
                            "the lowest up",
                        ),
                    )


def bounds(policy: Policy, known: Known) -> Faults:
    """At least is not more than at most; something is paid."""
    for path, benefit in benefits(policy):
        low, high, key = _bounds(benefit)
        if low is not None and high is not None and low > high:
            least, most = (f"{decimal(Fraction(each, 100)):,}" for each in (low, high))
            yield Fault(
                (*path, key),
                Label(
                    f"下限高于上限：最低{least}元，最高{most}元。请调低前者或调高后者",
                    f"the least ({least} yuan) is more than the most ({most} yuan); lower the one or raise the other",
                ),
            )
        if _nothing(benefit):
            yield Fault(path, Label("这样写一分钱也不付，请改正", "written so, nothing is ever paid; mend it"))


def _bounds(benefit: Benefit) -> tuple[int | None, int | None, str]:
    if isinstance(benefit, Rate):
        return benefit.floor_fen, benefit.cap_fen, "floor_yuan"
    if isinstance(benefit, Decided):
        return benefit.low_fen, benefit.high_fen, "at_least_yuan"
    return None, None, ""


def _nothing(benefit: Benefit) -> bool:
    match benefit:
        case Fixed(fen):
            return fen == 0
        case Rate():
            return benefit.cap_fen == 0 or benefit.rate == 0
        case Tiers():
            return benefit.cap_fen == 0 or not any(step.fen or step.rate for step in benefit.steps)
        case Decided():
            return benefit.high_fen == 0
        case Schedule() | Higher():
            return False


def bases(policy: Policy, known: Known) -> Faults:
    """What is paid by a base depends on facts; a constant base is a fixed sum."""
    for each in expressions(policy):
        if each.wants == "number" and not names(each.term):
            said = Label("没有用到任何事实，请改为fixed_yuan", "uses no fact; write fixed_yuan instead")
            yield Fault(each.path, said)


def budget(policy: Policy, known: Known) -> Faults:
    """The budget pays at least one company in full, and what ranks is none where a body decides the sum."""
    if policy.budget is None:
        return
    for path, sum_fen in _largest(policy):
        if sum_fen > policy.budget.fen:
            yield Fault(
                ("budget", "yuan"),
                Label(
                    f"预算不够付一户的最高额（{'.'.join(path)}：{decimal(Fraction(sum_fen, 100)):,}元），请核对",
                    f"the budget does not pay one company its most ({'.'.join(path)}: "
                    f"{decimal(Fraction(sum_fen, 100)):,} yuan); check it",
                ),
            )
    if policy.budget.fen == 0:
        yield Fault(("budget", "yuan"), Label("预算为零，请核对", "the budget is nothing; check it"))


def _largest(policy: Policy) -> Iterator[tuple[Path, int]]:
    for path, benefit in benefits(policy):
        if isinstance(benefit, Fixed):
            yield path, benefit.fen
        elif isinstance(benefit, Rate | Tiers) and benefit.cap_fen is not None:
            yield path, benefit.cap_fen


def by_lot(policy: Policy, known: Known) -> Faults:
    """A sum that a body decides cannot be cut in proportion: the body decides within the budget."""
    decided = any(isinstance(benefit, Decided) for _, benefit in benefits(policy))
    if decided and policy.budget and policy.budget.short is Short.PRO_RATA:
        yield Fault(
            ("budget", "short"),
            Label(
                "一事一议的金额不能再按比例削减，请改为first_come或ranked",
                "what a body decides is not cut in proportion afterwards; write first_come or ranked",
            ),
        )
