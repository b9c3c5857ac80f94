"""The form of a definition (格式): YAML text against the JSON Schema, every fault with its line and column. Pure.

The schema (procedure.schema.json) is also what editors use to help the writer; its descriptions are in both languages,
parted by ` | `, and end up in the messages here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from qinqing.cases.checker.finding import Finding, names
from qinqing.lib.labels import Label
from qinqing.lib.safe_yaml import SafeLoader

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

SCHEMA = Path(__file__).parents[1] / "procedure.schema.json"
Lines = Mapping[tuple[str, ...], tuple[int, int]]
"""Path in the definition -> (line, column), both from 1."""
_Error = Any  # jsonschema's ValidationError, whose parts are typed too widely to use
_DEEPEST = 40  # levels of parts within parts
_TYPES = {
    "object": Label("若干“名称: 内容”", "a mapping"),
    "array": Label("列表 [a, b]", "a list"),
    "string": Label("文字（像数字或是否的文字请加引号）", "a text (in quotes if it looks like a number or yes/no)"),
    "integer": Label("整数", "a whole number"),
    "number": Label("数字", "a number"),
    "boolean": Label("true或false", "true or false"),
}


@cache
def validator() -> Draft202012Validator:
    """The compiled schema."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - half a second that most commands need not wait

    return Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def faults_of(
    text: str, form: Callable[[], Draft202012Validator] = validator, loader: Any = SafeLoader
) -> tuple[list[Finding], Lines]:
    """What is wrong with the form of the text, in order of lines, and where each of its parts stands. Other wings check
    their definitions by a `form` of their own; `loader` is then the safe loader that they read with."""
    if tangled := _tangled(text, loader):
        return [tangled], {}
    try:
        root = yaml.compose(text, Loader=loader)
    except yaml.YAMLError as unreadable:
        return [_unreadable(unreadable)], {}
    walk = _Walk()
    if root is not None:
        walk.visit(root, ())
    if walk.findings:
        return walk.findings, walk.lines
    try:
        data = yaml.load(text, Loader=loader)  # noqa: S506 - a safe loader
    except yaml.YAMLError as unreadable:  # a tag that no safe loader makes anything of
        return [_unreadable(unreadable)], {}
    except ValueError as unreadable:  # such as the thirtieth of February
        return [_unreadable(yaml.YAMLError(str(unreadable)))], {}
    found: dict[tuple[tuple[str, ...], Label], None] = {}
    for error in form().iter_errors(data):
        found.update(dict.fromkeys(_explain(error)))
    findings = [located(Finding("shape", ".".join(path), label), walk.lines) for path, label in found]
    return sorted(findings, key=lambda finding: (finding.line, finding.column)), walk.lines


