"""Definitions that tests check: a sound one, its seeded faults, and the names that are known around them."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from qinqing.cases.checker import Known
from qinqing.cases.library import examine

HERE = Path(__file__).parent
SOUND = (HERE / "sound.yaml").read_text(encoding="utf-8")
HARD_CASE = (HERE.parents[1] / "src/qinqing/appeals/procedures/hard_case.yaml").read_text(encoding="utf-8")
KNOWN = Known(
    capacities={
        "clerk": {"window_clerk", "window_head"},
        "window_head": {"window_head"},
        "handler": {"handler", "section_head"},
        "section_head": {"section_head"},
        "supervisor": {"supervisor"},
        "leader": {"leader"},
        "inspector": {"inspector"},
        "overseer": {"supervisor", "inspector"},
        "party": {"party"},
    },
    desks={"window", "supervision", "leadership", "inspection"},
    guards={
        "cases.lead_is_not_assistant",
        *(f"supervision.{name}" for name in ("letters_answered", "no_letter_open", "not_just_urged")),
        "supervision.not_with_the_leader",
    },
    effects={
        *("tests.register", "evaluation.rate", "appeals.merge", "supervision.send_letter"),
        *("supervision.backstop_decided", "supervision.backstop_explained"),
    },
)


@dataclass(frozen=True)
class Seeded:
    """One seeded fault: `change` maps dotted places of sound.yaml to new values (None: taken out)."""

    name: str
    rule: str
    place: str
    says: list[str]
    change: dict[str, Any]

    @property
    def text(self) -> str:
        return dump(changed(yaml.safe_load(SOUND), self.change))


def seeded() -> list[Seeded]:
    files = sorted((HERE / "faulty").glob("*.yaml"))
    return [Seeded(path.stem, **yaml.safe_load(path.read_text(encoding="utf-8"))) for path in files]


def changed(raw: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    raw = copy.deepcopy(raw)
    for place, value in change.items():
        *path, last = place.split(".")
        part = raw
        for name in path:
            part = part[name]
        if value is None:
            del part[last]
        else:
            part[last] = value
    return raw


def dump(raw: dict[str, Any]) -> str:
    return yaml.safe_dump(raw, allow_unicode=True, sort_keys=False)


def dump_fast(raw: dict[str, Any]) -> str:
    """JSON is YAML too, and quick to write; all on one line."""
    return json.dumps(raw, ensure_ascii=False)


def is_proved(text: str) -> bool:
    procedure, findings = examine(text, KNOWN)
    return procedure is not None and not findings
