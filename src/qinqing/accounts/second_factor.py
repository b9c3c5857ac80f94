"""第二重验证: codes of an authenticator app (RFC 6238) and recovery codes for when it is lost.

The secret is kept sealed, an accepted code cannot be replayed, recovery codes are kept hashed and work once.
"""

from __future__ import annotations

import secrets
from datetime import datetime

import pyotp
from django.db import transaction

from qinqing.accounts.keys import keyed_hash, readable_secret, seal, unseal
from qinqing.accounts.models import RecoveryCode, User

STEP_SECONDS = 30
RECOVERY_CODES = 10


def new_secret() -> str:
    """A fresh secret in Base32, to be shown as a QR code and confirmed by a first code."""
    return pyotp.random_base32()


def address(secret: str, user: User) -> str:
    """The `otpauth://` address an authenticator app reads from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=user.username, issuer_name="亲清 Qinqing")


def enrol(user: User, secret: str, code: str, now: datetime) -> list[str] | None:
    """Turn the second step on if `code` fits `secret`: the recovery codes, shown once. None: the code does not fit."""
    step = _fitting_step(secret, code, now, after=0)
    if step is None:
        return None
    codes = [readable_secret(3) for _ in range(RECOVERY_CODES)]
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(totp_secret=seal("totp", secret), totp_step=step)
        RecoveryCode.objects.filter(user=user).delete()
        RecoveryCode.objects.bulk_create(RecoveryCode(user=user, code_hash=_hash(user, code)) for code in codes)
    user.refresh_from_db()
    return codes


def accepts(user: User, code: str, now: datetime) -> bool:
    """Whether the code opens the second step: the app's present code, or a recovery code. Uses it up."""
    code = code.strip()
    secret = unseal("totp", user.totp_secret)
    step = _fitting_step(secret, code, now, after=user.totp_step) if secret else None
    if step is not None:
        # The condition makes two simultaneous uses of one code impossible.
        return User.objects.filter(pk=user.pk, totp_step__lt=step).update(totp_step=step) == 1
    unused = RecoveryCode.objects.filter(user=user, code_hash=_hash(user, code), used_at=None)
    return unused.update(used_at=now) == 1


def remove(user: User) -> None:
    """Turn the second step off and drop the recovery codes."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(totp_secret="", totp_step=0)
        RecoveryCode.objects.filter(user=user).delete()
    user.refresh_from_db()


def _fitting_step(secret: str, code: str, now: datetime, *, after: int) -> int | None:
    """The 30-second step whose code this is, one step of clock difference allowed; None when none later fits."""
    digits = "".join(code.split())
    if len(digits) != 6 or not digits.isascii() or not digits.isdigit():
        return None
    present = int(now.timestamp()) // STEP_SECONDS
    totp = pyotp.TOTP(secret)
    for step in (present - 1, present, present + 1):
        if step > after and secrets.compare_digest(totp.at(step * STEP_SECONDS), digits):
            return step
    return None


def _hash(user: User, code: str) -> str:
    text = "".join(character for character in code.upper() if character.isalnum())
    return keyed_hash("recovery", f"{user.pk}:{text}")
