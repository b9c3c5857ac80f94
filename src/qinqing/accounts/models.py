"""Who signs in (账号): officers by name and password, parties by a code to their phone, programs by a token.

What a person may do follows from their posts (directory) and the one permissions table (config/permissions.yaml).
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class UserManager(BaseUserManager["User"]):
    def create(self, **fields: object) -> User:
        """A user; `password` (None: cannot sign in by password) is hashed."""
        password = fields.pop("password", None)
        user = self.model(**fields)
        if password is None:
            user.set_unusable_password()
        else:
            user.set_password(str(password))
        user.save()
        return user


class User(AbstractBaseUser):
    """账号. Deactivated, never deleted: histories name it."""

    class Kind(models.TextChoices):
        OFFICER = "officer", "工作人员"
        PARTY = "party", "办事企业和群众"
        PROGRAM = "program", "程序"

    username = models.CharField("账号", max_length=80, unique=True)  # a party's is `phone:<digits>`
    name = models.CharField("姓名", max_length=80)
    kind = models.CharField(max_length=8, choices=Kind)
    phone = models.CharField("手机", max_length=20, blank=True, db_index=True)
    language = models.CharField(max_length=2, default="zh")
    is_active = models.BooleanField(default=True)
    must_change_password = models.BooleanField("须改密码", default=False)  # somebody else knows the present one
    totp_secret = models.CharField(max_length=200, blank=True)  # sealed; set: a second factor is asked for
    totp_step = models.BigIntegerField(default=0)  # the 30-second step last accepted: a code works once
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "username"

    class Meta:
        verbose_name = "账号"

    def __str__(self) -> str:
        return self.name


class AdminRole(models.Model):
    """三员: system, security and audit administrator; nobody holds two (constraint: one row per user)."""

    class Role(models.TextChoices):
        SYSTEM = "system_admin", "系统管理员"
        SECURITY = "security_admin", "安全管理员"
        AUDIT = "audit_admin", "审计管理员"

    user = models.OneToOneField(User, models.PROTECT, related_name="admin_role")
    role = models.CharField(max_length=16, choices=Role)


class RecoveryCode(models.Model):
    """备用码: opens the second step once when the phone with the authenticator is lost; kept hashed."""

    user = models.ForeignKey(User, models.CASCADE, related_name="recovery_codes")
    code_hash = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "code_hash"], name="recovery_code_once")]


class PhoneCode(models.Model):
    """短信验证码: kept hashed, five minutes, five tries, used once."""

    phone = models.CharField(max_length=20, db_index=True)
    address = models.CharField("网络地址", max_length=64, blank=True)  # who asked
    code_hash = models.CharField(max_length=64)
    sent_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["address", "sent_at"], name="phone_code_by_address")]


class Token(models.Model):
    """接口令牌: the API's bearer token, kept hashed, shown once, revocable."""

    user = models.ForeignKey(User, models.PROTECT, related_name="tokens")
    label = models.CharField(max_length=80)
    sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
