"""How a wing offers commands: `commands.py` with `add_commands(cli)`; `./run qinqing GROUP NAME ...` runs them."""

from __future__ import annotations

import argparse
from collections.abc import Callable

Run = Callable[[argparse.Namespace], int | None]
Needs = Callable[[argparse.Namespace], bool]


class CommandError(Exception):
    """Bad input to a command: its text says what, where and what to do. Printed without a traceback; exit 2."""


class Cli:
    """The tree of commands, two words deep."""

    def __init__(self, prog: str) -> None:
        self.parser = argparse.ArgumentParser(prog=prog, description="亲清 Qinqing")
        self._groups = self.parser.add_subparsers(metavar="GROUP", required=True)
        self.by_group: dict[str, argparse._SubParsersAction[argparse.ArgumentParser]] = {}
        self.commands: list[str] = []

    def command(
        self, group: str, name: str, run: Run, *, help: str, database: bool | Needs = True
    ) -> argparse.ArgumentParser:
        """Register `qinqing GROUP NAME`; returns its parser, to add arguments to. `run` returns the exit code.

        `database=False` for commands that work without one: they must not make one; a function decides by arguments."""
        if group not in self.by_group:
            parser = self._groups.add_parser(group)
            self.by_group[group] = parser.add_subparsers(metavar="COMMAND", required=True)
        command = self.by_group[group].add_parser(name, help=help, description=help)
        command.set_defaults(run=run, database=database)
        self.commands.append(f"{group} {name}")
        return command
