"""读表达式: CEL text into terms, by precedence climbing. Every refusal says where, what is wrong and how to mend it.

The grammar is that of the Common Expression Language (cel-spec, langdef) without unsigned numbers, bytes, maps, fields,
indexes and macros: no clause of a policy needs them. What is read here, any CEL evaluator reads the same way.
"""

from __future__ import annotations

import re
from datetime import date

from qinqing.lib.labels import Label
from qinqing.lib.rules.terms import Binary, Call, Choice, ListOf, Literal, Name, Term, TermError, Unary
from qinqing.lib.rules.tokens import WORD_SLIPS, Token, string, tokens

MAX_TEXT = 6_000  # characters: room for a list of all industries, none for a program
MAX_NESTING = 40  # brackets within brackets
MAX_DEPTH = 100  # operators one below the other: every walk over a term stays far from Python's limit

POWER = {"||": 1, "&&": 2, **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in"), 3)}
POWER |= {"+": 4, "-": 4, "*": 5, "/": 5, "%": 5}
METHODS = {"contains": 2, "startsWith": 2, "endsWith": 2}  # written x.contains("a"); arguments with the receiver
FUNCTIONS = {"date": 1, "years_since": 1, "size": 1}
WORDS = {"true": True, "false": False, "null": None}
RESERVED = frozenset(
    "as break const continue else for function if import in let loop namespace package return var void while".split()  # noqa: SIM905
)
# What CEL itself understands by a name: a fact called so would mean something else to another evaluator.
BUILTINS = frozenset(
    "all bool bytes double duration dyn exists exists_one filter has int list map matches null_type string".split()  # noqa: SIM905
) | {"timestamp", "today", "type", "uint"}


def parse(text: str) -> Term:
    """The term that `text` writes. Raises TermError with the offset where it cannot be read."""
    if len(text) > MAX_TEXT:
        zh, en = (
            f"表达式有{len(text)}个字符，最多{MAX_TEXT}个",
            f"the expression has {len(text)} characters, {MAX_TEXT} at most",
        )
        raise TermError(MAX_TEXT, Label(f"{zh}。请拆成几个条件", f"{en}. Divide it into several conditions"))
    reader = _Reader(tokens(text))
    term = reader.expression()
    reader.end()
    _refuse_depth(term)
    return term


def name_fault(name: str) -> Label | None:
    """Why a fact cannot have this id, or None where it can."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        return Label(
            f"“{name}”不能作代码：只用英文字母、数字和下划线，不以数字开头",
            f"“{name}” cannot be an id: only ASCII letters, digits and underscores, not starting with a digit",
        )
    if name in RESERVED or name in WORDS or name in BUILTINS or name in FUNCTIONS or name in METHODS:
        return Label(
            f"“{name}”是表达式语言自己的词，不能作事实的代码；请改名，例如 {name}_value",
            f"“{name}” is a word of the language itself and cannot be a fact's id; rename it, for example {name}_value",
        )
    return None


class _Reader:
    """One pass over the tokens. A method reads what it is named after and stops behind it."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.next = 0
        self.nesting = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.next]

    def take(self) -> Token:
        token = self.token
        self.next += 1
        return token

    def taken(self, op: str) -> bool:
        if self.token.kind == "op" and self.token.text == op:
            self.next += 1
            return True
        return False

    def need(self, op: str, zh: str, en: str) -> None:
        if not self.taken(op):
            raise self.unexpected(Label(f"{zh}；这里应是 {op}", f"{en}; {op} is expected here"))

    def end(self) -> None:
        if self.token.kind != "end":
            raise self.unexpected(Label("表达式到此应结束", "the expression should end here"))

    def unexpected(self, what: Label) -> TermError:
        """An error at the present token, with the mend where the slip is a known one."""
        token = self.token
        zh = f"“{token.text}”" if token.text else "末尾"
        en = f"“{token.text}”" if token.text else "the end"
        if token.text in WORD_SLIPS:
            mend = WORD_SLIPS[token.text]
            return TermError(token.at, Label(f"不认识{zh}；请写 {mend}", f"{en} is not known; write {mend}"))
        previous = self.tokens[self.next - 1].text if self.next else ""
        if previous == "%" or token.text == "%":
            hint = Label("百分数请写成小数，例如5%写作 0.05", "write a percentage as a decimal: 5% is 0.05")
        elif token.text == ",":
            hint = Label("数字中不用千分号", "numbers have no thousands separators")
        else:
            hint = Label("请检查运算符和括号", "check operators and brackets")
        return TermError(token.at, Label(f"{what.zh}，却见{zh}。{hint.zh}", f"{what.en}, but there is {en}. {hint.en}"))

    def deeper(self) -> None:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise _too_deep(self.token.at)

    def expression(self) -> Term:
        self.deeper()
        term = self.binary(1)
        at = self.token.at
        if self.taken("?"):
            then = self.binary(1)
            self.need(":", "“?”之后缺少“:”", "“:” is missing after “?”")
            term = Choice(term, then, self.expression(), at)
        self.nesting -= 1
        return term

    def binary(self, least: int) -> Term:
        left = self.unary()
        while (power := POWER.get(self.token.text, 0)) >= least and self.token.kind in ("op", "name"):
            op = self.take()
            left = Binary(op.text, left, self.binary(power + 1), op.at)
        return left

    def unary(self) -> Term:
        token = self.token
        if token.kind != "op" or token.text not in ("!", "-"):
            return self.member()
        self.take()
        if token.text == "-" and self.token.kind in ("int", "float"):
            return _number(self.take(), "-", token.at)
        self.deeper()
        term = Unary(token.text, self.unary(), token.at)
        self.nesting -= 1
        return term

    def member(self) -> Term:
        term = self.primary()
        while True:
            at = self.token.at
            if self.taken("."):
                term = self.method(term)
            elif self.token.kind == "op" and self.token.text == "[":
                raise TermError(at, Label("不支持取下标", "picking from a list by position is not supported"))
            else:
                return term

    def method(self, receiver: Term) -> Term:
        name = self.take()
        if name.kind != "name" or not self.taken("("):
            raise TermError(
                name.at,
                Label(
                    "事实没有下级字段；请直接写事实的代码", "facts have no fields; write the code of the fact itself"
                ),
            )
        return _call(name, (receiver, *self.items(")")), method=True)

    def primary(self) -> Term:
        token = self.token
        if token.kind in ("int", "float"):
            return _number(self.take(), "", token.at)
        if token.kind in ("string", "raw"):
            return Literal(string(self.take()), at=token.at)
        if token.kind == "name" and token.text not in WORD_SLIPS:
            return self.named()
        if self.taken("("):
            term = self.expression()
            self.need(")", "括号没有合上", "the bracket is not closed")
            return term
        if self.taken("["):
            return ListOf(self.items("]"), token.at)
        raise self.unexpected(
            Label("这里应是事实、数字、文字或括号", "a fact, number, text or bracket is expected here")
        )

    def named(self) -> Term:
        name = self.take()
        if name.text in WORDS:
            return Literal(WORDS[name.text], at=name.at)
        if name.text not in RESERVED and self.taken("("):
            return _call(name, self.items(")"), method=False)
        if fault := name_fault(name.text):
            raise TermError(name.at, fault)
        return Name(name.text, name.at)

    def items(self, close: str) -> tuple[Term, ...]:
        """Terms up to `close`, which is read too. A list may end with a comma, as in CEL."""
        found: list[Term] = []
        while not self.taken(close):
            found.append(self.expression())
            if not self.taken(","):
                self.need(close, "括号没有合上", "the bracket is not closed")
                break
            if close == ")" and self.token.text == ")":
                raise self.unexpected(Label("逗号之后应有内容", "something is expected after the comma"))
        return tuple(found)


