"""短信验证码: how parties sign in. Six digits to their phone, kept hashed, five minutes, five tries, used once.

Anybody with a mobile number may sign in, so asking for a code answers the same for every number: nobody learns from it
who has an account. Asking is limited by number and by address.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.db.models import F

from qinqing.accounts import sms
from qinqing.accounts.keys import keyed_hash
from qinqing.accounts.models import PhoneCode, User
from qinqing.lib.labels import Label
from qinqing.ui.errors import Invalid, TooMany

LIFETIME = timedelta(minutes=5)
TRIES = 5
PAUSE = timedelta(seconds=60)  # between two codes to one number
PER_PHONE = 5  # an hour
PER_ADDRESS = 30  # an hour: a whole service hall may share one address
_MOBILE = re.compile(r"1[3-9]\d{9}")


class BadPhone(Invalid):
    """手机号不对."""

    title = Label("手机号有误", "The phone number is not right")


class TooOften(TooMany):
    """验证码要得太勤. `extra["retry_after"]`: seconds."""

    title = Label("请稍后再取验证码", "Please wait before asking again")


class Check(StrEnum):
    """What became of a typed code."""

    RIGHT = "right"
    WRONG = "wrong"
    EXPIRED = "expired"  # too old, used already, or none was sent
    TRIED_OUT = "tried_out"


def clean_phone(text: str) -> str:
    """Eleven digits of a mainland mobile number from what was typed. Raises BadPhone saying what to mend."""
    digits = re.sub(r"[\s\-()]", "", unicodedata.normalize("NFKC", text)).removeprefix("+86").removeprefix("0086")
    if _MOBILE.fullmatch(digits):
        return digits
    if not digits:
        detail = Label("请填写手机号。", "Enter your mobile number.")
    elif not digits.isascii() or not digits.isdigit():
        detail = Label("手机号只能是11位数字。", "A mobile number has 11 digits only.")
    elif len(digits) != 11:
        gap = abs(11 - len(digits))
        less = len(digits) < 11
        detail = Label(
            f"手机号{'少' if less else '多'}{gap}位，应为11位数字。",
            f"The number has {gap} digit(s) too {'few' if less else 'many'}; it should have 11.",
        )
    else:
        detail = Label("这不是手机号：应以13至19开头。", "Not a mobile number: it should begin with 13 to 19.")
    raise BadPhone(detail, fields={"phone": detail})


def send_code(phone: str, address: str, now: datetime) -> None:
    """Send a code to the cleaned number. Raises TooOften, or sms.NotSent. Silent for a deactivated account."""
    _check_limits(phone, address, now)
    if User.objects.filter(username=f"phone:{phone}", is_active=False).exists():
        PhoneCode.objects.create(phone=phone, address=address, code_hash="", sent_at=now)  # counts, cannot be used
        return
    code = f"{secrets.randbelow(1_000_000):06d}"
    row = PhoneCode.objects.create(phone=phone, address=address, code_hash=_hash(phone, code), sent_at=now)
    try:
        sms.send(phone, f"【亲清】验证码{code}，5分钟内有效。工作人员不会向您索要验证码。")
    except sms.NotSent:
        row.delete()  # no message, so no waiting before the next try
        raise


def check_code(phone: str, code: str, now: datetime) -> Check:
    """Try a code against the last one sent to the number, and use it up when right."""
    row = PhoneCode.objects.filter(phone=phone).order_by("-pk").first()
    if row is None or row.used_at is not None or now - row.sent_at > LIFETIME:
        return Check.EXPIRED
    # Counted before compared, in one statement: parallel guesses cannot get more than five tries.
    if not PhoneCode.objects.filter(pk=row.pk, tries__lt=TRIES, used_at=None).update(tries=F("tries") + 1):
        return Check.TRIED_OUT
    typed = "".join(unicodedata.normalize("NFKC", code).split())
    if not secrets.compare_digest(row.code_hash, _hash(phone, typed)):
        return Check.TRIED_OUT if row.tries + 1 >= TRIES else Check.WRONG
    used = PhoneCode.objects.filter(pk=row.pk, used_at=None).update(used_at=now)
    return Check.RIGHT if used else Check.EXPIRED


def user_of(phone: str) -> User | None:
    """The party's account of the number, made at first sign-in; None when it was deactivated."""
    with transaction.atomic():
        user, _ = User.objects.get_or_create(
            username=f"phone:{phone}",
            defaults={"name": masked(phone), "kind": User.Kind.PARTY, "phone": phone, "password": "!"},
        )
    return user if user.is_active else None


def masked(phone: str) -> str:
    """138****1234."""
    return f"{phone[:3]}****{phone[-4:]}"


def forget_old(now: datetime) -> int:
    """Delete codes older than a day; returns how many. For the worker."""
    return PhoneCode.objects.filter(sent_at__lt=now - timedelta(days=1)).delete()[0]


def _check_limits(phone: str, address: str, now: datetime) -> None:
    last = PhoneCode.objects.filter(phone=phone).order_by("-pk").first()
    if last and timedelta() <= now - last.sent_at < PAUSE:
        wait = int((PAUSE - (now - last.sent_at)).total_seconds()) + 1
        raise TooOften(
            Label(f"验证码已发出，请{wait}秒后再取。", f"A code was just sent; ask again in {wait} seconds."),
            extra={"retry_after": wait},
        )
    hour = PhoneCode.objects.filter(sent_at__gt=now - timedelta(hours=1), sent_at__lte=now)
    if hour.filter(phone=phone).count() >= PER_PHONE or hour.filter(address=address).count() >= PER_ADDRESS:
        raise TooOften(
            Label(
                "1小时内取码次数已满，请过1小时再试，或到窗口办理。",
                "Too many codes were asked for within the hour; try again in an hour or come to the window.",
            ),
            extra={"retry_after": 3600},
        )


def _hash(phone: str, code: str) -> str:
    return keyed_hash("phone", f"{phone}:{code}")
