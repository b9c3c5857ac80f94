"""The batch, in one process: `python -m bench.engines.policies WORK FOLDER TIMES`, WORK being `whole` or `streamed`.

Prints one JSON object: seconds and milliseconds one by one, the answers by policy, the process's peak memory.
`write` instead of TIMES' work makes the Parquet files: `python -m bench.engines.policies write FOLDER ROWS`.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from bench import workload
from qinqing.lib.labels import Label
from qinqing.lib.rules import rule as rules
from qinqing.lib.rules.batch import Batch, Result, compile_rules
from qinqing.lib.rules.columns import Table
from qinqing.lib.rules.explaining import Explainer
from qinqing.lib.rules.parsing import parse
from qinqing.lib.rules.terms import FactSpec, FactType, Name

TODAY = date(2026, 1, 1)
NAMED = Label("某项", "something")
CHANGED = 1000
ASKING = 50  # companies explained one by one
PART = 524_288  # rows of one file
GROUP = 131_072  # rows of one row group


def specs() -> dict[str, FactSpec]:
    """The dictionary of facts."""
    types = dict.fromkeys(workload.NUMBERS, FactType.NUMBER) | dict.fromkeys(workload.FLAGS, FactType.BOOLEAN)
    types |= dict.fromkeys(workload.CATEGORIES, FactType.CATEGORY) | dict.fromkeys(workload.DATES, FactType.DATE)
    return {fact: FactSpec(fact, type, NAMED, places=workload.PLACES) for fact, type in types.items()}


def made_rules() -> list[rules.Rule]:
    """The policies, from CEL text."""
    tests, policies = workload.policies()
    texts = [_text(test) for test in tests]

    def node(tree: workload.Tree) -> rules.Node:
        if isinstance(tree, int):
            return rules.Condition(f"c{tree}", NAMED, "", parse(texts[tree]), texts[tree])
        kind = {"and": "all", "or": "any", "not": "not"}[tree[0]]
        return rules.Group(kind, tuple(node(member) for member in tree[1]))

    return [rules.Rule(str(policy.number), node(policy.tree), _benefit(policy.benefit)) for policy in policies]


def _text(test: workload.Test) -> str:
    match test.kind:
        case "flag":
            return test.fact if test.value else f"!{test.fact}"
        case "category":
            return f"{test.fact} in {json.dumps([workload.code(test.fact, n) for n in test.value])}"
        case "date":
            return f'{test.fact} {test.op} date("{date(1970, 1, 1) + timedelta(days=test.value)}")'
    return f"{test.fact} {test.op} {test.value!r}"


def _benefit(benefit: workload.Benefit) -> rules.Benefit:
    match benefit:
        case workload.Fixed(yuan):
            return rules.Fixed(yuan * 100)
        case workload.Rate(fact, per_mille, cap_fen):
            return rules.Rate(Fraction(per_mille, 1000), Name(fact), fact, cap_fen)
        case workload.Tiers(fact, starts, yuan):
            exact = [Fraction(0), *(Fraction(workload.scaled(start), 10**workload.PLACES) for start in starts)]
            steps = tuple(rules.Step(start, fen=sum_ * 100) for start, sum_ in zip(exact, yuan, strict=True))
            return rules.Tiers(Name(fact), fact, steps)


def write(folder: Path, rows: int) -> None:
    """The companies as Parquet files (zstd), a part of them in each."""
    import polars

    folder.mkdir(parents=True, exist_ok=True)
    for number, first in enumerate(range(0, rows, PART)):
        count = min(PART, rows - first)
        values, known = workload.companies(count, seed=1 + number)
        columns = {"id": polars.Series(np.arange(first, first + count, dtype=np.uint32))}
        for fact, found in values.items():
            series = polars.Series(found)
            if fact in workload.CATEGORIES:
                codes = [workload.code(fact, n) for n in range(workload.CATEGORIES[fact])]
                series = polars.Series(codes).gather(found.astype(np.uint32))
            elif fact in workload.DATES:
                series = series.cast(polars.Date)
            columns[fact] = series.zip_with(polars.Series(known[fact]), polars.Series([None], dtype=series.dtype))
        path = folder / f"part-{number:03d}.parquet"
        polars.DataFrame(columns).write_parquet(path, compression="zstd", row_group_size=GROUP)


def whole(folder: Path, times: int) -> dict[str, Any]:
    """All against all; what changed; one company with reasons."""
    made = made_rules()
    (path,) = folder.iterdir()
    begun = time.perf_counter()
    table = Table.from_parquet(path, specs(), "id")
    loaded = time.perf_counter() - begun
    begun = time.perf_counter()
    batch = compile_rules(made, specs())
    compiled = time.perf_counter() - begun
    seconds = [_seconds(lambda: batch.run(table, TODAY)) for _ in range(times)]
    result = batch.run(table, TODAY)
    peak = _peak_mb()
    return {
        "load_seconds": loaded,
        "compile_ms": compiled * 1000,
        "seconds": seconds,
        "peak_mb": peak,
        "qualifying": _qualifying(made, table),
        "answers": _answers(result),
        "changed_ms": _changed(batch, table, result, times),
        "one_company_ms": _one_company(made, table),
    }


def streamed(folder: Path, _times: int) -> dict[str, Any]:
    """Every file, a row group at a time; of each policy only the totals are kept."""
    batch = compile_rules(made_rules(), specs())
    totals = np.zeros((workload.POLICIES, 3), dtype=np.int64)
    rows, begun = 0, time.perf_counter()
    for path in sorted(folder.iterdir()):
        for table in Table.stream_parquet(path, specs(), "id", GROUP):
            rows += len(table)
            totals += _answers(batch.run(table, TODAY))
    return {"rows": rows, "seconds": time.perf_counter() - begun, "peak_mb": _peak_mb(), "answers": totals.tolist()}


def _answers(result: Result) -> list[list[int]]:
    """By policy: how many are paid, how many unknown, fen in all."""
    return [[len(each.yes), each.unknown, int(each.fen.sum())] for each in result.values() if each.fen is not None]


def _qualifying(made: list[rules.Rule], table: Table) -> list[int]:
    """How many pairs meet the conditions, and how many cannot be decided, before amounts are asked for."""
    result = compile_rules([replace(one, benefit=rules.Fixed(0)) for one in made], specs()).run(table, TODAY)
    return [sum(len(each.yes) for each in result.values()), sum(each.unknown for each in result.values())]


def _changed(batch: Batch, table: Table, result: Result, times: int) -> list[float]:
    """1,000 companies anew, other ones each time; their answers must be those of the whole."""
    chance = np.random.default_rng(5)
    found = []
    for _ in range(times):
        rows = np.sort(chance.choice(len(table), CHANGED, replace=False))
        found.append(_seconds(lambda rows=rows: batch.run(table, TODAY, rows=rows)) * 1000)  # type: ignore[misc]
        for code, part in batch.run(table, TODAY, rows=rows).items():
            mine = np.isin(result[code].yes, rows)
            assert np.array_equal(part.yes, result[code].yes[mine])
            assert np.array_equal(part.fen, result[code].fen[mine])
    return found


def _one_company(made: list[rules.Rule], table: Table) -> list[float]:
    """Every policy for one company, with what each condition found, what is missing and what would have to change."""
    explainer = Explainer(made, specs())
    found = []
    for row in range(ASKING):
        values = table.values_at(row)
        found.append(_seconds(lambda values=values: _told(explainer, values)) * 1000)  # type: ignore[misc]
    return found


def _told(explainer: Explainer, values: Any) -> None:
    for explanation in explainer.explain_all(values, TODAY):
        _ = (explanation.verdict, explanation.amount_fen, explanation.missing, explanation.changes)


def _seconds(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    work, place, number = sys.argv[1:]
    if work == "write":
        write(Path(place), int(number))
    else:
        print(json.dumps({"whole": whole, "streamed": streamed}[work](Path(place), int(number))))
