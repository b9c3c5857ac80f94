"""催办与上提: what the supervisor may press, and when a second press would only be noise."""

from __future__ import annotations

from datetime import datetime, timedelta

from qinqing.cases.calendars import current
from qinqing.cases.models import Event, Task
from qinqing.cases.registry import Context, guard
from qinqing.lib.labels import Label
from qinqing.lib.workdays import in_china
from qinqing.ui.dates import stamp

QUIET = timedelta(hours=4)  # office time between two urgings of the same case


def just(urged: datetime, now: datetime) -> bool:
    """Whether fewer than four hours of office time have passed since then."""
    calendar = current()
    return calendar.office_time(in_china(now)) - calendar.office_time(in_china(urged)) < QUIET


def _last_urged(case_id: int | None) -> datetime | None:
    return (
        Event.objects.filter(case=case_id, action="urge").order_by("-seq").values_list("occurred_at", flat=True).first()
    )


def _just_urged(context: Context) -> Label:
    last = _last_urged(context.case_id)
    at = stamp(last, context.now) if last else Label("", "")
    return Label(
        f"{at.zh}已催办，4个办公小时内不重复催办；可以发督办函",
        f"Urged {at.en}; not again within 4 office hours. You may send a letter",
    )


@guard("supervision.not_just_urged", _just_urged)
def not_just_urged(context: Context) -> bool:
    """同一件4个办公小时内只催一次."""
    last = _last_urged(context.case_id)
    return last is None or not just(last, context.now)


@guard(
    "supervision.not_with_the_leader",
    Label("本件已在县领导处，不重复上提", "The case is with the county's leader already"),
)
def not_with_the_leader(context: Context) -> bool:
    """已上提而领导尚未处理的，不重复上提."""
    return not Task.objects.filter(case=context.case_id, node="!hand_up", state=Task.State.OPEN).exists()
