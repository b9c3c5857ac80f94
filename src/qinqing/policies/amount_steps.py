"""金额怎么算: how the amount of one company comes about, step by step. The amount itself is the kernel's; here it is
only told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from qinqing.directory.facts.dictionary import specs
from qinqing.lib.labels import Label
from qinqing.lib.rules.evaluating import amount, evaluate
from qinqing.lib.rules.needing import phrase, shown, unit_of
from qinqing.lib.rules.rule import Benefit, Decided, Fixed, Higher, Rate, Schedule, Step, Tiers
from qinqing.lib.rules.terms import Term
from qinqing.lib.rules.values import Given
from qinqing.policies import words
from qinqing.policies.parts_money import part_fen, parts_of
from qinqing.policies.policy import Policy
from qinqing.ui.figures import money

Values = Mapping[str, Given]


@dataclass(frozen=True, slots=True)
class Item:
    """One step: its name, the figure it gives, and how."""

    label: Label
    figure: Label
    how: Label | str = ""
    total: bool = False


def steps(policy: Policy, values: Values, today: date, fen: int | None) -> list[Item]:
    """For a company whose amount is `fen` (None: a body decides, or nothing is known)."""
    found = list(_steps(policy.rule.benefit, values, today))
    if fen is not None:
        found.append(Item(Label("可兑付", "To be paid"), money(fen), "", total=True))
        if len(parts_of(policy)) > 1:
            for number, (share, label) in enumerate(parts_of(policy)):
                paid = Label(f"第{number + 1}期", f"Instalment {number + 1}")
                how = Label(f"{label.zh}，{words.percent(share)}", f"{label.en}, {words.percent(share)}")
                found.append(Item(paid, money(part_fen(policy, fen, number)), how))
    return found


def at_most(of: Benefit) -> Label:
    """The sum in a word, for lists: 定额10万元 as 100,000.00元; 最高500,000.00元; 按标准核算."""
    if isinstance(of, Fixed):
        return money(of.fen)
    if isinstance(of, Schedule):
        return at_most(of.whole)
    most = _most(of)
    if most is None:
        return Label("一事一议", "case by case") if isinstance(of, Decided) else Label("按标准核算", "by the standard")
    return Label(f"最高{money(most).zh}", f"up to {money(most).en}")


# ── private ──


def _most(of: Benefit) -> int | None:
    match of:
        case Fixed(fen):
            return fen
        case Rate():
            return of.cap_fen
        case Tiers():
            sums = [step.fen for step in of.steps]
            return of.cap_fen if of.cap_fen or None in sums else max(fen for fen in sums if fen is not None)
        case Schedule(whole):
            return _most(whole)
        case Decided():
            return of.high_fen
        case Higher(several):
            each = [_most(one) for one in several]
            return None if None in each else max(fen for fen in each if fen is not None)


def _steps(of: Benefit, values: Values, today: date) -> Iterator[Item]:
    match of:
        case Fixed(fen):
            yield Item(Label("定额", "Fixed sum"), money(fen))
        case Rate():
            base = _base(of.of, values, today)
            yield Item(Label("基数", "Base"), base.figure, base.how)
            plain = amount(Rate(of.rate, of.of, of.text), values, specs(), today)
            rate = f"× {words.percent(of.rate)}" if of.rate <= 1 else f"× {money(int(of.rate * 100)).zh}"
            yield Item(Label("按标准计算", "By the standard"), money(plain), rate)
            due = evaluate(of.of, values, specs(), today)
            positive = isinstance(due, Fraction | int) and due > 0 and of.rate > 0
            yield from _bound(of.floor_fen, of.cap_fen, plain, positive)
        case Tiers():
            yield from _tiers(of, values, today)
        case Schedule(whole):
            yield from _steps(whole, values, today)
        case Decided():
            yield Item(Label("核定", "Decision"), Label("待核定", "to be decided"), words.benefit(of, specs()))
        case Higher(several):
            for one in several:
                said = words.benefit(one, specs())
                yield Item(Label("就高比较", "Whichever is higher"), money(amount(one, values, specs(), today)), said)


def _tiers(of: Tiers, values: Values, today: date) -> Iterator[Item]:
    base = _base(of.of, values, today)
    yield Item(Label("分档依据", "Tier by"), base.figure, base.how)
    reached = _reached(of, values, today)
    if reached is None:
        return
    if reached.rate is not None:
        paid = _base(of.pays_of or of.of, values, today)
        each = words.percent(reached.rate) if reached.rate <= 1 else f"{money(int(reached.rate * 100)).zh}"
        plain = amount(Tiers(of.of, of.text, of.steps, of.pays_of), values, specs(), today)
        how = Label(f"{Label.of(paid.how).zh} × {each}", f"{Label.of(paid.how).en} × {each}")
        yield Item(Label("所在档次", "The tier reached"), money(plain), how)
        yield from _bound(None, of.cap_fen, plain)
    else:
        yield Item(Label("所在档次", "The tier reached"), money(reached.fen))
        yield from _bound(None, of.cap_fen, reached.fen)


def _reached(of: Tiers, values: Values, today: date) -> Step | None:
    base = evaluate(of.of, values, specs(), today)
    if not isinstance(base, Fraction | int):
        return None
    passed = [step for step in of.steps if base > step.start or (base == step.start and not step.above)]
    return passed[-1] if passed else None


def _bound(floor: int | None, cap: int | None, plain: int | None, positive: bool = True) -> Iterator[Item]:
    if plain is None:
        return
    if cap is not None:
        word = Label("已封顶", "the cap applies") if plain > cap else Label("未触顶", "below it")
        yield Item(Label("最高额", "Cap"), money(cap), word)
    if floor is not None and plain < floor:
        word = Label("按最低额", "the floor applies") if positive else Label("基数为零，不适用", "nothing is due")
        yield Item(Label("最低额", "Floor"), money(floor), word)


def _base(term: Term, values: Values, today: date) -> Item:
    value = evaluate(term, values, specs(), today)
    how = phrase(term, specs())
    if not isinstance(value, Fraction | int) or isinstance(value, bool):
        return Item(Label("基数", "Base"), Label("—", "—"), how)
    unit = unit_of(term, specs())
    figure = money(int(value * 100 // 1)) if unit == "元" else _plain(shown(Fraction(value), term, specs()), unit)
    return Item(Label("基数", "Base"), figure, how)


def _plain(said: Label, unit: str) -> Label:
    return Label(f"{said.zh}{unit}", said.en)
