"""The office of these tests on Tuesday 29 September 2026, 10:20."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cases.county import TUESDAY, County
from tests.conftest import Clock
from tests.supervision import office


@pytest.fixture
def county(db: None, clock: Clock, settings: Any, tmp_path: Path) -> County:
    settings.BLOBS = tmp_path
    clock.set(TUESDAY)
    return office.build()
