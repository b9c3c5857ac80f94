"""The bench of policies does the work it says, and its engines' answers are compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench import policies, workload
from bench.engines import policies as own
from bench.harness import Report
from bench.peers import environment
from bench.team import TeamError
from qinqing.lib.rules.batch import compile_rules
from qinqing.lib.rules.checking import check
from qinqing.lib.rules.columns import Table
from qinqing.lib.rules.evaluating import decide
from qinqing.lib.rules.rule import Verdict

ANSWERS = [[3, 1, 500], [0, 2, 0]]


def _fake(monkeypatch: pytest.MonkeyPatch, theirs: list[list[int]]) -> None:
    """Engines that answer at once."""

    def run(module: str, arguments: list[str], python: Path) -> dict[str, Any]:
        if module != "bench.engines.policies":
            return {"seconds": [2.0 if "fisca" in module else 5.0], "peak_mb": 900.0, "answers": theirs}
        return {
            "seconds": [0.1, 0.2, 0.3], "peak_mb": 300.0, "compile_ms": 50.0, "answers": ANSWERS, "rows": 7,
            "changed_ms": [9.0], "one_company_ms": [2.0],
            "qualifying": [workload.QUALIFYING, workload.UNDECIDED],
        } | ({"seconds": 30.0} if arguments[0] == "streamed" else {})  # fmt: skip

    monkeypatch.setattr(policies, "_run", run)
    monkeypatch.setattr(environment, "python", lambda: Path("python"))


def test_the_figures_are_those_of_the_issue_and_come_from_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    _fake(monkeypatch, ANSWERS)
    report = policies.measure(quick=False)
    assert report.figures == {
        "seconds_130k_x_1000": 0.2,
        "vs_openfisca": 10.0,
        "vs_duckdb": 25.0,
        "peak_mb": 300.0,
        "one_company_ms": 2.0,
        "changed_1000_ms": 9.0,
        "streamed_10m_seconds": 30.0,
        "streamed_10m_peak_mb": 300.0,
    }


def test_quick_says_that_it_streamed_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    _fake(monkeypatch, ANSWERS)
    report = policies.measure(quick=True)
    assert report.figures["streamed_10m_seconds"] is None
    assert any("1,000,000" in note for note in report.notes)


@pytest.mark.parametrize("theirs", [[[3, 2, 500], [0, 2, 0]], [[3, 1, 504], [0, 2, 0]]])
def test_an_engine_that_answers_differently_fails_the_bench(
    monkeypatch: pytest.MonkeyPatch, theirs: list[list[int]]
) -> None:
    _fake(monkeypatch, theirs)
    with pytest.raises(TeamError, match="answers"):
        policies.measure(quick=True)


def test_without_peers_the_rest_is_measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _fake(monkeypatch, ANSWERS)

    def none() -> Path:
        raise environment.Unavailable("no network")

    monkeypatch.setattr(environment, "python", none)
    report: Report = policies.measure(quick=True)
    assert report.figures["seconds_130k_x_1000"] == 0.2
    assert report.figures["vs_duckdb"] is None
    assert any("no network" in note for note in report.notes)


def test_the_work_is_decided_as_the_reference_decides_it(tmp_path: Path) -> None:
    own.write(tmp_path, 120)
    (path,) = tmp_path.iterdir()
    table = Table.from_parquet(path, own.specs(), "id")
    made = own.made_rules()
    assert len(made) == workload.POLICIES
    assert len({condition.text for rule in made for condition in rule.all_conditions()}) <= workload.TESTS
    result = compile_rules(made, own.specs()).run(table, own.TODAY)
    for rule in made[::40]:
        for condition in rule.all_conditions():
            check(condition.term, own.specs())
        for row in range(0, 120, 7):
            decision = decide(rule, table.values_at(row), own.specs(), own.TODAY)
            outcome = result[rule.code]
            paid = dict(zip(outcome.yes.tolist(), outcome.fen.tolist() if outcome.fen is not None else (), strict=True))
            assert paid.get(row) == decision.amount_fen
            assert (row in outcome.unknown_rows()) == (decision.verdict is Verdict.UNKNOWN)
