"""入口: who sends this, and what do they say? One CloudEvent at a time, signed by a bank's own key.

Two profiles: RFC 9421 message signatures (`signed`; an algorithm more is an entry of `lib.httpsig.keys` and of `KINDS`)
and Standard Webhooks (`sealed`; symmetric, without nonce: a replay within the five minutes is the same event again, and
does nothing). The bank is the key's bank; the event must say the same. Nothing is believed before the signature fits.
What is refused changes nothing; every case has a code of its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db import connection, transaction

from qinqing.directory.models import Unit
from qinqing.lib.cloudevents import Event, EventRefused, content_hash, read_event
from qinqing.lib.httpsig import Key, Request, SignatureRefused, Verified, read_public_key, verify_request
from qinqing.lib.labels import Label
from qinqing.messaging.signing import TOLERANCE, SignatureError, verify_signature
from qinqing.mortgages import events, wire
from qinqing.mortgages.events import Accepted, Sent, Wrong
from qinqing.mortgages.models_doors import BankKey, UsedNonce
from qinqing.mortgages.refusals import (
    BadSecret,
    ForeignSource,
    KeyOver,
    KeyRevoked,
    NotAnEvent,
    Replayed,
    UnknownBank,
    WebhookHeaders,
    WebhookTime,
    of_signature,
)
from qinqing.mortgages.refusing import Knock

_STAMP = re.compile(r"[0-9]{1,12}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:[0-5]\d)", re.ASCII)
_LONGEST = {
    "certificate": 60, "unit_number": 28, "creditor_code": 18, "loan_number": 80, "extent": 8, "settled_at": 40,
    "reverses": 200,
}  # fmt: skip
_NONCE = "INSERT INTO mortgages_usednonce (key_id, nonce, until) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
assert UsedNonce._meta.db_table == "mortgages_usednonce"


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose message it is. `verified`: of a signature with a nonce, which is still to be used up."""

    key: BankKey
    verified: Verified | None = None

    @property
    def bank(self) -> Unit:
        return self.key.bank


def signed(request: Request, knock: Knock, now: datetime) -> Sender:
    """Who signed this request (RFC 9421). Raises a refusal."""
    found: list[BankKey] = []

    def keys(key_id: str) -> Key | None:
        knock.claimed = key_id
        row = BankKey.objects.select_related("bank").filter(key_id=key_id, kind=BankKey.Kind.ED25519).first()
        if row is None:
            return None
        found.append(row)
        return _parsed(row.key_id, row.material)

    try:
        verified = verify_request(request, keys, now)
    except SignatureRefused as refused:
        raise of_signature(refused) from None
    return Sender(_in_force(found[0], now), verified)


def sealed(headers: Mapping[str, str], body: bytes, source: str, knock: Knock, now: datetime) -> Sender:
    """Who sealed this body (Standard Webhooks) with a secret of the bank that `source` names. Raises a refusal."""
    knock.claimed = source[:128]
    lower = {name.lower(): value for name, value in headers.items()}
    stamp = lower.get("webhook-timestamp", "")
    if not (lower.get("webhook-id") and lower.get("webhook-signature") and _STAMP.fullmatch(stamp)):
        raise WebhookHeaders()
    if abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
        ours = int(now.timestamp())
        raise WebhookTime(Label(f"（所报{stamp}，现在{ours}）", f" ({stamp}, now {ours})"))
    code = wire.code_in(source)
    rows = BankKey.objects.select_related("bank").filter(kind=BankKey.Kind.WEBHOOK, bank__credit_code=code)
    mine = list(rows.order_by("-pk")) if code else []
    if not mine:
        raise UnknownBank()
    for row in mine:
        try:
            verify_signature(row.material, lower, body, now)
        except SignatureError:
            continue
        knock.claimed = row.key_id
        return Sender(_in_force(row, now))
    raise BadSecret()


def read(headers: Mapping[str, str], body: bytes) -> Event:
    """The event of a request. Raises NotAnEvent."""
    try:
        return read_event(headers.items(), body)
    except EventRefused as refused:
        raise NotAnEvent(refused.label) from None


def take(sender: Sender, event: Event, via: str, now: datetime) -> Accepted:
    """Use the nonce up and take the event down, in one transaction: refused, neither has happened."""
    check_source(sender, event.source)
    sent = sent_of(event, sender.key.key_id)
    with transaction.atomic():
        use_up(sender)
        return events.accept(sender.bank, sent, via, now)


