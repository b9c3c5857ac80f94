"""纪检监察看板: the four steps 发现—交办—督办—核销 as columns (P4), and what an inspector looks into. Reads only."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from qinqing.cases import shelf
from qinqing.cases.casefile import PHASE_LABELS
from qinqing.cases.models import Attachment, Case, Event, Procedure, Task
from qinqing.cases.procedure import PHASES
from qinqing.cases.rows import Row, rows_of
from qinqing.cases.sheets import CHANNELS
from qinqing.cases.story import payload_of
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import CHINA
from qinqing.supervision.filters import FIRST
from qinqing.supervision.papers import KINDS
from qinqing.ui.forms import whole

SHOWN = 6  # cases of a column
WEEK_SHOWN = 8
PERIODS = {
    "": Label("全部时间", "Any time"),
    "week": Label("近7天受理", "Accepted in 7 days"),
    "month": Label("近30天受理", "Accepted in 30 days"),
    "year": Label("今年受理", "Accepted this year"),
}
DEFINITIONS = {
    "find": Label("已受理、尚未交办的在办件", "Accepted, not yet assigned"),
    "assign": Label("已交办，主办单位正在办理", "Assigned, with the lead unit"),
    "supervise": Label("已反馈，正在核查或裁定", "Answered, being checked or ruled on"),
    "write_off": Label("本周（周一起）办结核销的", "Written off this week, since Monday"),
}
SPOT_CHECK = "spot_check"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the board is narrowed to; empty: everything."""

    unit: int | None = None
    channel: str = ""
    period: str = ""

    @classmethod
    def of(cls, query: dict[str, str]) -> Chosen:
        return cls(
            whole(query.get("unit", "")),
            query.get("channel", "") if query.get("channel", "") in CHANNELS else "",
            query.get("period", "") if query.get("period", "") in PERIODS else "",
        )

    def narrow(self, cases: QuerySet[Case], now: datetime) -> QuerySet[Case]:
        if self.unit is not None:
            cases = cases.filter(lead=self.unit)
        if self.channel:
            cases = cases.filter(channel=self.channel)
        since = {"week": now - timedelta(days=7), "month": now - timedelta(days=30), "year": _new_year(now)}
        return cases.filter(opened_at__gte=since[self.period]) if self.period else cases


@dataclass(frozen=True, slots=True)
class Column:
    """One step of the loop with its most urgent cases."""

    phase: str
    label: Label
    definition: Label
    count: int
    late: int
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class WrittenOff:
    """A case written off this week: what the check found, its evidence, and the spot check if any."""

    row: Row
    finding: str
    evidence: list[Attachment]
    spot: Label | None
    doubtful: bool


def columns(chosen: Chosen, now: datetime) -> list[Column]:
    """The four steps, reds first in each."""
    return [_column(phase, chosen, now) for phase in PHASES]


def cases_in(phase: str, chosen: Chosen, now: datetime) -> QuerySet[Case]:
    """The cases of a step: open ones by their stage, the last step by its end within this week."""
    found = chosen.narrow(Case.objects.exclude(procedure__code__in=KINDS), now).select_related("party", "lead")
    if phase == "write_off":
        return found.filter(_ends(), closed_at__gte=_monday(now)).order_by("-closed_at", "-pk")
    return found.filter(_stages(phase), closed_at=None).order_by(FIRST, "pk")


def _column(phase: str, chosen: Chosen, now: datetime) -> Column:
    found = cases_in(phase, chosen, now)
    late = 0 if phase == "write_off" else found.filter(due_at__lt=now, held=False).count()
    rows = rows_of(found[:SHOWN], now)
    return Column(phase, PHASE_LABELS[phase], DEFINITIONS[phase], found.count(), late, rows)


def written_off(chosen: Chosen, now: datetime) -> list[WrittenOff]:
    """This week's with evidence, to be spot-checked: those nobody looked at first."""
    looked = Exists(Event.objects.filter(case=OuterRef("pk"), action=SPOT_CHECK))
    found = cases_in("write_off", chosen, now).filter(_ends(evidence=True))
    cases = list(found.order_by(looked, "-closed_at", "-pk")[:WEEK_SHOWN])
    ids = [case.pk for case in cases]
    findings, checks = _texts(ids), _spot_checks(ids)
    files: dict[int, list[Attachment]] = {}
    for file in Attachment.objects.filter(case__in=ids).order_by("pk"):
        files.setdefault(file.case_id, []).append(file)
    return [
        WrittenOff(
            row, findings.get(row.case.pk, ""), files.get(row.case.pk, []), *checks.get(row.case.pk, (None, False))
        )
        for row in rows_of(cases, now)
    ]


def discards_waiting() -> QuerySet[Task]:
    """廉心卡反馈拟按无效信息处理、等待同意的."""
    return Task.objects.filter(node="?discard", state=Task.State.OPEN).select_related("case").order_by("opened_at")


# -- private


def _stages(phase: str) -> Q:
    """Stages of this phase, in every version loaded."""
    found = Q(pk__in=[])
    for procedure_id in Procedure.objects.exclude(code__in=KINDS).values_list("pk", flat=True):
        names = [stage.name for stage in shelf.by_id(procedure_id).stages.values() if stage.phase == phase]
        if names:
            found |= Q(procedure=procedure_id, stage__in=names)
    return found


def _ends(*, evidence: bool = False) -> Q:
    """Closed ends of the last step: what was withdrawn, merged or not accepted is no write-off. `evidence`: only those
    that must carry some."""
    found = Q(pk__in=[])
    for procedure_id in Procedure.objects.exclude(code__in=KINDS).values_list("pk", flat=True):
        ends = [end for end in shelf.by_id(procedure_id).closed.values() if end.phase == "write_off"]
        names = [end.name for end in ends if end.evidence or not evidence]
        found |= Q(procedure=procedure_id, outcome__in=names)
    return found


def _texts(case_ids: Iterable[int]) -> dict[int, str]:
    """The finding of each write-off; nothing where it is erased."""
    events = Event.objects.filter(case__in=case_ids, action__in=["write_off", "accept"]).select_related("payload")
    return {
        event.case_id: payload_of(event).get("texts", {}).get("finding", "") for event in events.order_by("case", "seq")
    }


def _spot_checks(case_ids: Iterable[int]) -> dict[int, tuple[Label | None, bool]]:
    found: dict[int, tuple[Label | None, bool]] = {}
    events = Event.objects.filter(case__in=case_ids, action=SPOT_CHECK).select_related("case")
    for event in events.order_by("case", "seq"):
        value = json.loads(event.head)["form"].get("spot_result", "")
        field = shelf.by_id(event.case.procedure_id).fields.get("spot_result")
        label = field.choices.get(value) if field else None
        found[event.case_id] = (label or Label("已抽查", "Checked"), value == "doubtful")
    return found


def _monday(now: datetime) -> datetime:
    here = now.astimezone(CHINA)
    day = here - timedelta(days=here.weekday())
    return day.replace(hour=0, minute=0, second=0, microsecond=0)


def _new_year(now: datetime) -> datetime:
    return now.astimezone(CHINA).replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
