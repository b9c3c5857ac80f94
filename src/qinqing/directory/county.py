"""The county's list of units and officers (单位与人员名单), read from its `units.yaml` into the directory.

Loading again changes only what the file says differently; nothing is ended or removed because a line is gone.
What the file looks like: counties/README.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction

from qinqing.accounts.access import table
from qinqing.accounts.models import User
from qinqing.directory.models import Leave, Officer, Post, Unit
from qinqing.directory.phones import check_phone
from qinqing.directory.services import set_contacts
from qinqing.lib import safe_yaml
from qinqing.lib.identifiers import Invalid, credit_code_problem


class CountyError(ValueError):
    """The file cannot be loaded: says where and why. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What loading did: `new`, `changed` and `same` rows by kind (`unit new`, ...), and what the file did not name."""

    counts: Counter[str] = field(default_factory=Counter)
    not_named: tuple[str, ...] = ()


@transaction.atomic
def load_county(path: Path, now: datetime) -> Loaded:
    """Bring `path` (a `units.yaml`, or the folder that holds it) into the directory. Raises CountyError."""
    file = path / "units.yaml" if path.is_dir() else path
    try:
        data = safe_yaml.read(file)
    except (OSError, yaml.YAMLError) as error:
        raise CountyError(f"{file}: {error}") from error
    listed = list(_units(data.get("units") or [], None))
    people = data.get("officers") or []
    _check(file, listed, people)
    counts: Counter[str] = Counter()
    units: dict[str, Unit] = {}
    for entry, parent in listed:
        units[entry["code"]] = _unit(entry, units[parent] if parent else None, counts)
    officers = {entry["username"]: _officer(entry, counts) for entry in people}
    for entry in people:
        _posts_and_leave(entry, officers, units, counts)
    for entry, _ in listed:
        _contacts(entry, units[entry["code"]], officers, now)
    others = Unit.objects.exclude(code__in=units).filter(closed_on=None).values_list("code", flat=True)
    return Loaded(counts, tuple(others))


def county_name(path: Path) -> tuple[str, dict[str, str]]:
    """(division code, name in both languages) as the file says."""
    county = safe_yaml.read(path / "units.yaml")["county"]
    return str(county["code"]), dict(county["name"])


# ── private ──


def _units(entries: list[dict[str, Any]], parent: str | None) -> Iterator[tuple[dict[str, Any], str | None]]:
    for entry in entries:
        yield entry, parent
        yield from _units(entry.get("units") or [], entry["code"])


def _check(file: Path, listed: list[tuple[dict[str, Any], str | None]], people: list[dict[str, Any]]) -> None:
    """All faults at once, each with its place."""
    faults = []
    codes, names = [entry["code"] for entry, _ in listed], [entry["username"] for entry in people]
    faults += [f"{kind} {code} stands twice" for kind, all_ in (("unit", codes), ("officer", names))
               for code, times in Counter(all_).items() if times > 1]  # fmt: skip
    for entry, _ in listed:
        where = f"unit {entry['code']}"
        if entry.get("kind") not in Unit.Kind.values:
            faults.append(f"{where}: kind is {entry.get('kind')!r}; write one of {', '.join(Unit.Kind.values)}")
        if not isinstance(entry.get("name"), dict) or not entry["name"].get("zh"):
            faults.append(f"{where}: name must be {{zh: ..., en: ...}}")
        if fault := credit_code_problem(str(entry.get("credit_code") or "")) if entry.get("credit_code") else None:
            faults.append(f"{where}: {fault}")
        faults += [f"{where}: {role} {entry[role]} is not among the officers"
                   for role in ("liaison", "deputy") if role in entry and entry[role] not in names]  # fmt: skip
    for entry in people:
        faults += [f"officer {entry['username']}: {fault}" for fault in _faults_of(entry, codes, names)]
    if faults:
        raise CountyError(f"{file}: " + "; ".join(faults))


def _faults_of(entry: Mapping[str, Any], codes: list[str], names: list[str]) -> Iterator[str]:
    if not entry.get("name"):
        yield "has no name"
    for post in entry.get("posts") or []:
        if post.get("unit") not in codes:
            yield f"there is no unit {post.get('unit')}"
        role = table().roles.get(post.get("role"))
        if role is None:
            yield f"the permissions table has no role {post.get('role')}"
        if not isinstance(post.get("since"), date):
            yield f"post in {post.get('unit')}: since must be a date like 2024-03-01"
    leave = entry.get("leave")
    if leave and leave.get("deputy") not in set(names) - {entry["username"]}:
        yield f"the deputy during leave, {leave.get('deputy')}, is not another officer of this file"
    if leave and not (isinstance(leave.get("from"), date) and isinstance(leave.get("to"), date)):
        yield "leave needs from and to, dates like 2024-03-01"
    if entry.get("phone"):
        try:
            check_phone(entry["phone"])
        except Invalid as error:
            yield f"phone {entry['phone']}: {error}"


def _unit(entry: Mapping[str, Any], parent: Unit | None, counts: Counter[str]) -> Unit:
    values = {
        "name": entry["name"]["zh"],
        "name_en": entry["name"].get("en", ""),
        "kind": entry["kind"],
        "parent": parent,
        "desk": entry.get("desk", ""),
        "credit_code": entry.get("credit_code", ""),
        "to_be_named": bool(entry.get("to_be_named")),
    }
    known = Unit.objects.filter(code=entry["code"]).first()
    if known is not None and values["to_be_named"] and not known.to_be_named:
        for name in ("name", "name_en", "to_be_named"):  # a user has named it since
            del values[name]
    return _kept(Unit, known, {"code": entry["code"]}, values, counts)  # type: ignore[no-any-return]


def _officer(entry: Mapping[str, Any], counts: Counter[str]) -> Officer:
    user = User.objects.filter(username=entry["username"]).first()
    if user is None:
        user = User.objects.create(username=entry["username"], name=entry["name"], kind=User.Kind.OFFICER)
    elif user.name != entry["name"]:
        user.name = entry["name"]
        user.save(update_fields=["name"])
    known = Officer.objects.filter(user=user).first()
    values = {"name": entry["name"], "phone": check_phone(entry["phone"]) if entry.get("phone") else ""}
    return _kept(Officer, known, {"user": user}, values, counts)  # type: ignore[no-any-return]


def _posts_and_leave(
    entry: Mapping[str, Any], officers: Mapping[str, Officer], units: Mapping[str, Unit], counts: Counter[str]
) -> None:
    officer = officers[entry["username"]]
    for post in entry.get("posts") or []:
        key = {"officer": officer, "unit": units[post["unit"]], "role": post["role"]}
        if (
            not Post.objects.filter(**key, starts_on__gte=post["since"]).exclude(ends_on=None).exists()
        ):  # ended by an act
            known = Post.objects.filter(**key, ends_on=None).first()
            _kept(Post, known, key, {"starts_on": post["since"]}, counts)
    if leave := entry.get("leave"):
        key = {"officer": officer, "starts_on": leave["from"]}
        values = {"deputy": officers[leave["deputy"]], "ends_on": leave["to"]}
        _kept(Leave, Leave.objects.filter(**key).first(), key, values, counts)


def _contacts(entry: Mapping[str, Any], unit: Unit, officers: Mapping[str, Officer], now: datetime) -> None:
    """The file names a section's contacts only as long as nobody else was chosen on the page."""
    if "liaison" not in entry or unit.liaison_id is not None:
        return
    deputy = officers[entry["deputy"]].pk if "deputy" in entry else None
    set_contacts(unit.pk, officers[entry["liaison"]].pk, deputy, now, since=entry.get("since"))


def _kept(model: Any, known: Any, key: Mapping[str, Any], values: Mapping[str, Any], counts: Counter[str]) -> Any:
    """Create, change or leave one row, and count which."""
    kind = model.__name__.lower()
    if known is None:
        counts[f"{kind} new"] += 1
        return model.objects.create(**key, **values)
    different = [name for name, value in values.items() if getattr(known, name) != value]
    counts[f"{kind} {'changed' if different else 'same'}"] += 1
    if different:
        for name in different:
            setattr(known, name, values[name])
        known.save(update_fields=different)
    return known
