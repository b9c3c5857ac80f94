"""A new demo county begins with a copy of an empty migrated database; the copy never stands in for migrating."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from qinqing.site.demo import tables


class Home:
    """A home without a database, and what migrating would do to it."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.root, self.migrated, self.patch = folder, 0, patch
        (folder / "var").mkdir()
        patch.setattr(tables, "settings", SimpleNamespace(ROOT=folder))
        patch.setattr(tables, "call_command", self.migrate)
        self.source("one")

    def source(self, state: str) -> None:
        self.patch.setattr(tables, "state_of_source", lambda: state)

    def begin(self, name: str, vendor: str = "sqlite") -> Path:
        path = self.root / name
        self.connection = SimpleNamespace(vendor=vendor, settings_dict={"NAME": str(path)}, connection=None)
        self.patch.setattr(tables, "connection", self.connection)
        tables.make()
        if self.connection.connection:
            self.connection.connection.close()
        return path

    def migrate(self, name: str, **options: Any) -> None:
        assert name == "migrate"
        self.migrated += 1
        opened = sqlite3.connect(self.connection.settings_dict["NAME"])
        opened.execute("PRAGMA journal_mode=WAL")
        opened.execute(f"CREATE TABLE made_{self.migrated} (id)")
        opened.commit()
        self.connection.connection = opened

    def kept(self) -> list[str]:
        return [path.name for path in (self.root / "var").iterdir()]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    return Home(tmp_path, monkeypatch)


def tables_of(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as opened:
        return [name for (name,) in opened.execute("SELECT name FROM sqlite_master")]


def test_migrated_once_then_copied(home: Home) -> None:
    assert tables_of(home.begin("first.sqlite3")) == ["made_1"]
    assert tables_of(home.begin("second.sqlite3")) == ["made_1"]
    assert home.migrated == 1


def test_other_sources_are_migrated_anew_and_one_copy_stays(home: Home) -> None:
    home.begin("first.sqlite3")
    home.source("two")
    assert tables_of(home.begin("second.sqlite3")) == ["made_2"]
    assert home.kept() == ["tables-two.sqlite3"]


def test_a_county_that_stands_is_left_alone(home: Home) -> None:
    (home.root / "first.sqlite3").write_bytes(b"")
    home.begin("first.sqlite3")
    home.begin("other", vendor="postgresql")
    assert (home.migrated, home.kept()) == (0, [])


def test_where_nothing_can_be_kept_it_is_migrated_each_time(home: Home) -> None:
    (home.root / "var").rmdir()
    home.begin("first.sqlite3")
    assert tables_of(home.begin("second.sqlite3")) == ["made_2"]


def test_what_a_migration_may_read_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "SOURCE", tmp_path)
    before = tables.state_of_source()
    (tmp_path / "page.html").write_text("a page")
    assert tables.state_of_source() == before
    (tmp_path / "0002_more.py").write_text("a migration")
    assert tables.state_of_source() != before
