"""从表单到内容: fields become content in the definition's shape; which field each path came from is noted, so that what
the checker finds at a path stands beside its field. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import yaml

from qinqing.directory.facts.dictionary import FactDef
from qinqing.lib.labels import Label
from qinqing.policies import plain_yaml
from qinqing.policies.editing_conditions import fact_in, figure

Path = tuple[str, ...]
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,29})(\.\d{1,20})?")
_SHARE = re.compile(r"\d{1,6}(\.\d{1,10})?%")
_LONGEST_TEXT = 100_000
_DEEPEST = 20


class Writer:
    """`fields`: path (joined by dots) -> field; `faults`: field -> what is wrong with what was typed there."""

    def __init__(self, facts: Mapping[str, FactDef]) -> None:
        self.facts = facts
        self.fields: dict[str, str] = {}
        self.faults: dict[str, Label] = {}

    def put(self, path: Path, field: str, value: Any) -> Any:
        """Note where a path came from; gives the value back."""
        self.fields[".".join(path)] = field
        return value

    def fault(self, field: str, label: Label) -> None:
        self.faults.setdefault(field, label)

    def number(self, typed: str) -> Any:
        """A Decimal; what is no number stays text, which the definition's form refuses with its mend."""
        text = figure(typed)
        return Decimal(text) if _NUMBER.fullmatch(text) else text

    def share(self, typed: str) -> Any:
        """5% or 0.05."""
        text = typed.strip().replace("％", "%")
        return text if _SHARE.fullmatch(text) else self.number(text)

    def base(self, typed: str, path: Path, field: str) -> str:
        """An expression; a fact chosen from the list counts as its id."""
        fact = fact_in(typed, self.facts)
        return str(self.put(path, field, fact.id if fact else typed.strip()))

    def label(self, given: Mapping[str, Any], path: Path, field: str) -> dict[str, Any]:
        """Two languages; English may be left out."""
        self.put(path, f"{field}.zh", None)
        found = {"zh": self.put((*path, "zh"), f"{field}.zh", given["zh"].strip())}
        if given["en"].strip():
            found["en"] = self.put((*path, "en"), f"{field}.en", given["en"].strip())
        return found

    def text_part(self, typed: str, path: Path, field: str, *, of_rows: bool = False) -> Any:
        """A part that is edited as text; `of_rows`: it is a list."""
        self.put(path, field, None)
        nothing: Any = [] if of_rows else {}
        try:
            _refuse_tangles(typed)
            found = plain_yaml.load(typed)
        except (yaml.YAMLError, ValueError) as error:
            mark = getattr(error, "problem_mark", None)
            line = mark.line + 1 if mark else 1
            self.fault(
                field, Label(f"第{line}行读不懂，请核对缩进、冒号和引号", f"line {line} cannot be read; check it")
            )
            return nothing
        if not isinstance(found, list if of_rows else dict):
            self.fault(field, Label("写法不对，请按原来的格式改", "not of the expected form; keep to the form it had"))
            return nothing
        return found


def plain(number: Any) -> str:
    """A number without exponent or trailing noughts."""
    text = format(Decimal(number), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _refuse_tangles(typed: str) -> None:
    """Anchors would be written out many times over, deep nesting would exhaust the stack."""
    if len(typed) > _LONGEST_TEXT:
        raise ValueError("too long")
    depth = 0
    for event in yaml.parse(typed, Loader=plain_yaml.PlainLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) or depth > _DEEPEST:
            mark: Any = event.start_mark  # the fast reader's marks are of another class than the slow one's
            raise yaml.MarkedYAMLError(problem="tangled", problem_mark=mark)
