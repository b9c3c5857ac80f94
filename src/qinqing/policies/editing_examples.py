"""例子的填写: made-up companies with what must come of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qinqing.lib.rules.terms import FactType
from qinqing.policies.editing_conditions import fact_in, listed
from qinqing.policies.editing_writer import Path, Writer, plain
from qinqing.policies.to_yaml import part_text

EXAMPLE: dict[str, Any] = {
    "zh": "", "en": "", "day": "", "facts": {"*": ""}, "verdict": "", "yuan": "", "missing": "",
}  # fmt: skip
MOST_FIELDS = 400  # of examples on one page; more are edited as text
NOTHING = "无"  # as `missing`: said to miss nothing, which is not the same as saying nothing


def examples_filled(raw: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The fields of examples (`content`)."""
    if sum(len(each["facts"]) + 6 for each in raw) > MOST_FIELDS:
        return {"text": part_text(list(raw))}
    return {"rows": [_row(each) for each in raw]}


def raw_examples(given: Mapping[str, Any], write: Writer) -> list[Any]:
    """The content of what is filled in."""
    path: Path = ("examples",)
    if given["text"].strip():
        found = write.text_part(given["text"], path, "examples.text", of_rows=True)
        assert isinstance(found, list)  # asked for rows
        return found
    write.put(path, "examples.rows.0.zh", None)
    rows = [(row, each) for row, each in enumerate(given["rows"]) if each["zh"].strip() or any(each["facts"].values())]
    return [_raw(each, write, (*path, str(at)), f"examples.rows.{row}") for at, (row, each) in enumerate(rows)]


def _row(raw: Mapping[str, Any]) -> dict[str, Any]:
    gives = raw["gives"]
    return {
        "zh": raw["zh"],
        "en": "" if raw["en"] == raw["zh"] else raw["en"],
        "day": raw.get("day", ""),
        "facts": {name: _said(value) for name, value in raw["facts"].items()},
        "verdict": gives["verdict"],
        "yuan": plain(gives["yuan"]) if "yuan" in gives else "",
        "missing": ("、".join(gives["missing"]) or NOTHING) if "missing" in gives else "",
    }


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else plain(value)


def _raw(given: Mapping[str, Any], write: Writer, path: Path, field: str) -> dict[str, Any]:
    label = write.label(given, path, field)
    write.put((*path, "facts"), f"{field}.zh", None)
    write.put((*path, "gives"), f"{field}.verdict", None)
    facts = {
        name: write.put((*path, "facts", name), f"{field}.facts.{name}", _fact(name, typed, write))
        for name, typed in given["facts"].items()
        if typed.strip()
    }
    gives = {"verdict": write.put((*path, "gives", "verdict"), f"{field}.verdict", given["verdict"] or "yes")}
    if given["yuan"].strip():
        gives["yuan"] = write.put((*path, "gives", "yuan"), f"{field}.yuan", write.number(given["yuan"]))
    if given["missing"].strip():
        write.put((*path, "gives", "missing"), f"{field}.missing", None)
        names = [] if given["missing"].strip() == NOTHING else listed(given["missing"])
        gives["missing"] = [fact.id if (fact := fact_in(name, write.facts)) else name for name in names]
    day = {"day": write.put((*path, "day"), f"{field}.day", given["day"].strip())} if given["day"].strip() else {}
    return {**label, **day, "facts": facts, "gives": gives}


def _fact(name: str, typed: str, write: Writer) -> Any:
    fact = write.facts.get(name)
    if fact is None:
        return typed.strip()
    if fact.type is FactType.BOOLEAN:
        return {"true": True, "false": False}.get(typed, typed)
    return write.number(typed) if fact.type in {FactType.MONEY, FactType.NUMBER} else typed.strip()
