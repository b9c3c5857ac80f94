"""字典文件的格式: the text of a `facts.yaml` against its schema, every fault with file, line and column. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from qinqing.lib import safe_yaml
from qinqing.lib.labels import Label

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

SCHEMA = Path(__file__).parents[1] / "data" / "facts.schema.json"
Place = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong and how to mend it; line and column count from 1."""

    path: Path
    line: int
    column: int
    place: str
    text: Label

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.text}" + (f" [{self.place}]" if self.place else "")


@dataclass(frozen=True, slots=True)
class Document:
    """A file as read: its data, and where every part of it stands."""

    path: Path
    data: Mapping[str, Any]
    lines: Mapping[Place, tuple[int, int]]

    def fault(self, place: Place, text: Label) -> Fault:
        """A fault at this place, or at the nearest written part around it."""
        at = place
        while at and at not in self.lines:
            at = at[:-1]
        return Fault(self.path, *self.lines.get(at, (1, 1)), ".".join(place), text)


def read(path: Path) -> tuple[Document | None, list[Fault]]:
    """The file, or (None, everything wrong with its form)."""
    try:
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=safe_yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        return None, [Fault(path, 1, 1, "", Label(f"读不了：{error}", f"cannot be read: {error}"))]
    except yaml.YAMLError as error:
        mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None) or error
        said = Label(
            f"不是合法的YAML（{problem}），请检查缩进、冒号和括号",
            f"not valid YAML ({problem}); look at indents and colons",
        )
        return None, [Fault(path, mark.line + 1 if mark else 1, mark.column + 1 if mark else 1, "", said)]
    lines: dict[Place, tuple[int, int]] = {}
    twice = list(_walk(root, (), lines)) if root is not None else []
    document = Document(path, safe_yaml.load(text) or {}, lines)
    faults = [document.fault(place, said) for place, said in twice]
    faults += [
        document.fault(place, said) for error in _validator().iter_errors(document.data) for place, said in _said(error)
    ]
    return (None, sorted(faults, key=lambda fault: (fault.line, fault.column))) if faults else (document, [])


# ── private ──


@cache
def _validator() -> Draft202012Validator:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - half a second that most commands need not wait

    return Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def _walk(node: yaml.Node, place: Place, lines: dict[Place, tuple[int, int]]) -> Iterator[tuple[Place, Label]]:
    """Note where everything stands; yields keys written twice, of which YAML would keep the last silently."""
    lines.setdefault(place, (node.start_mark.line + 1, node.start_mark.column + 1))
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            own = (*place, str(key.value))
            if str(key.value) in seen:
                line = lines[own][0]
                lines[own] = (key.start_mark.line + 1, key.start_mark.column + 1)
                yield own, Label(f"“{key.value}”在第{line}行已经写过", f"{key.value} stands in line {line} already")
            seen.add(str(key.value))
            lines.setdefault(own, (key.start_mark.line + 1, key.start_mark.column + 1))
            yield from _walk(value, own, lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _walk(item, (*place, str(index)), lines)


def _said(error: Any) -> Iterator[tuple[Place, Label]]:
    """One schema error as (place, text)."""
    place = tuple(str(part) for part in error.absolute_path)
    shown = json.dumps(error.instance, ensure_ascii=False, default=str)[:40]
    if error.validator == "additionalProperties":
        allowed = list(error.schema.get("properties", {}))
        for name in set(error.instance) - set(allowed):
            close = get_close_matches(str(name), allowed, 1)
            zh, en = (f"，是否想写“{close[0]}”", f"; did you mean {close[0]}") if close else ("", "")
            may = "、".join(allowed)
            yield (
                (*place, str(name)),
                Label(f"这里没有“{name}”{zh}？可写{may}", f"there is no {name!r} here{en}? You may write {may}"),
            )
    elif error.validator == "required":
        for name in set(error.validator_value) - set(error.instance):
            yield place, Label(f"缺少“{name}”，请补写", f"{name} is missing; add it")
    elif error.validator == "enum":
        may = "、".join(map(str, error.validator_value))
        yield place, Label(f"应为{may}之一，现为{shown}", f"should be one of {may}, not {shown}")
    elif error.validator == "pattern":
        yield (
            (*place, str(error.instance)),
            Label(
                f"名称{shown}应以字母开头，只含字母、数字和下划线，不超过40个字符",
                f"the name {shown} should begin with a letter and hold letters, digits and _, at most 40",
            ),
        )
    else:
        yield place, Label(f"写法不对：{error.message[:200]}", f"not written rightly: {error.message[:200]}")
