"""What a process of this room's race tests does: `python -m tests.evaluation.racing JOB [arguments as JSON]`."""

from __future__ import annotations

import json
import sys
from datetime import datetime

import django

if __name__ == "__main__":
    django.setup()

from qinqing.evaluation import rectifying, services
from qinqing.evaluation.months import Month
from tests.cases.kernel_process import JOBS, job, person, say


@job
def put_right(now: str, rated: list[list[int]]) -> None:
    """The worker's reaction to each (case, seq); says (case, seq, the rectification)."""
    for case, seq in rated:
        found = rectifying.put_right(case, seq, datetime.fromisoformat(now))
        say(case, seq, found.pk if found else 0)


@job
def draw(user: int, now: str, month: list[int], size: int) -> None:
    """Draw a month's sample; says (draw, size)."""
    moment = datetime.fromisoformat(now)
    made = services.draw(Month(*month), size, person(user, moment), moment)
    say(made.pk, made.size)


if __name__ == "__main__":
    print("ready", flush=True)
    sys.stdin.readline()
    JOBS[sys.argv[1]](*json.loads(sys.argv[2]))
