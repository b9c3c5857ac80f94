"""流程文件: where definitions are found, and the only way by which one is let in: form, reading, proof.

The wings bring theirs in `<wing>/procedures/*.yaml`; a county's folder may hold others, and one with the same code
replaces a wing's. What is in force is stored elsewhere (shelf.py); here are files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from django.apps import apps
from django.conf import settings

from qinqing.accounts import access
from qinqing.cases import registry
from qinqing.cases.checker import Finding, Known, check
from qinqing.cases.checker.shape import faults_of, located
from qinqing.cases.procedure import Procedure, ProcedureError
from qinqing.cases.reading import parse
from qinqing.lib import safe_yaml
from qinqing.lib.labels import Label, speaking

_CODE = re.compile(r"^procedure:\s*['\"]?(\w+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Source:
    """A definition's file. `replaces`: the wing's file that a county's stands in for."""

    path: Path
    text: str
    code: str
    replaces: Path | None = None


class Rejected(Exception):
    """A definition that may not be loaded: `path` and every finding. Its text has one line for each."""

    def __init__(self, path: Path | str, findings: list[Finding]) -> None:
        super().__init__("\n".join(line(path, finding) for finding in findings))
        self.path = path
        self.findings = findings


def line(path: Path | str, finding: Finding) -> str:
    """`file:line:column: what is wrong and what to do [rule, place]`, in the reader's language."""
    return f"{path}:{finding.line}:{finding.column}: {finding.text} [{finding.rule} {finding.place}]"


def read_all(county: Path) -> list[Source]:
    """Every definition's file, by code: those of the installed wings, with the county's own in their stead or besides.
    Raises ValueError when two files of one folder level have the same code."""
    wings = [Path(app.path) / "procedures" for app in apps.get_app_configs() if app.name.startswith("qinqing.")]
    shipped, own = _read(wings), _read([county / "procedures"])
    replacing = {
        code: Source(source.path, source.text, code, shipped[code].path if code in shipped else None)
        for code, source in own.items()
    }
    return [source for _, source in sorted({**shipped, **replacing}.items())]


def _read(folders: Iterable[Path]) -> dict[str, Source]:
    found: dict[str, Source] = {}
    for path in sorted(path for folder in folders for path in folder.glob("*.yaml")):
        source = read(path)
        if source.code in found:
            raise ValueError(
                Label(
                    f"{found[source.code].path}与{path}的流程代码都是{source.code}，请改其一",
                    f"{found[source.code].path} and {path} are both procedure {source.code}; rename one",
                )
            )
        found[source.code] = source
    return found


def read(path: Path) -> Source:
    """One file. Its code is what it says, or its name where it says none. Raises OSError, UnicodeDecodeError."""
    text = path.read_text(encoding="utf-8")
    named = _CODE.search(text)
    return Source(path, text, named[1] if named else path.stem)


def load(text: str, path: Path | str, known: Known | None = None) -> Procedure:
    """The definition, proved. Raises Rejected with everything that stands against it. `known` defaults to what is
    installed here (`installed()`)."""
    procedure, findings = examine(text, known or installed())
    if procedure is None or findings:
        raise Rejected(path, findings)
    return procedure


def examine(text: str, known: Known) -> tuple[Procedure | None, list[Finding]]:
    """The definition (None when it cannot even be read) and every fault, each with line and column."""
    findings, lines = faults_of(text)
    if findings:
        return None, findings
    try:
        procedure = parse(text)
    except ProcedureError:
        return None, [located(_unparsed(text), lines)]
    return procedure, [located(finding, lines) for finding in prove(procedure, known)]


def prove(procedure: Procedure, known: Known) -> list[Finding]:
    """`checker.check` with these names."""
    return check(procedure, capacities=known.capacities, desks=known.desks, guards=known.guards, effects=known.effects)


def _unparsed(text: str) -> Finding:
    """Why `parse` refused, in both languages."""
    said: dict[str, ProcedureError] = {}
    for code in ("zh", "en"):
        with speaking(code):
            try:
                parse(text)
            except ProcedureError as error:
                said[code] = error
    place = said["zh"].place
    return Finding("shape", place, Label(*(str(said[code]).removeprefix(f"{place}: ") for code in ("zh", "en"))))


def installed() -> Known:
    """The names this installation knows: its permissions table, its county's desks, what its wings registered.
    Raises ValueError when the county's units.yaml cannot be read."""
    capacities = {name: capacity.roles for name, capacity in access.table().capacities.items()}
    return Known(capacities, desks_of(settings.COUNTY), frozenset(registry.GUARDS), frozenset(registry.EFFECTS))


def desks_of(county: Path) -> frozenset[str]:
    """The desk codes in the county's units.yaml. Raises ValueError when there is none that can be read."""
    path = county / "units.yaml"
    try:
        return frozenset(_desks(safe_yaml.read(path)))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ValueError(
            Label(
                f"读不了本县单位表{path}（{error}）。请补上，或以QINQING_COUNTY指明县文件夹",
                f"the county's units cannot be read from {path} ({error}); add it, or set QINQING_COUNTY to its folder",
            )
        ) from None


def _desks(part: Any) -> Iterator[str]:
    """Units stand in a tree: every `desk:` in it."""
    if isinstance(part, dict):
        if isinstance(part.get("desk"), str):
            yield part["desk"]
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from _desks(inner)
