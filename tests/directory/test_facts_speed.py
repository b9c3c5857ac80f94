"""20,000 companies x 30 facts: imported, read as columns, kept current, in time that grows with the figures only.

Prints what it measured: processor time of this process, so that a busy machine does not fail the test (on PostgreSQL
the server's own is not in it), and the clock's beside it. At the size of a county, 130,000 companies, the same took
107 s to preview and 137 s to record (SQLite, both cores busy with other work), 8.3 s for the first snapshot, 0.17 s
after 1,000 companies changed; that would be too long for a test.
"""

from __future__ import annotations

import random
from time import perf_counter, process_time

import polars
import pytest
from django.db import connection

from qinqing.directory import companies
from qinqing.directory.facts import imports, recording, snapshots
from qinqing.directory.facts.dictionary import dictionary
from qinqing.directory.facts.recording import Said
from qinqing.directory.imports import apply_rows
from qinqing.directory.models import Party
from tests.directory.conftest import NOW

HOW_MANY = 20_000


class Watch:
    def __init__(self, what: str) -> None:
        self.what = what

    def __enter__(self) -> Watch:
        self._cpu, self._wall = process_time(), perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.cpu, self.wall = process_time() - self._cpu, perf_counter() - self._wall
        print(f"  {self.what}: {self.cpu:.2f} s ({self.wall:.2f} on the clock)")


def parquet(path, facts):
    dice = random.Random(7)
    columns = {"credit_code": [companies.credit_code(i, sole_trader=i % 12 == 11) for i in range(HOW_MANY)]}
    for fact in facts:
        match fact.type:
            case "money":
                cells = [dice.randrange(10**9) for _ in range(HOW_MANY)]
            case "boolean":
                cells = [dice.random() < 0.2 for _ in range(HOW_MANY)]
            case "category":
                codes = list(fact.codes) or ["大健康", "新材料"]
                cells = [dice.choice(codes) for _ in range(HOW_MANY)]
            case _:
                cells = [dice.randrange(100) for _ in range(HOW_MANY)]
        columns[fact.id] = cells
    polars.DataFrame(columns).write_parquet(path)


@pytest.mark.long
@pytest.mark.django_db
def test_30_facts_of_many_companies(tmp_path):
    print(f"\n{connection.vendor}:")
    rows = list(companies.fictional_companies(HOW_MANY))
    for start in range(0, HOW_MANY, 5_000):
        apply_rows(rows[start : start + 5_000], NOW)
    cpu = {"preview": 0.0, "record": 0.0, "again": 0.0}
    for source, most in (("economy", 23), ("hrss", 7)):
        facts = [
            f
            for f in dictionary().values()
            if source in f.sources and f.type != "date" and f.period in {"none", "year"}
        ]
        facts = [fact for fact in facts if not fact.year_before][:most]
        assert len(facts) == most
        path = tmp_path / f"{source}.parquet"
        parquet(path, facts)
        with Watch(f"preview of {HOW_MANY:,} x {most}") as preview:
            batch = imports.preview(path, path.name, source=source, now=NOW, period="2025")
        assert batch.report["counts"]["new"] == HOW_MANY * most
        imports.confirm(batch.pk, NOW)
        with Watch("record") as record:
            while imports.run_batch(batch.pk, NOW):
                pass
        with Watch("preview of the same again") as again:
            same = imports.preview(path, path.name, source=source, now=NOW, period="2025")
        assert same.report["counts"]["same"] == HOW_MANY * most
        for name, watch in (("preview", preview), ("record", record), ("again", again)):
            cpu[name] += watch.cpu
    with Watch("snapshot, first") as first:
        held = snapshots.latest(None)
    assert len(held.table) == HOW_MANY
    ids = list(Party.objects.values_list("pk", flat=True)[:1000])
    recording.record([Said(pk, "new_jobs", 202500, 5 * 10_000) for pk in ids], source="hrss", now=NOW)
    with Watch("snapshot after 1,000 companies changed") as later:
        snapshots.latest(held)
    figures = HOW_MANY * 30
    assert cpu["preview"] / figures < 60e-6 and cpu["record"] / figures < 100e-6 and cpu["again"] / figures < 90e-6
    assert first.cpu / figures < 20e-6 and later.cpu < 0.5
