"""成果与记录 (T1): what the acts of a card's matter ask and leave behind: quantities with units, days that have been.

Guards and effects of procedures/card.yaml; and the reads for the outcomes page and for records of consultations
(专题会商) and site surveys (实地踏勘).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncMonth

from qinqing.accounts.actor import Actor
from qinqing.accounts.models import User
from qinqing.cards.models import Outcome
from qinqing.cases.desks import visible
from qinqing.cases.models import Attachment, Case, Event
from qinqing.cases.registry import Context, effect, guard
from qinqing.cases.story import payload_of
from qinqing.directory.models import Unit
from qinqing.directory.services import day_of
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import CHINA

KINDS = {"consult": Label("专题会商", "Consultation"), "survey": Label("实地踏勘", "Site survey")}


@guard(
    "cards.quantity_with_unit",
    Label(
        "成果数量应为不小于1的整数，并与计量单位同时填写，如“40”“个临时停车位”；没有数量的都不填",
        "Give the quantity (1 or more) together with its unit, such as 40 and parking bays, or leave both empty",
    ),
)
def quantity_with_unit(context: Context) -> bool:
    """A figure without a unit cannot be added to anything."""
    if not context.texts:  # the approval of an answer that was checked when it was written
        return True
    quantity = context.fields.get("quantity")
    if context.texts.get("quantity_of"):
        return quantity is not None and quantity >= 1
    return quantity is None or quantity == _recorded(context.case_id).get("quantity")  # of an earlier answer


@guard("cards.has_been", Label("日期不能晚于今天", "The day cannot lie in the future"))
def has_been(context: Context) -> bool:
    """A consultation or survey is recorded after it was held."""
    return date.fromisoformat(str(context.fields["held_on"])) <= day_of(context.now)


@effect("cards.count_outcome")
def count_outcome(context: Context) -> None:
    """核销: the quantity of the answer that was written off; an earlier one of the same matter gives way to it."""
    answer = Event.objects.filter(case=context.case_id, action="feed_back").order_by("-seq").first()
    assert context.case_id  # a write-off is not the opening
    form = json.loads(answer.head)["form"] if answer else {}
    said = payload_of(answer).get("texts", {}) if answer else {}
    if form.get("quantity") and said.get("quantity_of"):
        facts = {
            "unit_id": context.fields.get("lead"), "quantity": form["quantity"], "at": context.now,
            "of": "".join(said["quantity_of"].split()),
        }  # fmt: skip
        Outcome.objects.update_or_create(case_id=context.case_id, defaults=facts)
    else:
        Outcome.objects.filter(case_id=context.case_id).delete()


# ── outcomes 成果 ──


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the outcomes page: a month (its first day), a unit of count, the office, how much, from how many."""

    month: date
    unit: Unit | None
    of: str
    quantity: int
    cases: int


def outcomes(actor: Actor) -> QuerySet[Outcome]:
    """Outcomes of matters that are resolved now and that the actor may open, the latest first."""
    cases = visible(actor).filter(outcome="resolved").values("pk")
    return Outcome.objects.filter(case__in=cases).select_related("case", "unit").order_by("-at", "-pk")


def sums(found: QuerySet[Outcome]) -> list[Line]:
    """By month of the write-off (China's), office and unit of count; the latest month first."""
    rows = (
        found.annotate(month=TruncMonth("at", tzinfo=CHINA))
        .values("month", "unit", "of")
        .annotate(total=Sum("quantity"), cases=Count("pk"))
        .order_by("-month", "unit", "of")
    )
    units = Unit.objects.in_bulk({row["unit"] for row in rows if row["unit"]})
    return [
        Line(row["month"].astimezone(CHINA).date(), units.get(row["unit"]), row["of"], row["total"], row["cases"])
        for row in rows
    ]


# ── records 会商与踏勘 ──


@dataclass(frozen=True, slots=True)
class Record:
    """One consultation or survey. `attendees` is for officers only; `text` is empty where erased."""

    seq: int
    kind: str
    held_on: date
    place: str
    attendees: str
    text: str
    by: str
    recorded_at: datetime
    files: tuple[Attachment, ...]

    @property
    def label(self) -> Label:
        return KINDS[self.kind]


def records(case: Case) -> Iterator[Record]:
    """What was held and looked at, in the order of the days."""
    events = list(case.events.filter(action__in=KINDS).select_related("payload").order_by("seq"))
    names = dict(User.objects.filter(pk__in=[event.actor_id for event in events]).values_list("pk", "name"))
    files: dict[int, list[Attachment]] = {}
    for attachment in Attachment.objects.filter(case=case, event_seq__in=[e.seq for e in events]).order_by("pk"):
        files.setdefault(attachment.event_seq or 0, []).append(attachment)
    found = [_record(event, names, tuple(files.get(event.seq, ()))) for event in events]
    return iter(sorted(found, key=lambda record: (record.held_on, record.seq)))


def _record(event: Event, names: dict[int, str], files: tuple[Attachment, ...]) -> Record:
    form, texts = json.loads(event.head)["form"], payload_of(event).get("texts", {})
    return Record(
        event.seq, event.action, date.fromisoformat(form["held_on"]), texts.get("place", ""),
        texts.get("attendees", ""), texts.get("seen") or texts.get("minutes", ""), names.get(event.actor_id or 0, ""),
        event.occurred_at, files,
    )  # fmt: skip


def _recorded(case_id: int | None) -> dict[str, object]:
    """The fields of the case as they stand."""
    state = Case.objects.filter(pk=case_id or 0).values_list("state", flat=True).first()
    return dict(json.loads(state)["fields"]) if state else {}
