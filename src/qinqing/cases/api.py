"""办件接口: open a case, read it, act on it, list one's desk. The same kernel and the same refusals as the pages."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, NinjaAPI, Path, Query, Router, Schema
from pydantic import StringConstraints

from qinqing.accounts.api_auth import ActorAuth
from qinqing.accounts.middleware import actor_of
from qinqing.cases import acting, desks
from qinqing.cases.casefile import CaseFile
from qinqing.cases.models import Case
from qinqing.cases.refusals import Unknown
from qinqing.directory.models import Party
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import now as present
from qinqing.ui.errors import problems

router = Router(tags=["cases"], auth=ActorAuth())
PROBLEMS = problems(404, 409)
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
PLAIN = r"^[^\x00-\x1f\x7f]*$"  # text without control characters, which not every database stores
Code = Annotated[str, Field(max_length=60, pattern=PLAIN)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80, pattern=PLAIN)]
Values = Annotated[dict[Annotated[str, Field(max_length=60)], Any], Field(max_length=60)]  # a form is no archive
Key = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[\x21-\x7e]+$")]


class OpenIn(Schema):
    """A new matter. `fields` are those of the procedure's opening form, `first_act` an act done with it."""

    procedure: Code
    party_id: Id
    title: Title
    fields: Values
    channel: Annotated[str, Field(max_length=16, pattern=PLAIN)] = "api"
    first_act: Code | None = None
    first_fields: Values = Field(default_factory=dict)
    idempotency_key: Key | None = None


class ActIn(Schema):
    """An act: the form's fields; `task_id` for work at a task; `expected_version` as last seen."""

    fields: Values = Field(default_factory=dict)
    task_id: Id | None = None
    expected_version: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    idempotency_key: Key | None = None


class DoneOut(Schema):
    """What was done; `replayed` when the same key had done it before."""

    number: str
    seq: int
    version: int
    replayed: bool


class TaskOut(Schema):
    id: int
    node: str
    unit: str
    label: str
    version: int
    mine: bool


class OfferOut(Schema):
    """An act the caller may do now."""

    action: str
    label: str
    task_id: int | None
    version: int
    needs: list[str]
    may: list[str]
    evidence: int


class EventOut(Schema):
    seq: int
    at: datetime
    who: str
    title: str
    said: dict[str, str]
    hash: str


class CaseOut(Schema):
    """One case as the caller may see it."""

    number: str
    title: str
    party: str
    procedure: str
    stage: str
    outcome: str
    version: int
    opened_at: datetime
    closed_at: datetime | None
    due_at: datetime | None
    provisional: bool
    held: bool
    level: int
    tasks: list[TaskOut]
    offers: list[OfferOut]
    events: list[EventOut]


class RowOut(Schema):
    number: str
    title: str
    party: str
    stage: str
    due_at: datetime | None
    tab: str
    left: str


@router.post("/cases", response={201: DoneOut, **PROBLEMS}, operation_id="cases_open", summary="提出诉求 Open a case")
def open_case(request: HttpRequest, body: OpenIn) -> tuple[int, DoneOut]:
    """Open a case for a party; officers of the window and programs only (see the permissions table)."""
    if not Party.objects.filter(pk=body.party_id).exists():
        raise Unknown(Label("没有这个办事主体", "There is no such party"))
    then = (body.first_act, body.first_fields) if body.first_act else None
    done = acting.open_case(
        body.procedure, body.party_id, actor_of(request), present(), body.fields, title=body.title,
        channel=body.channel, then=then, idempotency_key=body.idempotency_key,
    )  # fmt: skip
    return 201, _done(done)


@router.get(
    "/cases/{number}", response={200: CaseOut, **PROBLEMS}, operation_id="cases_read", summary="办件 Read a case"
)
def read(request: HttpRequest, number: Annotated[str, Path(max_length=40)]) -> CaseOut:
    """The case with its history, its open tasks and what the caller may do now."""
    file = CaseFile(_visible(request, number), actor_of(request), present())
    case, party = file.case, actor_of(request).kind == "party"
    return CaseOut(
        number=case.number, title=case.title, party=case.party.name,
        procedure=f"{file.spec.code}@{file.spec.version}",
        stage=case.stage, outcome=case.outcome, version=case.version, opened_at=case.opened_at,
        closed_at=case.closed_at, due_at=case.due_at, provisional=case.provisional, held=case.held, level=case.level,
        tasks=[
            TaskOut(id=line.task.pk, node=line.task.node, unit=line.task.unit.name, label=str(line.label),
                    version=line.task.version, mine=line.mine)
            for line in file.task_lines if line.task.state == "open"
        ],
        offers=[
            OfferOut(action=offer.action, label=str(offer.label), task_id=offer.task.pk if offer.task else None,
                     version=offer.version, needs=[f.name for f in offer.fields if f.name not in offer.optional],
                     may=sorted(offer.optional), evidence=offer.evidence)
            for offer in file.offers
        ],
        events=[
            EventOut(seq=item.seq, at=item.at, who=item.who, title=str(item.title), hash=item.hash,
                     said={str(one.label): str(one.text) for one in item.said})
            for item in file.story(party=party)
        ],
    )  # fmt: skip


@router.post(
    "/cases/{number}/acts/{action}",
    response={200: DoneOut, **PROBLEMS},
    operation_id="cases_act",
    summary="办理 Act on a case",
)
def act(
    request: HttpRequest,
    number: Annotated[str, Path(max_length=40)],
    action: Annotated[str, Path(max_length=60)],
    body: ActIn,
) -> DoneOut:
    """Do one act. 409 when somebody was faster, 422 naming the fields that are not whole, 403 when it is not yours."""
    case = _visible(request, number)
    done = acting.act(
        case.pk, action, actor_of(request), present(), body.fields, task_id=body.task_id,
        expected_version=body.expected_version, idempotency_key=body.idempotency_key,
    )  # fmt: skip
    return _done(done)


@router.get("/desk", response={200: list[RowOut], **PROBLEMS}, operation_id="cases_desk", summary="我的办件 My desk")
def desk(request: HttpRequest, tab: Annotated[str, Query(max_length=20)] = "") -> list[RowOut]:
    """What the caller has to do, most urgent first; `tab` is sign, handle, assist, approve, waiting or closed."""
    shown = desks.my_desk(actor_of(request), tab, present())
    return [
        RowOut(number=row.case.number, title=row.case.title, party=row.case.party.name, stage=str(row.stage),
               due_at=row.case.due_at, tab=row.tab, left=str(row.clock.text))
        for group in shown.groups for row in group.rows
    ]  # fmt: skip


def _visible(request: HttpRequest, number: str) -> Case:
    actor = actor_of(request)
    if "\x00" in number:
        raise Unknown(Label("没有这个编号", "There is no such number"))
    found = desks.visible(actor).filter(number=number).select_related("party", "lead").first()
    if found is None:
        raise Unknown(Label(f"没有办件{number}，或不在您的查阅范围", f"No case {number}, or it is not yours to see"))
    return found


def _done(done: acting.Done) -> DoneOut:
    return DoneOut(number=done.number, seq=done.seq, version=done.version, replayed=done.replayed)


def add_to(api: NinjaAPI) -> None:
    """Add this room's operations."""
    api.add_router("", router)
