"""Figures as data: the shipped definitions are sound, and what is wrong with one is said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from qinqing.insight import indicators
from qinqing.insight.commands import add_commands
from qinqing.lib.cli import Cli

GOOD: dict[str, Any] = {
    "id": "urged_twice",
    "label": {"zh": "两次催办", "en": "Urged twice"},
    "definition": {"zh": "催办两次及以上的在办件。", "en": "Open and urged twice."},
    "unit": {"zh": "件", "en": "cases"},
    "measure": "count",
    "population": {
        "all": [
            {"column": "urged", "op": "ge", "value": 2},
            {
                "any": [
                    {"column": "closed_at", "op": "known", "value": False},
                    {"column": "level", "op": "is", "value": 4},
                ]
            },
        ]
    },
    "direction": "down",
}


@pytest.fixture
def county(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """A county folder of its own."""
    (tmp_path / "indicators").mkdir()
    settings.COUNTY = tmp_path
    indicators.shelf.cache_clear()
    yield tmp_path
    indicators.shelf.cache_clear()


def write(county: Path, changes: dict[str, Any], name: str = "urged_twice") -> Path:
    path = county / "indicators" / f"{name}.yaml"
    path.write_text(yaml.safe_dump({**GOOD, **changes}, allow_unicode=True), encoding="utf-8")
    return path


def run(*arguments: str) -> int:
    cli = Cli("qinqing")
    add_commands(cli)
    chosen = cli.parser.parse_args(["figures", *arguments])
    return chosen.run(chosen) or 0


def test_what_is_shipped_is_sound(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check") == 0
    assert "没有问题" in capsys.readouterr().out


def test_a_county_adds_and_replaces(county: Path) -> None:
    write(county, {})
    write(county, {"id": "returned_twice", "label": {"zh": "本县口径", "en": "The county's own"}}, "returned_twice")
    shelf = indicators.shelf()
    assert shelf["urged_twice"].label.zh == "两次催办"
    assert shelf["returned_twice"].label.zh == "本县口径"
    assert shelf["solved"].measure == "share"


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"id": "other"}, "id"),
        ({"measure": "percent"}, "measure"),
        ({"measure": "share"}, ""),  # without hits
        ({"measure": "spread"}, ""),  # of nothing
        ({"hits": {"column": "urged", "op": "is", "value": 1}}, ""),  # of a count
        ({"definition": {"zh": "口径"}}, "definition"),
        ({"period": "urged"}, "period"),
        ({"surprise": 1}, ""),
        ({"population": {"column": "nonsense", "op": "is", "value": 1}}, "population.column"),
        ({"population": {"column": "urged", "op": "like", "value": 1}}, "population"),
        ({"population": {"column": "urged", "op": "is", "value": "two"}}, "population.value"),
        ({"population": {"column": "urged", "op": "is", "value": True}}, "population.value"),
        ({"population": {"column": "closed_at", "op": "lt", "value": "2026-01-01"}}, "population.value"),
        ({"population": {"column": "held", "op": "lt", "value": True}}, "population.op"),
        ({"population": {"column": "procedure", "op": "in", "value": "card"}}, "population.value"),
        ({"population": {"all": []}}, "population"),
        ({"population": {"all": [{"column": "x", "op": "is", "value": 1}]}}, "population.all.0.column"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    county: Path, changes: dict[str, Any], place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(county, changes)
    found, faults = indicators.read(path)
    assert found is None
    assert [fault.place for fault in faults] == [place]
    assert run("check") == 1
    assert str(path) in capsys.readouterr().err
    with pytest.raises(indicators.BadIndicators, match="urged_twice"):
        indicators.shelf()


def test_in_out_and_stock_are_the_same_everywhere(county: Path) -> None:
    faults = indicators.read(write(county, {"id": "stock"}, "stock"))[1]
    assert [fault.place for fault in faults] == ["id"]


def test_a_file_that_is_no_yaml(county: Path) -> None:
    path = county / "indicators" / "broken.yaml"
    path.write_text("a: [", encoding="utf-8")
    assert "读不了" in str(indicators.read(path)[1][0])
