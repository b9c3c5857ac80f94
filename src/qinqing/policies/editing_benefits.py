"""待遇的填写: what a policy pays as an officer fills it in, and its content in the definition's shape. Pure.

A benefit within a benefit goes one level deep here (就高 of simple ones; 分期 of any); what is deeper is text.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from qinqing.lib.labels import Label
from qinqing.policies.editing_writer import Path, Writer, plain
from qinqing.policies.to_yaml import part_text

KINDS: Mapping[str, Label] = {
    "fixed": Label("定额", "a fixed sum"),
    "rate": Label("按比例", "a rate"),
    "each": Label("每单位多少元", "so much for each unit"),
    "tiers": Label("分档", "in steps"),
    "decided": Label("一事一议", "decided by a body"),
    "higher": Label("就高（几项取最高）", "the highest of several"),
    "text": Label("写成文本", "written as text"),
}
SIMPLE = ("fixed", "rate", "each", "tiers", "decided")
STEP = {"bound": "", "at": "", "pays": "", "amount": ""}
PART = {"share": "", "zh": "", "en": ""}
_ONE: dict[str, Any] = {
    "kind": "", "yuan": "", "rate": "", "each": "", "of": "", "cap": "", "floor": "", "pays_of": "", "zh": "", "en": "",
    "low": "", "high": "", "text": "", "steps": [STEP],
}  # fmt: skip
BENEFIT: dict[str, Any] = {"clause": "", **_ONE, "parts": [PART], "several": [_ONE]}
"""The fields; lists hold what one row has."""


def filled(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The fields for a benefit's content (`content.benefit`)."""
    inner: Mapping[str, Any] = raw["whole"] if "parts" in raw else raw
    found = _one(inner)
    if "higher_of" in inner and all(_simple(each) for each in inner["higher_of"]):
        found = {"kind": "higher", "several": [_one(each) for each in inner["higher_of"]]}
    elif "higher_of" in inner or ("parts" in inner and inner is not raw):
        return {"kind": "text", "text": part_text({key: value for key, value in raw.items() if key != "clause"})}
    parts = [{"share": percent(each["share"]), "zh": each["zh"], "en": _other(each)} for each in raw.get("parts", ())]
    return {**found, "parts": parts}


def percent(share: Any) -> str:
    """0.05 as 5%."""
    return f"{plain(Decimal(share) * 100)}%"


def _one(raw: Mapping[str, Any]) -> dict[str, Any]:
    sums = {name: plain(raw[key]) for name, key in _SUMS if key in raw}
    if "fixed_yuan" in raw:
        return {"kind": "fixed", **sums}
    if "rate" in raw:
        return {"kind": "rate", "rate": percent(raw["rate"]), "of": raw["of"], **sums}
    if "yuan_each" in raw:
        return {"kind": "each", "each": plain(raw["yuan_each"]), "of": raw["of"], **sums}
    if "tiers" in raw:
        steps = [_step(each) for each in raw["tiers"]]
        return {"kind": "tiers", "of": raw["of"], "pays_of": raw.get("pays_of", ""), "steps": steps, **sums}
    if "decided_by" in raw:
        return {"kind": "decided", "zh": raw["decided_by"]["zh"], "en": _other(raw["decided_by"]), **sums}
    return {}


_SUMS = (("yuan", "fixed_yuan"), ("cap", "cap_yuan"), ("floor", "floor_yuan"), ("low", "at_least_yuan"),
         ("high", "at_most_yuan"))  # fmt: skip


def _step(raw: Mapping[str, Any]) -> dict[str, str]:
    bound = "above" if "above" in raw else "from"
    pays = "rate" if "rate" in raw else "yuan"
    amount = percent(raw["rate"]) if pays == "rate" else plain(raw["yuan"])
    return {"bound": bound, "at": plain(raw[bound]), "pays": pays, "amount": amount}


def _simple(raw: Mapping[str, Any]) -> bool:
    return "parts" not in raw and "higher_of" not in raw