def _number(token: Token, sign: str, at: int) -> Literal:
    text = sign + token.text
    if token.kind == "int":
        whole = int(text, 16) if "0x" in text else int(text)
        if not -(2**63) <= whole < 2**63:
            raise TermError(
                at,
                Label(f"整数{text}太大；请写成小数 {text}.0", f"the whole number {text} is too large; write {text}.0"),
            )
        return Literal(whole, text, at)
    value = float(text)
    nothing = not re.search("[1-9]", re.split("[eE]", text)[0])
    if value in (float("inf"), float("-inf")) or (value == 0 and not nothing):
        raise TermError(at, Label(f"数{text}超出范围", f"the number {text} is out of range"))
    return Literal(value, text, at)


def _call(name: Token, args: tuple[Term, ...], *, method: bool) -> Term:
    word = name.text
    wanted = METHODS.get(word) if method else FUNCTIONS.get(word)
    if method and word == "size":  # CEL has both forms; one term for them
        wanted = 1
    if wanted is None:
        raise TermError(name.at, _no_function(word, method))
    if len(args) != wanted:
        given, needed = len(args) - method, wanted - method
        raise TermError(
            name.at,
            Label(f"{word} 要{needed}个参数，这里有{given}个", f"{word} takes {needed} argument(s), {given} given"),
        )
    if word == "date":
        return _date(name.at, args[0])
    return Call(word, args, name.at)


def _no_function(word: str, method: bool) -> Label:
    if not method and word in METHODS:
        return Label(f'请写作 x.{word}("…")', f'write x.{word}("…")')
    known = ", ".join([*FUNCTIONS, *(f"x.{each}" for each in METHODS)])
    return Label(f"没有函数 {word}；可用：{known}", f"there is no function {word}; known are {known}")


def _date(at: int, arg: Term) -> Literal:
    text = arg.value if isinstance(arg, Literal) else None
    try:
        if isinstance(text, str) and re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return Literal(date.fromisoformat(text), at=at)
    except ValueError:
        pass  # 2026-02-30: the same mend
    raise TermError(at, Label('日期请写作 date("2026-01-31")', 'write a date as date("2026-01-31")'))


def parts_of(term: Term) -> tuple[Term, ...]:
    """The terms directly below."""
    match term:
        case Unary():
            return (term.term,)
        case Binary():
            return (term.left, term.right)
        case Choice():
            return (term.test, term.then, term.other)
        case Call():
            return term.args
        case ListOf():
            return term.items
        case _:
            return ()


def _refuse_depth(term: Term) -> None:
    """A chain `a || b || ...` is read in a loop but walked by recursion: so it has its limit too."""
    level: list[Term] = [term]
    for _ in range(MAX_DEPTH):
        level = [part for each in level for part in parts_of(each)]
        if not level:
            return
    raise _too_deep(level[0].at)


def _too_deep(at: int) -> TermError:
    return TermError(
        at,
        Label(
            "表达式层次太深；请拆成几个条件，用“全部满足”或“任一满足”组合，同一事实的多个取值用 in [...]",
            "the expression is nested too deeply; divide it into conditions combined by all or any, "
            "and use in [...] for several values of one fact",
        ),
    )
