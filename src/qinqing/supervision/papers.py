"""内部公文: what letters and instructions share: they are cases about another case, between offices only.

A case needs a party. Theirs is one that nobody acts for, so that no company ever finds a letter or an instruction among
its matters; and their title names the case by number only, so that none of the citizen's words is copied into it.
"""

from __future__ import annotations

import re
from datetime import datetime

from django.db.models import QuerySet

from qinqing.cases.models import Case
from qinqing.directory.models import Party
from qinqing.directory.services import create_party

LETTER = "supervision_letter"
INSTRUCTION = "instruction"
KINDS = (LETTER, INSTRUCTION)
CHANNEL = "supervision"
PARTY_NAME = "机关内部件"
_NUMBER = re.compile(r"(\D+)(\d{4})-0*(\d+)")


def of_kind(procedure: str) -> QuerySet[Case]:
    """All letters, or all instructions."""
    return Case.objects.filter(procedure__code=procedure)


def matters() -> QuerySet[Case]:
    """Open cases without letters and instructions, which have lists of their own."""
    return Case.objects.filter(closed_at=None).exclude(procedure__code__in=KINDS)


def paper_number(number: str) -> str:
    """The number as it stands on paper and in lists: 督函2026-003 is 督函〔2026〕3号; any other text as it is."""
    found = _NUMBER.fullmatch(number)
    return f"{found[1]}〔{found[2]}〕{found[3]}号" if found else number


def internal_party(now: datetime) -> int:
    """Id of the party of papers between offices; made when the first one is written."""
    known = Party.objects.filter(kind=Party.Kind.UNNAMED, name=PARTY_NAME).order_by("pk").first()
    return (known or create_party(Party.Kind.UNNAMED, PARTY_NAME, now)).pk
