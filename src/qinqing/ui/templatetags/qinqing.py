"""Template tags available in every template."""

from __future__ import annotations

from typing import Any

from django import template

from qinqing.lib.labels import Label

register = template.Library()


@register.simple_tag
def t(zh: str, en: str, **values: Any) -> str:
    """`{% t "剩{n}件" "{n} left" n=count %}`: the text in the reader's language."""
    return Label(zh, en).format(**values)
