"""查表达式: whether a term fits the dictionary of facts and CEL's types. Every fault says how to mend it.

Types are CEL's, strictly: whole numbers and decimals do not mix in arithmetic (all facts that are numbers are decimals,
so `2 * revenue` must be `2.0 * revenue`) but may be compared. What depends on the values (`dyn`, lists of mixed
types) is refused, so that a checked term never has a type fault when it is decided.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import TypeAlias

from qinqing.lib.labels import Label
from qinqing.lib.rules.parsing import parts_of
from qinqing.lib.rules.printing import text
from qinqing.lib.rules.terms import (
    Binary,
    Call,
    Choice,
    FactSpec,
    FactType,
    ListOf,
    Literal,
    Name,
    Term,
    TermError,
    Unary,
)

# "bool" "int" "double" "string" "date" "null", and "list(...)" of one of them ("list()" when empty).
Kind: TypeAlias = str

_OF_FACT = {
    FactType.MONEY: "double",
    FactType.NUMBER: "double",
    FactType.BOOLEAN: "bool",
    FactType.CATEGORY: "string",
    FactType.DATE: "date",
}
_OF_VALUE = {bool: "bool", int: "int", float: "double", str: "string", type(None): "null"}
_NUMBERS = ("int", "double")
_WORDS = {
    "bool": Label("是否", "a yes or no"),
    "int": Label("整数", "a whole number"),
    "double": Label("小数", "a decimal number"),
    "number": Label("数", "a number"),
    "string": Label("文字", "a text"),
    "date": Label("日期", "a date"),
    "null": Label("空值", "null"),
    "list": Label("列表", "a list"),
}


def check(term: Term, facts: Mapping[str, FactSpec], wants: str = "bool") -> None:
    """Raises TermError where the term names an unknown fact, mixes types, or is not what is wanted: `bool` (a
    condition), `number` (a base), any other kind, or `any`."""
    kind = kind_of(term, facts)
    if wants in ("any", kind) or (wants == "number" and kind in _NUMBERS):
        return
    needed = _WORDS[wants]
    if wants == "bool" and kind in _NUMBERS:
        mend = Label("请与一个数比较，例如 >= 1.0", "compare it, for example >= 1.0")
    elif wants == "bool" and kind == "string":
        mend = Label('请与代码比较，例如 == "A"', 'compare it with a code, for example == "A"')
    else:
        mend = Label("请改写", "write it anew")
    zh = f"这里要{needed.zh}，而“{text(term)}”是{_word(kind).zh}；{mend.zh}"
    en = f"{needed.en} is wanted here, but “{text(term)}” is {_word(kind).en}; {mend.en}"
    raise TermError(term.at, Label(zh, en))


def names(term: Term) -> frozenset[str]:
    """The facts that the term uses."""
    return frozenset(each.id for each in walk(term) if isinstance(each, Name))


def walk(term: Term) -> Iterator[Term]:
    """The term and every term below it."""
    yield term
    for part in parts_of(term):
        yield from walk(part)


def kind_of(term: Term, facts: Mapping[str, FactSpec]) -> Kind:
    """The type of a term. Raises TermError at the first fault, from the left."""
    match term:
        case Literal():
            return _OF_VALUE.get(type(term.value), "date")
        case Name():
            return _name(term, facts)
        case Unary():
            return _unary(term, kind_of(term.term, facts))
        case Binary():
            return _binary(term, kind_of(term.left, facts), kind_of(term.right, facts))
        case Choice():
            return _choice(term, facts)
        case Call():
            return _call(term, [kind_of(arg, facts) for arg in term.args])
        case ListOf():
            return _list(term, [kind_of(item, facts) for item in term.items])


def comparable(one: Kind, other: Kind) -> bool:
    """Whether `==` is allowed between them."""
    if one.startswith("list(") and other.startswith("list("):
        return "list()" in (one, other) or comparable(one[5:-1], other[5:-1])
    return one == other or (one in _NUMBERS and other in _NUMBERS)


def _name(term: Name, facts: Mapping[str, FactSpec]) -> Kind:
    if spec := facts.get(term.id):
        return _OF_FACT[spec.type]
    near = [facts[id] for id in get_close_matches(term.id, facts, n=3, cutoff=0.6)]
    zh, en = f"没有事实“{term.id}”", f"there is no fact “{term.id}”"
    if near:
        zh += "；是否想写 " + "、".join(f"{spec.id}（{spec.label.zh}）" for spec in near)
        en += "; did you mean " + ", ".join(f"{spec.id} ({spec.label.en})" for spec in near)
    else:
        zh, en = f"{zh}；请从事实目录中选取代码", f"{en}; take a code from the dictionary of facts"
    raise TermError(term.at, Label(zh, en))


def _unary(term: Unary, kind: Kind) -> Kind:
    if (kind == "bool") if term.op == "!" else (kind in _NUMBERS):
        return kind
    if term.op == "!":
        raise _fault(
            term.at,
            "“!”只能用于是否",
            "“!” takes a yes or no",
            kind,
            "请加括号，例如 !(x > 1.0)",
            "use brackets: !(x > 1.0)",
        )
    raise _fault(term.at, "“-”只能用于数", "“-” takes a number", kind, "请去掉“-”", "leave out the “-”")


def _binary(term: Binary, left: Kind, right: Kind) -> Kind:
    op = term.op
    if op in ("&&", "||"):
        for side, kind in ((term.left, left), (term.right, right)):
            if kind != "bool":
                zh, en = f"“{op}”两边都要是否", f"both sides of “{op}” must be a yes or no"
                raise _fault(side.at, zh, en, kind, "请写成比较，例如 x >= 1.0", "write a comparison: x >= 1.0")
        return "bool"
    if op == "in":
        return _in(term, left, right)
    if op in ("==", "!=", "<", "<=", ">", ">="):
        return _comparison(term, left, right)
    return _arithmetic(term, left, right)


def _comparison(term: Binary, left: Kind, right: Kind) -> Kind:
    ordered = term.op not in ("==", "!=")
    if comparable(left, right) and not (ordered and (left == "null" or left.startswith("list"))):
        return "bool"
    if "null" in (left, right):
        zh = "不能与空值比较：缺失的事实本身就是“未知”；请去掉这个比较"
        en = "nothing is compared with null: a missing fact is unknown by itself; leave this comparison out"
    elif ordered and isinstance(term.left, Binary) and term.left.op in ("<", "<=", ">", ">=") and right in _NUMBERS:
        zh = "比较不能连写；请写成 a < x && x < b"
        en = "comparisons cannot be chained; write a < x && x < b"
    else:
        zh = f"{_word(left).zh}与{_word(right).zh}不能用“{term.op}”比较；{_mend(left, right).zh}"
        en = f"{_word(left).en} and {_word(right).en} cannot be compared by “{term.op}”; {_mend(left, right).en}"
    raise TermError(term.at, Label(zh, en))


def _mend(left: Kind, right: Kind) -> Label:
    kinds = {left, right}
    if "date" in kinds and "string" in kinds:
        return Label('日期请写作 date("2026-01-31")', 'write a date as date("2026-01-31")')
    if "date" in kinds:
        return Label("年数请用 years_since(…)", "for a number of years use years_since(...)")
    if any(kind.startswith("list") for kind in kinds):
        return Label("是否属于列表请用 in", "for being one of a list use in")
    if "bool" in kinds:
        return Label(
            "是否类事实请直接写，或与 true、false 比较", "write a yes-or-no fact by itself, or compare it with true"
        )
    return Label("数不加引号，代码加引号", "numbers stand without quotes, codes in quotes")


def _in(term: Binary, left: Kind, right: Kind) -> Kind:
    if not right.startswith("list("):
        zh, en = "“in”右边要列表", "a list is wanted to the right of “in”"
        raise _fault(term.right.at, zh, en, right, '请写成 in ["A", "B"]', 'write in ["A", "B"]')
    if right == "list()" or comparable(left, right[5:-1]):
        return "bool"
    item = right[5:-1]
    zh = f"{_word(left).zh}不会在{_word(item).zh}的列表中；{_mend(left, item).zh}"
    en = f"{_word(left).en} is never in a list of {_word(item).en}; {_mend(left, item).en}"
    raise TermError(term.at, Label(zh, en))


def _arithmetic(term: Binary, left: Kind, right: Kind) -> Kind:
    op = term.op
    if op == "+" and left == right == "string":
        return "string"
    for side, kind in ((term.left, left), (term.right, right)):
        if kind not in _NUMBERS:
            zh, en = f"“{op}”要数", f"“{op}” takes numbers"
            dates = kind == "date"
            mend = (
                Label("年数请用 years_since(…)", "for years use years_since(...)")
                if dates
                else Label("请改用数", "use one")
            )
            raise _fault(side.at, zh, en, kind, mend.zh, mend.en)
    if left != right:
        raise _mixed(term.left if left == "int" else term.right)
    if op == "%" and left == "double":
        raise TermError(
            term.at,
            Label("“%”只用于整数；百分数请写成小数，例如5%写作 0.05", "“%” takes whole numbers; 5% is written 0.05"),
        )
    return left


def _mixed(whole: Term) -> TermError:
    if isinstance(whole, Literal):
        zh, en = (
            f"整数与小数不能混合运算；请写 {whole.value}.0",
            f"whole and decimal numbers do not mix; write {whole.value}.0",
        )
    else:
        zh, en = (
            f"整数“{text(whole)}”与小数不能混合运算",
            f"the whole number “{text(whole)}” does not mix with decimals",
        )
    return TermError(whole.at, Label(zh, en))


def _choice(term: Choice, facts: Mapping[str, FactSpec]) -> Kind:
    if (test := kind_of(term.test, facts)) != "bool":
        zh, en = "“?”之前要是否", "a yes or no is wanted before “?”"
        raise _fault(term.test.at, zh, en, test, "请写成比较", "write a comparison")
    then, other = kind_of(term.then, facts), kind_of(term.other, facts)
    if then == other:
        return then
    if then in _NUMBERS and other in _NUMBERS:
        raise _mixed(term.then if then == "int" else term.other)
    zh, en = "“:”两边类型要相同", "both sides of “:” must be of one type"
    raise _fault(term.other.at, zh, en, other, f"请写成{_word(then).zh}", f"write {_word(then).en}")


def _call(term: Call, kinds: list[Kind]) -> Kind:
    wanted, result = ["string"], "bool"
    if term.name == "years_since":
        wanted, result = ["date"], "double"
    elif term.name == "size":
        wanted, result = ["string", "list"], "int"
    for arg, kind in zip(term.args, kinds, strict=True):
        if kind.split("(")[0] not in wanted:
            need = _WORDS[wanted[0]]
            zh, en = f"{term.name} 要{need.zh}", f"{term.name} takes {need.en}"
            raise _fault(arg.at, zh, en, kind, "请换一个事实", "use another fact")
    return result


def _list(term: ListOf, kinds: list[Kind]) -> Kind:
    kind = kinds[0] if kinds else ""
    for item, other in zip(term.items, kinds, strict=True):
        if not comparable(kind, other):
            zh, en = "列表各项类型要相同", "the items of a list must be of one type"
            raise _fault(item.at, zh, en, other, f"请写成{_word(kind).zh}", f"write {_word(kind).en}")
        kind = max(kind, other, key=lambda each: each == "double")
    return f"list({kind})"


def _word(kind: Kind) -> Label:
    return _WORDS[kind.split("(")[0]]


def _fault(at: int, zh: str, en: str, kind: Kind, zh_mend: str, en_mend: str) -> TermError:
    word = _word(kind)
    return TermError(at, Label(f"{zh}，这里却是{word.zh}；{zh_mend}", f"{en}, but this is {word.en}; {en_mend}"))
