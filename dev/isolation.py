"""A pytest plugin, loaded before Django's settings are read: every test process has its own home.

Whatever the shell says of an installation (QINQING_HOME, QINQING_MODE, ...) is put aside, so that a test run can touch
none. Only QINQING_DATABASE passes when it names a PostgreSQL server: Django then makes and drops `test_<name>` there.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_HOME_OF_RUN = "TEST_HOME_OF_RUN"  # set by the first process of a run, read by its xdist workers


def _isolate() -> None:
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    database = os.environ.get("QINQING_DATABASE", "")
    for name in [name for name in os.environ if name.startswith("QINQING_")]:
        del os.environ[name]
    if worker is None:
        os.environ[_HOME_OF_RUN] = tempfile.mkdtemp(prefix="qinqing-test-")
        atexit.register(shutil.rmtree, os.environ[_HOME_OF_RUN], ignore_errors=True)
    # One home per worker: the movable clock, blobs and keys of two workers must not meet.
    home = Path(os.environ[_HOME_OF_RUN], worker or "main")
    home.mkdir(exist_ok=True)
    os.environ["QINQING_MODE"] = "test"
    os.environ["QINQING_HOME"] = str(home)
    if database.startswith(("postgresql://", "postgres://")):
        os.environ["QINQING_DATABASE"] = database


_isolate()