def check_source(sender: Sender, source: str) -> None:
    """Raises ForeignSource: a bank speaks for itself only."""
    mine = wire.source_of(sender.bank.credit_code)
    if source != mine:
        raise ForeignSource(Label(mine, f" {mine}"))


def use_up(sender: Sender) -> None:
    """The nonce counts once. Inside the transaction of what it signs; raises Replayed."""
    if sender.verified is None:
        return
    until = connection.ops.adapt_datetimefield_value(sender.verified.until)
    with connection.cursor() as cursor:
        cursor.execute(_NONCE, [sender.key.pk, sender.verified.nonce, until])
        if cursor.rowcount != 1:
            raise Replayed()


def sent_of(event: Event, key_id: str) -> Sent:
    """What the event says, in our own words. Raises Wrong, naming every field."""
    kind = wire.KINDS.get(event.type, "")
    if not kind:
        text = Label(f"type应为{wire.SETTLED}或{wire.REVERSED}", f"type is {wire.SETTLED} or {wire.REVERSED}")
        raise Wrong({"type": text})
    faults: dict[str, Label] = {}
    for name in event.data.keys() - set(wire.FIELDS[kind]):
        shown = ascii(name[:40])[1:-1]
        faults[shown] = Label(f"data中没有{shown}这一项，请勿报送", f"{shown} is no field of data; do not send it")
    said = {name: _text(event.data, name, faults) for name in wire.FIELDS[kind]}
    happened_at = _moment(said.pop("settled_at", "") or None, event.time, faults)
    extent = said.pop("extent", "") or wire.FULL
    if extent not in {wire.FULL, wire.PART}:
        faults["extent"] = Label("extent应为full（全部）或part（部分）", "extent is full or part")
    if faults:
        raise Wrong(faults)
    body = {
        "id": event.id, "source": event.source, "type": event.type, "time": event.time.isoformat(), "data": event.data,
        "key": key_id, "content_sha256": content_hash(event),
    }  # fmt: skip
    return Sent(event.id, kind, happened_at, in_full=extent == wire.FULL, body=body, **said)


# ── private ──


@lru_cache(maxsize=1024)
def _parsed(key_id: str, pem: str) -> Key:
    """By its bytes: the row, with what was revoked, is read at every call."""
    return read_public_key(key_id, pem)


def _in_force(key: BankKey, now: datetime) -> BankKey:
    """Said only to who has signed with it. Raises KeyRevoked, KeyOver."""
    state = key.state(now)
    if state == "revoked":
        raise KeyRevoked()
    if state != "valid":
        raise KeyOver(
            Label(
                f"（{key.valid_from:%Y-%m-%d %H:%M}至{key.valid_until:%Y-%m-%d %H:%M} UTC）",
                f" ({key.valid_from:%Y-%m-%d %H:%M} to {key.valid_until:%Y-%m-%d %H:%M} UTC)",
            )
        )
    return key


def _text(data: Mapping[str, Any], name: str, faults: dict[str, Label]) -> str:
    value = data.get(name)
    if value is None:
        return ""
    most = _LONGEST[name]
    if not isinstance(value, str) or any(unicodedata.category(char) in {"Cc", "Cs"} for char in value):
        faults[name] = Label(f"{name}应为不含控制字符的文本", f"{name} is a text without control characters")
    elif len(value) > most:
        faults[name] = Label(f"{name}至多{most}个字符", f"{name} has at most {most} characters")
    else:
        return value.strip()
    return ""


def _moment(text: str | None, sent_at: datetime, faults: dict[str, Label]) -> datetime:
    """`settled_at` where it is given, else the event's own time; between 2000 and 2199."""
    if text is None:
        found, name = sent_at, "time"
    else:
        found, name = sent_at, "settled_at"
        try:
            if not _MOMENT.fullmatch(text):
                raise ValueError
            found = datetime.fromisoformat(text.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            faults[name] = Label(
                "settled_at应为带时区的时间，如2026-09-29T10:20:00+08:00",
                "settled_at is a time with its zone, such as 2026-09-29T10:20:00+08:00",
            )
            return sent_at
    if not 2000 <= found.year < 2200:
        faults[name] = Label(f"{name}的年份有误", f"the year of {name} cannot be right")
    return found
