"""What a process of the race tests does: `python -m tests.mortgages.mortgage_process JOB [arguments as JSON]`."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from functools import partial

import django

if __name__ == "__main__":
    django.setup()

from django.db import OperationalError, close_old_connections

from qinqing.directory.models import Unit
from qinqing.mortgages import events, releasing, taking
from qinqing.mortgages.events import Sent
from qinqing.mortgages.models_register import Registration
from tests.mortgages.world import NOW

JOBS: dict[str, Callable[..., None]] = {}


def job(function: Callable[..., None]) -> Callable[..., None]:
    JOBS[function.__name__] = function
    return function


@job
def talk(short: str, seed: int) -> None:
    """A bank's machine: settles what it is owed, repeats itself, reverses, also before and after. Two machines of one
    bank send the same events."""
    chance, bank = random.Random(seed), Unit.objects.get(code=f"bank-{short}")
    owed = list(Registration.objects.filter(creditors__credit_code=bank.credit_code).order_by("pk"))
    for mortgage in owed:
        settled = Sent(f"s{mortgage.pk}", "settled", NOW, mortgage.certificate, mortgage.unit_number)
        reversal = Sent(f"r{mortgage.pk}", "reversed", NOW, reverses=settled.event_id)
        to_say = [settled, settled, *([reversal] if mortgage.pk % 5 == 0 else [])]
        chance.shuffle(to_say)
        for each in to_say:
            insist(partial(events.accept, bank, each, "api", NOW))
    print(json.dumps([short, len(owed)]), flush=True)


@job
def work(seed: int, turns: int) -> None:
    """The three steps in any order; a deadlock that the database broke up is found by the next turn."""
    chance = random.Random(seed)
    for _ in range(turns):
        for step in chance.sample([taking.take, releasing.match, releasing.send], 3):
            insist(partial(step, NOW, 5))
    print(json.dumps(["worked", seed]), flush=True)


def insist(do: Callable[[], object]) -> None:
    for _ in range(50):
        try:
            do()
        except OperationalError:
            close_old_connections()
            continue
        return
    raise RuntimeError("busy for ever")


if __name__ == "__main__":
    print("ready", flush=True)
    sys.stdin.readline()
    JOBS[sys.argv[1]](*json.loads(sys.argv[2]))
