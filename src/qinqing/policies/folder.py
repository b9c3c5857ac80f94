"""政策文件: definitions in a county's folder, read and checked together. What is in force is stored in the database.

A county's folder holds `policies/*.yaml`; its `units.yaml` and `facts.yaml` say which departments and facts there are.
A file that lies in no county's folder is checked against the installation's county.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings

from qinqing.directory.facts.dictionary import SHIPPED, BadDictionary, FactDef, load
from qinqing.lib import safe_yaml
from qinqing.lib.labels import Label
from qinqing.policies.checker import Checked, Known, prove
from qinqing.policies.checker.shape import policy_of
from qinqing.policies.finding import Finding, line
from qinqing.policies.policy import Effect, Policy


class Unusable(ValueError):
    """What a county's folder holds cannot be used; the text says what, where and what to do."""


class Rejected(Exception):
    """Policies that may not be stored: its text has one line for each fault."""

    def __init__(self, examined: Iterable[Examined]) -> None:
        self.examined = [each for each in examined if not each.checked.ok]
        super().__init__("\n".join(each.lines() for each in self.examined))


@dataclass(frozen=True, slots=True)
class Source:
    """A definition's file."""

    path: Path
    text: str


@dataclass(frozen=True, slots=True)
class Examined:
    """What came of one file."""

    source: Source
    checked: Checked

    @property
    def typed(self) -> bool:
        """Whether its expressions can be evaluated, whatever else is wrong."""
        wrong = {finding.rule for finding in self.checked.findings}
        return self.checked.policy is not None and "facts" not in wrong

    def lines(self) -> str:
        """One line for each fault."""
        return "\n".join(line(self.source.path, finding) for finding in self.checked.findings)


@dataclass(frozen=True, slots=True)
class County:
    """What a county's folder says that policies must fit."""

    folder: Path
    dictionary: Mapping[str, FactDef]
    units: Collection[str] | None


def county_of(path: Path) -> County:
    """The county in whose folder a policy (or a folder of them) lies, else the installation's. Raises Unusable."""
    near = (path.resolve(), *path.resolve().parents[:2])
    return county(next((folder for folder in near if (folder / "units.yaml").is_file()), settings.COUNTY))


@cache
def county(folder: Path) -> County:
    """Read once per process. Raises Unusable."""
    own = folder / "facts.yaml"
    book, faults = load([SHIPPED, own] if own.exists() else [SHIPPED])
    if book is None:
        raise Unusable(str(BadDictionary(faults)))
    return County(folder, book.facts, _units(folder / "units.yaml"))


def read(paths: Iterable[Path]) -> list[Source]:
    """These files, and the *.yaml of these folders. Raises Unusable for what cannot be read."""
    sources = []
    for path in paths:
        found = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
        if not found:
            raise Unusable(f"{path}中没有政策文件（*.yaml）。there are no policies (*.yaml) in it")
        sources += [_source(each) for each in found]
    return sources


def examine_all(sources: list[Source], stored: Mapping[str, Effect] | None = None) -> list[Examined]:
    """Every file, checked together with the others and with those beside it. `stored`: policies known besides.
    Raises Unusable."""
    shaped = {source.path: policy_of(source.text) for source in sources}
    beside = {path: policy_of(_source(path).text)[0] for path in _beside(sources)}
    policies = [policy for policy in [*beside.values(), *(found[0] for found in shaped.values())] if policy]
    others = {**(stored or {}), **{policy.code: policy.effect for policy in policies}}
    groups = {policy.code: policy.highest_of for policy in policies}
    twice = {code for code, n in Counter(p.code for p, _, _ in shaped.values() if p).items() if n > 1}
    examined = []
    for source in sources:
        policy, findings, places = shaped[source.path]
        if policy is None:
            examined.append(Examined(source, Checked(None, tuple(findings))))
            continue
        home = county_of(source.path)
        checked = prove(policy, Known(home.dictionary, others, home.units, groups), places)
        if policy.code in twice:
            line_, column = places.lines[("policy",)]
            checked = Checked(policy, (_same_code(policy, line_, column), *checked.findings), checked.warnings)
        examined.append(Examined(source, checked))
    return examined


def sound(sources: list[Source], stored: Mapping[str, Effect] | None = None) -> list[Policy]:
    """The policies, all without fault. Raises Rejected, Unusable."""
    examined = examine_all(sources, stored)
    if any(not each.checked.ok for each in examined):
        raise Rejected(examined)
    return [each.checked.policy for each in examined if each.checked.policy]


def typed(sources: list[Source]) -> list[Policy]:
    """The policies, which can be evaluated; other faults (an example, a name of another policy) are let pass, for
    reading what stands there. Raises Rejected, Unusable."""
    examined = examine_all(sources)
    if any(not each.typed for each in examined):
        raise Rejected(each for each in examined if not each.typed)
    return [each.checked.policy for each in examined if each.checked.policy]


# ── private ──


def _source(path: Path) -> Source:
    try:
        return Source(path, path.read_bytes().decode())
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f"读不了{path}：{error}。cannot read it; give a YAML file in UTF-8") from None


def _beside(sources: list[Source]) -> Iterator[Path]:
    """Files in the same `policies` folders that are not checked themselves: others may name them."""
    given = {source.path.resolve() for source in sources}
    for folder in {source.path.parent for source in sources}:
        if folder.name == "policies":
            yield from (path for path in sorted(folder.glob("*.yaml")) if path.resolve() not in given)


def _same_code(policy: Policy, line_: int, column: int) -> Finding:
    said = Label(f"几个文件都是政策“{policy.code}”，请改其一", f"several files are policy {policy.code}; rename one")
    return Finding("code", "policy", said, line_, column)


def _units(path: Path) -> frozenset[str] | None:
    if not path.exists():
        return None
    try:
        return frozenset(_codes(safe_yaml.read(path).get("units", [])))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, AttributeError) as error:
        raise Unusable(f"读不了本县单位表{path}（{error}）。the county's units cannot be read from it") from None


def _codes(units: list[dict[str, Any]]) -> Iterator[str]:
    for unit in units:
        yield str(unit.get("code", ""))
        yield from _codes(unit.get("units", []))
