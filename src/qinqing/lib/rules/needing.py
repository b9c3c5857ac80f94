"""应达到什么: what a condition asks for, in words, beside what the company has."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction

from qinqing.lib.labels import Label
from qinqing.lib.rules.comparing import NEGATED, comparison_in
from qinqing.lib.rules.printing import text
from qinqing.lib.rules.terms import Binary, Call, Choice, FactSpec, FactType, ListOf, Literal, Name, Term, Unary
from qinqing.lib.rules.values import Value, decimals

YEARS = "年"
_ASKS = {
    ">=": Label("应不低于", "must be at least"),
    ">": Label("应高于", "must be more than"),
    "<=": Label("应不高于", "must be at most"),
    "<": Label("应低于", "must be less than"),
    "==": Label("应为", "must be"),
    "!=": Label("应不是", "must not be"),
    "in": Label("应属于", "must be one of"),
    "not in": Label("应不属于", "must be none of"),
    "contains": Label("应含有", "must contain"),
    "startsWith": Label("应开头为", "must start with"),
    "endsWith": Label("应结尾为", "must end with"),
}
_ORDERED = ("<", "<=", ">", ">=")
_ASKS_OF_DATES = _ASKS | {
    ">=": Label("应不早于", "must not be before"),
    ">": Label("应晚于", "must be after"),
    "<=": Label("应不晚于", "must not be after"),
    "<": Label("应早于", "must be before"),
}


def needs(term: Term, wanted: bool, value: Value, threshold: Value, specs: Mapping[str, FactSpec]) -> Label:
    """What would have to be so: 研发费用应不低于500,000.00元，现为480,000.00元，差20,000.00元. `wanted`: False where
    the condition stands under a not."""
    found = comparison_in(term)
    op = None
    if found:
        op = found.op if wanted else NEGATED.get(found.op)
    if found is None or op is None or threshold is None:
        inner = phrase(term, specs)
        if wanted:
            return Label(f"应满足：{inner.zh}", f"must hold: {inner.en}")
        return Label(f"应不满足：{inner.zh}", f"must not hold: {inner.en}")
    if op == "!=" and isinstance(threshold, bool):
        op, threshold = "==", not threshold  # 应为否, not 应不是是
    unit, what = unit_of(found.measured, specs), phrase(found.measured, specs)
    asks = (_ASKS_OF_DATES if isinstance(threshold, date) else _ASKS)[op]
    bound, now = shown(threshold, found.measured, specs), shown(value, found.measured, specs)
    zh = f"{what.zh}{asks.zh}{bound.zh}{unit}，现为{now.zh}{unit}"
    en = f"{what.en} {asks.en} {bound.en}; it is {now.en}"
    if op in _ORDERED and isinstance(value, Fraction) and isinstance(threshold, int | Fraction) and value != threshold:
        lacking = shown(abs(value - threshold), found.measured, specs)
        zh, en = f"{zh}，差{lacking.zh}{unit}", f"{en}, {lacking.en} away"
    return Label(zh, en)


def shown(value: Value, measured: Term, specs: Mapping[str, FactSpec]) -> Label:
    """A value as it is read beside what is measured: money with two places, texts as their codes."""
    match value:
        case bool():
            return Label("是", "yes") if value else Label("否", "no")
        case int() | Fraction():
            number = _number(Fraction(value), measured, specs)
            return Label(number, number)
        case date():
            return Label(f"{value.year}年{value.month}月{value.day}日", value.isoformat())
        case tuple():
            items = [shown(item, measured, specs) for item in value]
            return Label("、".join(item.zh for item in items), ", ".join(item.en for item in items))
        case None:
            return Label("未知", "unknown")
        case _:
            return Label(str(value), str(value))


def _number(value: Fraction, measured: Term, specs: Mapping[str, FactSpec]) -> str:
    """Rounded down to what is shown, so that what falls short is never shown as reached."""
    spec = specs.get(measured.id) if isinstance(measured, Name) else None
    places = decimals(spec) if spec else 4
    scaled = value * 10**places // 1
    digits = f"{abs(scaled):0{places + 1}d}"
    sign = "-" if scaled < 0 else ""
    number = f"{sign}{int(digits[: len(digits) - places]):,}"
    rest = digits[len(digits) - places :] if places else ""
    if not (spec and spec.type is FactType.MONEY):
        rest = rest.rstrip("0")
    return f"{number}.{rest}" if rest else number


def unit_of(term: Term, specs: Mapping[str, FactSpec]) -> str:
    """The unit of a term's value; empty for shares and for what has none."""
    match term:
        case Name(id):
            return specs[id].unit
        case Call("years_since"):
            return YEARS
        case Unary("-", inner):
            return unit_of(inner, specs)
        case Binary("+" | "-", left, right):
            return unit_of(left, specs) if unit_of(left, specs) == unit_of(right, specs) else ""
        case Binary("*", Literal(), other) | Binary("*" | "/", other, Literal()):
            return unit_of(other, specs)
        case _:
            return ""


def phrase(term: Term, specs: Mapping[str, FactSpec]) -> Label:
    """The term with the facts' names in place of their codes."""
    return Label(text(_named(term, specs, "zh")), text(_named(term, specs, "en")))


def _named(term: Term, specs: Mapping[str, FactSpec], language: str) -> Term:
    match term:
        case Name(id):
            return Name(getattr(specs[id].label, language)) if id in specs else term
        case Unary(op, inner):
            return Unary(op, _named(inner, specs, language))
        case Binary(op, left, right):
            return Binary(op, _named(left, specs, language), _named(right, specs, language))
        case Choice(test, then, other):
            test, then, other = (_named(each, specs, language) for each in (test, then, other))
            return Choice(test, then, other)
        case Call("years_since", (start,)):
            words = _named(start, specs, language)
            name = words.id if isinstance(words, Name) else text(words)
            return Name(f"{name}起年数" if language == "zh" else f"Years since {name}")
        case Call(name, args):
            return Call(name, tuple(_named(arg, specs, language) for arg in args))
        case ListOf(items):
            return ListOf(tuple(_named(item, specs, language) for item in items))
        case _:
            return term
