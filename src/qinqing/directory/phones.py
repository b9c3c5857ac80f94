"""Telephone numbers of parties and officers (联系电话): mobiles, and landlines with their area code. Pure."""

from __future__ import annotations

import re
import unicodedata

from qinqing.lib.identifiers import Invalid, mobile

_LANDLINE = re.compile(r"0\d{2,3}-?\d{7,8}(-\d{1,6})?")


def check_phone(text: str) -> str:
    """A mobile number as 11 digits, or a landline with its area code (`0573-82345678`). Raises `Invalid`."""
    number = unicodedata.normalize("NFKC", text).replace(" ", "")
    if not re.match(r"0(?!086)", number):
        return mobile(number)
    if not _LANDLINE.fullmatch(number):
        raise Invalid(
            "固定电话应写区号和号码，如0573-82345678", "a landline needs its area code, such as 0573-82345678"
        )
    return number
