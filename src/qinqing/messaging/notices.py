"""Notices inside the product (站内通知): one per person and key, however often it is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from qinqing.lib.labels import Label
from qinqing.messaging.models import Notice


def notify(user_ids: Iterable[int], key: str, title: Label, link: str, urgent: bool, now: datetime) -> None:
    """Tell each of them, in the caller's transaction. `link` is a path on this site, or empty. No personal text."""
    if link and (not link.startswith("/") or link.startswith("//") or "\\" in link):
        raise ValueError(f"a notice leads to a path on this site, not to {link!r}")
    Notice.objects.bulk_create(
        [
            Notice(
                user_id=user_id,
                key=key,
                title_zh=title.zh[:200],
                title_en=title.en[:300],
                link=link,
                urgent=urgent,
                created_at=now,
            )
            for user_id in sorted(set(user_ids))  # one order for all: no deadlock between two workers
        ],
        ignore_conflicts=True,
    )


def unread_count(user_id: int | None) -> int:
    """For the shell; 0 for nobody."""
    return Notice.objects.filter(user_id=user_id, read_at=None).count() if user_id is not None else 0


def mark_read(user_id: int, notice_id: int | None, now: datetime) -> int:
    """One notice, or all (None), of this person; returns how many were unread until now."""
    unread = Notice.objects.filter(user_id=user_id, read_at=None)
    if notice_id is not None:
        unread = unread.filter(pk=notice_id)
    return unread.update(read_at=now)
