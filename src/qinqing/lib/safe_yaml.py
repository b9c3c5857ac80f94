"""Reads YAML by PyYAML's safe loader: the one in C, much the faster, where PyYAML was built with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load(text: str) -> Any:
    """What the text says; None for an empty one. Raises yaml.YAMLError."""
    return yaml.load(text, Loader=SafeLoader)  # noqa: S506 - both are safe loaders


def read(path: Path) -> Any:
    """What the file says, in UTF-8. Raises yaml.YAMLError, OSError, UnicodeDecodeError."""
    return load(path.read_text(encoding="utf-8"))
