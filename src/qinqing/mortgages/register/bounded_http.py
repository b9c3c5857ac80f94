"""One JSON call to another house's system that ends in bounded time with a bounded answer, whatever that system does.

A limit on each read does not bound a call: a server that sends a byte every nine seconds would hold a worker for ever.
Here every wait of the socket is cut to what is left of the whole call. Redirects are not followed, the shell's proxies
are not used (they would be given the token); certificates are checked against the machine's own store.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpcore

CONNECT, READ, WHOLE = 3.0, 10.0, 20.0  # seconds; WHOLE below `releasing.PATIENCE`
MOST = 256 * 1024  # bytes of an answer


class NoAnswer(Exception):
    """Nothing usable came; the text says what came instead."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    data: dict[str, Any]


class Caller:
    """Connections to one address, kept and used by any number of threads. `base`: https, or http to this machine."""

    def __init__(self, base: str, token: str = "") -> None:
        if fault := _fault_of(base):
            raise ValueError(f"QINQING_REGISTER: {base}: {fault}")
        self._base = base.rstrip("/")
        self._headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl.create_default_context(), max_connections=None, max_keepalive_connections=8,
            keepalive_expiry=30, network_backend=_Backend(),
        )  # fmt: skip

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        """`path` begins with a slash and is quoted already. Raises NoAnswer for all that is not one JSON object."""
        content, headers = b"", dict(self._headers)
        if body is not None:
            content, headers["Content-Type"] = json.dumps(body, ensure_ascii=False).encode(), "application/json"
            headers["Content-Length"] = str(len(content))
        _call.ends = time.monotonic() + WHOLE
        limits = {"timeout": {"connect": CONNECT, "read": READ, "write": READ}}
        try:
            with self._pool.stream(
                method,
                self._base + path,
                headers=list(headers.items()),
                content=content,
                extensions={"timeout": limits},
            ) as answer:
                kind = _header(answer.headers, b"content-type")
                return _read(answer.status, kind, answer.iter_stream())
        except _BROKEN as error:
            said = " ".join(str(error).split())[:150]
            raise NoAnswer(f"{type(error).__name__}: {said}") from error


# ── private ──

_BROKEN = (
    httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError
)  # fmt: skip


def _header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes:
    return next((value for key, value in headers if key.lower() == name), b"")


def _read(status: int, kind: bytes, parts: Iterable[bytes]) -> Answer:
    """The one JSON object of an answer."""
    if 300 <= status < 400:
        raise NoAnswer(f"HTTP {status}: redirects are not followed; put the final address into QINQING_REGISTER")
    essence = kind.split(b";")[0].strip().lower()
    if essence not in (b"application/json", b"application/problem+json"):
        raise NoAnswer(f"HTTP {status}, {essence[:60].decode('ascii', 'replace') or 'no content type'}: not JSON")
    body = bytearray()
    for part in parts:
        body += part
        if len(body) > MOST:
            raise NoAnswer(f"HTTP {status}: more than {MOST} bytes")
    try:
        data = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise NoAnswer(f"HTTP {status}: not JSON ({type(error).__name__})") from error
    if not isinstance(data, dict):
        raise NoAnswer(f"HTTP {status}: not a JSON object")
    return Answer(status, data)


def _fault_of(base: str) -> str:
    """Why this cannot be the register's address; empty when it can."""
    try:
        parts = urlsplit(base)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "not an address"
    if not host or parts.query or parts.fragment or parts.username or parts.password:
        return "an address has a host, and no user name, ? or #"
    if parts.scheme == "https" or (parts.scheme == "http" and _this_machine(host)):
        return ""
    return "only https, or http to this machine (a gateway beside the platform)"


def _this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class _Call(threading.local):
    """When the call of this thread must be over (monotonic seconds)."""

    ends = 0.0

    def at_most(self, seconds: float | None) -> float:
        left = self.ends - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout(f"not done within {WHOLE:.0f} s")
        return left if seconds is None else min(seconds, left)


_call = _Call()


class _Stream(httpcore.NetworkStream):
    """A connection whose every wait ends with the call."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _call.at_most(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _call.at_most(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _call.at_most(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.SyncBackend):
    def connect_tcp(self, *arguments: Any, **named: Any) -> httpcore.NetworkStream:
        return _Stream(super().connect_tcp(*arguments, **named))
