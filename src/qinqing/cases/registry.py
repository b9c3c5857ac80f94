"""Guards and effects (条件与效果): named in procedures, registered by wings in `apps.py: ready()`.

They run inside the act's transaction, so that an approval and its quota, a payment and its ledger transfer, commit or
fail together. A guard answers yes or no; an effect changes its own wing's tables, and may return values for the
procedure's fields (only choices, units, numbers, dates) to be recorded with the act.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from qinqing.accounts.actor import Actor
from qinqing.lib.labels import Label

if TYPE_CHECKING:
    from qinqing.cases.casefile import CaseFile


@dataclass(frozen=True, slots=True)
class Context:
    """What a guard or an effect may know of the act it runs in."""

    case_id: int | None
    number: str
    procedure: str
    party_id: int
    round: int  # the case's before the act
    seq: int  # of the event this act becomes
    actor: Actor
    now: datetime
    fields: Mapping[str, Any]  # choices, units, numbers, dates: of the case and of this form
    texts: Mapping[str, str]  # what was typed into this form; none where an approval lets a proposal take effect


Guard = Callable[[Context], bool]
Effect = Callable[[Context], Mapping[str, Any] | None]
Why = Label | Callable[[Context], Label]
Prefill = Callable[["CaseFile"], object]
GUARDS: dict[str, Guard] = {}
REASONS: dict[str, Why] = {}
EFFECTS: dict[str, Effect] = {}
PREFILLS: dict[tuple[str, str], Prefill] = {}


def guard(name: str, why: Why) -> Callable[[Guard], Guard]:
    """Register a guard under `<wing>.<name>`; `why` tells the person what did not hold and what to do, and may look
    at the case to say which paper it is about."""

    def register(function: Guard) -> Guard:
        GUARDS[name], REASONS[name] = function, why
        return function

    return register


def effect(name: str) -> Callable[[Effect], Effect]:
    """Register an effect under `<wing>.<name>`."""

    def register(function: Effect) -> Effect:
        EFFECTS[name] = function
        return function

    return register


def prefill(act: str, field: str) -> Callable[[Prefill], Prefill]:
    """What stands in a field of an act's form before anybody types: a draft to be read and changed, never a rule."""

    def register(function: Prefill) -> Prefill:
        PREFILLS[act, field] = function
        return function

    return register


@guard(
    "cases.lead_is_not_assistant",
    Label("主办科室不能同时协办，请从协办科室中去掉它", "The lead cannot assist itself; take it out of the assistants"),
)
def lead_is_not_assistant(context: Context) -> bool:
    """主办科室不能同时协办."""
    return context.fields.get("lead") not in (context.fields.get("assistants") or ())
