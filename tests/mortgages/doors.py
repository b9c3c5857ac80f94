"""A bank's side for the tests: a key on file, signed requests through Django's client, what the database holds."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.apps import apps
from django.http import HttpResponse
from django.test import Client

from qinqing.accounts.actor import SYSTEM
from qinqing.directory.models import Unit
from qinqing.lib.httpsig import Key, Request, new_nonce, sign_request
from qinqing.messaging.signing import sign as seal
from qinqing.mortgages import keys, wire
from qinqing.mortgages.models_doors import BankKey
from tests.mortgages.world import NOW, World

COUNTED = ("BankEvent", "Release", "UsedNonce", "Submission", "DayList")
UNIT = "330499001002GB00001F00010001"


def public_pem(private: Ed25519PrivateKey) -> str:
    return private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def rows() -> dict[str, int]:
    """How much there is of everything that a message may make."""
    return {name: apps.get_model("mortgages", name).objects.count() for name in COUNTED}


@dataclass
class Bank:
    """One bank with its private key; `send` signs, seals or lies, as told."""

    unit: Unit
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))
    now: datetime = NOW
    private: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    row: BankKey = None  # type: ignore[assignment]
    secret: str = ""

    def filed(self) -> Bank:
        """With its key on file from a day ago."""
        starts = self.now - timedelta(days=1)
        self.row = keys.add_public_key(SYSTEM, self.unit, public_pem(self.private), self.now, starts=starts)
        return self

    def with_secret(self) -> Bank:
        starts = self.now - timedelta(days=1)
        self.row, self.secret = keys.add_secret(SYSTEM, self.unit, self.now, starts=starts)
        return self

    @property
    def key(self) -> Key:
        return Key(self.row.key_id, "ed25519", self.private)

    def event(self, kind: str = "settled", **changes: Any) -> dict[str, Any]:
        """A CloudEvent; `data` is changed by name, everything else by `_name`."""
        data: dict[str, Any] = {"certificate": "浙（2020）示范不动产证明第0000001号", "unit_number": UNIT}
        if kind == "reversed":
            data = {"reverses": "e1"}
        data |= {name: value for name, value in changes.items() if not name.startswith("_")}
        said = {
            "specversion": "1.0", "id": f"ev-{next(self.numbers)}", "source": wire.source_of(self.unit.credit_code),
            "type": wire.TYPES[kind], "time": self.now.isoformat(), "data": data,
        }  # fmt: skip
        said |= {name[1:]: value for name, value in changes.items() if name.startswith("_")}
        return {name: value for name, value in said.items() if value is not None}

    def post(
        self, said: Any, path: str = wire.EVENTS, *, at: datetime | None = None, nonce: str | None = None,
        kind: str = "application/cloudevents+json", tamper: bytes | None = None, **more: Any,
    ) -> HttpResponse:  # fmt: skip
        """Signed and sent. `tamper`: another body than was signed."""
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        headers = self.signature("POST", path, "", body, at=at, nonce=nonce, kind=kind)
        return self.client.post(
            path, body if tamper is None else tamper, content_type=kind, headers={**headers, **more}
        )  # type: ignore[return-value]

    def get(self, event_id: str, **options: Any) -> HttpResponse:
        path, _, query = wire.link_to(event_id).partition("?")
        headers = self.signature("GET", path, query, b"", **options)
        return self.client.get(f"{path}?{query}", headers=headers)  # type: ignore[return-value]

    def signature(
        self, method: str, path: str, query: str, body: bytes, *, at: datetime | None = None,
        nonce: str | None = None, kind: str = "", headers: dict[str, str] | None = None,
    ) -> dict[str, str]:  # fmt: skip
        given = {**({"Content-Type": kind} if kind else {}), **(headers or {})}
        request = Request(method, path, query, "testserver", "http", tuple(given.items()), body)
        return dict(sign_request(request, self.key, at or self.now, nonce=nonce or new_nonce()))

    def sealed(
        self, said: Any, path: str = wire.WEBHOOK, *, at: datetime | None = None, secret: str = "",
        tamper: bytes | None = None, **more: str,
    ) -> HttpResponse:  # fmt: skip
        """By the simple profile."""
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        stamp = int((at or self.now).timestamp())
        headers = {
            "webhook-id": "msg-1", "webhook-timestamp": str(stamp),
            "webhook-signature": seal(secret or self.secret, "msg-1", stamp, body), **more,
        }  # fmt: skip
        return self.client.post(
            path, body if tamper is None else tamper, content_type="application/cloudevents+json", headers=headers
        )  # type: ignore[return-value]


def code_of(answer: HttpResponse) -> tuple[int, str]:
    """Status and problem code; the answer must be problem+json."""
    assert answer["Content-Type"].startswith("application/problem+json"), answer.content
    return answer.status_code, json.loads(answer.content)["type"].removeprefix("urn:qinqing:problem:")


def other_secret() -> str:
    return "whsec_" + base64.b64encode(b"x" * 24).decode()


def bank_of(world: World, short: str = "a") -> Bank:
    return Bank(world.bank(short))
