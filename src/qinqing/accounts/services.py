"""账号与三员: every change of accounts and rights, each one transaction with its line in the security log.

三员分立 (GB/T 22239-2019, 8.1.5: system, security and audit management apart): the system administrator decides which
accounts exist, the security administrator who administers and who is unlocked, the audit administrator reads the logs
and changes nothing. Nobody holds two of them, nobody administers themselves, and one security administrator remains.
An administrator's account must first be relieved by the security administrator before the system administrator can
touch it, so that no single person can take over another's duty.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from axes.utils import reset as axes_reset
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from qinqing.accounts import second_factor, tokens
from qinqing.accounts.access import no_roles, role_source
from qinqing.accounts.actor import Actor
from qinqing.accounts.keys import readable_secret
from qinqing.accounts.models import AdminRole, Token, User
from qinqing.audit.services import log_security
from qinqing.lib.labels import Label
from qinqing.ui.errors import Invalid, NotAllowed, Problem

TOKEN_LIFE_MAX = timedelta(days=366)
_USERNAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{2,39}")


class NotYours(NotAllowed):
    """This administrator may not do this."""

    title = Label("您不能办理这一项", "You may not do this")


class NotPossible(Problem):
    """The account's present state does not allow it."""

    status = 409
    code = "not-possible"
    title = Label("现在不能这样做", "This is not possible now")


def create_account(
    by: Actor,
    *,
    username: str,
    name: str,
    kind: str,
    now: datetime,
    phone: str = "",
    password: str | None = None,
    address: str = "",
) -> tuple[User, str]:
    """A new account of an officer or a program, and the officer's one-time password ('' for programs).

    `password` None: one is made up. Either way the officer must change it at first sign-in.
    Raises NotYours, Invalid (by field).
    """
    _need(by, AdminRole.Role.SYSTEM)
    username, name = username.strip(), name.strip()
    _check_account(username, name, kind)
    user = User(username=username, name=name, kind=kind, phone=phone.strip())
    if kind == User.Kind.OFFICER:
        password = password if password is not None else readable_secret(4)
        check_password(password, user)
        user.set_password(password)
        user.must_change_password = True
    else:
        password = ""
        user.set_unusable_password()
    with transaction.atomic():
        user.save()
        log_security("account_created", by, address, f"{username} {name} ({kind})", now)
    return user, password


def deactivate(by: Actor, user_id: int, now: datetime, address: str = "") -> None:
    """停用: the account no longer signs in, its sessions and tokens end. Raises NotYours, NotPossible."""
    with transaction.atomic():
        user = _ordinary(by, user_id)
        user.is_active = False
        user.save(update_fields=["is_active"])
        Token.objects.filter(user=user, revoked_at=None).update(revoked_at=now)
        log_security("account_deactivated", by, address, user.username, now)


def reactivate(by: Actor, user_id: int, now: datetime, address: str = "") -> None:
    """启用 again. Raises NotYours."""
    with transaction.atomic():
        user = _ordinary(by, user_id)
        user.is_active = True
        user.save(update_fields=["is_active"])
        log_security("account_reactivated", by, address, user.username, now)


def reset_password(by: Actor, user_id: int, now: datetime, address: str = "") -> str:
    """A one-time password in place of the forgotten one; the account's sessions end. Raises NotYours, NotPossible."""
    password = readable_secret(4)
    with transaction.atomic():
        user = _ordinary(by, user_id)
        if user.kind != User.Kind.OFFICER:
            raise NotPossible(Label("只有工作人员账号有密码。", "Only officers' accounts have passwords."))
        user.set_password(password)
        user.must_change_password = True
        user.save(update_fields=["password", "must_change_password"])
        log_security("password_reset", by, address, user.username, now)
    return password


def change_own_password(user: User, by: Actor, old: str, new: str, now: datetime, address: str = "") -> None:
    """Raises Invalid naming the field `old` or `new`."""
    if not user.check_password(old):
        detail = Label("原密码不对，请重新输入。", "The present password is not right; type it again.")
        raise Invalid(detail, fields={"old": detail})
    if old == new:
        detail = Label("新密码与原密码相同，请换一个。", "The new password is the present one; choose another.")
        raise Invalid(detail, fields={"new": detail})
    check_password(new, user, field="new")
    with transaction.atomic():
        user.set_password(new)
        user.must_change_password = False
        user.save(update_fields=["password", "must_change_password"])
        log_security("password_changed", by, address, user.username, now)


