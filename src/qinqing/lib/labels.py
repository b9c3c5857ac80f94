"""Text in the reader's language: Chinese first, English complete.

Both languages stand side by side where they are used (in Python, in YAML, in templates), so that neither can be
forgotten; see docs/decisions/0003-two-languages-side-by-side.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

LANGUAGES = ("zh", "en")
_language: ContextVar[str] = ContextVar("language", default="zh")


class Label(NamedTuple):
    """One text in two languages; `str()` gives the reader's. `{name}` marks are filled by `format`."""

    zh: str
    en: str

    def __str__(self) -> str:
        return self.en if _language.get() == "en" else self.zh

    def format(self, **values: Any) -> str:
        """The text in the reader's language with its marks filled."""
        return str(self).format(**values)

    @classmethod
    def of(cls, value: Any) -> Label:
        """From a YAML value: `{zh: ..., en: ...}` or one string for both. Raises ValueError otherwise."""
        if isinstance(value, Label):
            return value
        if isinstance(value, str):
            return cls(value, value)
        if isinstance(value, dict) and "zh" in value:
            return cls(str(value["zh"]), str(value.get("en", value["zh"])))
        raise ValueError(f"a label is a text or {{zh, en}}, not {value!r}")

    def as_json(self) -> dict[str, str]:
        return {"zh": self.zh, "en": self.en}


def language() -> str:
    """The reader's language: `zh` or `en`."""
    return _language.get()


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Within the block, labels speak `code`. An unknown code speaks Chinese."""
    token = _language.set(code if code in LANGUAGES else "zh")
    try:
        yield
    finally:
        _language.reset(token)
