"""权限表: the form of `config/permissions.yaml`, read into frozen objects and checked. Pure.

The table is the only place that says who may open what. A wrong table stops the start of the program with a text
that names the line's key and the mend, so that a misspelt role can never quietly open or close a page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from qinqing.lib import safe_yaml
from qinqing.lib.labels import Label


class PermissionsError(Exception):
    """The permissions table is wrong, or something asked for a name it does not hold: what, where, what to do."""


class HeldBy(StrEnum):
    """How a person comes by a role."""

    POST = "post"  # 任职: an officer's post in a unit (directory)
    APPOINTMENT = "appointment"  # 三员: appointed by the security administrator
    KIND = "kind"  # the kind of account itself: party, program, system


class At(StrEnum):
    """Where the role of a capacity must be held."""

    UNIT = "unit"
    UNIT_OR_PARENT = "unit_or_parent"
    OWN_CASE = "own_case"
    ANYWHERE = "anywhere"


@dataclass(frozen=True, slots=True)
class Role:
    """角色. `second_factor_required`: in production its holder must set up a second factor before anything else."""

    code: str
    label: Label
    held_by: HeldBy
    second_factor_required: bool = False


@dataclass(frozen=True, slots=True)
class Capacity:
    """身份: what a procedure means by `who` and `by`: any of these roles, held at that place."""

    name: str
    roles: frozenset[str]
    at: At


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may open one route: everybody, everybody signed in, or the holders of these roles."""

    public: bool = False
    signed_in: bool = False
    roles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Table:
    """The whole table; its mappings are read-only and keep the order of the file."""

    roles: Mapping[str, Role]
    capacities: Mapping[str, Capacity]
    routes: Mapping[str, Rule]


def load(path: Path) -> Table:
    """The table in the YAML file. Raises PermissionsError naming the key that is wrong."""
    return parse(safe_yaml.read(path), str(path))


def parse(data: Any, source: str) -> Table:
    """The table from parsed YAML; `source` is named in errors. Raises PermissionsError."""
    if not isinstance(data, dict) or set(data) != {"roles", "capacities", "routes"}:
        raise PermissionsError(f"{source}: write exactly the three keys roles, capacities and routes")
    roles = {str(code): _role(str(code), entry, source) for code, entry in _entries(data, "roles", source)}
    capacities = {
        str(name): _capacity(str(name), entry, roles, source) for name, entry in _entries(data, "capacities", source)
    }
    routes = {str(name): _rule(str(name), entry, roles, source) for name, entry in _entries(data, "routes", source)}
    return Table(MappingProxyType(roles), MappingProxyType(capacities), MappingProxyType(routes))


def _entries(data: dict[str, Any], key: str, source: str) -> Any:
    if not isinstance(data[key], dict):
        raise PermissionsError(f"{source}: {key} must be a mapping, not {data[key]!r}")
    return data[key].items()


def _role(code: str, entry: Any, source: str) -> Role:
    where = f"{source}: roles.{code}"
    if not isinstance(entry, dict) or not {"zh", "en"} <= set(entry):
        raise PermissionsError(f"{where}: a role needs its name in both languages: {{zh: ..., en: ...}}")
    if unknown := set(entry) - {"zh", "en", "held_by", "mfa"}:
        raise PermissionsError(f"{where}: unknown {_join(unknown)}; a role has zh, en, held_by and mfa")
    held_by = entry.get("held_by", HeldBy.POST)
    if held_by not in set(HeldBy):
        raise PermissionsError(f"{where}.held_by is {held_by!r}; write {_join(HeldBy)}")
    if entry.get("mfa", "optional") not in {"required", "optional"}:
        raise PermissionsError(f"{where}.mfa is {entry['mfa']!r}; write required or optional")
    return Role(code, Label(str(entry["zh"]), str(entry["en"])), HeldBy(held_by), entry.get("mfa") == "required")


def _capacity(name: str, entry: Any, roles: Mapping[str, Role], source: str) -> Capacity:
    where = f"{source}: capacities.{name}"
    if not isinstance(entry, dict) or set(entry) != {"roles", "at"}:
        raise PermissionsError(f"{where}: write {{roles: [...], at: ...}}")
    if entry["at"] not in set(At):
        raise PermissionsError(f"{where}.at is {entry['at']!r}; write one of {_join(At)}")
    return Capacity(name, _known(entry["roles"], roles, f"{where}.roles"), At(entry["at"]))


def _rule(name: str, entry: Any, roles: Mapping[str, Role], source: str) -> Rule:
    if entry == "public":
        return Rule(public=True)
    if entry == "signed_in":
        return Rule(signed_in=True)
    return Rule(roles=_known(entry, roles, f"{source}: routes.{name}"))


def _known(names: Any, roles: Mapping[str, Role], where: str) -> frozenset[str]:
    if not isinstance(names, list) or not names:
        hint = "public, signed_in or a list of roles" if ": routes." in where else "a list of roles"
        raise PermissionsError(f"{where} is {names!r}; write {hint}")
    if unknown := {str(name) for name in names} - set(roles):
        raise PermissionsError(f"{where}: no role {_join(unknown)}; known are {_join(roles)}")
    return frozenset(str(name) for name in names)


def _join(names: Any) -> str:
    return ", ".join(sorted(str(name) for name in names))