def appoint(by: Actor, user_id: int, role: str, now: datetime, address: str = "") -> None:
    """任命 one of the three administrators. Raises NotYours, Invalid, NotPossible."""
    _need(by, AdminRole.Role.SECURITY)
    if role not in AdminRole.Role.values:
        detail = Label("请选择三员之一。", "Choose one of the three administrators.")
        raise Invalid(detail, fields={"role": detail})
    with transaction.atomic():
        user = _other(by, user_id)
        if user.kind != User.Kind.OFFICER or not user.is_active:
            raise NotPossible(
                Label("只能任命在用的工作人员账号。", "Only an active officer's account can be appointed.")
            )
        if AdminRole.objects.filter(user=user).exists():
            raise NotPossible(
                Label(
                    f"{user.name}已是管理员，一人不能兼任；请先解除原职责。",
                    f"{user.name} is an administrator already and cannot hold two duties; relieve them first.",
                )
            )
        if role_source()(user, now) != no_roles(user, now):
            raise NotPossible(
                Label(
                    f"{user.name}在单位任职或可代办企业事项，不能兼任管理员；请用专用账号。",
                    f"{user.name} holds a post or acts for a party, so cannot administer; use a separate account.",
                )
            )
        AdminRole.objects.create(user=user, role=role)
        log_security("administrator_appointed", by, address, f"{user.username} {role}", now)


def relieve(by: Actor, user_id: int, now: datetime, address: str = "") -> None:
    """解除 an administrator. Raises NotYours (oneself), NotPossible (the last active security administrator)."""
    _need(by, AdminRole.Role.SECURITY)
    with transaction.atomic():
        # Locks all rows of the duty, so that two security administrators cannot relieve each other at once.
        security = list(AdminRole.objects.select_for_update().filter(role=AdminRole.Role.SECURITY).order_by("pk"))
        user = _other(by, user_id)
        held = AdminRole.objects.filter(user=user).first()
        if held is None:
            raise NotPossible(Label(f"{user.name}不是管理员。", f"{user.name} is not an administrator."))
        if held.role == AdminRole.Role.SECURITY:
            ids = [row.user_id for row in security if row.user_id != user.pk]
            if not User.objects.filter(pk__in=ids, is_active=True).exists():
                raise NotPossible(
                    Label(
                        "最后一名安全管理员不能解除；请先任命另一名。",
                        "The last security administrator cannot be relieved; appoint another first.",
                    )
                )
        held.delete()
        log_security("administrator_relieved", by, address, f"{user.username} {held.role}", now)


def unlock(by: Actor, username: str, now: datetime, address: str = "") -> int:
    """解锁: forget the failed sign-ins of the name; returns how many rows. Raises NotYours."""
    _need(by, AdminRole.Role.SECURITY)
    if by.user_id is not None and User.objects.filter(pk=by.user_id, username=username).exists():
        raise _not_oneself()
    with transaction.atomic():
        forgotten = int(axes_reset(username=username))
        log_security("unlocked", by, address, username, now)
    return forgotten


def reset_second_factor(by: Actor, user_id: int, now: datetime, address: str = "") -> None:
    """Turn off the second step of somebody who lost both app and recovery codes. Raises NotYours."""
    _need(by, AdminRole.Role.SECURITY)
    with transaction.atomic():
        user = _other(by, user_id)
        second_factor.remove(user)
        log_security("second_factor_reset", by, address, user.username, now)


