"""The county in which the stories happen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.stories import steps

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.conftest import Clock


@pytest.fixture
def county(chromium: Browser, live: str, clock: Clock) -> Iterator[steps.County]:
    """The demo county on Tuesday 29 September 2026, 10:20, without cases."""
    yield from steps.county_of(chromium, live, clock)
