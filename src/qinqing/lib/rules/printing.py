"""写表达式: terms as text in our canonical form, which `parse` reads back as the same term."""

from __future__ import annotations

from datetime import date

from qinqing.lib.rules.parsing import METHODS, POWER
from qinqing.lib.rules.terms import Binary, Call, Choice, ListOf, Literal, Name, Term, Unary

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_UNARY = 6  # binds closer than any operator of two sides
_CLOSED = 7  # names, calls, lists: never in brackets


def text(term: Term) -> str:
    """The canonical text: one blank around operators, brackets only where needed, texts in double quotes."""
    return _text(term, 0)


def _text(term: Term, least: int) -> str:
    """In brackets where the term binds less closely than `least`."""
    match term:
        case Literal():
            power, made = _CLOSED, literal_text(term)
        case Name(id):
            power, made = _CLOSED, id
        case Unary():
            power, made = _UNARY, term.op + _operand(term)
        case Binary():
            power = POWER[term.op]
            made = f"{_text(term.left, power)} {term.op} {_text(term.right, power + 1)}"
        case Choice():
            power = 0
            made = f"{_text(term.test, 1)} ? {_text(term.then, 1)} : {_text(term.other, 0)}"
        case Call():
            power, made = _CLOSED, _call(term)
        case ListOf():
            power, made = _CLOSED, f"[{', '.join(_text(item, 0) for item in term.items)}]"
    return made if power >= least else f"({made})"


def _operand(term: Unary) -> str:
    """`-(1)` is the minus of a number, `-1` a number."""
    inner = _text(term.term, _UNARY)
    plain_number = term.op == "-" and isinstance(term.term, Literal) and not inner.startswith("-")
    return f"({inner})" if plain_number else inner


def _call(term: Call) -> str:
    if term.name not in METHODS:
        return f"{term.name}({', '.join(_text(arg, 0) for arg in term.args)})"
    receiver = _text(term.args[0], _CLOSED)
    if isinstance(term.args[0], Literal) and not isinstance(term.args[0].value, str):
        receiver = f"({receiver})"
    return f"{receiver}.{term.name}({', '.join(_text(arg, 0) for arg in term.args[1:])})"


def literal_text(term: Literal) -> str:
    """A constant as it is written in an expression."""
    if isinstance(term.value, str):
        return '"' + "".join(_escaped(char) for char in term.value) + '"'
    if isinstance(term.value, date):
        return f'date("{term.value.isoformat()}")'
    if term.value is None or isinstance(term.value, bool):
        return {None: "null", True: "true", False: "false"}[term.value]
    return term.text or repr(term.value)


def _escaped(char: str) -> str:
    return _ESCAPES.get(char) or (char if char.isprintable() else f"\\U{ord(char):08x}")
