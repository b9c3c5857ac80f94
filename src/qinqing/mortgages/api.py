"""接口: the banks' doors over HTTP: one event, its state, and the day's list. Who speaks is proved by the signature.

These routes are `public` in the permissions table: no account stands behind a bank's machine, and the doors
(`doors.py`) refuse whatever a bank's own key did not sign. The size is bounded before anything is read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from ninja import NinjaAPI, Router, Schema, Status

from qinqing.accounts.middleware import address_of
from qinqing.lib import httpsig, wallclock
from qinqing.lib.labels import Label
from qinqing.mortgages import doors, reconciling, refusing, wire
from qinqing.mortgages.doors import Sender
from qinqing.mortgages.models import BankEvent
from qinqing.mortgages.refusals import LengthMissing, NoSuchEvent, NotWhole, TooLarge
from qinqing.mortgages.refusing import Knock
from qinqing.mortgages.selectors_doors import event_of
from qinqing.ui.dates import local
from qinqing.ui.errors import Problem, problem_json, problems

router = Router(tags=["mortgages"], auth=None)
ACCEPT_SIGNATURE = (
    'sig=("@method" "@authority" "@path" "@query" "content-type" "content-digest");created;nonce;keyid;'
    f'tag="{httpsig.TAG}"'
)


class ReleaseOut(Schema):
    """The release an event belongs to. `stage`: of its case, or how it ended."""

    number: str
    certificate: str
    state: str
    stage: str
    promised_at: datetime
    released_at: datetime | None
    receipt_no: str


class BankEventOut(Schema):
    """An event as it stands now. `again`: it had come before, and nothing was done. `word`: what became of it."""

    id: str
    again: bool
    kind: str
    state: str
    received_at: datetime
    taken_at: datetime | None
    word: str
    link: str
    release: ReleaseOut | None


class LineOut(Schema):
    """One event in the day's comparison. `theirs`, `ours`: certificates."""

    id: str
    status: str
    theirs: str | None
    ours: str | None
    state: str


class DayOut(Schema):
    """日终对账. `counts` by status; every difference is for people: nothing is applied."""

    bank: str
    day: str
    counts: dict[str, int]
    lines: list[LineOut]


_EVENT = {
    "type": "object",
    "required": ["specversion", "id", "source", "type", "time", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "maxLength": 128},
        "source": {"type": "string", "description": "urn:qinqing:bank: and the bank's credit code"},
        "type": {"enum": list(wire.KINDS)},
        "time": {"type": "string", "format": "date-time"},
        "data": {
            "type": "object",
            "properties": {name: {"type": "string"} for name in sorted({*sum(wire.FIELDS.values(), ())})},
        },
    },
}
_LIST = {
    "type": "object",
    "required": ["source", "day", "events"],
    "properties": {
        "source": {"type": "string"},
        "day": {"type": "string", "format": "date"},
        "events": {
            "type": "array",
            "maxItems": wire.MOST_LINES,
            "items": {"type": "object", "properties": {"id": {"type": "string"}, "certificate": {"type": "string"}}},
        },
    },
}


def _body_of(schema: dict[str, Any], kind: str) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {kind: {"schema": schema}}}}


@router.post(
    "/mortgages/events", response={200: BankEventOut, 202: BankEventOut, **problems(409, 411)},
    operation_id="mortgages_events", summary="报送结清或冲正 A bank's event, signed",
    openapi_extra=_body_of(_EVENT, "application/cloudevents+json"),
)  # fmt: skip
def post_event(request: HttpRequest) -> Any:
    """One CloudEvent, structured or binary, signed after RFC 9421 with a key on file."""

    def take(body: bytes, knock: Knock, now: datetime) -> Status[BankEventOut]:
        sender = doors.signed(_message(request, body), knock, now)
        return _taken(sender, body, request, "api", now)

    return _answered(request, "events", wire.MOST_BYTES, take)


@router.post(
    "/mortgages/webhook", response={200: BankEventOut, 202: BankEventOut, **problems(409, 411)},
    operation_id="mortgages_webhook", summary="报送结清或冲正（简易接口） The same with Standard Webhooks",
    openapi_extra=_body_of(_EVENT, "application/cloudevents+json"),
)  # fmt: skip
def post_webhook(request: HttpRequest) -> Any:
    """The same event, sealed after Standard Webhooks with the bank's secret."""

    def take(body: bytes, knock: Knock, now: datetime) -> Status[BankEventOut]:
        event = doors.read(dict(request.headers), body)
        sender = doors.sealed(request.headers, body, event.source, knock, now)
        return _taken(sender, body, request, "webhook", now)

    return _answered(request, "webhook", wire.MOST_BYTES, take)


