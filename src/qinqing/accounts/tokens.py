"""接口令牌: bearer tokens of the API. Random, kept as SHA-256, shown once, with an end, revocable."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from django.db.models import Q

from qinqing.accounts.models import Token, User

PREFIX = "qq_"  # lets secret scanners find a token that leaked into a repository


def issue(user: User, label: str, now: datetime, expires_at: datetime | None) -> tuple[Token, str]:
    """A new token for the user and its text, which is not kept. Whether the asker may is for services to decide."""
    text = PREFIX + secrets.token_urlsafe(32)
    token = Token.objects.create(user=user, label=label, sha256=_hash(text), created_at=now, expires_at=expires_at)
    return token, text


def user_of(text: str, now: datetime) -> User | None:
    """The active user whose valid token this is, or None."""
    valid = Token.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), sha256=_hash(text), revoked_at=None)
    token = valid.filter(user__is_active=True).select_related("user").first()
    return token.user if token else None


def revoke(token: Token, now: datetime) -> None:
    """End the token now; ending it twice keeps the first time."""
    Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
