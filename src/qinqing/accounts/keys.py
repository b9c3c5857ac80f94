"""Keyed hashes and seals (密钥) from the installation's secret key: what is short or must be read back. Pure.

A six-digit code hashed without a key is guessed in a millisecond by who copies the database; with the key, which lies
outside the database, it is not. Losing `HOME/secret-key` makes sealed secrets unreadable: people enrol again.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

# No 0 O 1 I L U: read aloud and typed without doubt.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def keyed_hash(purpose: str, text: str) -> str:
    """64 hex digits; the same text hashes differently for another purpose."""
    return hmac.new(_key(purpose), text.encode(), hashlib.sha256).hexdigest()


def seal(purpose: str, text: str) -> str:
    """The text encrypted, to be stored."""
    return _fernet(purpose).encrypt(text.encode()).decode()


def unseal(purpose: str, sealed: str) -> str | None:
    """The text again; None when it was sealed with another key or changed."""
    try:
        return _fernet(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None


def readable_secret(groups: int) -> str:
    """A random secret of groups of four characters (19.6 bits each), `XXXX-XXXX-...`."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(groups))


def _key(purpose: str) -> bytes:
    return hmac.new(settings.SECRET_KEY.encode(), f"qinqing.accounts.{purpose}".encode(), hashlib.sha256).digest()


def _fernet(purpose: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_key(purpose)))
