"""What the administrators' pages read (查询)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Q, QuerySet

from qinqing.accounts.access import table
from qinqing.accounts.models import AdminRole, Token, User
from qinqing.accounts.permissions import Role
from qinqing.audit.models import SecurityLog
from qinqing.lib.labels import Label

# Names of the events that this room writes into the security log.
EVENTS: dict[str, Label] = {
    "signed_in": Label("登录", "Signed in"),
    "signed_out": Label("退出", "Signed out"),
    "signed_out_idle": Label("久无操作退出", "Signed out when idle"),
    "sign_in_failed": Label("登录失败", "Sign-in failed"),
    "sign_in_locked": Label("登录被锁定", "Sign-in locked"),
    "second_step_failed": Label("两步验证失败", "Second step failed"),
    "second_step_on": Label("启用两步登录", "Second step on"),
    "second_step_off": Label("关闭两步登录", "Second step off"),
    "second_step_off_failed": Label("关闭两步登录失败", "Second step not turned off"),
    "second_factor_reset": Label("重置两步登录", "Second step reset"),
    "phone_code_failed": Label("短信验证码错误", "Wrong phone code"),
    "refused": Label("越权访问被拒", "Refused"),
    "account_created": Label("建立账号", "Account created"),
    "account_deactivated": Label("停用账号", "Account deactivated"),
    "account_reactivated": Label("启用账号", "Account reactivated"),
    "password_reset": Label("重置密码", "Password reset"),
    "password_changed": Label("修改密码", "Password changed"),
    "administrator_appointed": Label("任命管理员", "Administrator appointed"),
    "administrator_relieved": Label("解除管理员", "Administrator relieved"),
    "unlocked": Label("解锁", "Unlocked"),
    "token_created": Label("发放令牌", "Token created"),
    "token_revoked": Label("吊销令牌", "Token revoked"),
}


@dataclass(frozen=True, slots=True)
class LockOut:
    """锁定: a name and address that must wait; `ends` in the installation's time."""

    username: str
    address: str
    failures: int
    ends: datetime


def accounts(text: str, kind: str) -> QuerySet[User]:
    """Accounts whose name, account name or phone holds the text; of the kind, unless ''."""
    found = User.objects.select_related("admin_role").order_by("-is_active", "username")
    if kind:
        found = found.filter(kind=kind)
    if text:
        found = found.filter(Q(username__icontains=text) | Q(name__icontains=text) | Q(phone__contains=text))
    return found


def duty_of(user: User) -> Role | None:
    """The administrator's role the user holds, if any."""
    code = AdminRole.objects.filter(user=user).values_list("role", flat=True).first()
    return table().roles[code] if code else None


def administrators() -> list[tuple[Role, list[User]]]:
    """The three duties in the table's order, each with its holders."""
    held = list(AdminRole.objects.select_related("user").order_by("user__username"))
    codes = list(AdminRole.Role.values)
    return [(table().roles[code], [row.user for row in held if row.role == code]) for code in codes]


def locked_out(now: datetime, present: datetime) -> list[LockOut]:
    """Who is locked out at this moment, the latest first. `present` is real time, in which axes counts."""
    pause = get_cool_off()
    if pause is None:
        return []
    rows = AccessAttempt.objects.filter(
        failures_since_start__gte=settings.AXES_FAILURE_LIMIT, attempt_time__gt=present - pause
    ).order_by("-attempt_time")
    return [
        LockOut(
            row.username or "",
            row.ip_address or "",
            row.failures_since_start,
            now + (row.attempt_time + pause - present),
        )
        for row in rows
    ]


def with_second_step(text: str) -> QuerySet[User]:
    """Accounts with the second step on, by name or account name."""
    return accounts(text, User.Kind.OFFICER.value).exclude(totp_secret="")


def tokens() -> QuerySet[Token]:
    """All tokens, the newest first."""
    return Token.objects.select_related("user").order_by("-pk")


def security_log(text: str, event: str) -> QuerySet[SecurityLog]:
    """Lines whose person, address or detail holds the text; of the event, unless ''. Newest first."""
    found = SecurityLog.objects.order_by("-pk")
    if event:
        found = found.filter(event=event)
    if text:
        found = found.filter(Q(user_name__icontains=text) | Q(address__icontains=text) | Q(detail__icontains=text))
    return found
