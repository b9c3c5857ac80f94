"""时间推移: what happens when nobody acts. Rungs that are due fire, automatic stages proceed, and a new calendar moves
the due times of open cases. Run by the worker; each step is an act of the system, in the history like any other.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import connection, transaction

from qinqing.accounts.actor import SYSTEM
from qinqing.cases import writing
from qinqing.cases.acting import act
from qinqing.cases.calendars import current
from qinqing.cases.models import CalendarRevision, Case, Rung
from qinqing.cases.refusals import NotOpen
from qinqing.cases.shelf import automatic_stages
from qinqing.lib.workdays import load_calendar
from qinqing.ui.errors import Problem

log = logging.getLogger(__name__)


def fire_due_rungs(now: datetime, limit: int = 200) -> int:
    """Fire the rungs whose moment has come, oldest first; returns how many fired. Safe with several workers."""
    due = Rung.objects.filter(fired_at=None, at__lte=now).order_by("at", "pk")[:limit]
    return sum(fire(rung, now) for rung in due)


def fire(rung: Rung, now: datetime) -> bool:
    """One rung and its consequence in one transaction; a clock that changed meanwhile has forgotten its rungs."""
    data = {"clock": rung.clock, "round": rung.round, "revision": rung.revision, "name": rung.name}
    try:
        with transaction.atomic():
            with connection.cursor() as db:
                if writing.lock_case(db, rung.case_id) is None:
                    return False
                db.execute(writing.FIRE_RUNG, [writing.when(now), rung.pk])
                if db.rowcount == 0:
                    return False
            act(rung.case_id, "rung", SYSTEM, now, data)
    except NotOpen:
        Rung.objects.filter(pk=rung.pk, fired_at=None).delete()
        return False
    except Problem:
        log.exception("rung %s of case %s could not fire", rung.name, rung.case_id)
        return False
    return True


def proceed_automatic(now: datetime, limit: int = 200) -> int:
    """Let cases in automatic stages go on; returns how many did. One that cannot stays, and its clock climbs."""
    waiting = Case.objects.filter(closed_at=None, stage__in=automatic_stages()).order_by("last_event_at")
    moved = 0
    for case_id in list(waiting.values_list("pk", flat=True)[:limit]):
        try:
            act(case_id, "proceed", SYSTEM, now)
            moved += 1
        except Problem:
            log.exception("automatic stage of case %s could not proceed", case_id)
    return moved


def import_calendar(text: str, now: datetime) -> CalendarRevision:
    """Put a new revision of the working-day calendar into force. Raises CalendarError when it is not sound.

    Open cases follow with `reproject`, batch by batch, so that a large county is not locked meanwhile.
    """
    calendar = load_calendar(text, over=current())
    row, _ = CalendarRevision.objects.get_or_create(
        revision=calendar.revision, defaults={"body": text, "loaded_at": now}
    )
    return row


def reproject(now: datetime, limit: int = 200) -> int:
    """Move the due times of open cases to the calendar in force, each change an event; returns how many are done.

    Nothing becomes overdue retroactively (see `decide`).
    """
    newest = CalendarRevision.objects.order_by("-pk").values_list("revision", flat=True).first()
    if newest is None:
        return 0
    behind = Case.objects.filter(closed_at=None).exclude(calendar=newest).order_by("pk")
    chosen = list(behind.values_list("pk", flat=True)[:limit])
    for case_id in chosen:
        act(case_id, "reproject", SYSTEM, now)
    return len(chosen)
