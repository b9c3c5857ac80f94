"""银行培训 (B8): sessions recorded and withdrawn by the registry's head of section; who came, who never did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Prefetch, QuerySet, Sum

from qinqing.accounts.actor import Actor
from qinqing.directory.models import Unit
from qinqing.directory.services import day_of
from qinqing.lib.labels import Label
from qinqing.mortgages import places
from qinqing.mortgages.models_desks import Attendance, Training
from qinqing.mortgages.places import NotYours
from qinqing.ui.errors import Invalid

__all__ = [
    "Came",
    "banks",
    "check_may_record",
    "day_of",
    "may_record",
    "record",
    "sessions",
    "sessions_by_bank",
    "withdraw",
]
MOST = 500  # people of one bank at one session


@dataclass(frozen=True, slots=True)
class Came:
    """How many people of a bank came; names as the bank gave them."""

    bank_id: int
    people: int
    names: str = ""


def banks() -> QuerySet[Unit]:
    """All banks on file."""
    return Unit.objects.filter(kind=Unit.Kind.BANK, closed_on=None).order_by("code")


def sessions(*, withdrawn: bool = False) -> QuerySet[Training]:
    """Newest first, with who came."""
    rows = Training.objects.select_related("recorded_by").annotate(people=Sum("attendances__people"))
    came = Attendance.objects.select_related("bank").order_by("bank__code")
    return (
        rows.filter(withdrawn_at__isnull=not withdrawn)
        .prefetch_related(Prefetch("attendances", came))
        .order_by("-held_on", "-pk")
    )


def sessions_by_bank() -> dict[int, list[date]]:
    """The days on which each bank's people were trained."""
    found: dict[int, list[date]] = defaultdict(list)
    for bank, day in Attendance.objects.filter(training__withdrawn_at=None).values_list("bank", "training__held_on"):
        found[bank].append(day)
    return found


@transaction.atomic
def record(actor: Actor, held_on: date, place: str, topic: str, came: Sequence[Came], now: datetime) -> Training:
    """登记培训. Raises NotYours and Invalid; nothing is kept then."""
    check_may_record(actor)
    assert actor.user_id is not None, "an officer holds the post"
    faults: dict[str, Label] = {}
    if held_on > day_of(now):
        faults["held_on"] = Label("培训日期不能晚于今天", "The session cannot lie in the future")
    if not came:
        faults["came"] = Label("请填写至少一家银行的参训人数", "Say for at least one bank how many people came")
    known = set(banks().values_list("pk", flat=True))
    if any(each.bank_id not in known or not 1 <= each.people <= MOST for each in came):
        faults["came"] = Label(f"参训人数须为1至{MOST}的整数", f"The number of people is 1 to {MOST}")
    if faults:
        raise Invalid(Label("请按提示修改", "Please see the marked entries"), fields=faults)
    made = Training.objects.create(
        held_on=held_on, place=place, topic=topic, recorded_by_id=actor.user_id, recorded_at=now
    )
    Attendance.objects.bulk_create(
        [Attendance(training=made, bank_id=each.bank_id, people=each.people, names=each.names[:300]) for each in came]
    )
    return made


def withdraw(actor: Actor, training: Training, why: str, now: datetime) -> None:
    """作废: a wrong record counts no more and stays to be read. Raises NotYours and Invalid."""
    check_may_record(actor)
    if not why.strip():
        raise Invalid(Label("请写明作废的理由", "Say why it is withdrawn"), fields={"why": Label("请填写", "Fill in")})
    Training.objects.filter(pk=training.pk, withdrawn_at=None).update(withdrawn_at=now, withdrawn_why=why.strip()[:200])


def may_record(actor: Actor) -> bool:
    """The registry's head of section."""
    heads = {post.unit_id for post in actor.posts if post.role == "section_head"}
    return Unit.objects.filter(pk__in=heads, desk=places.REGISTRY).exists()


def check_may_record(actor: Actor) -> None:
    """Raises NotYours."""
    if not may_record(actor):
        raise NotYours(
            Label("培训由登记中心科室负责人登记", "Sessions are recorded by the head of the registration centre")
        )
