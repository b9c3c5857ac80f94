"""Facts as an example or a file gives them, into the values that the rule kernel takes. Pure.

How one is read stands in `directory.facts.values`: money in yuan becomes whole fen, a number keeps its decimals. What
does not fit is refused, never rounded or guessed: a value that is silently unknown would decide wrongly.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from qinqing.directory.facts.dictionary import FactDef
from qinqing.directory.facts.values import read
from qinqing.lib.identifiers import Invalid
from qinqing.lib.rules.values import Given as Value
from qinqing.policies.policy import Given


def fact_named(name: str, dictionary: Mapping[str, FactDef]) -> FactDef:
    """The fact of this id. Raises Invalid, with the nearest name."""
    if name in dictionary:
        return dictionary[name]
    close = get_close_matches(name, list(dictionary), 1)
    zh, en = (f"是否想写“{close[0]}”？", f"did you mean {close[0]}? ") if close else ("", "")
    raise Invalid(f"字典中没有事实“{name}”。{zh}请改正或删去", f"there is no fact {name!r}; {en}mend or remove it")


def values_of(
    facts: Mapping[str, Given], dictionary: Mapping[str, FactDef]
) -> tuple[dict[str, Value], dict[str, Invalid]]:
    """(values for the kernel, what is wrong with the others), both by fact."""
    values: dict[str, Value] = {}
    wrong: dict[str, Invalid] = {}
    for name, raw in facts.items():
        try:
            values[name] = read(fact_named(name, dictionary), raw)
        except Invalid as error:
            wrong[name] = error
    return values, wrong
