"""The office of these tests on Tuesday 29 September 2026, 10:20."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.cases.county import TUESDAY, County
from tests.conftest import Clock
from tests.supervision import office
from tests.worlds import Once


@pytest.fixture(scope="module")
def built(once: Once) -> County:
    return once(office.build)


@pytest.fixture
def county(db: None, built: County, clock: Clock, settings: Any, tmp_path: Path) -> County:
    settings.BLOBS = tmp_path
    clock.set(TUESDAY)
    return deepcopy(built)
