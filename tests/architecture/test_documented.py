"""Whatever an operator can set or call is documented, and nothing is documented that does not exist."""

from __future__ import annotations

import re
from pathlib import Path

from qinqing.__main__ import build
from tests.architecture.source import PACKAGE, ROOT

GUIDES = ROOT / "docs" / "guides"
SETTING = re.compile(r"\bQINQING_[A-Z_]+\b")


def _settings_in(paths: list[Path]) -> set[str]:
    return {name for path in paths for name in SETTING.findall(path.read_text(encoding="utf-8"))}


def test_every_setting_is_documented() -> None:
    used = _settings_in([ROOT / "run", *PACKAGE.rglob("*.py"), *(ROOT / "dev").rglob("*.py")])
    documented = _settings_in([GUIDES / "settings.md"])
    assert used == documented, f"in the code only: {used - documented}; in settings.md only: {documented - used}"


def test_every_command_is_documented() -> None:
    offered = set(build([]).commands)
    documented = set(re.findall(r"^\| `([a-z-]+ [a-z-]+)", (GUIDES / "commands.md").read_text("utf-8"), re.MULTILINE))
    assert offered == documented, f"without a line: {offered - documented}; without a command: {documented - offered}"
