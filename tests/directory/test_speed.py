"""130,000 companies: the import takes minutes at most, finding one takes an eye's blink. Prints what it measured."""

from __future__ import annotations

import csv
import statistics
from time import perf_counter, process_time

import pytest
from django.db import connection

from qinqing.directory import companies, imports
from qinqing.directory.models import Party
from qinqing.directory.selectors import find_parties

HOW_MANY = 130_000
HEADER = [
    "企业名称",
    "统一社会信用代码",
    "联系电话",
    "成立日期",
    "镇街",
    "住所",
    "行业代码",
    "从业人员",
    "营业收入（元）",
]
SEARCHES = [
    "沐柳",
    "柳",
    "有限公司",
    "示范县沐柳纺织有限公司",
    "没有这样的公司",
    "砺山紧固件",
    "91330499MA9Y0",
    "19901",
]


@pytest.mark.long
@pytest.mark.django_db
def test_130_000_companies(tmp_path, now):
    """Seconds and milliseconds of processor time of this process, so that a busy machine does not fail the test."""
    path = tmp_path / "companies.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for row in companies.fictional_companies(HOW_MANY):
            yuan = row["revenue_fen"] / 100 if "revenue_fen" in row else ""
            facts = [row["phone"], row["registered_on"], row["town"], row["address"], row["industry"], row.get("staff")]
            writer.writerow([row["name"], row["credit_code"], *facts, yuan])
    cpu, wall = process_time(), perf_counter()
    batch = imports.preview(path, path.name, now)
    print(f"\n{connection.vendor}: preview {process_time() - cpu:.1f} s ({perf_counter() - wall:.1f} on the clock)")
    assert batch.report["counts"] == {"new": HOW_MANY, "changed": 0, "same": 0, "bad": 0}
    imports.confirm(batch.pk, now)
    while imports.run_pending(now):
        pass
    print(f"preview and apply {process_time() - cpu:.1f} s ({perf_counter() - wall:.1f} on the clock)")
    assert process_time() - cpu < 60
    assert Party.objects.count() == HOW_MANY
    assert imports.preview(path, path.name, now).report["counts"]["same"] == HOW_MANY
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE directory_party")
    for text in [*SEARCHES, "示范 纺织"]:
        times = [_timed(text) for _ in range(9)]
        print(
            f"  {text}: median {statistics.median(t for t, _ in times):.1f} ms, at best {min(w for _, w in times):.1f}"
        )
        assert statistics.median(t for t, _ in times) < 50


def _timed(text: str) -> tuple[float, float]:
    """Milliseconds of processor time and on the clock."""
    cpu, wall = process_time(), perf_counter()
    find_parties(text)
    return 1000 * (process_time() - cpu), 1000 * (perf_counter() - wall)
