"""YAML as officers write it: numbers exact as written, `no` is a word, days are text until read as days. Pure.

YAML 1.1 would turn `no` into false, 0330499 into an octal number and 0.05 into a double. Here numbers are whole or
decimal in their digits, and everything else that is not true, false or null is text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import yaml

from qinqing.lib.safe_yaml import SafeLoader

LARGEST_FILE = 300_000  # characters: some twenty times the longest policy known


class PlainLoader(SafeLoader):  # type: ignore[misc]
    """A safe loader of this YAML; the C one where there is one."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - the library's own way


def _number(loader: Any, node: yaml.ScalarNode) -> Decimal:
    return Decimal(node.value.replace("_", ""))


PlainLoader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"~|null|$"), ["~", "n", ""])
PlainLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|false"), ["t", "f"])
PlainLoader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"-?(0|[1-9][0-9_]*)"), list("-0123456789"))
PlainLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"-?(0|[1-9][0-9_]*)\.[0-9]+"), list("-0123456789")
)
for _resolvers in PlainLoader.yaml_implicit_resolvers.values():  # the library matches prefixes; a number is all of it
    _resolvers[:] = [(tag, re.compile(f"(?:{pattern.pattern})$")) for tag, pattern in _resolvers]
PlainLoader.add_constructor("tag:yaml.org,2002:float", _number)


def load(text: str) -> Any:
    """The data of a text whose form has been checked."""
    return yaml.load(text, Loader=PlainLoader)  # noqa: S506 - a safe loader


@dataclass(frozen=True, slots=True)
class Spot:
    """Where the first character of a scalar stands, from 1; `flowing`: its characters follow as they are written."""

    line: int
    column: int
    flowing: bool


def spots(text: str) -> Mapping[tuple[str, ...], Spot]:
    """Path -> where the text of that scalar begins, so that a fault within an expression can be pointed at."""
    found: dict[tuple[str, ...], Spot] = {}
    root = yaml.compose(text, Loader=PlainLoader)
    if root is not None:
        _collect(root, (), found)
    return found


def _collect(node: yaml.Node, path: tuple[str, ...], found: dict[tuple[str, ...], Spot]) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            _collect(value, (*path, str(key.value)), found)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _collect(item, (*path, str(index)), found)
    elif isinstance(node, yaml.ScalarNode):
        quoted = node.style in {"'", '"'}
        one_line = node.start_mark.line == node.end_mark.line
        as_written = one_line and node.end_mark.column - node.start_mark.column == len(node.value) + 2 * quoted
        found[path] = Spot(node.start_mark.line + 1, node.start_mark.column + 1 + quoted, as_written)
