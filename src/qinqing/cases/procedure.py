"""流程定义: what a procedure is, as frozen objects. `reading.py` reads them from YAML, `checker/` proves them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from qinqing.lib.labels import Label
from qinqing.lib.workdays import Budget

PHASES = ("find", "assign", "supervise", "write_off")  # 发现、交办、督办、核销 (P4)
LEVELS = ("remind", "urge", "supervise", "hand_up")  # 已提醒、已催办、已督办、已上提


class ProcedureError(ValueError):
    """The definition cannot be used: `place` (dotted), what is wrong, what to do."""

    def __init__(self, place: str, text: str) -> None:
        super().__init__(f"{place}: {text}")
        self.place = place


@dataclass(frozen=True, slots=True)
class Field:
    """字段: type is text, phone, choice, unit, units, number, date or confirm; `party`: the party may read it."""

    name: str
    type: str
    label: Label
    max: int | None = None
    choices: Mapping[str, Label] = field(default_factory=dict)
    party: bool = False


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose desk: `desk` (a desk code of the county), `unit_in` / `each_in` (a field naming units), or `own` (the
    unit of the task the act was done at)."""

    kind: str
    ref: str


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """任务: opened on entry to its stage; `who` is a capacity of the permissions table."""

    name: str
    owner: Owner
    who: str
    label: Label


@dataclass(frozen=True, slots=True)
class Approval:
    """审批: somebody else with this capacity decides before the act takes effect."""

    who: str
    owner: Owner
    label: Label


@dataclass(frozen=True, slots=True)
class Branch:
    """Where an act leads when its conditions hold; the last one of several has none (`else`)."""

    to: str
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    guards: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suspends:
    """中止: the stage's clock is held, at most for this budget; then it runs on by itself."""

    reason: str
    at_most: Budget
    label: Label


@dataclass(frozen=True, slots=True)
class Act:
    """动作. `by` names a task of the stage, or a capacity (then with `by_desk` where it is held)."""

    name: str
    label: Label
    by: str
    by_desk: str = ""
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    guards: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    to: tuple[Branch, ...] = ()
    completes: bool = False
    waits_for: tuple[str, ...] = ()
    opens_more: str = ""
    max: int | None = None
    beyond: str = ""
    keeps_clock: bool = False
    approved_by: Approval | None = None
    suspends: Suspends | None = None
    resumes: bool = False
    adds: Budget | None = None
    rebudgets: bool = False
    before_due: bool = False
    within: Budget | None = None
    never: tuple[str, ...] = ()
    evidence: int = 0
    tells: tuple[str, ...] = ()
    level: str = ""
    to_desk: bool = False  # the level's desk gets the case, as when the clock raises it

    @property
    def fields(self) -> tuple[str, ...]:
        return self.needs + self.may

    @property
    def targets(self) -> tuple[str, ...]:
        """Every stage or end this act can lead to."""
        return tuple(branch.to for branch in self.to) + ((self.beyond,) if self.beyond else ())


@dataclass(frozen=True, slots=True)
class ClockSpec:
    """时限: one budget, or one for each choice of a field; and what happens when nobody acts."""

    by: str
    limits: Mapping[str, Budget]  # key "" when `by` is empty
    rungs: Mapping[str, str]  # moment -> remind | urge | supervise | hand_up | a stage

    def budget(self, fields: Mapping[str, Any]) -> Budget:
        """The budget for these field values. Raises KeyError when the field has no such limit."""
        return self.limits[str(fields.get(self.by, "")) if self.by else ""]


@dataclass(frozen=True, slots=True)
class Stage:
    """环节."""

    name: str
    label: Label
    phase: str
    tasks: Mapping[str, TaskSpec]
    acts: Mapping[str, Act]
    clock: ClockSpec | None
    join: str = ""  # where the case goes when the last task of the stage is completed
    automatic: str = ""  # an effect that the system runs; then `next` decides
    next: tuple[Branch, ...] = ()


@dataclass(frozen=True, slots=True)
class Ladder:
    """督办级次: whom a rung tells, or on whose desk it puts the case."""

    level: str
    label: Label
    tells: tuple[str, ...] = ()
    desk: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True)
class End:
    """办结方式: a closed end, and what must stand in the case by then."""

    name: str
    label: Label
    phase: str
    needs: tuple[str, ...] = ()
    evidence: int = 0
    never: tuple[str, ...] = ()
    reopens: Act | None = None
    allows: tuple[str, ...] = ()  # acts of `afterwards` that may follow


@dataclass(frozen=True, slots=True)
class Promise:
    """承诺时限: from entering one stage to entering another (or any closed end when `to` is empty)."""

    budget: Budget
    start: str
    to: str


@dataclass(frozen=True, slots=True)
class Procedure:
    """流程: what a reader sees whole and a checker proves."""

    code: str
    version: int
    title: Label
    number: str
    raised_by: tuple[str, ...]
    promise: Promise | None
    fields: Mapping[str, Field]
    opens_with: Act
    ladder: Mapping[str, Ladder]
    stages: Mapping[str, Stage]
    anytime: Mapping[str, Act]
    closed: Mapping[str, End]
    afterwards: Mapping[str, Act] = field(default_factory=dict)
    sha256: str = ""
    source: str = field(default="", repr=False)

    @property
    def first(self) -> Stage:
        """The stage a new case begins in: the first one written."""
        return next(iter(self.stages.values()))

    def act(self, stage: str, outcome: str, name: str) -> Act | None:
        """The act of this name that the table offers a case in `stage` (or closed with `outcome`)."""
        if outcome:
            return next((act for act in self.offered(stage, outcome) if act.name == name), None)
        return self.stages[stage].acts.get(name) or self.anytime.get(name)

    def named(self, name: str) -> Act | None:
        """The act of this name wherever it stands (one name has one meaning); `open` is how a case begins."""
        if name == "open":
            return self.opens_with
        return next((act for _, act in self.all_acts() if act.name == name), None)

    def offered(self, stage: str, outcome: str) -> Iterator[Act]:
        """All acts the table offers there, in the order written."""
        if outcome:
            end = self.closed[outcome]
            yield from [end.reopens] if end.reopens else []
            yield from (self.afterwards[name] for name in end.allows)
        else:
            yield from self.stages[stage].acts.values()
            yield from self.anytime.values()

    def all_acts(self) -> Iterator[tuple[str, Act]]:
        """(place, act) for every act anywhere in the definition."""
        for stage in self.stages.values():
            for act in stage.acts.values():
                yield f"stages.{stage.name}.acts.{act.name}", act
        for act in self.anytime.values():
            yield f"anytime.{act.name}", act
        for act in self.afterwards.values():
            yield f"afterwards.{act.name}", act
        for end in self.closed.values():
            if end.reopens:
                yield f"closed.{end.name}.reopens", end.reopens
