"""Registries of their own for each test of this room."""

from __future__ import annotations

import pytest

from qinqing.messaging import jobs, reactions
from tests.audit.unguarded import flush_in_spite_of_guards  # noqa: F401


@pytest.fixture(autouse=True)
def empty_registries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reactions, "_reactions", {})
    monkeypatch.setattr(jobs, "_jobs", {})
