"""Signed-in readers for the tests of the pages."""

from __future__ import annotations

from django.test import Client

from qinqing.accounts.models import AdminRole, User


def reader(name: str, *, kind: str = "officer", role: str = "") -> User:
    """An account; with `role` one of the three administrators, whose second step is set up."""
    user = User.objects.create(username=name, name=name, kind=kind, totp_secret="JBSWY3DPEHPK3PXP" if role else "")
    if role:
        AdminRole.objects.create(user=user, role=role)
    return user


def signed_in(user: User, language: str = "zh") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    client.cookies["lang"] = language
    return client
