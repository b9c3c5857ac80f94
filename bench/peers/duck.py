"""DuckDB: one INSERT ... SELECT for each policy, `python -m bench.peers.duck FOLDER TIMES`.

Rows where the verdict is yes are written with their amount, those where it is NULL are counted: SQL's own three values.
Numbers are whole (units of the last place), categories ENUMs, so that every answer is exact. Loading is not measured.
"""

from __future__ import annotations

import sys
import time
from datetime import date, timedelta
from pathlib import Path

import duckdb

from bench import workload
from bench.peers.answering import say

THREADS = 2
UNIT = 10**workload.PLACES


def load(folder: Path) -> duckdb.DuckDBPyConnection:
    """The companies in a table of a database in memory."""
    database = duckdb.connect(":memory:", config={"threads": THREADS, "preserve_insertion_order": False})
    columns = [f"CAST(round({fact} * {UNIT}) AS BIGINT) AS {fact}" for fact in workload.NUMBERS]
    for fact, size in workload.CATEGORIES.items():
        codes = ", ".join(f"'{workload.code(fact, number)}'" for number in range(size))
        database.execute(f"CREATE TYPE codes_{fact} AS ENUM ({codes})")
        columns.append(f"{fact}::codes_{fact} AS {fact}")
    names = ", ".join(["id", *workload.FLAGS, *workload.DATES, *columns])
    database.execute(f"CREATE TABLE companies AS SELECT {names} FROM '{folder}/*.parquet'")  # noqa: S608 (our own names)
    return database


def match(database: duckdb.DuckDBPyConnection, tests: list[str], policies: list[workload.Policy]) -> list[list[int]]:
    """By policy: how many are paid, how many unknown, fen in all."""
    database.execute("CREATE OR REPLACE TABLE pairs (company UINTEGER, policy USMALLINT, fen BIGINT)")
    unknown = []
    for policy in policies:
        holds = condition(policy.tree, tests)
        if not isinstance(policy.benefit, workload.Fixed):
            holds = f"({holds} AND CASE WHEN {policy.benefit.fact} IS NOT NULL THEN TRUE END)"
        amount = fen(policy.benefit)
        paid = f"SELECT id, {policy.number}, {amount} FROM companies WHERE {holds}"  # noqa: S608 (our own names)
        database.execute(f"INSERT INTO pairs {paid}")
        counted = database.execute(f"SELECT count(*) FROM companies WHERE ({holds}) IS NULL").fetchone()  # noqa: S608
        unknown.append(counted[0] if counted else 0)
    totals = database.execute("SELECT policy, count(*), sum(fen) FROM pairs GROUP BY policy").fetchall()
    found = {policy: (count, int(total)) for policy, count, total in totals}
    return [[found.get(n, (0, 0))[0], unknown[n], found.get(n, (0, 0))[1]] for n in range(len(policies))]


def test(one: workload.Test) -> str:
    """One test in SQL."""
    match one.kind:
        case "number":
            return f"{one.fact} {one.op} {workload.scaled(one.value)}"
        case "flag":
            return one.fact if one.value else f"NOT {one.fact}"
        case "date":
            return f"{one.fact} {one.op} DATE '{date(1970, 1, 1) + timedelta(days=one.value)}'"
    return f"{one.fact} IN ({', '.join(repr(workload.code(one.fact, number)) for number in one.value)})"


def condition(tree: workload.Tree, tests: list[str]) -> str:
    if isinstance(tree, int):
        return tests[tree]
    kind, members = tree
    parts = [condition(member, tests) for member in members]
    return f"(NOT ({parts[0]}))" if kind == "not" else f"({f' {kind.upper()} '.join(parts)})"


def fen(benefit: workload.Benefit) -> str:
    """The amount in SQL; the base is known where it is asked for."""
    if isinstance(benefit, workload.Fixed):
        return f"{benefit.yuan * 100}::BIGINT"
    if isinstance(benefit, workload.Rate):
        return f"least({benefit.fact} * {benefit.per_mille} // {10 * UNIT}, {benefit.cap_fen})"
    steps = zip(benefit.starts, benefit.yuan, strict=False)
    whens = " ".join(f"WHEN {benefit.fact} < {workload.scaled(start)} THEN {yuan * 100}" for start, yuan in steps)
    return f"(CASE {whens} ELSE {benefit.yuan[-1] * 100} END)"


def main(folder: Path, times: int) -> None:
    database = load(folder)
    made, policies = workload.policies()
    tests = [test(one) for one in made]
    seconds = []
    answers: list[list[int]] = []
    for _ in range(times):
        begun = time.perf_counter()
        answers = match(database, tests, policies)
        seconds.append(time.perf_counter() - begun)
    say(seconds, answers)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
