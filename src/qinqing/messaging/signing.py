"""Signatures of webhooks after Standard Webhooks (https://www.standardwebhooks.com): symmetric, `v1`. Pure.

webhook-signature = "v1," + base64(HMAC-SHA256(secret, "<webhook-id>.<webhook-timestamp>.<body>"))
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

SECRET_MARK = "whsec_"  # noqa: S105 - what every secret begins with
TOLERANCE = timedelta(minutes=5)


class SignatureError(ValueError):
    """The message is not to be trusted; the text says why."""


def new_secret() -> str:
    """192 random bits, as the standard writes secrets."""
    return SECRET_MARK + base64.b64encode(secrets.token_bytes(24)).decode()


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`. `timestamp` in whole seconds since 1970."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest()).decode()


def verify_signature(
    secret: str, headers: Mapping[str, str], body: bytes, now: datetime, tolerance: timedelta = TOLERANCE
) -> str:
    """For receivers: the message id, by which to drop repetitions. Raises SignatureError."""
    lower = {name.lower(): value for name, value in headers.items()}
    try:
        message_id, stamp, given = (lower[f"webhook-{part}"] for part in ("id", "timestamp", "signature"))
        timestamp = int(stamp)
    except (KeyError, ValueError) as error:
        raise SignatureError(f"a webhook header is missing or malformed: {error}") from error
    if abs(now.timestamp() - timestamp) > tolerance.total_seconds():
        raise SignatureError(f"the message was signed more than {tolerance} away from now")
    expected = sign(secret, message_id, timestamp, body)
    if not any(hmac.compare_digest(expected.encode(), each.encode()) for each in given.split(" ")):
        raise SignatureError("no signature fits; the secret or the body differs")
    return message_id


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(SECRET_MARK), validate=True)
    except binascii.Error as error:
        raise ValueError("a webhook secret is whsec_ and base64") from error
