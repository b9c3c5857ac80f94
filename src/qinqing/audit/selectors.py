"""Reads of the audit room, for the audit administrator (审计管理员)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet

from qinqing.audit.models import Anchor, Erasure, NightlyRun, ReadLog, Verification
from qinqing.lib.wallclock import CHINA


def read_log(text: str = "", since: date | None = None, until: date | None = None) -> QuerySet[ReadLog]:
    """Reads whose person, object, kind or reason holds the text, on days of China from `since` to `until`, both inside.

    The newest first.
    """
    found = ReadLog.objects.order_by("-id")
    if text:
        found = found.filter(
            Q(user_name__icontains=text)
            | Q(object_ref__icontains=text)
            | Q(what__icontains=text)
            | Q(reason__icontains=text)
        )
    if since:
        found = found.filter(at__gte=_midnight(since))
    if until:
        found = found.filter(at__lt=_midnight(until + timedelta(days=1)))
    return found


def verifications() -> QuerySet[Verification]:
    """The newest first."""
    return Verification.objects.order_by("-id")


def running_verification() -> NightlyRun | None:
    """The night's run that has not come to its end."""
    return NightlyRun.objects.filter(finished_at=None).order_by("day").first()


def anchors() -> QuerySet[Anchor]:
    """The newest first."""
    return Anchor.objects.order_by("-day")


def erasures() -> QuerySet[Erasure]:
    """The newest first."""
    return Erasure.objects.order_by("-id")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), CHINA)
