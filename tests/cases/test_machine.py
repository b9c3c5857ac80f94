"""Whatever people, clocks and calendars do to a case of any sound procedure: it is closed, or on somebody's desk."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.stateful import run_state_machine_as_test

from qinqing.cases import library
from tests.cases.county import build
from tests.cases.machine import Machine
from tests.cases.random_procedures import procedures

pytestmark = pytest.mark.django_db
SLOW = list(HealthCheck)  # a database stands behind every step


def run(examples: int, steps: int, *, quick: bool) -> None:
    """Quickly: the same lives each time, told as they are found; else others each time, made short before telling."""
    Machine.county = build()
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=SLOW,
            derandomize=quick, phases=[Phase.generate] if quick else list(Phase), print_blob=True,
        ),
    )  # fmt: skip


def test_no_case_is_ever_lost() -> None:
    run(40, 20, quick=True)


@pytest.mark.long
@pytest.mark.parametrize("turn", range(5))  # so that none takes longer than a test may
def test_no_case_is_ever_lost_in_many_long_lives(turn: int) -> None:
    run(120, 40, quick=False)


@settings(max_examples=5, deadline=None, suppress_health_check=SLOW)
@given(procedures())
def test_what_the_machine_drives_would_be_loaded(text: str) -> None:
    """The machine's filter leaves out the look at the form; here is the whole gate."""
    assert library.load(text, "random.yaml").code == "random"
