"""Guards and effects (条件与效果): named in procedures, registered by wings in `apps.py: ready()`.

They run inside the act's transaction, so that an approval and its quota, a payment and its ledger transfer, commit or
fail together. A guard answers yes or no; an effect changes its own wing's tables, and may return values for the
procedure's fields (only choices, units, numbers, dates) to be recorded with the act.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from qinqing.accounts.actor import Actor
from qinqing.lib.labels import Label


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
GUARDS: dict[str, Guard] = {}
REASONS: dict[str, Label] = {}
EFFECTS: dict[str, Effect] = {}


def guard(name: str, why: Label) -> Callable[[Guard], Guard]:
    """Register a guard under `<wing>.<name>`; `why` tells the person what did not hold and what to do."""

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


@guard(
    "cases.lead_is_not_assistant",
    Label("主办科室不能同时协办，请从协办科室中去掉它", "The lead cannot assist itself; take it out of the assistants"),
)
def lead_is_not_assistant(context: Context) -> bool:
    """主办科室不能同时协办."""
    return context.fields.get("lead") not in (context.fields.get("assistants") or ())
