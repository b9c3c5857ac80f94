"""`python -m bench [NAME ...] [--json] [--quick]`: without a name, every bench."""

from __future__ import annotations

import argparse
import signal
import sys

from bench import harness, kernel, mortgages, policies, search
from bench.team import TeamError

BENCHES = {
    "kernel": kernel.measure,
    "search": search.measure,
    "policies": policies.measure,
    "mortgages": mortgages.measure,
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="./run bench", description="Measure the figures of docs/benchmarks.md.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(BENCHES)}; none: all")
    parser.add_argument("--json", action="store_true", help="print one JSON object for each bench")
    parser.add_argument("--quick", action="store_true", help="short repetitions, under a minute; rough figures")
    chosen = parser.parse_args(arguments)
    for name in chosen.names:
        if name not in BENCHES:
            parser.error(f"no bench {name!r}; there is: {', '.join(BENCHES)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers and folders go when a runner stops us
    for name in chosen.names or BENCHES:
        try:
            report = BENCHES[name](chosen.quick)
        except TeamError as error:
            harness.progress(f"{name} failed: {error}")
            return 1
        except KeyboardInterrupt:
            return 130
        harness.show(report, chosen.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
