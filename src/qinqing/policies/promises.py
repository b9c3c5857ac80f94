"""申领之后: what follows, with the time limits of the procedure in force."""

from __future__ import annotations

from qinqing.cases import shelf
from qinqing.lib.labels import Label
from qinqing.policies.claims import PROCEDURE

_SHOWN = ("review", "publicity", "paying")


def promises() -> list[tuple[Label, Label]]:
    """(stage, its limit); the limit of publicity is the round's own."""
    spec = shelf.by_id(shelf.current_id(PROCEDURE))
    found = []
    for name in _SHOWN:
        stage = spec.stages[name]
        limit = stage.clock.limit if stage.clock and name != "publicity" else None
        found.append((stage.label, Label(f"{limit.working_days}个工作日内", f"within {limit.working_days} working days")
                      if limit and limit.working_days else Label("", "")))
    return found
