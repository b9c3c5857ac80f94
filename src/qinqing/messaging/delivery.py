"""Delivery by signed webhook (签名投递). Only a 2xx is an acknowledgement; 410 means: never again.

Receivers get `{"type": topic, "timestamp": ..., "data": body, "source": ..., "key": ...}`, and the same `webhook-id` on
every try.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings

from qinqing.audit.chain import canonical
from qinqing.lib.labels import Label
from qinqing.messaging.outbox import Message
from qinqing.messaging.signing import sign

if TYPE_CHECKING:
    import httpx

PREFIX = "endpoint:"
TIMEOUT, CONNECT = 10, 3  # seconds
_BUSY = frozenset({408, 429, 502, 503, 504})  # said by an endpoint that takes nothing just now


class NotDelivered(Exception):
    """No acknowledgement; the text says what came instead. `final`: trying again is useless. `silent`: the endpoint
    takes nothing at all just now; else it answered, and what it does not like may be this one message."""

    def __init__(self, text: str, *, final: bool = False, silent: bool = False) -> None:
        super().__init__(text)
        self.final, self.silent = final, silent


def bad_url(url: str) -> Label | None:
    """Why this address may not be an endpoint: only https, without sign-in; http to this machine in demo and test."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return Label("网址格式不对", "this is not an address")
    if not host:
        return Label("网址缺少主机名", "the address names no host")
    if parts.username or parts.password:
        return Label("网址里不能带账号口令", "the address must not hold a user name or password")
    if parts.scheme == "https":
        return None
    if parts.scheme == "http" and settings.MODE in {"demo", "test"} and _is_loopback(host):
        return None
    return Label("只能用https网址", "only https addresses are allowed")


def message_id(message: Message) -> str:
    """The same for every try and every endpoint; ASCII, though keys may be Chinese."""
    return "msg_" + hashlib.sha256(f"{message.source}\n{message.key}".encode()).hexdigest()[:32]


def body_of(message: Message) -> bytes:
    """What is posted, byte for byte."""
    return canonical(
        {
            "type": message.topic,
            "timestamp": message.created_at.isoformat(),
            "source": message.source,
            "key": message.key,
            "data": message.body,
        }
    ).encode()


def post(client: httpx.Client, url: str, secret: str, message: Message, now: datetime) -> None:
    """One try. Returns when acknowledged, else raises NotDelivered."""
    import httpx  # noqa: PLC0415 - most of a second that only the worker need wait

    if problem := bad_url(url):
        raise NotDelivered(problem.zh)
    body, identity, timestamp = body_of(message), message_id(message), int(now.timestamp())
    headers = {
        "content-type": "application/json",
        "webhook-id": identity,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(secret, identity, timestamp, body),
    }
    timeout = httpx.Timeout(TIMEOUT, connect=CONNECT)
    try:
        with client.stream("POST", url, content=body, headers=headers, timeout=timeout) as answer:
            status = answer.status_code  # the answer's body is not read: it may be endless
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise NotDelivered(f"{type(error).__name__}: {error}", silent=True) from error
    if not 200 <= status < 300:
        raise NotDelivered(f"HTTP {status}", final=status == 410, silent=status in _BUSY)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
