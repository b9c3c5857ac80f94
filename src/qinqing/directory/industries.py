"""Industry codes (国民经济行业分类, GB/T 4754-2017): section letter and digits, such as `C3484`. Pure.

Names are held for sections and divisions; longer codes speak by their division.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from qinqing.lib import safe_yaml
from qinqing.lib.identifiers import Invalid
from qinqing.lib.labels import Label

_FILE = Path(__file__).with_name("data") / "industries.yaml"
_SHAPE = re.compile(r"([A-T]?)(\d{2,4})?")


@cache
def _names() -> tuple[Mapping[str, Label], Mapping[str, str]]:
    """(code -> name for letters and `letter + two digits`; division -> letter)."""
    names: dict[str, Label] = {}
    letters: dict[str, str] = {}
    for letter, section in safe_yaml.read(_FILE).items():
        names[letter] = Label.of(section["name"])
        for division, name in section["divisions"].items():
            names[letter + division] = Label.of(name)
            letters[division] = letter
    return names, letters


def check_industry(text: str) -> str:
    """The code with its section letter: `3484` and `c3484` become `C3484`.

    Raises Invalid for a code that GB/T 4754-2017 cannot hold.
    """
    _, letters = _names()
    code = text.strip().upper()
    match = _SHAPE.fullmatch(code)
    if not code or match is None:
        raise Invalid(
            "行业代码应为门类字母或字母加2至4位数字，如C3484",
            "a letter, or a letter and 2 to 4 digits, as C3484",
        )
    letter, digits = match[1], match[2] or ""
    if not digits:
        return letter
    owner = letters.get(digits[:2])
    if owner is None:
        raise Invalid(f"GB/T 4754-2017没有大类{digits[:2]}", f"GB/T 4754-2017 has no division {digits[:2]}")
    if letter and letter != owner:
        raise Invalid(
            f"大类{digits[:2]}属于门类{owner}，不属于{letter}；应写{owner}{digits}",
            f"Division {digits[:2]} belongs to section {owner}, not {letter}; write {owner}{digits}",
        )
    return owner + digits


def industry_label(code: str) -> Label | None:
    """Name of the division, or of the section when no more is known; None for an unknown or missing code."""
    names, _ = _names()
    return names.get(code[:3]) or names.get(code[:1])


@cache
def code_of_name(text: str) -> str | None:
    """The code whose Chinese name is exactly `text` (a division before its section), else None."""
    names, _ = _names()
    found = [code for code, label in names.items() if label.zh == text]
    return max(found, key=len) if found else None
