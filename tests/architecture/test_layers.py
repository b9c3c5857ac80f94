"""The house's order: rooms import only from below; inside a room doors > services > models > pure modules."""

from __future__ import annotations

import ast
import logging

import pytest
from importlinter.cli import lint_imports

from tests.architecture.source import PACKAGE, ROOT, imports, modules

# The last word of a module's name, or the folder it lies in, says where it stands in its room.
DOORS = {"web", "api", "commands", "worker", "middleware", "context", "templatetags"}
WRITES_AND_READS = {"services", "selectors"}
ROOF = {"apps"}  # registers what the room offers, so it may import all of it
CLOCK_READERS = DOORS | {"demo", "site"}  # the demo plays time; it is a door too


def _parts(module: str) -> set[str]:
    """The words of a module's name; `api_tokens` is part of the door `api`."""
    return {next((door for door in DOORS if part.startswith(f"{door}_")), part) for part in module.split(".")}


def _room(module: str) -> str:
    return module.split(".", maxsplit=1)[0]


def _neighbours(module: str) -> set[str]:
    return {name for name in imports(module) if _room(name) == _room(module) and name != module}


def test_rooms_import_only_from_below() -> None:
    kept = dict(logging.root.manager.loggerDict)
    disabled = {name: logger.disabled for name, logger in kept.items() if isinstance(logger, logging.Logger)}
    try:
        assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True, no_logo=True) == 0
    finally:  # its set-up of logging silences every logger there is
        for name, was in disabled.items():
            logging.getLogger(name).disabled = was


def test_only_doors_import_doors() -> None:
    wrong = [
        f"{module} imports {name}"
        for module in modules()
        if not _parts(module) & (DOORS | ROOF) and "." in module
        for name in sorted(_neighbours(module))
        if _parts(name) & DOORS
    ]
    assert not wrong, f"what lies below a door never imports it: {wrong}"


def test_models_rest_on_pure_modules_only() -> None:
    """`models` imports neither services, selectors and doors, nor a module that itself needs the room's models."""
    wrong = []
    for module in modules():
        if module.split(".")[-1] == "models":
            for name in sorted(_neighbours(module)):
                not_pure = _parts(name) & (DOORS | WRITES_AND_READS | ROOF) or module in _reached(name)
                wrong += [f"{module} imports {name}"] if not_pure else []
    assert not wrong, wrong


def _reached(module: str) -> set[str]:
    """Modules of the same room that `module` imports, directly or by way of others."""
    found: set[str] = set()
    ahead = [module]
    while ahead:
        for name in _neighbours(ahead.pop()) - found:
            found.add(name)
            ahead.append(name)
    return found


def test_no_circles_inside_a_room() -> None:
    circles = sorted(module for module in modules() if "." in module and module in _reached(module))
    assert not circles, f"these modules import each other in a circle: {circles}"


def test_lib_knows_no_django() -> None:
    guilty = [
        name
        for name, path in modules().items()
        if _room(name) == "lib" and any(_imports_outside(path.read_text(encoding="utf-8"), "django"))
    ]
    assert not guilty, f"lib is pure Python: {guilty}"


def _imports_outside(source: str, package: str) -> list[bool]:
    found = []
    for node in ast.walk(ast.parse(source)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        found += [True for name in names if name.split(".")[0] == package]
    return found


ASKS_THE_TIME = {"wallclock.now", "timezone.now", "datetime.now", "datetime.utcnow", "datetime.today", "date.today"}


BELOW_THE_DOORS = sorted(name for name in modules() if not _parts(name) & CLOCK_READERS and name != "lib.wallclock")


@pytest.mark.parametrize("module", BELOW_THE_DOORS)
def test_only_doors_ask_what_time_it_is(module: str) -> None:
    tree = ast.parse(modules()[module].read_text(encoding="utf-8"))
    asked = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    asked = [name for name in asked if ".".join(name.split(".")[-2:]) in ASKS_THE_TIME]
    taken = [
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in {"qinqing.lib.wallclock", "django.utils.timezone"}
        for alias in node.names
        if alias.name == "now"
    ]
    assert not asked + taken, "below a door, `now` comes in as an argument"


def test_no_signals() -> None:
    guilty = [
        str(path.relative_to(PACKAGE))
        for path in modules().values()
        if any(word in path.read_text(encoding="utf-8") for word in ("django.dispatch", "db.models.signals"))
    ]
    assert not guilty, f"what one thing does to another is called by name, not by Django signals: {guilty}"
