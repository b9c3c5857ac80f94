"""How a peer answers: one JSON object on standard output."""

from __future__ import annotations

import json
import resource


def say(seconds: list[float], answers: list[list[int]]) -> None:
    """Seconds of each time; by policy how many are paid, how many unknown, fen in all."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "answers": answers, "peak_mb": peak}))
