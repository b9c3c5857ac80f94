"""`qinqing mortgages ...`: what operators and banks do from the command line; each room adds its own."""

from __future__ import annotations

from qinqing.lib.cli import Cli


def add_commands(cli: Cli) -> None:
    """Collected by `__main__`."""
