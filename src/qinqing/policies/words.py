"""政策的话: what a policy pays and asks, said in words of both languages, for diffs, explanations and pages. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from qinqing.lib.labels import Label
from qinqing.lib.rules.needing import phrase
from qinqing.lib.rules.rule import Benefit, Decided, Fixed, Higher, Rate, Schedule, Step, Tiers, Verdict
from qinqing.lib.rules.terms import FactSpec, Term
from qinqing.policies.content import decimal
from qinqing.policies.policy import SHORTS, Budget, Effect, Short, Window
from qinqing.ui.figures import money

Specs = Mapping[str, FactSpec]
VERDICTS: Mapping[Verdict, Label] = {
    Verdict.YES: Label("符合", "yes"),
    Verdict.NO: Label("不符合", "no"),
    Verdict.UNKNOWN: Label("待补数据", "unknown"),
}


def benefit(of: Benefit, specs: Specs) -> Label:
    """定额200,000.00元; （研发费用 - 上年研发费用）的5%，最高500,000.00元; and so on."""
    match of:
        case Fixed(fen):
            return Label(f"定额{money(fen).zh}", f"{money(fen).en}")
        case Rate():
            return _rate(of, specs)
        case Tiers():
            return _tiers(of, specs)
        case Schedule(whole, parts):
            inner = benefit(whole, specs)
            zh = "，".join(f"{label.zh}付{percent(share)}" for share, label in parts)
            en = ", ".join(f"{percent(share)} on {label.en}" for share, label in parts)
            return Label(f"{inner.zh}；分期：{zh}", f"{inner.en}; paid in parts: {en}")
        case Decided(body, low, high):
            zh = "，".join([f"由{body.zh}决定", *_bounds(low, high, "zh")])
            return Label(zh, ", ".join([f"decided by {body.en}", *_bounds(low, high, "en")]))
        case Higher(several):
            each = [benefit(one, specs) for one in several]
            zh, en = "；".join(one.zh for one in each), "; ".join(one.en for one in each)
            return Label(f"就高：{zh}", f"the highest of: {en}")


def percent(share: Fraction) -> str:
    """5%, 0.5%."""
    return f"{decimal(share * 100):f}%"


def effect(of: Effect) -> Label:
    """2026-01-01至2026-12-31."""
    return Label(f"{of.start}至{of.end or '长期'}", f"{of.start} to {of.end or 'superseded'}")


def window(of: Window | None) -> Label:
    """When to apply, and whether one need."""
    if of is None:
        return Label("未定", "not set")
    free = Label("，免申即享", ", without application") if of.without_application else Label("", "")
    return Label(f"{of.start}至{of.end or '不限'}{free.zh}", f"{of.start} to {of.end or 'no end'}{free.en}")


def budget(of: Budget | None) -> Label:
    """The money, and what happens when it runs short."""
    if of is None:
        return Label("未定", "not set")
    by = f"（{of.by}{'从高到低' if of.highest_first else '从低到高'}）" if of.short is Short.RANKED else ""
    said = SHORTS[of.short]
    return Label(
        f"{money(of.fen).zh}，不足时{said.zh}{by}", f"{money(of.fen).en}, when short {said.en}{by and ' '}{of.by}"
    )


def _term(term: Term, specs: Specs) -> Label:
    words = phrase(term, specs)
    bare = all(sign not in words.zh for sign in " +-*/")
    return words if bare else Label(f"（{words.zh}）", f"({words.en})")


def _rate(of: Rate, specs: Specs) -> Label:
    base = _term(of.of, specs)
    if of.rate > 1:
        each = f"{decimal(of.rate):,f}"
        zh, en = f"{base.zh}每单位{each}元", f"{each} yuan for each of {base.en}"
    else:
        zh, en = f"{base.zh}的{percent(of.rate)}", f"{percent(of.rate)} of {base.en}"
    zh = "，".join([zh, *_bounds(of.floor_fen, of.cap_fen, "zh")])
    return Label(zh, ", ".join([en, *_bounds(of.floor_fen, of.cap_fen, "en")]))


def _tiers(of: Tiers, specs: Specs) -> Label:
    base, pays = phrase(of.of, specs), _term(of.pays_of or of.of, specs)
    zh = "；".join(_step(step, pays.zh, "zh") for step in of.steps)
    en = "; ".join(_step(step, pays.en, "en") for step in of.steps)
    zh = "，".join([f"按{base.zh}分档：{zh}", *_bounds(None, of.cap_fen, "zh")])
    return Label(zh, ", ".join([f"by {base.en}: {en}", *_bounds(None, of.cap_fen, "en")]))


def _step(step: Step, pays_of: str, language: str) -> str:
    start = f"{decimal(step.start):,f}"
    if language == "zh":
        paid = money(step.fen).zh if step.rate is None else f"{pays_of}的{percent(step.rate)}"
        return f"{start}{'以上（不含）' if step.above else '及以上'}{paid}"
    paid = money(step.fen).en if step.rate is None else f"{percent(step.rate)} of {pays_of}"
    return f"{'above' if step.above else 'from'} {start} {paid}"


def _bounds(low: int | None, high: int | None, language: str) -> list[str]:
    least, most = ("最低", "最高") if language == "zh" else ("at least ", "at most ")
    bounds = ((least, low), (most, high))
    return [f"{word}{getattr(money(fen), language)}" for word, fen in bounds if fen is not None]
