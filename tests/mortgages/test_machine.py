"""Whatever happens, in whatever order: see `machine.py`."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from qinqing.mortgages import releasing
from tests.mortgages.machine import Machine
from tests.mortgages.world import World

pytestmark = pytest.mark.django_db


def run(monkeypatch: pytest.MonkeyPatch, examples: int, steps: int) -> None:
    """The same lives each time."""
    Machine.world = World()
    Machine.use = staticmethod(lambda made: monkeypatch.setattr(releasing, "register", lambda: made))
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck),
            derandomize=True, phases=[Phase.generate], print_blob=True,
        ),
    )  # fmt: skip


def test_nothing_is_lost_and_nothing_done_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    run(monkeypatch, 4, 20)


@pytest.mark.long
@pytest.mark.parametrize(("lives", "steps"), [(80, 30), (30, 70)])
def test_in_many_long_lives(monkeypatch: pytest.MonkeyPatch, lives: int, steps: int) -> None:
    run(monkeypatch, lives, steps)
