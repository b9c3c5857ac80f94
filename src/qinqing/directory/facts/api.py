"""接口: departments' systems state facts: first what it would do, then, with that answer's `seen`, it is recorded."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import AwareDatetime, Field, StringConstraints

from qinqing.accounts.actor import Actor
from qinqing.accounts.api_auth import ActorAuth
from qinqing.accounts.middleware import actor_of
from qinqing.accounts.models import User
from qinqing.directory.facts import periods, recording, values
from qinqing.directory.facts.dictionary import book, dictionary
from qinqing.directory.facts.recording import Compared, Said
from qinqing.directory.models import Party
from qinqing.directory.services import REGISTERED, day_of
from qinqing.lib.identifiers import Invalid
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import now as present
from qinqing.ui.errors import NotAllowed, problems

MOST = 5_000
router = Router(tags=["directory"], auth=ActorAuth())
Short = Annotated[str, StringConstraints(max_length=40)]


class StatedIn(Schema):
    """One figure: `value` null says that it is not known; money in yuan; a category by its code or label."""

    credit_code: Short
    fact: Short
    period: str = Field("", max_length=20, description="2025, 2025Q3, 2025-07; empty for a fact without period")
    value: str | float | bool | None


class StatementIn(Schema):
    """What one department states. `seen`: from the answer that showed what it would do; without it nothing changes."""

    source: Short
    observed_at: AwareDatetime | None = None
    facts: list[StatedIn] = Field(min_length=1, max_length=MOST)
    seen: str = Field("", max_length=64)


class FactFaultOut(Schema):
    """What is wrong with one of the figures, counted from 0; it is left out."""

    index: int
    field: str
    detail: str


class FactChangeOut(Schema):
    index: int
    status: str = Field(description="new, changed or confirmed")
    before: str
    after: str


class StatementOut(Schema):
    """What recording it would do, or did."""

    recorded: bool
    seen: str
    counts: dict[str, int]
    changes: list[FactChangeOut]
    faults: list[FactFaultOut]


class FactOut(Schema):
    """A fact of the dictionary."""

    id: str
    label: dict[str, str]
    type: str
    unit: dict[str, str] | None
    places: int
    codes: dict[str, dict[str, str]]
    period: str
    sources: list[str]
    sensitivity: str


@router.get(
    "/facts", response={200: list[FactOut], **problems()}, operation_id="directory_facts", summary="事实字典 Facts"
)
def facts(request: HttpRequest) -> list[FactOut]:
    """What facts there are, in which units and codes, and who may state them."""
    return [
        FactOut(
            id=fact.id,
            label=fact.label.as_json(),
            type=fact.type.value,
            unit=fact.unit.as_json() if fact.unit else None,
            places=fact.places,
            codes={code: label.as_json() for code, label in fact.codes.items()},
            period=fact.period,
            sources=list(fact.sources),
            sensitivity=fact.sensitivity,
        )
        for fact in dictionary().values()
    ]


@router.post(
    "/facts/statements",
    response={200: StatementOut, **problems(409)},
    operation_id="directory_state_facts",
    summary="报送企业数据 State facts",
)
def state_facts(request: HttpRequest, stated: StatementIn) -> StatementOut:
    """Check figures of companies; with `seen` of that answer and the same figures, record those without fault.

    409 when what it would do is no longer what was seen: look again. Stating the same again changes nothing."""
    actor, now = actor_of(request), present()
    _may_speak(actor, stated.source)
    said, faults = _read(stated, now)
    order = list(said)
    told, source, at = list(said.values()), stated.source, stated.observed_at
    found = recording.compare(told, source=source, now=now, at=at)
    if stated.seen:
        recording.record(told, source=source, now=now, at=at, user_id=actor.user_id, seen=stated.seen)
    counts = {
        status: sum(each.status == status for each in found) for status in ("new", "changed", "confirmed", "same")
    }
    return StatementOut(
        recorded=bool(stated.seen),
        seen=recording.fingerprint(found),
        counts={**counts, "bad": len(faults)},
        changes=[
            _change(index, each) for index, each in zip(order, found, strict=True) if each.status != recording.SAME
        ],
        faults=faults,
    )


# ── private ──


def _may_speak(actor: Actor, source: str) -> None:
    """A program speaks only for the departments whose accounts it is among (the county's facts.yaml)."""
    name = User.objects.filter(pk=actor.user_id or 0).values_list("username", flat=True).first()
    defined = book().sources.get(source)
    if defined is None or name not in defined.accounts:
        raise NotAllowed(
            Label(
                f"本账号不能代表“{source}”报送；请在县facts.yaml的sources.{source}.accounts中登记",
                f"This account may not speak for {source!r}; add it to its accounts in the county's facts.yaml",
            )
        )


def _read(stated: StatementIn, now: datetime) -> tuple[dict[int, Said], list[FactFaultOut]]:
    """What can be recorded, by its place in the list, and what is wrong with the rest."""
    codes = {one.credit_code for one in stated.facts}
    known = dict(Party.objects.filter(credit_code__in=codes, kind__in=REGISTERED).values_list("credit_code", "pk"))
    said: dict[int, Said] = {}
    first: dict[tuple[int, str, int], int] = {}
    faults = []
    for index, one in enumerate(stated.facts):
        field = "credit_code"
        try:
            if one.credit_code not in known:
                raise Invalid("名录中没有这家企业", "the company is not in the directory")
            field = "fact"
            if one.fact not in dictionary():
                raise Invalid(f"没有“{one.fact}”这项事实", f"there is no fact {one.fact!r}")
            field = "value"
            read = _said(one, known[one.credit_code], day_of(now))
            earlier = first.setdefault((read.party_id, read.fact, read.period), index)
            if earlier != index:
                raise Invalid(f"与第{earlier}项重复（从0数起）", f"the same as item {earlier}, counted from 0")
            said[index] = read
        except Invalid as error:
            faults.append(FactFaultOut(index=index, field=field, detail=str(error.label)))
    return said, faults


def _said(one: StatedIn, party_id: int, today: date) -> Said:
    fact = dictionary()[one.fact]
    period = periods.parse(one.period, fact.period, today)
    return recording.said(fact, party_id, period, None if one.value is None else values.read(fact, one.value))


def _change(index: int, each: Compared) -> FactChangeOut:
    fact = dictionary()[each.said.fact]
    before, after = (str(values.words(fact, values.from_kept(fact, kept))) for kept in (each.before, each.said.value))
    return FactChangeOut(index=index, status=each.status, before=before, after=after)
