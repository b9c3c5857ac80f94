"""The cases of the Common Expression Language's own conformance suite: those within our subset must pass, each of the
others is excused by a reason and must then be refused or unknown, never answered otherwise than CEL answers."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from qinqing.lib.labels import Label
from qinqing.lib.rules.checking import check
from qinqing.lib.rules.evaluating import evaluate
from qinqing.lib.rules.parsing import parse
from qinqing.lib.rules.terms import FactSpec, FactType, TermError
from qinqing.lib.rules.values import UNKNOWN, Given

CORE = Path(__file__).parents[3] / "../shared/data/cel-spec/core.json"
TYPES = {"double": FactType.NUMBER, "bool": FactType.BOOLEAN, "string": FactType.CATEGORY}
REFUSED = "refused or unknown"

# What no clause of a policy needs, by file or by section. The more special stands first.
SECTIONS = {
    ("string_ext", None): "the extension functions of strings",
    ("timestamps", None): "times of day and durations: our dates are days, written date(...)",
    ("macros", None): "macros over lists",
    ("fields", None): "maps, fields and indexes",
    ("conversions", None): "conversions between types",
    ("comparisons", "eq_wrapper"): "protocol buffer messages",
    ("comparisons", "in_map_literal"): "maps, fields and indexes",
    ("integer_math", "uint64_math"): "unsigned numbers",
    ("lists", "concatenation"): "joining lists",
    ("lists", "index"): "maps, fields and indexes",
    ("parse", "selectors"): "maps, fields and indexes",
    ("parse", "receiver_function_names"): "functions that we do not have",
    ("string", "matches"): "regular expressions",
    ("plumbing", "check_inputs"): "types that only the values decide (dyn, mixed types)",
}
# The same by what an expression contains.
FEATURES = {
    r"\bdyn\(": "types that only the values decide (dyn, mixed types)",
    r"google\.|proto3|TestAllTypes": "protocol buffer messages",
    r"\{": "maps, fields and indexes",
    r"(?<![\w'\"])[bB][rR]?['\"]|\bbytes\(|[rR][bB]['\"]": "bytes",
    r"\b(0x[0-9a-fA-F]+|[0-9]+)[uU]\b": "unsigned numbers",
    r"\b(duration|timestamp)\(": "times of day and durations: our dates are days, written date(...)",
    r"\b(int|uint|double|string|type)\(": "conversions between types",
    r"\][\[]|a\[a": "maps, fields and indexes",
    r"^f_unknown\(17\) \|\| true$": "functions that we do not have",
}
# The same by name, with what stands behind each.
CASES = {
    "unbound_is_runtime_error": "a name that is not in the dictionary is refused before anything is decided",
    "self_eval_bound_lookup": "facts are decimals, never whole numbers or lists",
    "int_lte_right_true": "facts are decimals, never whole numbers or lists",
    "null_eq_left_true": "facts are decimals, never whole numbers or lists",
    "list_eq_right_false": "facts are decimals, never whole numbers or lists",
    "not_eq_double_nan": "division by zero is unknown: no infinity and no NaN",
    "not_ne_double_nan": "division by zero is unknown: no infinity and no NaN",
    "ne_double_nan": "division by zero is unknown: no infinity and no NaN",
    "divide_zero": "division by zero is unknown: no infinity and no NaN",
    "fp_underflow": "a number beyond the doubles is refused",
    "not_eq_list_null": "types that only the values decide (dyn, mixed types)",
    "not_eq_list_length": "types that only the values decide (dyn, mixed types)",
    "not_eq_list_false_vs_types": "types that only the values decide (dyn, mixed types)",
    "not_eq_list_elem_null": "types that only the values decide (dyn, mixed types)",
    "elem_in_mixed_type_list": "types that only the values decide (dyn, mixed types)",
    "mixed_type": "types that only the values decide (dyn, mixed types)",
    "short_circuit_type_left": "types that only the values decide (dyn, mixed types)",
    "short_circuit_type_right": "types that only the values decide (dyn, mixed types)",
}
EXACT = "decimals are exact: what overflows a double does not here"
ANSWERED_OTHERWISE = {"fp_overflow_positive": EXACT, "fp_overflow_negative": EXACT}


@cache
def cases() -> list[dict[str, Any]]:
    if not CORE.exists():
        pytest.skip(
            f"the conformance cases are not here: {CORE.name} belongs into shared/data/cel-spec beside the project"
        )
    found: list[dict[str, Any]] = json.loads(CORE.read_text(encoding="utf-8"))
    return found


def excuse(case: dict[str, Any]) -> str | None:
    """Why a case is not ours."""
    for section in ((case["file"], None), (case["file"], case["section"])):
        if section in SECTIONS:
            return SECTIONS[section]
    for pattern, reason in FEATURES.items():
        if re.search(pattern, case["expr"]):
            return reason
    return CASES.get(case["name"])


def outcome(case: dict[str, Any]) -> Any:
    """What we make of it."""
    specs: dict[str, FactSpec] = {}
    values: dict[str, Given] = {}
    for name, bound in case["bindings"].items():
        if bound["type"] in TYPES:
            specs[name] = FactSpec(name, TYPES[bound["type"]], Label(name, name), places=9)
            values[name] = float(bound["value"]) if bound["type"] == "double" else bound["value"]
    try:
        term = parse(case["expr"])
        check(term, specs, "any")
        value = evaluate(term, values, specs, date(2026, 1, 1))
    except TermError:
        return REFUSED
    return REFUSED if value is UNKNOWN else value


def expected(value: dict[str, Any]) -> Any:
    match value["type"]:
        case "int64":
            return int(value["value"])
        case "double":
            number = re.fullmatch(r"[-+.0-9eE]+", value["value"])
            return Fraction(value["value"]) if number else value["value"]
        case "list":
            return tuple(expected(item) for item in value["value"])
        case "error":
            return REFUSED
        case _:
            return value.get("value", value)


def same(ours: Any, theirs: Any) -> bool:
    """Decimals are exact here and rounded there: ours is theirs once it is rounded as well."""
    if isinstance(ours, Fraction) and isinstance(theirs, Fraction):
        return float(ours) == float(theirs)
    return type(ours) is type(theirs) and ours == theirs


def test_every_case_passes_or_is_excused_and_refused(capsys: pytest.CaptureFixture[str]) -> None:
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for case in cases():
        reason, ours, theirs = excuse(case), outcome(case), expected(case["expect"])
        where = f"{case['file']}/{case['section']}/{case['name']}: {case['expr']} is {theirs!r}, ours {ours!r}"
        if case["name"] in ANSWERED_OTHERWISE and ours not in (theirs, REFUSED):
            counts[ANSWERED_OTHERWISE[case["name"]]] += 1
        elif reason and (ours is REFUSED or same(ours, theirs)):
            counts[reason] += 1
        elif reason is None and same(ours, theirs):
            counts["passed"] += 1
        else:
            wrong.append(where)
    with capsys.disabled():
        print(f"\nCEL conformance: {counts['passed']} of {counts.total()} cases within the subset pass; the others:")
        for reason, count in counts.most_common():
            if reason != "passed":
                print(f"  {count:4} {reason}")
    assert not wrong, "\n".join(wrong)
    assert counts["passed"] >= 300  # the excuses must not eat the suite


def test_every_excuse_is_needed() -> None:
    """An excuse that no refused case needs hides a fault to come."""
    refused = [case for case in cases() if not same(outcome(case), expected(case["expect"]))]
    for file, section in SECTIONS:
        assert any(case["file"] == file and section in (None, case["section"]) for case in refused), (file, section)
    for pattern in FEATURES:
        assert any(re.search(pattern, case["expr"]) for case in refused), pattern
    for name in (*CASES, *ANSWERED_OTHERWISE):
        assert any(case["name"] == name for case in refused), name
