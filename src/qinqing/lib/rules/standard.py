"""标准CEL: terms for anybody's evaluator of the Common Expression Language, without what is ours alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from qinqing.lib.rules.checking import kind_of
from qinqing.lib.rules.parsing import METHODS
from qinqing.lib.rules.printing import literal_text
from qinqing.lib.rules.terms import Binary, Call, Choice, FactSpec, ListOf, Literal, Name, Term, Unary


def cel(term: Term, facts: Mapping[str, FactSpec]) -> str:
    """A checked term in standard CEL, for any evaluator: money and numbers are doubles, dates timestamps; `today` is a
    timestamp at 00:00Z of the day of matching, which only `years_since` uses. Everything is bracketed."""

    def kind(each: Term) -> str:
        return kind_of(each, facts)

    return _cel(term, kind)


def _cel(term: Term, kind: Callable[[Term], str]) -> str:
    match term:
        case Literal():
            day = term.value
            return f'timestamp("{day.isoformat()}T00:00:00Z")' if isinstance(day, date) else literal_text(term)
        case Name(id):
            return id
        case Unary():
            return f"{term.op}({_cel(term.term, kind)})"
        case Binary():
            sides = (term.left, term.right)
            write = _as_double if _mixed(sides, kind) else _cel
            left, right = (write(side, kind) for side in sides)
            return f"({left} {term.op} {right})"
        case Choice():
            return f"({_cel(term.test, kind)} ? {_cel(term.then, kind)} : {_cel(term.other, kind)})"
        case ListOf():
            return _cel_list(term, "double" in map(kind, term.items), kind)
        case Call("years_since", (start,)):
            return _years(_cel(start, kind))
        case Call(name, (first, *others)) if name in METHODS:
            return f"({_cel(first, kind)}).{name}({', '.join(_cel(each, kind) for each in others)})"
        case Call():
            return f"{term.name}({', '.join(_cel(arg, kind) for arg in term.args)})"


def _mixed(sides: tuple[Term, Term], kind: Callable[[Term], str]) -> bool:
    """Whether a whole number meets a decimal: strict evaluators do not compare the two."""
    numbers = {kind(side).removeprefix("list(").removesuffix(")") for side in sides}
    return numbers == {"int", "double"}


def _as_double(term: Term, kind: Callable[[Term], str]) -> str:
    if isinstance(term, ListOf):
        return _cel_list(term, True, kind)
    return f"double({_cel(term, kind)})" if kind(term) == "int" else _cel(term, kind)


def _cel_list(term: ListOf, doubles: bool, kind: Callable[[Term], str]) -> str:
    return f"[{', '.join(_as_double(item, kind) if doubles else _cel(item, kind) for item in term.items)}]"


def _years(start: str) -> str:
    """Completed years in CEL's own accessors."""
    before = f"today.getMonth() < {start}.getMonth() || (today.getMonth() == {start}.getMonth()"
    before += f" && today.getDayOfMonth() < {start}.getDayOfMonth())"
    return f"double(today.getFullYear() - {start}.getFullYear() - ({before} ? 1 : 0))"
