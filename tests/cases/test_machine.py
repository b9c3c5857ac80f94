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


def run(examples: int, steps: int) -> None:
    """The same lives each time, told as they are found: a run that fails can be repeated, and takes no longer."""
    Machine.county = build()
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=SLOW,
            derandomize=True, phases=[Phase.generate], print_blob=True,
        ),
    )  # fmt: skip


def test_no_case_is_ever_lost() -> None:
    run(8, 15)


@pytest.mark.long
@pytest.mark.parametrize(("lives", "steps"), [(60, 30), (20, 60)])
def test_no_case_is_ever_lost_in_many_long_lives(lives: int, steps: int) -> None:
    run(lives, steps)


@settings(max_examples=5, deadline=None, suppress_health_check=SLOW)
@given(procedures())
def test_what_the_machine_drives_would_be_loaded(text: str) -> None:
    """The machine's filter leaves out the look at the form; here is the whole gate."""
    assert library.load(text, "random.yaml").code == "random"
