"""A history in memory and a home of its own for each test of this room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qinqing.audit import histories
from tests.audit.chains import Keeper, build
from tests.audit.unguarded import flush_in_spite_of_guards  # noqa: F401


@pytest.fixture
def keeper(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: object) -> Iterator[Keeper]:
    settings.HOME = tmp_path  # type: ignore[attr-defined]
    keeper = Keeper({"帮1": build("帮1", ["一", None, "三"]), "帮2": build("帮2", ["甲"])})
    monkeypatch.setattr(histories, "_histories", {"cases": keeper})
    yield keeper
