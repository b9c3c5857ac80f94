"""`./run check`: types, lint, format, layers, system checks, templates, migrations; says all that is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STEPS = {
    "types": ["-m", "mypy"],
    "lint": ["-m", "ruff", "check", "--output-format", "concise", "."],
    "format": ["-m", "ruff", "format", "--check", "--output-format", "concise", "."],
    "layers": ["-c", "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_logo=True))"],
    "system checks": ["-m", "django", "check", "--fail-level", "WARNING"],
    "templates": ["-m", "dev.templates"],
    "migrations": ["-m", "django", "makemigrations", "--check", "--dry-run"],
}


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="qinqing-check-") as home, ThreadPoolExecutor(2) as pool:
        results = pool.map(lambda step: _run(step, home), STEPS)
        failed = [step for step, ok in zip(STEPS, results, strict=True) if not ok]
    print(f"check: {', '.join(failed)} failed" if failed else f"check: all {len(STEPS)} passed")
    return 1 if failed else 0


def _run(step: str, home: str) -> bool:
    began = time.monotonic()
    own = Path(home, step.replace(" ", "-"))  # a home each: two steps must not both make its key
    own.mkdir()
    settings = {"DJANGO_SETTINGS_MODULE": "qinqing.config.settings", "QINQING_MODE": "test", "QINQING_HOME": str(own)}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("QINQING_")} | settings
    done = subprocess.run(
        [sys.executable, *STEPS[step]],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    ok = done.returncode == 0
    words = "" if ok else f"\n{done.stdout.rstrip()}"
    print(f"{'passed' if ok else 'FAILED'}  {step} ({time.monotonic() - began:.1f} s){words}", flush=True)
    return ok


if __name__ == "__main__":
    sys.exit(main())
