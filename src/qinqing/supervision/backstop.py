"""信访备案兜底 (Y4): a matter that truly cannot be done is recorded with the petition system and explained to the party
within three working days of the decision.

The record number is the petition system's own: typed by who explains, or imported (`backstop_sheet.py`). Recording it
starts none of the clocks of the petition rules (《信访工作条例》): what is kept here is the county's own promise.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from qinqing.cases import shelf
from qinqing.cases.calendars import current
from qinqing.cases.casefile import CaseFile
from qinqing.cases.models import Case
from qinqing.cases.refusals import Incomplete
from qinqing.cases.registry import Context, effect, prefill
from qinqing.lib.labels import Label
from qinqing.lib.workdays import due_at
from qinqing.supervision.models import Backstop

STAGE = "explaining"
STATES = {
    "waiting": Label("待解释", "To be explained"),
    "late": Label("已逾期", "Overdue"),
    "in_time": Label("按时解释", "Explained in time"),
    "too_late": Label("逾期解释", "Explained late"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A matter of the backstop as lists show it. `due`: the end of the three working days; `state`: of STATES."""

    backstop: Backstop
    due: datetime | None
    state: str

    @property
    def case(self) -> Case:
        return self.backstop.case

    @property
    def label(self) -> Label:
        return STATES[self.state]


def backstops() -> QuerySet[Backstop]:
    """All of them, the newest decision first."""
    return Backstop.objects.select_related("case__party", "case__lead").order_by("-decided_at", "-pk")


def lines(found: Iterable[Backstop], now: datetime) -> list[Line]:
    """With the due time, which the case no longer shows once it is closed."""
    result = []
    for backstop in found:
        due = due_of(backstop)
        ended = backstop.explained_at or now
        on_time = due is None or ended <= due
        state = ("in_time" if on_time else "too_late") if backstop.explained_at else ("waiting" if on_time else "late")
        result.append(Line(backstop, due, state))
    return result


def due_of(backstop: Backstop) -> datetime | None:
    """By the limit of the procedure that the case runs by, from the decision; None where it has no such stage."""
    stage = shelf.by_id(backstop.case.procedure_id).stages.get(STAGE)
    if stage is None or stage.clock is None:
        return None
    return due_at(backstop.decided_at, stage.clock.budget({}), current())[0]


@effect("supervision.backstop_decided")
def decided(context: Context) -> None:
    """“Unable” takes effect with the head's signature: from now on the county owes an explanation."""
    assert context.case_id is not None  # nothing is decided as it is opened
    Backstop.objects.get_or_create(case_id=context.case_id, defaults={"decided_at": context.now})


@effect("supervision.backstop_explained")
def explained(context: Context) -> None:
    """Note when it was explained and under which number. Raises Incomplete when another number was imported."""
    found = Backstop.objects.select_for_update().filter(case=context.case_id).first()
    if found is None:
        return
    typed = context.texts.get("petition_no", "").strip()
    if found.petition_no and typed != found.petition_no:
        raise Incomplete({
            "petition_no": Label(
                f"从信访系统导入的登记号是{found.petition_no}，与所填不同，请核对",
                f"The number imported from the petition system is {found.petition_no}; check what you typed",
            )
        })  # fmt: skip
    found.petition_no, found.explained_at = typed, context.now
    found.save(update_fields=["petition_no", "explained_at"])


@prefill("explain", "petition_no")
def imported_number(file: CaseFile) -> str:
    """The number that was imported for the case; nothing when none was: nobody here makes one up."""
    return Backstop.objects.filter(case=file.case.pk).values_list("petition_no", flat=True).first() or ""
