"""How many examples Hypothesis tries: all of them with --long, a fifth in a quick run."""

from __future__ import annotations

from hypothesis import settings

_LONG = 300  # of the profile `long` in conftest.py


def many(examples: int) -> int:
    """`examples` with --long; a fifth of it, and 5 at least, in a quick run."""
    return examples if settings.default.max_examples >= _LONG else max(5, examples // 5)
