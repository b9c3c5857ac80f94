"""银行密钥: filed, renewed, revoked by the system administrator; each change with its line in the security log.

Renewal: the next key is filed while the present one still stands; both are taken until the old one ends or is revoked.
Revoking is at once: the doors read a key's row at every call.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import IntegrityError, transaction

from qinqing.accounts.actor import Actor
from qinqing.audit.services import log_security
from qinqing.directory.models import Unit
from qinqing.lib.httpsig import read_public_key
from qinqing.lib.labels import Label
from qinqing.messaging.signing import new_secret
from qinqing.mortgages.models_doors import BankKey
from qinqing.ui.errors import Invalid, NotAllowed, Problem

AT_ONCE = 2  # keys of a kind that a bank may have in force or ahead: the present one and the next
USUAL_DAYS = 366
MOST_DAYS = 731
ED25519, WEBHOOK = BankKey.Kind.ED25519, BankKey.Kind.WEBHOOK


class NotPossible(Problem):
    status = 409
    code = "bank-key-not-possible"
    title = Label("密钥不能这样变更", "The key cannot be changed like this")


def banks() -> list[Unit]:
    """Who may have keys: whoever lends on mortgages, by name."""
    return list(Unit.objects.exclude(credit_code="").filter(closed_on=None).order_by("code"))


def add_public_key(
    by: Actor, bank: Unit, pem: str, now: datetime, *, starts: datetime, days: int = USUAL_DAYS, address: str = ""
) -> BankKey:
    """File a bank's Ed25519 public key (PEM). Raises Invalid by field, NotPossible, NotAllowed."""
    try:
        key = read_public_key(bank.code, pem)
    except ValueError:
        text = Label(
            "不是Ed25519公钥（PEM）：应以-----BEGIN PUBLIC KEY-----开头；请不要填写私钥",
            "Not an Ed25519 public key in PEM: it begins with -----BEGIN PUBLIC KEY-----; never enter a private key",
        )
        raise Invalid(text, fields={"pem": text}) from None
    raw = key.material.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return _add(by, bank, ED25519, pem.strip(), raw, now, starts, days, address)


def add_secret(
    by: Actor, bank: Unit, now: datetime, *, starts: datetime, days: int = USUAL_DAYS, address: str = ""
) -> tuple[BankKey, str]:
    """Make a secret of the simple profile; its text is to be shown once. Raises as `add_public_key`."""
    secret = new_secret()
    return _add(by, bank, WEBHOOK, secret, secret.encode(), now, starts, days, address), secret


def end(by: Actor, key_id: str, until: datetime, now: datetime, address: str = "") -> BankKey:
    """到期提前: let a key end earlier, once the next one is in use. Raises NotPossible, NotAllowed."""
    with transaction.atomic():
        key = _standing(by, key_id, now)
        if not max(now, key.valid_from) < until < key.valid_until:
            text = Label(
                "到期时间须晚于现在和启用时间，且早于原到期时间；立即不用的请停用",
                "It must end after now and its beginning and before its present end; to end it at once, revoke it",
            )
            raise Invalid(text, fields={"until": text})
        key.valid_until = until
        key.save(update_fields=["valid_until"])
        log_security("mortgages.key.end", by, address, f"{key.key_id} {until.isoformat()}", now)
    return key


def revoke(by: Actor, key_id: str, reason: str, now: datetime, address: str = "") -> BankKey:
    """停用, at once and for good. Raises Invalid without a reason, NotPossible, NotAllowed."""
    reason = " ".join(reason.split())
    if not 0 < len(reason) <= 300:
        text = Label("请写明停用原因，至多300字", "Say why, in at most 300 characters")
        raise Invalid(text, fields={"reason": text})
    with transaction.atomic():
        key = _standing(by, key_id, now)
        key.revoked_at, key.revoked_because = now, reason
        key.save(update_fields=["revoked_at", "revoked_because"])
        log_security("mortgages.key.revoke", by, address, f"{key.key_id}: {reason}", now)
    return key


# ── private ──


def _add(
    by: Actor, bank: Unit, kind: str, material: str, raw: bytes, now: datetime, starts: datetime, days: int,
    address: str,
) -> BankKey:  # fmt: skip
    _need(by)
    if not 1 <= days <= MOST_DAYS:
        text = Label(f"有效期应为1至{MOST_DAYS}天", f"A key lives 1 to {MOST_DAYS} days")
        raise Invalid(text, fields={"days": text})
    if not bank.credit_code or bank.closed_on is not None:
        text = Label("只能给有统一社会信用代码、未撤销的机构登记", "Only for an institution with a credit code")
        raise Invalid(text, fields={"bank": text})
    fingerprint = hashlib.sha256(raw).hexdigest()
    try:
        with transaction.atomic():
            Unit.objects.select_for_update(no_key=True).get(pk=bank.pk)  # one at a time: they are counted
            known = list(BankKey.objects.filter(bank=bank))
            _check_room([key for key in known if key.kind == kind], now)
            key = BankKey.objects.create(
                bank=bank, kind=kind, key_id=f"{bank.code}.{len(known) + 1}", material=material,
                fingerprint=fingerprint, valid_from=starts, valid_until=starts + timedelta(days=days), made_at=now,
                made_by=by.name[:80],
            )  # fmt: skip
            log_security(f"mortgages.key.{kind}", by, address, f"{bank.name} {key.key_id} {fingerprint[:16]}", now)
    except IntegrityError:
        text = Label("这把公钥已登记过（包括已停用的），请银行另生成一对", "This key was filed before; make a new pair")
        raise Invalid(text, fields={"pem": text}) from None
    return key


def _check_room(known: list[BankKey], now: datetime) -> None:
    standing = [key for key in known if key.state(now) in {"valid", "ahead"}]
    if len(standing) >= AT_ONCE:
        names = "、".join(key.key_id for key in standing)
        raise NotPossible(
            Label(
                f"已有{AT_ONCE}把有效密钥（{names}）；请先停用或让其中一把到期",
                f"There are {AT_ONCE} in force ({names}); revoke one or let it end first",
            )
        )


def _standing(by: Actor, key_id: str, now: datetime) -> BankKey:
    """The key, locked, unless it is over already."""
    _need(by)
    key = BankKey.objects.select_for_update(of=("self",)).filter(key_id=key_id).first()
    if key is None:
        raise NotPossible(Label("没有这把密钥，请核对编号", "There is no such key; check its id"))
    if key.state(now) in {"revoked", "over"}:
        raise NotPossible(Label("这把密钥已停用或已到期", "This key was revoked or has ended"))
    return key


def _need(by: Actor) -> None:
    """The system itself: commands on the server."""
    if by.kind != "system" and "system_admin" not in by.roles:
        raise NotAllowed(Label("银行密钥由系统管理员登记", "Keys are the system administrator's"))
