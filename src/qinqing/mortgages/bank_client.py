"""银行客户端: the reference client of the doors, as a bank may run or copy it. Needs no database and nothing of Django.

It signs each try anew (RFC 9421, a new nonce) and keeps the event id, so that a try whose answer was lost may be made
again: the door says `again` and does nothing twice. What the door refuses is never repeated; a silent or overloaded
door (network errors, 429, 5xx) is asked again, a little later each time.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from qinqing.lib.cloudevents import STRUCTURED, Event, write_structured
from qinqing.lib.httpsig import Key, Request, new_nonce, sign_request
from qinqing.messaging.signing import sign as seal
from qinqing.mortgages import wire

TIMEOUT = 20.0  # seconds of one try
WAITS = (0.5, 1.0, 2.0, 4.0, 8.0)  # seconds between tries; then it is given up
_LATER = frozenset({429, 500, 502, 503, 504})


class Unreachable(Exception):
    """The door did not answer in any try; whether the last one arrived is not known. Send the same again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the door said. `tries`: how often it was asked."""

    status: int
    body: dict[str, Any]
    tries: int

    @property
    def taken(self) -> bool:
        return self.status < 300


@dataclass(slots=True)
class Client:
    """One bank at one door. Either `key` (its private key with the key id on file) or `secret` (simple profile)."""

    url: str  # https://host, without a path
    code: str  # the bank's unified social credit code
    key: Key | None = None
    secret: str = ""
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=TIMEOUT))
    clock: Callable[[], datetime] = field(kw_only=True)
    sleep: Callable[[float], None] = time.sleep
    waits: Sequence[float] = WAITS

    def send(self, event_id: str, kind: str, data: dict[str, Any], at: datetime) -> Answer:
        """One event. `kind`: settled or reversed; `data` by `wire.FIELDS`. Raises Unreachable."""
        event = Event(event_id, wire.source_of(self.code), wire.TYPES[kind], at, data)
        path = wire.EVENTS if self.key else wire.WEBHOOK
        return self._post(path, write_structured(event), STRUCTURED, event_id)

    def reconcile(self, day: str, rows: Sequence[tuple[str, str]]) -> Answer:
        """The day's list: (event id, certificate) each. Raises Unreachable."""
        events = [{"id": event_id, "certificate": certificate} for event_id, certificate in rows]
        said = {"source": wire.source_of(self.code), "day": day, "events": events}
        return self._post(wire.RECONCILIATIONS, json.dumps(said, ensure_ascii=False).encode(), "application/json", day)

    def status(self, event_id: str) -> Answer:
        """How an event stands; by the simple profile one sends it again instead. Raises Unreachable, ValueError."""
        if self.key is None:
            raise ValueError("by the simple profile the state is asked for by sending the same event again")
        path, _, query = wire.link_to(event_id).partition("?")
        return self._tried(lambda: self._signed("GET", path, query, b"", {}))

    # ── private ──

    def _post(self, path: str, body: bytes, kind: str, message_id: str) -> Answer:
        headers = {"Content-Type": kind}
        if self.key is not None:
            return self._tried(lambda: self._signed("POST", path, "", body, headers))
        return self._tried(lambda: self._sealed(path, body, headers, message_id))

    def _signed(self, method: str, path: str, query: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
        assert self.key is not None
        base = urlsplit(self.url)
        request = Request(method, path, query, base.netloc, base.scheme, tuple(headers.items()), body)
        signature = sign_request(request, self.key, self.clock(), nonce=new_nonce())
        address = f"{self.url.rstrip('/')}{path}" + (f"?{query}" if query else "")
        return self.http.request(method, address, content=body or None, headers=[*headers.items(), *signature])

    def _sealed(self, path: str, body: bytes, headers: dict[str, str], message_id: str) -> httpx.Response:
        stamp = int(self.clock().timestamp())
        name = wire.derived_id({"id": message_id})  # a header holds ASCII only
        sealed = {
            "webhook-id": name, "webhook-timestamp": str(stamp),
            "webhook-signature": seal(self.secret, name, stamp, body),
        }  # fmt: skip
        return self.http.post(f"{self.url.rstrip('/')}{path}", content=body, headers={**headers, **sealed})

    def _tried(self, ask: Callable[[], httpx.Response]) -> Answer:
        why = ""
        for tries, wait in enumerate((0.0, *self.waits), 1):
            if wait:
                self.sleep(wait)
            try:
                answer = ask()
            except httpx.TransportError as error:
                why = f"{type(error).__name__}: {error}"
                continue
            if answer.status_code not in _LATER:
                return Answer(answer.status_code, _json(answer), tries)
            why = f"HTTP {answer.status_code}"
        raise Unreachable(f"{self.url}: {why} ({len(self.waits) + 1} tries)")


def _json(answer: httpx.Response) -> dict[str, Any]:
    """The answer's object; of anything else (a proxy's page) its beginning."""
    try:
        said = answer.json()
    except ValueError:
        return {"detail": answer.text[:200]}
    return said if isinstance(said, dict) else {"detail": str(said)[:200]}