def _tangled(text: str, loader: Any) -> Finding | None:
    """Parts within parts beyond all sense, which would exhaust the composer's stack."""
    depth = 0
    try:
        for event in yaml.parse(text, Loader=loader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEEPEST:
                mark: Any = event.start_mark
                said = Label(f"嵌套超过{_DEEPEST}层，请改写", f"nested more than {_DEEPEST} deep; write it flatter")
                return Finding("shape", "", said, mark.line + 1, mark.column + 1)
    except yaml.YAMLError as unreadable:
        return _unreadable(unreadable)
    return None


def located(finding: Finding, lines: Lines) -> Finding:
    """The finding with its line and column: of its place, or of the nearest part around it that is written."""
    path = tuple(finding.place.split("."))
    while path and path not in lines:
        path = path[:-1]
    line, column = lines.get(path, (1, 1))
    return replace(finding, line=line, column=column)


class _Walk:
    """Goes through the YAML nodes: where everything stands, and what YAML would swallow silently."""

    def __init__(self) -> None:
        self.lines: dict[tuple[str, ...], tuple[int, int]] = {}
        self.findings: list[Finding] = []
        self._seen: set[int] = set()

    def visit(self, node: yaml.Node, path: tuple[str, ...]) -> None:
        if id(node) in self._seen:
            self._fault(
                node,
                path,
                Label(
                    "请不要用YAML的锚和引用（&、*），把内容直接写出来",
                    "write it out instead of using YAML anchors (&, *)",
                ),
            )
            return
        self._seen.add(id(node))
        self.lines.setdefault(path, _position(node))
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                self._key(key, path)
                self.visit(value, (*path, str(key.value)))
        elif isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                self.visit(item, (*path, str(index)))

    def _key(self, key: yaml.Node, path: tuple[str, ...]) -> None:
        own = (*path, str(key.value))
        if key.tag != "tag:yaml.org,2002:str":
            self._fault(
                key,
                path,
                Label(
                    f"名称“{key.value}”会被YAML当作别的东西，请加引号或改名",
                    f"YAML takes the name {key.value!r} for something else; put it in quotes or change it",
                ),
            )
        elif own in self.lines:
            line = self.lines[own][0]
            self._fault(
                key,
                path,
                Label(
                    f"“{key.value}”在第{line}行已经写过，请合并",
                    f"{key.value} stands in line {line} already; write it once",
                ),
            )
        self.lines.setdefault(own, _position(key))

    def _fault(self, node: yaml.Node, path: tuple[str, ...], text: Label) -> None:
        line, column = _position(node)
        self.findings.append(Finding("shape", ".".join(path), text, line, column))


def _position(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _unreadable(error: yaml.YAMLError) -> Finding:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    label = Label(
        f"不是合法的YAML（{problem}）。请检查缩进、冒号和括号",
        f"not valid YAML ({problem}); look at indents, colons and brackets",
    )
    return Finding("shape", "", label, mark.line + 1 if mark else 1, mark.column + 1 if mark else 1)


def _explain(error: _Error) -> Iterator[tuple[tuple[str, ...], Label]]:
    """(path, text) for each thing that one schema error says."""
    path = tuple(str(part) for part in error.absolute_path)
    if error.validator == "additionalProperties":
        allowed = error.schema.get("properties", {})
        for name in error.instance:
            if name not in allowed:
                yield (*path, str(name)), _unknown(str(name), list(allowed))
    elif error.validator in {"required", "dependentRequired"}:
        for name in _missing(error):
            yield path, Label(f"缺少“{name}”，请补写", f"{name} is missing; add it")
    else:
        yield path, _EXPLAIN.get(str(error.validator), _other)(error)


def _unknown(name: str, allowed: list[str]) -> Label:
    close = get_close_matches(name, allowed, 1)
    zh, en = (f"是否想写“{close[0]}”？", f"did you mean {close[0]}? ") if close else ("", "")
    return Label(
        f"这里没有“{name}”。{zh}可写{names(allowed)}", f"there is no {name!r} here; {en}you may write {names(allowed)}"
    )


def _missing(error: _Error) -> list[str]:
    asked: list[str] = error.validator_value if isinstance(error.validator_value, list) else []
    if isinstance(error.validator_value, dict):
        asked = [name for key, needed in error.validator_value.items() if key in error.instance for name in needed]
    return [name for name in asked if name not in error.instance]


def _type(error: _Error) -> Label:
    kinds = [error.validator_value] if isinstance(error.validator_value, str) else error.validator_value
    zh, en = "或".join(_TYPES[kind].zh for kind in kinds), " or ".join(_TYPES[kind].en for kind in kinds)
    return Label(f"应为{zh}，现为{_shown(error)}", f"should be {en}, not {_shown(error)}")


def _enum(error: _Error) -> Label:
    return Label(
        f"应为{'、'.join(error.validator_value)}之一，现为{_shown(error)}",
        f"should be one of {', '.join(error.validator_value)}, not {_shown(error)}",
    )


def _pattern(error: _Error) -> Label:
    hint = Label(
        "名称用小写字母、数字和下划线，以字母开头", "names are lower-case letters, digits and _, a letter first"
    )
    if error.schema.get("description"):
        hint = _description(error)
    return Label(f"{_shown(error)}写法不对。{hint.zh}", f"{_shown(error)} is not written rightly; {hint.en}")


def _number(error: _Error) -> Label:
    bound = error.validator_value
    zh, en = {
        "minimum": (f"不小于{bound}", f"{bound} or more"),
        "maximum": (f"不大于{bound}", f"{bound} or less"),
        "exclusiveMinimum": (f"大于{bound}", f"more than {bound}"),
    }[str(error.validator)]
    return Label(f"应{zh}，现为{_shown(error)}", f"should be {en}, not {_shown(error)}")


def _same_twice(error: _Error) -> Label:
    return Label(f"{_shown(error)}有重复，请删去", f"{_shown(error)} names something twice; take one out")


def _other(error: _Error) -> Label:
    hint = _description(error)
    return Label(f"写法不对。{hint.zh}".strip(), f"not written rightly. {hint.en}".strip())


_EXPLAIN: dict[str, Callable[[_Error], Label]] = {
    "type": _type,
    "enum": _enum,
    "pattern": _pattern,
    "minimum": _number,
    "maximum": _number,
    "exclusiveMinimum": _number,
    "uniqueItems": _same_twice,
}


def _description(error: _Error) -> Label:
    zh, _, en = error.schema.get("description", "").partition(" | ") if isinstance(error.schema, dict) else ("", "", "")
    return Label(zh, en or error.message)


def _shown(error: _Error) -> str:
    text = json.dumps(error.instance, ensure_ascii=False, default=str)
    return text if len(text) <= 40 else f"{text[:39]}…"
