"""What tests/conftest.py promises every room."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.template import Context, Template

from qinqing.lib import wallclock
from tests.conftest import Clock


def test_the_home_is_a_throw_away() -> None:
    assert "qinqing-test-" in str(settings.HOME)
    assert Path(os.environ["QINQING_HOME"]) == settings.HOME
    assert os.environ["QINQING_MODE"] == "test"


def test_the_clock_moves_and_returns(clock: Clock) -> None:
    noon = clock.set(datetime(2026, 9, 30, 12, tzinfo=wallclock.CHINA))
    assert timedelta() <= wallclock.now() - noon < timedelta(seconds=5)
    clock.forward(timedelta(days=3))
    assert timedelta(days=3) <= wallclock.now() - noon < timedelta(days=3, seconds=5)
    wallclock.move_back()
    assert abs(wallclock.now() - datetime.now(wallclock.CHINA)) < timedelta(seconds=5)


def test_an_undefined_template_variable_fails() -> None:
    with pytest.raises(pytest.fail.Exception, match="nobody"):
        Template("{{ nobody }}").render(Context())


@pytest.mark.django_db
def test_sqlite_tests_run_as_production_does() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("SQLite only")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        assert cursor.fetchone() == ("wal",)
    assert connection.settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
