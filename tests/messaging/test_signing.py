"""Signatures after Standard Webhooks, and which addresses may be endpoints."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qinqing.messaging.delivery import bad_url
from qinqing.messaging.signing import SignatureError, new_secret, sign, verify_signature

# The vector of the Standard Webhooks reference library for Rust (`test_sign`).
SECRET, ID, STAMP = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1649367553
BODY = b'{"email":"test@example.com","username":"test_user"}'
SIGNATURE = "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="
NOW = datetime.fromtimestamp(STAMP, UTC)


def headers(**changes: str) -> dict[str, str]:
    signature = sign(SECRET, ID, STAMP, BODY)
    return {"Webhook-Id": ID, "Webhook-Timestamp": str(STAMP), "Webhook-Signature": signature} | changes


def test_the_published_vector() -> None:
    assert sign(SECRET, ID, STAMP, BODY) == SIGNATURE
    assert verify_signature(SECRET, headers(), BODY, NOW) == ID


def test_sign_equals_an_independent_computation() -> None:
    """HMAC by its definition (RFC 2104), with nothing of the room's own."""
    key = base64.b64decode(SECRET.removeprefix("whsec_")).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in key) + f"{ID}.{STAMP}.".encode() + BODY).digest()
    outer = hashlib.sha256(bytes(b ^ 0x5C for b in key) + inner).digest()
    assert sign(SECRET, ID, STAMP, BODY) == "v1," + base64.b64encode(outer).decode()


@given(st.binary(max_size=200), st.text(alphabet="abc_0123456789", min_size=1), st.integers(0, 4_000_000_000))
def test_what_is_signed_verifies_and_nothing_else(body: bytes, identity: str, stamp: int) -> None:
    secret, now = new_secret(), datetime.fromtimestamp(stamp, UTC)
    given_headers = {
        "webhook-id": identity,
        "webhook-timestamp": str(stamp),
        "webhook-signature": "v1,AAAA " + sign(secret, identity, stamp, body),
    }
    assert verify_signature(secret, given_headers, body, now) == identity
    for other in (body + b" ", body[:-1] if body else b"x"):
        with pytest.raises(SignatureError):
            verify_signature(secret, given_headers, other, now)
    with pytest.raises(SignatureError):
        verify_signature(new_secret(), given_headers, body, now)


@pytest.mark.parametrize("offset", [-301, 301])
def test_old_and_future_messages_are_refused(offset: int) -> None:
    with pytest.raises(SignatureError, match="away from now"):
        verify_signature(SECRET, headers(), BODY, NOW + timedelta(seconds=offset))


@pytest.mark.parametrize(
    "changes",
    [{"Webhook-Timestamp": "soon"}, {"Webhook-Signature": ""}, {"Webhook-Id": "msg_other"}, {"Webhook-Signature": "é"}],
)
def test_malformed_headers_are_refused(changes: dict[str, str]) -> None:
    with pytest.raises(SignatureError):
        verify_signature(SECRET, headers(**changes), BODY, NOW)
    with pytest.raises(SignatureError, match="missing"):
        verify_signature(SECRET, {}, BODY, NOW)


def test_secrets_are_long_and_differ() -> None:
    one, two = new_secret(), new_secret()
    assert one != two
    assert len(base64.b64decode(one.removeprefix("whsec_"))) == 24


@pytest.mark.parametrize(
    ("url", "mode", "allowed"),
    [
        ("https://example.gov.cn/hook", "production", True),
        ("http://example.gov.cn/hook", "demo", False),
        ("http://127.0.0.1:9000/", "demo", True),
        ("http://[::1]:9000/", "test", True),
        ("http://localhost/", "production", False),
        ("http://127.0.0.1.example.com/", "demo", False),
        ("https://user:secret@example.gov.cn/", "production", False),
        ("https:///path", "production", False),
        ("ftp://example.gov.cn/", "demo", False),
        ("https://example.gov.cn:99999/", "production", False),
        ("https://[::1/", "production", False),
        ("", "demo", False),
    ],
)
def test_which_addresses_may_be_endpoints(url: str, mode: str, allowed: bool, settings: object) -> None:
    settings.MODE = mode  # type: ignore[attr-defined]
    assert (bad_url(url) is None) is allowed
