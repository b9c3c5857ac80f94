"""Names of organisations (名称): one normal form for exact comparison, and shorter forms to suggest.

Names identify by exact match after normalising, against names on file (former names, aliases); otherwise a person
decides. A likeness score never decides: measured on true renames and different banks, it cannot tell them apart.
"""

from __future__ import annotations

import re
import unicodedata

_BLANK = re.compile(r"\s+")
_UNIFIED = str.maketrans(
    {
        **dict.fromkeys("([{〔【〖「『〈《<", "("),
        **dict.fromkeys(")]}〕】〗」』〉》>", ")"),
        **dict.fromkeys("·•・‧⋅∙", "·"),
    }
)
_DASHES = re.compile("[‐-―−﹣-]")
_LEGAL_FORM = re.compile(
    r"(股份有限公司|有限责任公司|有限公司|股份公司|集团公司|总公司|分公司|公司|合伙企业(?:\((?:普通|有限|特殊普通)合伙\))?"
    r"|个人独资企业|农民专业合作社|专业合作社|个体工商户|经营部|工作室|厂|店)$"
)
_PLACE = re.compile(r"^(?:[^\W\d_]{2,8}?(?:特别行政区|自治区|省|市|县|区|镇))+")
_BRACKETED = re.compile(r"\([^()]*\)")
_SHORTEST = 2


def normal(name: str) -> str:
    """The form in which two spellings of the same name are equal: NFKC, no blanks, lower case, one kind of bracket,
    dash and middle dot. Not for display."""
    name = unicodedata.normalize("NFKC", name).translate(_UNIFIED)
    name = _DASHES.sub("-", _BLANK.sub("", name)).casefold()
    return unicodedata.normalize("NFKC", name)  # again: what stood apart may now stand together


def short_names(name: str) -> list[str]:
    """Shorter forms by which people may call it, longest first, without the name itself: suggestions for a search or
    an alias, never an identity. 示范县沐柳纺织有限公司: 示范县沐柳纺织, 沐柳纺织."""
    full = _BLANK.sub("", unicodedata.normalize("NFKC", name).translate(_UNIFIED))
    without_form = _LEGAL_FORM.sub("", full)
    without_form = without_form.removesuffix("集团") if without_form != full else without_form
    candidates = [without_form, _BRACKETED.sub("", without_form)]
    candidates += [_PLACE.sub("", candidate) for candidate in candidates]
    kept = {c: None for c in candidates if len(c) >= _SHORTEST and c != full}
    return sorted(kept, key=len, reverse=True)
