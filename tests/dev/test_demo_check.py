"""`./run demo --check` works a case: never in the home somebody plays with."""

from __future__ import annotations

import pytest
from django.conf import settings

from qinqing.__main__ import main


def test_a_check_without_a_home_of_its_own_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(settings, "MODE", "demo")
    assert main(["demo", "run", "--check"]) == 2
    assert "./run demo --check" in capsys.readouterr().err