def _other(raw: Mapping[str, Any]) -> str:
    """English that says more than the Chinese repeated."""
    return "" if raw.get("en", raw["zh"]) == raw["zh"] else str(raw["en"])


def raw_of(given: Mapping[str, Any], write: Writer, path: Path, field: str) -> dict[str, Any]:
    """The content of what is filled in; `write` reads the fields and notes where each came from."""
    parts = [(at, part) for at, part in enumerate(given["parts"]) if any(part.values())]
    inside = (*path, "whole") if parts else path
    whole = _raw_one(given, write, inside, field)
    if not parts:
        return whole
    shares = []
    for at, (row, part) in enumerate(parts):
        place, name = (*path, "parts", str(at)), f"{field}.parts.{row}"
        write.put(place, f"{name}.share", None)
        share = write.put((*place, "share"), f"{name}.share", write.share(part["share"]))
        shares.append({"share": share, **write.label(part, place, name)})
    return {"whole": whole, "parts": shares}


def _raw_one(given: Mapping[str, Any], write: Writer, path: Path, field: str) -> dict[str, Any]:
    write.put(path, f"{field}.kind", None)
    kind = given["kind"]
    if kind == "text":
        part: dict[str, Any] = write.text_part(given["text"], path, f"{field}.text")
        return part
    if kind == "higher":
        several = [
            _raw_one(each, write, (*path, "higher_of", str(at)), f"{field}.several.{at}")
            for at, each in enumerate(given["several"])
        ]
        return {"higher_of": write.put((*path, "higher_of"), f"{field}.kind", several)}
    if kind == "decided":
        body = write.label(given, (*path, "decided_by"), field)
        return {"decided_by": body, **_sums(given, write, path, field, ("low", "high"))}
    if kind == "fixed":
        return {"fixed_yuan": write.put((*path, "fixed_yuan"), f"{field}.yuan", write.number(given["yuan"]))}
    if kind == "tiers":
        pays_of = write.base(given["pays_of"], (*path, "pays_of"), f"{field}.pays_of")
        steps = [
            _raw_step(each, write, (*path, "tiers", str(at)), f"{field}.steps.{row}")
            for at, (row, each) in enumerate((row, each) for row, each in enumerate(given["steps"]) if _begun(each))
        ]
        return {
            "tiers": write.put((*path, "tiers"), f"{field}.kind", steps),
            "of": write.base(given["of"], (*path, "of"), f"{field}.of"),
            **({"pays_of": pays_of} if pays_of else {}),
            **_sums(given, write, path, field, ("cap",)),
        }
    if kind in {"rate", "each"}:
        name, value = (
            ("rate", write.share(given["rate"])) if kind == "rate" else ("yuan_each", write.number(given["each"]))
        )
        return {
            name: write.put((*path, name), f"{field}.{kind}", value),
            "of": write.base(given["of"], (*path, "of"), f"{field}.of"),
            **_sums(given, write, path, field, ("cap", "floor")),
        }
    write.fault(f"{field}.kind", Label("请选择怎样给", "choose how it is paid"))
    return {"fixed_yuan": 0}


def _begun(step: Mapping[str, str]) -> bool:
    return bool(step["at"] or step["amount"])


def _sums(given: Mapping[str, Any], write: Writer, path: Path, field: str, names: tuple[str, ...]) -> dict[str, Any]:
    keys = dict(_SUMS)
    filled_in = ((name, keys[name]) for name in names if given[name].strip())
    return {key: write.put((*path, key), f"{field}.{name}", write.number(given[name])) for name, key in filled_in}


def _raw_step(given: Mapping[str, str], write: Writer, path: Path, field: str) -> dict[str, Any]:
    bound = "above" if given["bound"] == "above" else "from"
    write.put(path, f"{field}.at", None)
    rate = given["pays"] == "rate"
    pays, amount = ("rate", write.share(given["amount"])) if rate else ("yuan", write.number(given["amount"]))
    return {
        bound: write.put((*path, bound), f"{field}.at", write.number(given["at"])),
        pays: write.put((*path, pays), f"{field}.amount", amount),
    }
