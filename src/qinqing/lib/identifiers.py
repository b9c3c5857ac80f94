"""Numbers that identify somebody: checked as their standard says, normalised, and masked for those who need not know.

Unified social credit code (统一社会信用代码, GB 32100-2015) and mobile phone (手机号). `credit_code` and `mobile`
return the normal form or raise `Invalid`, whose `label` says which character is wrong and what would be right. A check
character proves a typing error, never that a company exists. The region digits of the code are not checked: some real
codes carry regions that are not in GB/T 2260.
"""

from __future__ import annotations

import re
import unicodedata

from qinqing.lib.labels import Label

_CODE = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # no I, O, S, V, Z: they are taken for 1, 0, 5, U, 2
_TAKEN_FOR = {"I": "1", "O": "0", "S": "5", "V": "U", "Z": "2"}
_SEPARATORS = re.compile(r"[\s\-‐-―_.·]+")


class Invalid(ValueError):
    """An identifier that cannot be right. `label`: what is wrong and what to do."""

    def __init__(self, zh: str, en: str) -> None:
        self.label = Label(zh, en)
        super().__init__(self.label)


def credit_code(text: str) -> str:
    """The unified social credit code in its normal form: 18 characters, capitals. Raises `Invalid`."""
    code = _plain(text).upper()
    if len(code) != 18:
        zh, en = _length(len(code), 18)
        raise Invalid(f"统一社会信用代码{zh}，应为18位", f"the unified social credit code {en}; it has 18 characters")
    for place, character in enumerate(code, 1):
        if character not in _CODE:
            guess = _TAKEN_FOR.get(character)
            raise Invalid(
                f"统一社会信用代码第{place}位“{character}”不会出现在代码中，"
                + (f"是否应为{guess}" if guess else "请核对证照"),
                f"character {place} of the unified social credit code, {character!r}, never occurs in one; "
                + (f"should it be {guess}?" if guess else "compare it with the licence"),
            )
    if code[17] != (right := credit_code_check_character(code[:17])):
        raise Invalid(
            f"统一社会信用代码校验不符：按前17位，第18位应为{right}，现为{code[17]}；请对照证照逐位核对",
            f"the unified social credit code fails its check: by its first 17 characters the last should be {right}, "
            f"not {code[17]}; compare every character with the licence",
        )
    return code


def credit_code_check_character(first17: str) -> str:
    """The 18th character that belongs to 17 valid ones (GB 32100-2015, weights 3^i mod 31)."""
    total = sum(_CODE.index(character) * pow(3, place, 31) for place, character in enumerate(first17))
    return _CODE[-total % 31]


def credit_code_problem(text: str) -> Label | None:
    """What is wrong with the code, or None."""
    try:
        credit_code(text)
    except Invalid as error:
        return error.label
    return None


def mobile(text: str) -> str:
    """A mainland mobile number in its normal form: 11 digits. Raises `Invalid`."""
    number = re.sub(r"^(\+|00)86", "", _plain(text))
    if not re.fullmatch(r"[0-9]*", number):
        wrong = re.sub(r"[0-9]", "", number)[0]
        raise Invalid(f"手机号中有“{wrong}”，应为11位数字", f"the mobile number holds {wrong!r}; it has 11 digits")
    if len(number) != 11:
        zh, en = _length(len(number), 11)
        raise Invalid(f"手机号{zh}，应为11位数字", f"the mobile number {en}; it has 11 digits")
    if not re.match(r"1[3-9]", number):
        raise Invalid(
            f"手机号以{number[:2]}开头，应以13至19开头；固定电话请填入联系电话",
            f"the mobile number begins with {number[:2]}; mobile numbers begin with 13 to 19",
        )
    return number


def mask_phone(number: str) -> str:
    """138****1234. Of shorter numbers, landlines and anything unknown at most the last four are shown."""
    plain = _plain(number)
    if re.fullmatch(r"1[0-9]{10}", plain):
        return f"{plain[:3]}****{plain[7:]}"
    shown = min(4, len(plain) // 3)
    return "*" * (len(plain) - shown) + plain[len(plain) - shown :]


def mask_name(name: str) -> str:
    """A person's name: the first character shown, and from three up the last: 王*, 王*明; John Smith: J*** S****."""
    name = name.strip()
    if re.search(r"[a-z]", name, re.IGNORECASE):
        return " ".join(word[0] + "*" * (len(word) - 1) for word in name.split())
    if len(name) < 3:
        return name[:1] + "*" if len(name) == 2 else "*" * len(name)
    return name[0] + "*" * (len(name) - 2) + name[-1]


def _plain(text: str) -> str:
    """Full-width forms unified, blanks and separators gone."""
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", text))


def _length(length: int, right: int) -> tuple[str, str]:
    if not length:
        return "未填写", "is missing"
    if length < right:
        return f"少{right - length}位", f"lacks {right - length}"
    return f"多{length - right}位", f"has {length - right} too many"
