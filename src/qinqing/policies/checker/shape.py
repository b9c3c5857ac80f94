"""The form of a policy (格式): its YAML against the JSON Schema, then read; every fault with line and column. Pure."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from qinqing.cases.checker import shape
from qinqing.lib.labels import Label
from qinqing.policies import plain_yaml
from qinqing.policies.finding import NOWHERE, Finding, Places
from qinqing.policies.policy import Policy
from qinqing.policies.reading import Unreadable, read

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

SCHEMA = Path(__file__).parents[1] / "policy.schema.json"


@cache
def validator() -> Draft202012Validator:
    """The compiled schema."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - half a second that most commands need not wait

    return Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def policy_of(text: str) -> tuple[Policy | None, list[Finding], Places]:
    """The policy (None where its form has faults), the faults, and where its parts stand."""
    if len(text) > plain_yaml.LARGEST_FILE:
        most = plain_yaml.LARGEST_FILE
        said = Label(
            f"文件有{len(text):,}个字符，最多{most:,}个。一项政策一个文件，请拆开",
            f"the file has {len(text):,} characters, at most {most:,}; one policy a file, divide it",
        )
        return None, [Finding("shape", "", said, 1, 1)], NOWHERE
    findings, lines = shape.faults_of(text, validator, plain_yaml.PlainLoader)
    if findings:
        return None, findings, Places(lines, {})
    places = Places(lines, plain_yaml.spots(text))
    try:
        return read(text), [], places
    except Unreadable as error:
        return None, places.findings("reading", error.faults), places
