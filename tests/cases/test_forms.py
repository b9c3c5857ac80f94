"""Forms: whatever comes in is a whole form or names every faulty field; nothing else can come out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qinqing.cases.forms import TEXTS, Bad, Filled, fill
from qinqing.cases.procedure import Field
from qinqing.lib.labels import Label
from tests.examples import many

NAME = Label("字段", "Field")
CHOICES = {"general": Label("一般", "General"), "complex": Label("复杂", "Complex")}
KINDS = ("text", "phone", "choice", "unit", "units", "officer", "number", "date", "confirm")
FIELDS = tuple(Field(kind, kind, NAME, 20, CHOICES if kind == "choice" else {}) for kind in KINDS)

plain = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.just("9" * 5000))
anything = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=6
)


def one(kind: str, raw: Any, **more: Any) -> Any:
    """What a field of this kind makes of `raw`; None where it is refused."""
    item = Field(kind, kind, NAME, more.pop("max", None), CHOICES if kind == "choice" else {})
    try:
        filled = fill([item], frozenset(), {kind: raw})
    except Bad as bad:
        assert set(bad.fields) == {kind}
        return None
    return {**filled.set, **filled.texts}[kind]


@settings(max_examples=many(600))
@given(
    st.dictionaries(st.sampled_from(KINDS) | st.text(max_size=5), anything, max_size=5), st.sets(st.sampled_from(KINDS))
)
def test_anything_is_filled_or_bad(data: dict[str, Any], optional: set[str]) -> None:
    try:
        filled = fill(FIELDS, frozenset(optional), data)
    except Bad as bad:
        assert bad.fields
        assert set(bad.fields) <= set(KINDS) | set(data)
        assert all(label.zh and label.en for label in bad.fields.values())
    else:
        assert set(filled.set) | set(filled.texts) >= set(KINDS) - optional
        well_typed(filled)


@settings(max_examples=many(600))
@given(st.sampled_from(KINDS), anything)
def test_any_field_takes_anything_or_says_why_not(kind: str, raw: Any) -> None:
    value = one(kind, raw)
    if value is not None:
        well_typed(Filled({} if kind in TEXTS else {kind: value}, {kind: value} if kind in TEXTS else {}))


def well_typed(filled: Filled) -> None:
    kinds: dict[str, type] = {
        "choice": str, "unit": int, "officer": int, "units": list, "number": int, "date": str, "confirm": bool,
    }  # fmt: skip
    for name, value in filled.set.items():
        assert type(value) is kinds[name]
        assert name != "units" or all(type(unit) is int for unit in value)
    for text in filled.texts.values():
        assert text
        assert not any(ord(character) < 32 and character not in "\n\t" for character in text)
        text.encode()


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("text", "  两行\r\n文字 ", "两行\n文字"), ("text", "制\t表", "制\t表"), ("text", "<script>", "<script>"),
        ("text", "响\x07铃", None), ("text", "\x00", None), ("text", "残\ud800缺", None), ("text", "   ", None),
        ("text", "x\x7fy", None), ("text", {"a": 1}, None), ("text", ["a"], None), ("text", True, None),
        ("phone", "138 0000-2046", "13800002046"), ("phone", "+86 138 0000 2046", "+8613800002046"),
        ("phone", "1380000", "1380000"), ("phone", "138000", None), ("phone", "１３８００００２０４６", None),
        ("phone", "1" * 16, None), ("phone", "++13800002046", None), ("phone", "+", None),
        ("choice", "general", "general"), ("choice", "General", None), ("choice", ["general"], None),
        ("choice", {"general": 1}, None),
        ("unit", 7, 7), ("unit", "7", 7), ("unit", "７", None), ("unit", -7, None), ("unit", True, None),
        ("unit", 2**63, None), ("unit", "9" * 5000, None), ("unit", "²", None), ("unit", 7.0, None),
        ("units", ["7", 8, 7], [7, 8]), ("units", "7", [7]), ("units", [[7]], None), ("units", {"7": 1}, None),
        ("units", 7.5, None), ("units", [None], None), ("units", True, None),
        ("number", "12", 12), ("number", -3, -3), ("number", 0, 0), ("number", "--5", None), ("number", "-", None),
        ("number", 1.5, None), ("number", "1e3", None), ("number", True, None), ("number", "9" * 16, None),
        ("date", "2026-09-30", "2026-09-30"), ("date", "2026-02-30", None), ("date", "30.9.2026", None),
        ("date", 20260930.5, None),
        ("confirm", "on", True), ("confirm", True, True), ("confirm", "off", None), ("confirm", "nein", None),
    ],
)  # fmt: skip
def test_each_kind(kind: str, raw: Any, value: Any) -> None:
    assert one(kind, raw) == value


@pytest.mark.parametrize(("text", "fits"), [("字" * 20, True), ("字" * 21, False), ("😀" * 20, True)])
def test_a_text_is_as_long_as_people_count(text: str, fits: bool) -> None:
    assert (one("text", text, max=20) == text) is fits


def test_what_is_too_long_says_by_how_much() -> None:
    with pytest.raises(Bad, match="超出3字，最多20字"):
        fill([FIELDS[0]], frozenset(), {"text": "字" * 23})


def test_a_number_keeps_to_its_largest() -> None:
    assert one("number", 20, max=20) == 20
    assert one("number", 21, max=20) is None


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(Bad) as bad:
        fill(FIELDS, frozenset({"text"}), {"phone": "x", "choice": "x", "surplus": 1})
    assert set(bad.value.fields) == set(KINDS) - {"text"} | {"surplus"}


def test_what_may_be_left_empty_is_left_out() -> None:
    assert fill(FIELDS, frozenset(KINDS), {"text": " ", "units": [], "confirm": False}) == Filled({}, {})
