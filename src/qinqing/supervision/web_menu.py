"""菜单里的数: what stands beside this wing's entries, counted when a page is shown."""

from __future__ import annotations

from qinqing.lib.wallclock import now as present
from qinqing.supervision import filters
from qinqing.supervision import instructions as instruction_room
from qinqing.supervision import letters as letter_room
from qinqing.supervision.models import Backstop


def overdue(actor: object) -> int:
    return filters.overdue(present()).count()


def letters(actor: object) -> int:
    return letter_room.letters().filter(closed_at=None).count()


def instructions(actor: object) -> int:
    return instruction_room.open_instructions().count()


def backstop(actor: object) -> int:
    return Backstop.objects.filter(explained_at=None).count()
