"""What runs in each measured process: a loop that obeys one-line orders and answers in JSON lines.

Standard library only, for it also runs in the peers' environment. `python -m bench.serve MODULE CONFIG [prepare]`;
MODULE has `prepare(config)`, which makes an empty store, and `start(config)`, which gives an `Engine`.

Orders on standard input: `run SECONDS` (as fast as it goes), `paced RATE SECONDS` (an open loop), `counts`. The first
answer, unasked, is that of the warm-up. The process ends with its input.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from typing import Any, Protocol

WARM_UP_CASES = 3


class Engine(Protocol):
    """One worker of an engine. Cases are worked one after another; the store belongs to all workers of a team."""

    def step(self) -> bool:
        """Do the next act and commit it. True when it closed its case."""

    def counts(self) -> dict[str, int]:
        """What stands in the store now: at least `closed`, the number of cases at their end."""


def run(engine: Engine, seconds: float) -> dict[str, Any]:
    """Acts for so many seconds, then on to the end of the case in hand, so that every act weighs alike."""
    acts, begun = 0, time.perf_counter()
    end = begun + seconds
    while True:
        closed = engine.step()
        acts += 1
        if closed and time.perf_counter() >= end:
            break
    return {"acts": acts, "seconds": time.perf_counter() - begun}


def paced(engine: Engine, rate: float, seconds: float) -> dict[str, Any]:
    """`rate` acts a second on a fixed schedule. An act's latency counts from the moment it was *due*, not from when the
    loop came to it, so one slow act also shows in those that had to wait behind it. Milliseconds, one for each act."""
    latencies: list[float] = []
    begun = time.perf_counter() + 0.05
    for number in range(int(rate * seconds)):
        due = begun + number / rate
        while (wait := due - time.perf_counter()) > 0:
            time.sleep(wait)
        engine.step()
        latencies.append((time.perf_counter() - due) * 1000)
    return {"acts": len(latencies), "seconds": time.perf_counter() - begun, "latencies_ms": latencies}


def obey(engine: Engine, order: str) -> dict[str, Any]:
    """The answer to one order. Raises ValueError for one it does not know."""
    match order.split():
        case ["run", seconds]:
            return run(engine, float(seconds))
        case ["paced", rate, seconds]:
            return paced(engine, float(rate), float(seconds))
        case ["counts"]:
            return dict(engine.counts())
        case _:
            raise ValueError(f"unknown order {order!r}; write run, paced or counts")


def main(arguments: list[str]) -> None:
    module = importlib.import_module(arguments[0])
    config = json.loads(arguments[1])
    if arguments[2:] == ["prepare"]:
        module.prepare(config)
        return
    engine: Engine = module.start(config)
    warm_up = [run(engine, 0)["acts"] for _ in range(WARM_UP_CASES)]
    print(json.dumps({"acts": sum(warm_up)}), flush=True)
    for order in sys.stdin:
        print(json.dumps(obey(engine, order)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
