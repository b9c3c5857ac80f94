"""跟随批次: claims follow their round, each by an act of its own as the system, in a transaction of its own.

A job of the worker, not a reaction: reactions share a transaction, and one that held a budget's book while it waited
for the next claim's case could meet an officer who holds that case and waits for the book. What is due is read from
the rows, so that nothing is lost when a worker dies, and doing it again changes nothing.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.db.models import Q

from qinqing.accounts.actor import SYSTEM
from qinqing.cases.acting import act
from qinqing.cases.refusals import NotOpen
from qinqing.policies.models_money import Claim
from qinqing.ui.errors import Problem

AT_ONCE = 50
_log = logging.getLogger(__name__)
_WAITING, _PUBLICITY = Q(case__stage="waiting"), Q(case__stage="publicity")
_STEPS = (  # what of a claim has moved on -> the act by which its case follows
    (_WAITING & Q(round__isnull=False), "frozen"),
    (_WAITING & Q(round=None) & ~Q(back=""), "send_back"),
    (_PUBLICITY & Q(round=None), "unfreeze"),
    (_PUBLICITY & Q(round__case__stage="paying"), "publicity_over"),
)


def follow(now: datetime, limit: int = AT_ONCE) -> bool:
    """One slice: let claims follow; True where more may wait. One that cannot stays, and its clock climbs."""
    moved = 0
    for which, action in _STEPS:
        due = Claim.objects.filter(which, state=Claim.State.OPEN).order_by("pk")
        for case_id in due.values_list("case_id", flat=True)[:limit]:
            moved += _step(case_id, action, now)
    return moved > 0


def _step(case_id: int, action: str, now: datetime) -> bool:
    try:
        act(case_id, action, SYSTEM, now)
    except NotOpen:  # somebody or another worker was faster
        return False
    except Problem:
        _log.exception("claim %s could not follow its round (%s)", case_id, action)
        return False
    return True
