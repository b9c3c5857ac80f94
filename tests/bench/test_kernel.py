"""The kernel's bench does the work it says: the procedure is sound, and eleven acts close a case with its history."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack
from pathlib import Path

import jsonschema
import pytest
import yaml

from bench import __main__ as command
from bench import kernel
from bench.engines import county, own, pages
from bench.harness import Report, Row
from bench.joint import ACTS
from bench.peers import environment
from dev import postgres
from qinqing.accounts import access
from qinqing.cases import checker, reading, registry
from qinqing.cases.models import Case


def test_the_figures_are_those_of_the_issue_and_come_from_the_rows() -> None:
    rows = {kernel.OWN: 1000.0, kernel.BARE: 4000.0, kernel.SPIFF: 500.0, kernel.VIEWFLOW: 200.0, kernel.OWN_PG: 900.0}
    report = Report("kernel", {}, [Row(kernel.ACT, engine, "acts/s", (value,)) for engine, value in rows.items()])
    report.rows.append(Row(f"{kernel.STEADY}: p99", kernel.WRITER, "ms", (9.0,)))
    assert kernel.figures(report) == {
        "acts_per_second_sqlite": 1000.0,
        "acts_vs_bare_sqlite": 0.25,
        "acts_vs_spiff_reloaded": 2.0,
        "acts_vs_viewflow": 5.0,
        "acts_per_second_postgresql": 900.0,
        "p99_ms_at_100": 9.0,
    }


def test_without_peers_and_postgresql_the_rest_is_measured_and_the_report_says_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def no_peers() -> Path:
        raise environment.Unavailable("no network")

    def no_server(*, durable: bool) -> None:
        raise RuntimeError("not installed")

    monkeypatch.setattr(environment, "python", no_peers)
    monkeypatch.setattr(postgres, "cluster", no_server)
    report = Report("kernel", {})
    with ExitStack() as stack:
        assert set(kernel.engines(tmp_path, stack, report)) == {kernel.OWN, kernel.OWN_2, kernel.BARE}
    assert "no network" in report.notes[0]
    assert "not installed" in report.notes[1]


def test_the_procedure_is_one_an_office_could_load() -> None:
    raw = yaml.safe_load(county.PROCEDURE.read_text(encoding="utf-8"))
    jsonschema.validate(
        raw, json.loads(Path(checker.__file__).parents[1].joinpath("procedure.schema.json").read_text())
    )
    faults = checker.check(
        reading.parse(county.PROCEDURE.read_text(encoding="utf-8")),
        capacities={name: capacity.roles for name, capacity in access.table().capacities.items()},
        desks=county.DESKS,
        guards=registry.GUARDS,
        effects=registry.EFFECTS,
    )
    assert [f"{fault.place}: {fault.text.en}" for fault in faults] == []


@pytest.mark.django_db
def test_eleven_acts_close_a_case_with_an_event_each() -> None:
    county.found()
    office = own.Kernel()
    closed = [office.step() for _ in range(2 * len(ACTS))]
    assert closed == ([False] * (len(ACTS) - 1) + [True]) * 2
    assert office.counts() == {"closed": 2}
    case = Case.objects.order_by("pk").last()
    assert case is not None
    assert case.outcome == "filed"
    assert case.marking == ""
    assert list(case.events.order_by("seq").values_list("action", flat=True)) == [
        "open",
        *(own.ACTIONS[act] for act in ACTS[1:]),
    ]


@pytest.mark.django_db
def test_the_reader_reads_desks() -> None:
    county.found()
    reader = pages.Reader()
    assert [reader.step() for _ in range(6)] == [False, False, True] * 2


@pytest.mark.django_db
def test_the_backlog_stays_open_on_desks() -> None:
    county.found()
    office = own.Kernel()
    for acts in range(1, len(ACTS)):
        office.begin(acts)
    assert Case.objects.exclude(marking="").count() == len(ACTS) - 1
    assert office.counts() == {"closed": 0}


def test_an_unknown_bench_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["kernels"])
    assert "there is: kernel" in capsys.readouterr().err


def test_the_peers_lock_has_hashes_and_names_no_registry() -> None:
    lines = environment.LOCK.read_text(encoding="ascii").splitlines()
    pinned = [line for line in lines if not line.startswith("    ")]
    assert {"spiffworkflow", "django-viewflow"} <= {line.partition("==")[0] for line in pinned}
    assert all(re.fullmatch(r"[a-z0-9.-]+==[^ ]+( ; .+)? \\", line) for line in pinned)
    assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line) for line in lines if line not in pinned)
