"""写出: a policy as YAML that an officer can read; what `reading.read` makes of it has the same content hash. Pure."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import yaml

from qinqing.policies.content import content
from qinqing.policies.policy import Policy

_WIDTH = 160
_BLANK_BEFORE = re.compile(r"^(clauses|effective|conditions|benefit|examples):", re.MULTILINE)


def to_yaml(policy: Policy) -> str:
    """The definition's text: one line for each condition, blank lines between its parts."""
    return written(content(policy))


def written(raw: dict[str, Any]) -> str:
    """Content in the definition's shape as its text; also of one that has faults, for the checker to find."""
    raw = _shorter(raw)
    if isinstance(raw.get("clauses"), dict):
        raw["clauses"] = _Lines(raw["clauses"])
    return _BLANK_BEFORE.sub(r"\n\g<0>", _text_of(raw))


def part_text(raw: Any) -> str:
    """A part of a definition as its text."""
    return _text_of(_shorter(raw))


def _text_of(raw: Any) -> str:
    return yaml.dump(raw, Dumper=_Writer, allow_unicode=True, sort_keys=False, width=_WIDTH)


def _shorter(part: Any) -> Any:
    """Without English that only repeats the Chinese: reading fills it in."""
    if isinstance(part, dict):
        same = part.get("en") == part.get("zh")
        return {key: _shorter(value) for key, value in part.items() if not (same and key == "en")}
    return [_shorter(each) for each in part] if isinstance(part, list) else part


class _Lines(dict[str, Any]):
    """A mapping written one entry a line."""


class _Writer(yaml.SafeDumper):
    """Flat mappings on one line, numbers in their digits, days without quotes."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _mapping(writer: _Writer, data: dict[str, Any]) -> yaml.Node:
    flat = not any(isinstance(value, dict) or (isinstance(value, list) and _nested(value)) for value in data.values())
    return writer.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=flat)


def _block(writer: _Writer, data: _Lines) -> yaml.Node:
    return writer.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=False)


def _nested(items: list[Any]) -> bool:
    return any(isinstance(item, dict | list) for item in items)


def _list(writer: _Writer, data: list[Any]) -> yaml.Node:
    return writer.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=not _nested(data))


def _number(writer: _Writer, data: Decimal) -> yaml.Node:
    text = format(data, "f")
    kind = "float" if "." in text else "int"
    return writer.represent_scalar(f"tag:yaml.org,2002:{kind}", text)


def _text(writer: _Writer, data: str) -> yaml.Node:
    if _DAY.fullmatch(data):
        return writer.represent_scalar("tag:yaml.org,2002:timestamp", data)
    style = "'" if any(sign in data for sign in '<>=|&"') else None
    return writer.represent_scalar("tag:yaml.org,2002:str", data, style=style)


_Writer.add_representer(dict, _mapping)
_Writer.add_representer(_Lines, _block)
_Writer.add_representer(list, _list)
_Writer.add_representer(Decimal, _number)
_Writer.add_representer(str, _text)
