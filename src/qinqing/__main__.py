"""`./run qinqing GROUP NAME ...`: every wing's commands. Errors in the input are one clear line and exit code 2."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.util import find_spec

from qinqing.lib.cli import Cli, CommandError


def build(argv: list[str]) -> Cli:
    """The commands of all installed wings, for which Django is set up first: they import their models. The house's own
    (the clock, calendars) need none of that and start at once."""
    cli = Cli("qinqing")
    import_module("qinqing.config.commands").add_commands(cli)
    if argv and argv[0] in cli.by_group:
        return cli
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qinqing.config.settings")
    import django  # noqa: PLC0415
    from django.apps import apps  # noqa: PLC0415

    django.setup()
    for room in [app.name for app in apps.get_app_configs() if app.name.startswith("qinqing.")]:
        if find_spec(f"{room}.commands"):
            import_module(f"{room}.commands").add_commands(cli)
    return cli


def main(argv: list[str] | None = None) -> int:
    argv = sys.argv[1:] if argv is None else argv
    arguments = build(argv).parser.parse_args(argv)
    try:
        needed = arguments.database
        if needed(arguments) if callable(needed) else needed:
            import_module("qinqing.site.preparing").ready()
        return arguments.run(arguments) or 0
    except CommandError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
