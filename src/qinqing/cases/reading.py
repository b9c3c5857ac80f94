"""读入: a procedure's YAML text into the frozen objects of `procedure.py`. Pure.

It reads text that the JSON Schema (procedure.schema.json) has accepted, and refuses with `ProcedureError` what a schema
cannot say (a field used but not declared, a budget that cannot be read), naming the place and the mend.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from qinqing.cases.procedure import (
    Act,
    Approval,
    Branch,
    ClockSpec,
    End,
    Field,
    Ladder,
    Owner,
    Procedure,
    ProcedureError,
    Promise,
    Stage,
    Suspends,
    TaskSpec,
)
from qinqing.lib import safe_yaml
from qinqing.lib.labels import Label
from qinqing.lib.workdays import Budget

OPENING = {"zh": "提出诉求", "en": "Matter raised"}  # how a case begins, where its procedure has no other word


def parse(text: str) -> Procedure:
    """A procedure from its YAML text. Raises ProcedureError."""
    raw = safe_yaml.load(text)
    fields = {name: _field(name, value) for name, value in raw.get("fields", {}).items()}
    promise = raw.get("promise")
    return Procedure(
        code=raw["procedure"],
        version=raw["version"],
        title=Label.of(raw["title"]),
        number=raw["number"],
        raised_by=tuple(raw["raised_by"]),
        promise=_promise(promise) if promise else None,
        fields=MappingProxyType(fields),
        opens_with=_act("open", "opens_with", {**OPENING, **raw.get("opens_with", {}), "by": "anyone"}, fields),
        ladder=MappingProxyType({name: _ladder(name, value) for name, value in raw.get("ladder", {}).items()}),
        stages=MappingProxyType({name: _stage(name, value, fields) for name, value in raw["stages"].items()}),
        anytime=MappingProxyType(
            {name: _act(name, f"anytime.{name}", value, fields) for name, value in raw.get("anytime", {}).items()}
        ),
        afterwards=MappingProxyType(
            {name: _act(name, f"afterwards.{name}", value, fields) for name, value in raw.get("afterwards", {}).items()}
        ),
        closed=MappingProxyType({name: _end(name, value, fields) for name, value in raw["closed"].items()}),
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        source=text,
    )


def _label(raw: Mapping[str, Any], name: str) -> Label:
    return Label(str(raw.get("zh", name)), str(raw.get("en", raw.get("zh", name))))


def _budget(place: str, raw: Any) -> Budget:
    try:
        return Budget.parse(raw)
    except ValueError as error:
        raise ProcedureError(place, str(error)) from None


def _field(name: str, raw: Mapping[str, Any]) -> Field:
    choices = {key: Label.of(value) for key, value in raw.get("of", {}).items()}
    return Field(
        name, raw["type"], _label(raw, name), raw.get("max"), MappingProxyType(choices), raw.get("party", False)
    )


def _promise(raw: Mapping[str, Any]) -> Promise:
    budget = {key: value for key, value in raw.items() if key not in {"from", "to"}}
    return Promise(_budget("promise", budget), raw.get("from", ""), raw.get("to", ""))


def _when(raw: Mapping[str, Any] | None) -> Mapping[str, tuple[str, ...]]:
    return MappingProxyType(
        {
            key: tuple(map(str, value)) if isinstance(value, list) else (str(value),)
            for key, value in (raw or {}).items()
        }
    )


def _branches(raw: Any) -> tuple[Branch, ...]:
    if raw is None:
        return ()
    if isinstance(raw, str):
        return (Branch(raw),)
    return tuple(Branch(item["to"], _when(item.get("when")), tuple(item.get("guards", ()))) for item in raw)


def _owner(raw: Mapping[str, Any]) -> Owner:
    for kind in ("desk", "unit_in", "each_in"):
        if kind in raw:
            return Owner(kind, raw[kind])
    return Owner("own", "")


def _act(name: str, place: str, raw: Mapping[str, Any], fields: Mapping[str, Field]) -> Act:
    needs, may = tuple(raw.get("needs", ())), tuple(raw.get("may", ()))
    for used in (*needs, *may, *raw.get("when", {})):
        if used not in fields:
            raise ProcedureError(place, f"field {used!r} is not declared; add it under fields: or mend the name")
    by = raw["by"]
    approved, suspends = raw.get("approved_by"), raw.get("suspends")
    return Act(
        name=name,
        label=_label(raw, name),
        by=by if isinstance(by, str) else by["who"],
        by_desk="" if isinstance(by, str) else by.get("desk", ""),
        needs=needs,
        may=may,
        when=_when(raw.get("when")),
        guards=tuple(raw.get("guards", ())),
        effects=tuple(raw.get("effects", ())),
        to=_branches(raw.get("to")),
        completes=raw.get("completes", False),
        waits_for=tuple(raw.get("waits_for", ())),
        opens_more=raw.get("opens_more", ""),
        max=raw.get("max"),
        beyond=raw.get("beyond", ""),
        keeps_clock=raw.get("keeps_clock", False),
        approved_by=Approval(approved["who"], _owner(approved), _label(approved, "approve")) if approved else None,
        suspends=Suspends(suspends["reason"], _budget(place, suspends["at_most"]), _label(suspends, suspends["reason"]))
        if suspends
        else None,
        resumes=raw.get("resumes", False),
        adds=_budget(place, raw["adds"]) if "adds" in raw else None,
        rebudgets=raw.get("rebudgets", False),
        before_due=raw.get("before_due", False),
        within=_budget(place, raw["within"]) if "within" in raw else None,
        never=tuple(raw.get("never", ())),
        evidence=raw.get("evidence", 0),
        tells=tuple(raw.get("tells", ())),
        level=raw.get("level", ""),
        to_desk=raw.get("to_desk", False),
    )


def _clock(place: str, raw: Mapping[str, Any] | None) -> ClockSpec | None:
    if raw is None:
        return None
    limit = dict(raw["limit"])
    by = limit.pop("by", "")
    limits = (
        {key: _budget(f"{place}.limit.{key}", value) for key, value in limit.items()}
        if by
        else {"": _budget(f"{place}.limit", limit)}
    )
    return ClockSpec(by, MappingProxyType(limits), MappingProxyType(dict(raw.get("rungs", {}))))


def _stage(name: str, raw: Mapping[str, Any], fields: Mapping[str, Field]) -> Stage:
    place = f"stages.{name}"
    tasks = {
        key: TaskSpec(key, _owner(value), value["who"], _label(value, key))
        for key, value in raw.get("tasks", {}).items()
    }
    acts = {key: _act(key, f"{place}.acts.{key}", value, fields) for key, value in raw.get("acts", {}).items()}
    return Stage(
        name=name,
        label=_label(raw, name),
        phase=raw.get("phase", "assign"),
        tasks=MappingProxyType(tasks),
        acts=MappingProxyType(acts),
        clock=_clock(f"{place}.clock", raw.get("clock")),
        join=raw.get("join", ""),
        automatic=raw.get("automatic", ""),
        next=_branches(raw.get("next")),
    )


def _ladder(name: str, raw: Mapping[str, Any]) -> Ladder:
    return Ladder(name, _label(raw, name), tuple(raw.get("tells", ())), raw.get("desk", ""), raw.get("who", ""))


def _end(name: str, raw: Mapping[str, Any], fields: Mapping[str, Field]) -> End:
    reopens = raw.get("reopens")
    return End(
        name=name,
        label=_label(raw, name),
        phase=raw.get("phase", "write_off"),
        needs=tuple(raw.get("needs", ())),
        evidence=raw.get("evidence", 0),
        never=tuple(raw.get("never", ())),
        reopens=_act("reopen", f"closed.{name}.reopens", reopens, fields) if reopens else None,
        allows=tuple(raw.get("allows", ())),
    )
