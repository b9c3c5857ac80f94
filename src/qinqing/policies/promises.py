"""申领之后: what follows a claim, with the time limits of the procedure in force."""

from __future__ import annotations

from qinqing.cases import shelf
from qinqing.cases.procedure import ClockSpec
from qinqing.lib.labels import Label
from qinqing.policies.claims import PROCEDURE
from qinqing.ui.figures import working_days

_SHOWN = ("review", "publicity", "paying")
_NONE = Label("", "")


def promises() -> list[tuple[Label, Label]]:
    """(stage, its limit); how long the publicity lasts is its round's own matter."""
    stages = shelf.by_id(shelf.current_id(PROCEDURE)).stages
    return [(stages[name].label, _NONE if name == "publicity" else _limit(stages[name].clock)) for name in _SHOWN]


def _limit(clock: ClockSpec | None) -> Label:
    budget = next(iter(clock.limits.values()), None) if clock else None
    if budget is None or budget.kind != "working_days":
        return _NONE
    days = working_days(budget.amount)
    return Label(f"{days.zh}内", f"within {days.en}")
