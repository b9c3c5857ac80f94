"""The measured loop: whole cases only, and latency counted from the moment an act was due."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from bench import serve
from bench.joint import ACTS
from bench.team import Engine, Team, TeamError


class Clockwork:
    """Closes a case with every third act; the acts named in `slow` take that long."""

    def __init__(self, slow: Sequence[int] = (), seconds: float = 0.0) -> None:
        self.done, self.slow, self.seconds = 0, slow, seconds

    def step(self) -> bool:
        if self.done in self.slow:
            time.sleep(self.seconds)
        self.done += 1
        return self.done % 3 == 0

    def counts(self) -> dict[str, int]:
        return {"closed": self.done // 3}


def test_a_run_ends_with_a_closed_case() -> None:
    engine = Clockwork()
    answer = serve.run(engine, 0.01)
    assert answer["acts"] == engine.done
    assert answer["acts"] % 3 == 0
    assert answer["seconds"] >= 0.01


def test_one_slow_act_shows_in_those_that_waited_behind_it() -> None:
    """At 200 acts a second an act is due every 5 ms; one of 100 ms keeps about twenty waiting."""
    answer = serve.paced(Clockwork(slow=[10], seconds=0.1), rate=200, seconds=0.3)
    latencies = answer["latencies_ms"]
    assert len(latencies) == answer["acts"] == 60
    assert latencies[10] >= 100
    assert latencies[11] >= 90
    assert sum(latency > 40 for latency in latencies) >= 10
    assert answer["seconds"] >= 0.29


def test_an_unknown_order_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown order"):
        serve.obey(Clockwork(), "walk 3")


def test_a_team_of_two_works_on_one_store_and_is_checked(tmp_path: Path) -> None:
    engine = Engine("bench.engines.bare", {"database": str(tmp_path / "bare.sqlite3")}, processes=2)
    with Team(engine, tmp_path / "errors.txt") as team:
        assert team.rate(0.05) > 0
        assert team.acts % len(ACTS) == 0
        team.check()
        team.acts += 1
        with pytest.raises(TeamError, match="its figures mean nothing"):
            team.check()


def test_a_team_that_fails_says_what_it_said(tmp_path: Path) -> None:
    engine = Engine("bench.engines.bare", {"database": str(tmp_path / "nowhere" / "bare.sqlite3")})
    with pytest.raises(TeamError, match="unable to open database file"), Team(engine, tmp_path / "errors.txt"):
        pass
