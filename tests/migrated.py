"""The test database is migrated once and copied for each process: migrating takes nine seconds of it, copying a tenth.

SQLite: a file in pytest's cache, used while nothing in src/qinqing has changed, by later runs too. PostgreSQL: a
template database of this run. Django still looks for migrations that the copy lacks, so a copy never hides one.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from pytest_django import DjangoDbBlocker
from pytest_django.plugin import blocking_manager_key

from qinqing.site.demo.tables import state_of_source


@pytest.fixture(scope="session")
def django_db_keepdb(request: pytest.FixtureRequest) -> bool:
    """pytest-django asks: the copy is kept as it is found. Its home is thrown away at the end, and it with that."""
    return connection.vendor == "sqlite" or bool(request.config.getvalue("reuse_db"))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    request: pytest.FixtureRequest,
    django_db_modify_db_settings_parallel_suffix: None,
    django_db_blocker: DjangoDbBlocker,
) -> None:
    """pytest-django asks just before it creates the test database: let it begin with a migrated one."""
    with django_db_blocker.unblock():
        if connection.vendor == "sqlite":
            cache = getattr(request.config, "cache", None)  # none with -p no:cacheprovider
            folder = cache.mkdir("migrated") if cache else _home_of_run()
            _copied(folder, Path(connection.settings_dict["TEST"]["NAME"]))
        else:
            _from_template()


def pytest_unconfigure(config: pytest.Config) -> None:
    """In the first process of the run, when its workers are gone: drop the template."""
    if not hasattr(config, "workerinput") and (_home_of_run() / "template").exists():
        server: Any = connection.creation
        with config.stash[blocking_manager_key].unblock(), server._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{_template()}"')


def _copied(folder: Path, copy: Path) -> None:
    kept = folder / f"{state_of_source()}.sqlite3"
    with _alone(folder):
        if not kept.exists():
            for old in folder.glob("*.sqlite3*"):
                old.unlink()
            made = folder / "making.sqlite3"
            _migrate(str(made))
            made.rename(kept)
        shutil.copyfile(kept, copy)


def _from_template() -> None:
    made = _home_of_run() / "template"
    with _alone(_home_of_run()):
        if not made.exists():
            _migrate(_template())
            made.touch()
    connection.settings_dict["TEST"]["TEMPLATE"] = _template()


def _migrate(name: str) -> None:
    """A new database of this name with all tables; nobody is connected to it afterwards."""
    test, before = connection.settings_dict["TEST"], connection.settings_dict["NAME"]
    wanted, test["NAME"] = test["NAME"], name
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    connection.close()
    test["NAME"] = wanted
    connection.settings_dict["NAME"] = settings.DATABASES["default"]["NAME"] = before


def _home_of_run() -> Path:
    return Path(os.environ["TEST_HOME_OF_RUN"])  # of this process and its xdist workers (dev/isolation.py)


def _template() -> str:
    return f"template-{_home_of_run().name}"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Nobody else is in this block of that folder."""
    with open(folder / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
