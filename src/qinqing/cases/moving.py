"""换版: moving running cases to another version of their procedure: explicit, previewed, recorded as an event.

A case keeps the version it began with. Where open cases shall follow a new one, `preview` says for each why it
can or cannot, and `move` does it as an act of the system in the case's own history.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from qinqing.accounts.actor import SYSTEM
from qinqing.cases import shelf
from qinqing.cases.acting import act
from qinqing.cases.casefile import state_of
from qinqing.cases.models import Case
from qinqing.cases.models import Procedure as Row
from qinqing.cases.versions import obstacles
from qinqing.lib.labels import Label


@dataclass(frozen=True, slots=True)
class Move:
    """One open case and what stands in the way of moving it (nothing: it can be moved)."""

    case_id: int
    number: str
    obstacles: tuple[Label, ...]


def preview(code: str, version: int) -> Iterator[Move]:
    """Every open case of the procedure that runs by another version. Raises Procedure.DoesNotExist."""
    target = Row.objects.get(code=code, version=version)
    spec = shelf.by_id(target.pk)
    cases = Case.objects.filter(procedure__code=code, closed_at=None).exclude(procedure=target).order_by("pk")
    for case in cases.iterator(chunk_size=500):
        yield Move(case.pk, case.number, tuple(obstacles(spec, state_of(case))))


def move(case_id: int, code: str, version: int, now: datetime) -> None:
    """Move one case. Raises Refused naming the first obstacle."""
    target = Row.objects.values_list("pk", flat=True).get(code=code, version=version)
    act(case_id, "move_version", SYSTEM, now, {"procedure": target})
