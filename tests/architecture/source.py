"""What the architecture tests read: the product's modules, and which modules each imports (lazy imports included)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "qinqing"


@cache
def modules() -> dict[str, Path]:
    """Dotted name without `qinqing.` -> file, migrations left out; a package bears its folder's name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if "migrations" not in parts:
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports(module: str) -> frozenset[str]:
    """Modules of the house that `module` imports anywhere at run time (what only type checkers see is left out)."""
    tree = ast.parse(modules()[module].read_text(encoding="utf-8"))
    return frozenset(name for node in _running(tree) for name in _imported(module, node) if name in modules())


def _running(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from _running(child)


def _imported(module: str, node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.name.startswith("qinqing."):
                yield alias.name.removeprefix("qinqing.")
    if isinstance(node, ast.ImportFrom):
        if node.level:  # from . import x, from .x import y
            here = module.split(".")
            is_package = modules()[module].name == "__init__.py"
            base = here[: len(here) - node.level + is_package] + (node.module or "").split(".")
        elif node.module and (node.module == "qinqing" or node.module.startswith("qinqing.")):
            base = node.module.split(".")[1:]
        else:
            return
        base = [part for part in base if part]
        whole = ".".join(base)
        submodules = [name for alias in node.names if (name := ".".join([*base, alias.name])) in modules()]
        # `from package import submodule` depends on the submodule; anything else on what is named after `from`
        yield from submodules
        if len(submodules) < len(node.names):
            yield whole
