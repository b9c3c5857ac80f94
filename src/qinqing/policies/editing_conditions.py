"""条件的填写: a condition as an officer fills it in (fact, comparison, value), and its expression. Pure.

What the form can say, it says and reads back to the very same text; any other expression stays text (`how` is text), so
that nothing a clause needs is out of reach and nothing is rewritten by opening it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from qinqing.directory.facts.dictionary import FactDef
from qinqing.lib.labels import Label
from qinqing.lib.rules.printing import literal_text
from qinqing.lib.rules.terms import Binary, Call, FactType, ListOf, Literal, Name, Term, Unary

Facts = Mapping[str, FactDef]
Filled = dict[str, str]
"""`how` (of HOWS), `fact`, `op` (of OPS), `value`, `other` (a second fact), `text`; what is not asked is empty."""

HOWS: Mapping[str, Label] = {
    "value": Label("与数值或选项相比", "compared with a value"),
    "share": Label("占另一项的比例", "as a share of another fact"),
    "times": Label("与另一项的倍数相比", "compared with a multiple of another fact"),
    "years": Label("满多少年", "whole years since"),
    "text": Label("写成表达式", "written as an expression"),
}
OPS: Mapping[str, Label] = {
    "yes": Label("为“是”", "is true"),
    "no": Label("为“否”", "is false"),
    ">=": Label("不低于（≥）", "at least (≥)"),
    ">": Label("高于（＞）", "more than (>)"),
    "<=": Label("不高于（≤）", "at most (≤)"),
    "<": Label("低于（＜）", "less than (<)"),
    "==": Label("等于（=）", "equals (=)"),
    "!=": Label("不等于（≠）", "differs from (≠)"),
    "in": Label("属于其中之一", "is one of"),
    "not_in": Label("不属于其中任何一项", "is none of"),
}
_DAYS: Mapping[str, Label] = {
    ">=": Label("不早于", "not before"),
    ">": Label("晚于", "after"),
    "<=": Label("不晚于", "not after"),
    "<": Label("早于", "before"),
}
_SHORT: Mapping[str, Label] = {"in": Label("属于", "is one of"), "not_in": Label("不属于", "is none of")}
_FITTING: Mapping[FactType, tuple[str, ...]] = {
    FactType.BOOLEAN: ("yes", "no"),
    FactType.CATEGORY: ("==", "!=", "in", "not_in"),
    FactType.DATE: (">=", ">", "<=", "<", "==", "!="),
    FactType.MONEY: (">=", ">", "<=", "<", "==", "!="),
    FactType.NUMBER: (">=", ">", "<=", "<", "==", "!="),
}
_ORDERS = frozenset((">=", ">", "<=", "<", "==", "!="))
_FIGURE = re.compile(r"(-?\d+(?:\.\d+)?)\s*([万亿%])?")
_TIMES = {"万": Decimal(10_000), "亿": Decimal(100_000_000), "%": Decimal("0.01")}
_PARTED = re.compile(r"[,，、;；\n]+")
_AFTER_NAME = " · "


class Unfit(ValueError):
    """Something filled in cannot be used: which field, and how to mend it."""

    def __init__(self, field: str, zh: str, en: str) -> None:
        super().__init__(zh)
        self.field, self.label = field, Label(zh, en)


def option(fact: FactDef) -> Label:
    """How a fact stands in the list to search: 研发费用（元） · rd_expense."""
    zh = f"{fact.label.zh}（{fact.unit.zh}）" if fact.unit else fact.label.zh
    en = f"{fact.label.en} ({fact.unit.en})" if fact.unit else fact.label.en
    return Label(f"{zh}{_AFTER_NAME}{fact.id}", f"{en}{_AFTER_NAME}{fact.id}")


def fact_in(typed: str, facts: Facts) -> FactDef | None:
    """The fact that was chosen from the list, or whose id or name was typed."""
    typed = typed.strip()
    last = typed.rpartition(_AFTER_NAME)[2].strip()
    if last in facts:
        return facts[last]
    named = [fact for fact in facts.values() if typed and typed.casefold() in _names(fact)]
    return named[0] if len(named) == 1 else None


def fitting(fact: FactDef | None) -> tuple[str, ...]:
    """The comparisons that make sense of a fact."""
    return tuple(OPS) if fact is None else _FITTING[fact.type]


def figure(typed: str) -> str:
    """A number as a definition writes it: 500万 is 5000000, 3% is 0.03; what is no number stays as typed."""
    bare = typed.strip().replace(",", "").replace("，", "").replace("％", "%").removesuffix("元").strip()
    found = _FIGURE.fullmatch(bare)
    if not found:
        return typed.strip()
    if not found[2]:
        return found[1]
    exact = format(Decimal(found[1]) * _TIMES[found[2]], "f")
    return exact.rstrip("0").rstrip(".") if "." in exact else exact


def compose(filled: Filled, facts: Facts) -> str:
    """The expression of what is filled in. Raises Unfit."""
    how = filled["how"]
    if how == "text":
        return filled["text"].strip()
    if how not in HOWS:
        raise Unfit("how", "请选择比较的方式", "choose how it is compared")
    fact = _fact(filled, "fact", facts)
    if how == "value":
        return _with_value(fact, filled)
    op, number = _order(filled), _number(filled)
    if how == "years":
        if fact.type is not FactType.DATE:
            raise Unfit("fact", "只有日期可以算满多少年，请另选", "only a date has years since; choose another")
        return f"years_since({fact.id}) {op} {number}"
    other = _fact(filled, "other", facts)
    for field, each in (("fact", fact), ("other", other)):
        if each.type not in {FactType.MONEY, FactType.NUMBER}:
            raise Unfit(field, "只有金额和数字可以相比，请另选", "only money and numbers compare so; choose another")
    if how == "share":
        return f"{fact.id} / {other.id} {op} {number}"
    return f"{fact.id} {op} {number if '.' in number else f'{number}.0'} * {other.id}"


def filled_from(term: Term, text: str, facts: Facts) -> Filled:
    """What the form shows for an expression: its parts where they say the very same, else the text."""
    found = _parts(term)
    if found is not None:
        filled = {"how": "value", "fact": "", "op": "", "value": "", "other": "", "text": "", **found}
        try:
            same = compose(filled, facts) == text
        except Unfit:
            same = False
        if same:
            return filled
    return {"how": "text", "fact": "", "op": "", "value": "", "other": "", "text": text}


def said(filled: Filled, facts: Facts) -> Label | None:
    """The condition in words: 研发费用占营业收入的比例不低于3%; None where it is an expression."""
    fact = facts.get(filled["fact"])
    if fact is None or filled["how"] == "text":
        return None
    op, name = filled["op"], fact.label
    if op in {"yes", "no"}:
        return Label(f"{name.zh}：{'是' if op == 'yes' else '否'}", f"{name.en}: {op}")
    ask = _DAYS.get(op, OPS[op]) if fact.type is FactType.DATE and filled["how"] == "value" else OPS[op]
    zh, en = _SHORT.get(op) or (ask.zh.partition("（")[0], ask.en.partition(" (")[0])
    other, value = facts.get(filled["other"]), filled["value"]
    if filled["how"] == "share" and other:
        share = f"{(Decimal(value) * 100).normalize():f}%"
        return Label(
            f"{name.zh}占{other.label.zh}的比例{zh}{share}", f"{name.en} as a share of {other.label.en}: {en} {share}"
        )
    if filled["how"] == "times" and other:
        times = f"{Decimal(value).normalize():f}"
        return Label(f"{name.zh}{zh}{other.label.zh}的{times}倍", f"{name.en}: {en} {times} times {other.label.en}")
    if filled["how"] == "years":
        return Label(f"{name.zh}至今满的年数{zh}{value}年", f"years since {name.en}: {en} {value}")
    return _said_value(fact, value, zh, en)


def _said_value(fact: FactDef, value: str, zh: str, en: str) -> Label:
    if fact.type is FactType.CATEGORY:
        codes = [fact.codes.get(code) or Label(code, code) for code in listed(value)]
        zh_codes, en_codes = "、".join(code.zh for code in codes), ", ".join(code.en for code in codes)
        return Label(f"{fact.label.zh}{zh}：{zh_codes}", f"{fact.label.en} {en}: {en_codes}")
    if fact.type in {FactType.MONEY, FactType.NUMBER}:
        figure_ = f"{Decimal(value):,f}"
        unit = fact.unit or Label("", "")
        return Label(f"{fact.label.zh}{zh}{figure_}{unit.zh}", f"{fact.label.en}: {en} {figure_} {unit.en}".strip())
    return Label(f"{fact.label.zh}{zh}{value}", f"{fact.label.en}: {en} {value}")


def listed(typed: str) -> list[str]:
    """Several in one field, parted by commas of either kind."""
    return [each.strip() for each in _PARTED.split(typed) if each.strip()]


# ── private ──


def _names(fact: FactDef) -> set[str]:
    chosen = option(fact)
    full = {chosen.zh, chosen.en, chosen.zh.rpartition(_AFTER_NAME)[0], chosen.en.rpartition(_AFTER_NAME)[0]}
    return {each.casefold() for each in (fact.label.zh, fact.label.en, *full)}


def _fact(filled: Filled, field: str, facts: Facts) -> FactDef:
    typed = filled[field].strip()
    if not typed:
        raise Unfit(field, "请从字典中选一项事实", "choose a fact from the dictionary")
    fact = fact_in(typed, facts)
    if fact is None:
        raise Unfit(
            field,
            f"字典中没有“{typed[:40]}”，请从列表中选",
            f"there is no fact {typed[:40]!r}; choose one of the list",
        )
    return fact


def _order(filled: Filled) -> str:
    if filled["op"] not in _ORDERS:
        raise Unfit("op", "请选择不低于、高于等比较", "choose at least, more than and so on")
    return filled["op"]


def _number(filled: Filled) -> str:
    number = figure(filled["value"])
    if not re.fullmatch(r"-?\d+(\.\d+)?", number):
        raise Unfit("value", "请填数字，如0.03、3%或500万", "write a number, such as 0.03, 3% or 500万 (ten thousands)")
    return number


def _with_value(fact: FactDef, filled: Filled) -> str:
    op = filled["op"]
    if op not in _FITTING[fact.type]:
        zh, en = f"“{fact.label.zh}”不能这样比较，请另选", f"{fact.label.en} cannot be compared so; choose again"
        raise Unfit("op", zh, en)
    if fact.type is FactType.BOOLEAN:
        return fact.id if op == "yes" else f"!{fact.id}"
    if fact.type is FactType.CATEGORY:
        return _with_codes(fact, op, filled["value"])
    if fact.type is FactType.DATE:
        return f"{fact.id} {op} {literal_text(Literal(_day(filled)))}"
    return f"{fact.id} {op} {_number(filled)}"


def _with_codes(fact: FactDef, op: str, typed: str) -> str:
    codes = [code_in(each, fact) for each in listed(typed)]
    if not codes:
        raise Unfit("value", "请填至少一个选项", "write at least one of its choices")
    quoted = [literal_text(Literal(code)) for code in codes]
    if op in {"==", "!="}:
        if len(codes) > 1:
            raise Unfit("value", "“等于”只能填一项；多项请用“属于”", "one only; for several choose “is one of”")
        return f"{fact.id} {op} {quoted[0]}"
    among = f"{fact.id} in [{', '.join(quoted)}]"
    return among if op == "in" else f"!({among})"


def code_in(typed: str, fact: FactDef) -> str:
    """The code of a choice typed by its code or its name. Raises Unfit."""
    if fact.open or typed in fact.codes:
        return typed
    same = typed.casefold()
    named = [code for code, label in fact.codes.items() if same in {label.zh.casefold(), label.en.casefold()}]
    if len(named) != 1:
        zh, en = "、".join(each.zh for each in fact.codes.values()), ", ".join(each.en for each in fact.codes.values())
        raise Unfit("value", f"没有“{typed[:40]}”这一项；可填{zh}", f"there is no {typed[:40]!r}; there are {en}")
    return named[0]


def _day(filled: Filled) -> date:
    try:
        return date.fromisoformat(filled["value"].strip())
    except ValueError:
        raise Unfit("value", "请填日期，如2026-01-01", "write a date, such as 2026-01-01") from None


def _parts(term: Term) -> dict[str, str] | None:
    """The form's parts of a term, where it looks like what the form makes; the caller compares the texts."""
    match term:
        case Name(name):
            return {"fact": name, "op": "yes"}
        case Unary("!", Name(name)):
            return {"fact": name, "op": "no"}
        case Unary("!", Binary("in", Name(name), ListOf(items))):
            return {"fact": name, "op": "not_in", "value": _codes(items)}
        case Binary("in", Name(name), ListOf(items)):
            return {"fact": name, "op": "in", "value": _codes(items)}
        case Binary(op, Name(name), Literal() as literal):
            return {"fact": name, "op": op, "value": _plain(literal)}
        case Binary(op, Binary("/", Name(name), Name(other)), Literal() as literal):
            return {"how": "share", "fact": name, "other": other, "op": op, "value": _plain(literal)}
        case Binary(op, Name(name), Binary("*", Literal() as literal, Name(other))):
            return {"how": "times", "fact": name, "other": other, "op": op, "value": _plain(literal)}
        case Binary(op, Call("years_since", (Name(name),)), Literal() as literal):
            return {"how": "years", "fact": name, "op": op, "value": _plain(literal)}
    return None


def _codes(items: Iterable[Any]) -> str:
    return ", ".join(_plain(item) if isinstance(item, Literal) else "" for item in items)


def _plain(literal: Literal) -> str:
    return str(literal.value) if isinstance(literal.value, str | date) else literal.text
