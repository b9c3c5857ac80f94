"""What a process of the race and kill tests does: `python -m tests.cases.kernel_process JOB [arguments as JSON]`.

Acknowledges each thing done by one line of JSON, after the commit, as a page would answer.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

import django

if __name__ == "__main__":
    django.setup()

from qinqing.accounts import access
from qinqing.accounts.actor import Actor
from qinqing.accounts.models import User
from qinqing.cases import acting, passing_time
from qinqing.ui.errors import Problem

JOBS: dict[str, Callable[..., None]] = {}


def job(function: Callable[..., None]) -> Callable[..., None]:
    JOBS[function.__name__] = function
    return function


def say(*what: Any) -> None:
    print(json.dumps(what), flush=True)


def person(user_id: int, now: datetime) -> Actor:
    return access.actor_for(User.objects.get(pk=user_id), now)


@job
def act(
    user: int, now: str, cases: list[int], action: str, data: dict[str, Any], key: str = "", paced: bool = False
) -> None:
    """The same act in each case; says (case, done or the refusal's code, seq). `paced`: each waits to be let go."""
    moment = datetime.fromisoformat(now)
    actor = person(user, moment)
    for case in cases:
        if paced:
            sys.stdin.readline()
        try:
            done = acting.act(case, action, actor, moment, data, idempotency_key=f"{key}{case}" if key else None)
            say(case, "replayed" if done.replayed else "done", done.seq)
        except Problem as problem:
            say(case, problem.code, 0)


@job
def open_below(user: int, now: str, party: int, parents: list[int]) -> None:
    """A case below each parent; says (parent, done or the refusal's code, child)."""
    moment = datetime.fromisoformat(now)
    actor = person(user, moment)
    for parent in parents:
        try:
            done = acting.open_case("hard_case", party, actor, moment, {"text": "x"}, title="x", parent_id=parent)
            say(parent, "done", done.case_id)
        except Problem as problem:
            say(parent, problem.code, 0)


@job
def work(user: int, now: str, party: int, section: int, turns: int) -> None:
    """Open cases and bring them on, each act with a key; says (case, action, seq)."""
    moment = datetime.fromisoformat(now)
    actor = person(user, moment)
    for turn in range(turns):
        key = f"{now}-{turn}"
        done = acting.open_case("hard_case", party, actor, moment, {"text": "x"}, title="x", idempotency_key=f"o{key}")
        say(done.case_id, "open", done.seq)
        dispatched = acting.act(
            done.case_id, "dispatch", actor, moment, {"class": "general", "lead": section}, idempotency_key=f"d{key}"
        )
        say(done.case_id, "dispatch", dispatched.seq)


@job
def fire(now: str, batch: int, times: int) -> None:
    """Fire due rungs until none is left, at most so many times; says how many each time."""
    for _ in range(times):
        if not (fired := passing_time.fire_due_rungs(datetime.fromisoformat(now), batch)):
            break
        say(fired)


if __name__ == "__main__":
    print("ready", flush=True)
    sys.stdin.readline()
    JOBS[sys.argv[1]](*json.loads(sys.argv[2]))