@router.get(
    "/mortgages/events", response={200: BankEventOut, **problems(404, 409)},
    operation_id="mortgages_event", summary="事件的办理情况 The state of one's event, asked for with a signature",
    openapi_extra={"parameters": [{"name": "id", "in": "query", "required": True, "schema": {"type": "string"}}]},
)  # fmt: skip
def get_event(request: HttpRequest) -> Any:
    """`?id=` one's own event id; the query is signed with the rest. By the simple profile one sends the event again."""

    def look(body: bytes, knock: Knock, now: datetime) -> BankEventOut:
        sender = doors.signed(_message(request, body), knock, now)
        found = event_of(sender.bank, request.GET.get("id", ""))
        if found is None:
            raise NoSuchEvent()
        doors.use_up(sender)
        return _out(found, again=True)

    return _answered(request, "state", 0, look)


@router.post(
    "/mortgages/reconciliations", response={200: DayOut, **problems(409, 411)},
    operation_id="mortgages_reconcile", summary="日终对账 A bank's list of a day, compared",
    openapi_extra=_body_of(_LIST, "application/json"),
)  # fmt: skip
def post_list(request: HttpRequest) -> Any:
    """The bank's list of a day, signed in either profile; the answer says what differs."""

    def compare(body: bytes, knock: Knock, now: datetime) -> DayOut:
        if "Signature-Input" in request.headers:
            sender, via = doors.signed(_message(request, body), knock, now), "api"
            sent = reconciling.read_list(body)
        else:
            sent, via = reconciling.read_list(body), "webhook"
            sender = doors.sealed(request.headers, body, sent.source, knock, now)
        result = reconciling.receive(sender, sent, via, now)
        lines = [
            LineOut(id=x.event_id, status=x.status, theirs=x.theirs, ours=x.ours, state=x.state) for x in result.lines
        ]
        return DayOut(bank=sender.bank.credit_code, day=str(sent.day), counts=result.counts, lines=lines)

    return _answered(request, "list", wire.MOST_LIST_BYTES, compare)


def add_to(api: NinjaAPI) -> None:
    """Add this room's operations."""
    api.add_router("", router)


# ── private ──


def _answered(request: HttpRequest, door: str, most: int, take: Callable[[bytes, Knock, datetime], Any]) -> Any:
    """What `take` gives, or the refusal, noted."""
    now = wallclock.now()
    knock = Knock(door, address_of(request))
    try:
        body = _body(request, most)
        knock.sha256 = hashlib.sha256(body).hexdigest()
        return take(body, knock, now)
    except Problem as problem:
        refusing.note(knock, problem.code, problem.detail.zh, now)
        return _refused(request, problem)


def _refused(request: HttpRequest, problem: Problem) -> HttpResponse:
    response = problem_json(problem, request)
    if problem.status == 401:
        response["WWW-Authenticate"] = "Signature"
        response["Accept-Signature"] = ACCEPT_SIGNATURE  # RFC 9421, section 5
    return response


def _body(request: HttpRequest, most: int) -> bytes:
    """The whole body; one that is too long is refused unread."""
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length and request.method == "GET":
        return b""
    if not (length.isascii() and length.isdigit()):
        raise LengthMissing()
    if len(length) > 9 or int(length) > most:
        raise TooLarge(Label(f"至多{most:,}字节，请分开报送", f"At most {most:,} bytes; send it in parts"))
    try:
        return request.body
    except (UnreadablePostError, RequestDataTooBig):
        raise NotWhole() from None


def _message(request: HttpRequest, body: bytes) -> httpsig.Request:
    """The request as it is verified. The host was checked against the settings by Django's middleware."""
    return httpsig.Request(
        request.method or "", request.path, request.META.get("QUERY_STRING", ""), request.get_host(),
        request.scheme or "http", tuple(request.headers.items()), body,
    )  # fmt: skip


def _taken(sender: Sender, body: bytes, request: HttpRequest, via: str, now: datetime) -> Status[BankEventOut]:
    accepted = doors.take(sender, doors.read(dict(request.headers), body), via, now)
    event = event_of(sender.bank, accepted.event.event_id) if accepted.again else accepted.event
    return Status(200 if accepted.again else 202, _out(event or accepted.event, accepted.again))


def _out(event: BankEvent, again: bool) -> BankEventOut:
    """`event` with its release and case where it has one."""
    release = None
    if event.release is not None:
        of, case = event.release, event.release.case
        release = ReleaseOut(
            number=case.number, certificate=of.certificate, state=of.state, stage=case.outcome or case.stage,
            promised_at=local(of.promised_at), released_at=_local(of.released_at), receipt_no=of.receipt_no,
        )  # fmt: skip
    said = Label(*event.word.split("\n", 1)) if "\n" in event.word else Label(event.word, event.word)
    return BankEventOut(
        id=event.event_id, again=again, kind=event.kind, state=event.state, received_at=local(event.received_at),
        taken_at=_local(event.taken_at), word=str(said), link=wire.link_to(event.event_id), release=release,
    )  # fmt: skip


def _local(moment: datetime | None) -> datetime | None:
    return local(moment) if moment else None
