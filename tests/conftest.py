"""What every room's tests share: a movable clock, a running site, a browser (tests/browser/fixtures.py).

Each test process has its own home (dev/isolation.py). An undefined variable in a template fails the test that met it
(FAIL_INVALID_TEMPLATE_VARS in pyproject.toml).
"""

from __future__ import annotations

import gc
import os
import re
import shutil
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from django.core.servers.basehttp import WSGIRequestHandler
from django.test import TransactionTestCase
from hypothesis import settings
from whitenoise.middleware import WhiteNoiseMiddleware

from qinqing.lib import wallclock

pytest_plugins = ["tests.browser.fixtures", "tests.audit.unguarded", "tests.migrated", "tests.worlds"]

settings.register_profile("quick", deadline=None, derandomize=True, max_examples=25)
settings.register_profile("long", deadline=None, derandomize=True, max_examples=300)
settings.load_profile("quick")

PAGES = re.compile(r"_(web|pages?)[_.]")  # test_web.py, test_card_page.py, test_pages_company.py
WSGIRequestHandler.disable_nagle_algorithm = True  # else an answer, written in two pieces, waits 40 ms to be fetched
_DATABASE_FIXTURES = {"db", "transactional_db", "django_db_setup", "live_server"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database-only", action="store_true", help="leave out tests that use no database")


@pytest.hookimpl(tryfirst=True)  # before pytest reads -m
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what drives a browser, and pages as alike on every database; --database-only leaves out what uses none."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
            if item.path.parent.name not in {"browser", "stories"}:
                raise pytest.UsageError(f"{item.nodeid} drives a browser: it belongs into tests/browser")
        if PAGES.search(item.path.name):
            item.add_marker("alike")
    if config.getoption("--database-only"):
        config.hook.pytest_deselected(items=[item for item in items if not _uses_database(item)])
        items[:] = [item for item in items if _uses_database(item)]


def pytest_collection_finish() -> None:
    """Thousands of tests lie in memory for good: looking through them for garbage would take a third of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


def _uses_database(item: pytest.Item) -> bool:
    cls = getattr(item, "cls", None)
    return (
        item.get_closest_marker("django_db") is not None
        or not _DATABASE_FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))
        or (cls is not None and issubclass(cls, TransactionTestCase))
    )


@pytest.fixture(autouse=True, scope="session")
def _list_static_files_once() -> Iterator[None]:
    """Every `Client` of Django's makes its own middleware, for which WhiteNoise looks at every static file anew."""
    original = WhiteNoiseMiddleware.add_files_from_finders
    found: dict[str, Any] = {}

    def add_files_from_finders(self: Any) -> None:
        if not found:
            original(self)
            found.update(self.files)
        self.files.update(found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", add_files_from_finders)
        yield


@pytest.fixture(autouse=True, scope="session")
def _read_definitions_once() -> Iterator[None]:
    """What a definition's text says hangs on nothing else, and tests store the same ones again and again."""
    from qinqing.cases import reading as procedures
    from qinqing.cases import shelf
    from qinqing.policies import reading as policies
    from qinqing.policies import selectors

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shelf, "parse", lru_cache(256)(procedures.parse))
        patch.setattr(selectors, "read", lru_cache(1024)(policies.read))
        yield


@pytest.fixture(autouse=True)
def _forget_stored_definitions() -> Iterator[None]:
    """Rows of procedures, calendars and policies never change, so processes keep what they read; a test's rows are
    rolled back and their ids used again."""
    yield
    kept = {"cases.shelf": ["by_id"], "cases.calendars": ["_loaded"], "policies.selectors": ["policy_of"]}
    for module, names in {f"qinqing.{room}": names for room, names in kept.items()}.items():
        if module in sys.modules:
            for name in names:
                getattr(sys.modules[module], name).cache_clear()


@pytest.fixture(autouse=True)
def _forget_anchors() -> Iterator[None]:
    """Anchor files outlive the database that a test empties: rightly, the next test's histories would not fit them."""
    home = os.environ["QINQING_HOME"]
    yield
    shutil.rmtree(Path(home, "anchors"), ignore_errors=True)


class Clock:
    """Moves the clock of the installation under test, for this process and those it starts."""

    def set(self, moment: datetime) -> datetime:
        """Let time go on from `moment` (aware). Returns it."""
        wallclock.move_to(moment)
        return moment

    def forward(self, by: timedelta) -> datetime:
        """Move on by `by`. Returns the new present."""
        return self.set(wallclock.now() + by)

    def now(self) -> datetime:
        return wallclock.now()


@pytest.fixture
def clock() -> Iterator[Clock]:
    """`clock.set(datetime)`, `clock.forward(timedelta)`; real time returns after the test."""
    yield Clock()
    wallclock.move_back()


@pytest.fixture
def live(live_server: object) -> str:
    """Address of the site, served from the test database (both kinds) by a thread: `http://localhost:<port>`."""
    return str(live_server)
