"""回访话术: the county's own call script, or the one that comes with the wing. Read at each call: an edit counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from qinqing.lib import safe_yaml
from qinqing.lib.labels import Label
from qinqing.ui.errors import Problem

SHIPPED = Path(__file__).with_name("call_script.yaml")
NAME = "call_script.yaml"  # in the county's folder


@dataclass(frozen=True, slots=True)
class Script:
    """话术: `opening` and `closing` may name {office}, {date} and {title}."""

    version: int
    opening: Label
    questions: tuple[Label, ...]
    closing: Label


class BadScript(Problem):
    status = 500
    code = "bad-call-script"
    title = Label("回访话术文件有误", "The call script cannot be read")


def read(county: Path) -> Script:
    """The script in force. Raises BadScript naming the file and what to mend."""
    path = county / NAME
    path = path if path.exists() else SHIPPED
    try:
        return _script(safe_yaml.read(path))
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
        raise BadScript(
            Label(
                f"{path}：{error}。应有version（整数）、opening、questions（列表）、closing，各写{{zh, en}}",
                f"{path}: {error}. It needs version (a number), opening, questions (a list), closing, each {{zh, en}}",
            )
        ) from None


def said(text: Label, **values: str | Label) -> Label:
    """A text with its marks filled; other braces stay as they are."""
    zh, en = text
    for name, value in values.items():
        label = Label.of(value)
        zh, en = zh.replace(f"{{{name}}}", label.zh), en.replace(f"{{{name}}}", label.en)
    return Label(zh, en)


def _script(raw: Mapping[str, Any]) -> Script:
    version, questions = raw["version"], raw["questions"]
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ValueError(f"version is {version!r}")
    if not isinstance(questions, list) or not questions:
        raise ValueError("questions is empty")
    return Script(
        version, Label.of(raw["opening"]), tuple(Label.of(one) for one in questions), Label.of(raw["closing"])
    )