def create_token(
    by: Actor, user_id: int, label: str, now: datetime, *, days: int, address: str = ""
) -> tuple[Token, str]:
    """A bearer token of a program's account and its text, shown once. Raises NotYours, NotPossible, Invalid.

    Only programs: a token of a person would let its maker act in that person's name.
    """
    _need(by, AdminRole.Role.SECURITY)
    label = label.strip()
    if not label:
        detail = Label("请写明令牌给谁用。", "Say who the token is for.")
        raise Invalid(detail, fields={"label": detail})
    if not 1 <= days <= TOKEN_LIFE_MAX.days:
        detail = Label("有效期应为1至366天。", "A token lives 1 to 366 days.")
        raise Invalid(detail, fields={"days": detail})
    with transaction.atomic():
        user = _other(by, user_id)
        if user.kind != User.Kind.PROGRAM or not user.is_active:
            raise NotPossible(Label("令牌只发给在用的程序账号。", "Tokens are for active program accounts only."))
        token, text = tokens.issue(user, label, now, now + timedelta(days=days))
        log_security("token_created", by, address, f"{user.username} {label} #{token.pk}", now)
    return token, text


def revoke_token(by: Actor, token_id: int, now: datetime, address: str = "") -> None:
    """吊销. Raises NotYours, NotPossible."""
    _need(by, AdminRole.Role.SECURITY)
    with transaction.atomic():
        token = Token.objects.select_related("user").filter(pk=token_id).first()
        if token is None:
            raise NotPossible(Label("没有这个令牌。", "There is no such token."))
        tokens.revoke(token, now)
        log_security("token_revoked", by, address, f"{token.user.username} {token.label} #{token.pk}", now)


def check_password(password: str, user: User, *, field: str = "password") -> None:
    """Raises Invalid when the password is too easy."""
    try:
        validate_password(password, user)
    except ValidationError:
        detail = Label(
            "密码至少10位，不能全是数字，也不能是常见密码。",
            "A password has at least 10 characters, not digits only, and is not a common one.",
        )
        raise Invalid(detail, fields={field: detail}) from None


def _check_account(username: str, name: str, kind: str) -> None:
    fields: dict[str, Label] = {}
    if not _USERNAME.fullmatch(username):
        fields["username"] = Label(
            "账号为3至40位字母、数字和 . _ -，以字母开头。",
            "An account name has 3 to 40 letters, digits and . _ -, and begins with a letter.",
        )
    elif User.objects.filter(username__iexact=username).exists():
        fields["username"] = Label(f"账号{username}已有人使用，请换一个。", f"{username} is taken; choose another.")
    if not 1 <= len(name) <= 80:
        fields["name"] = Label("请填写姓名，不超过80字。", "Enter a name of at most 80 characters.")
    if kind not in {User.Kind.OFFICER, User.Kind.PROGRAM}:
        fields["kind"] = Label(
            "请选择工作人员或程序；企业和群众凭手机自行登录。",
            "Choose officer or program; parties sign in by phone themselves.",
        )
    if fields:
        raise Invalid(next(iter(fields.values())), fields=fields)


def _need(by: Actor, role: AdminRole.Role) -> None:
    """The system itself (commands on the server) may do all."""
    if by.kind != "system" and role.value not in by.roles:
        raise NotYours(
            Label(f"这一项只由{role.label}办理。", f"Only the {role.value.replace('_admin', '')} administrator may.")
        )


def _other(by: Actor, user_id: int) -> User:
    """The account, locked, unless it is the actor's own."""
    if user_id == by.user_id:
        raise _not_oneself()
    user = User.objects.select_for_update().filter(pk=user_id).first()
    if user is None:
        raise NotPossible(Label("没有这个账号。", "There is no such account."))
    return user


def _ordinary(by: Actor, user_id: int) -> User:
    """The account, locked, if the system administrator may change it: another's, and no administrator's."""
    _need(by, AdminRole.Role.SYSTEM)
    user = _other(by, user_id)
    if by.kind != "system" and AdminRole.objects.filter(user=user).exists():
        raise NotYours(
            Label(
                f"{user.name}是管理员；请先由安全管理员解除其职责。",
                f"{user.name} is an administrator; the security administrator must relieve them first.",
            )
        )
    return user


def _not_oneself() -> NotYours:
    return NotYours(
        Label("不能管理自己的账号，请由另一名管理员办理。", "Nobody administers themselves; ask another administrator.")
    )
