"""`./run lock`: writes requirements.lock anew from pyproject.toml, for every platform and Python >= 3.11.

It holds versions and hashes only: no address of the registry it was made with, so that each office uses its own.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OPTIONS = ["--quiet", "--upgrade", "--extra", "dev", "--universal", "--python-version", "3.11", "--generate-hashes"]
OPTIONS += ["--no-annotate", "--no-header", "--no-emit-index-url", "--no-emit-find-links"]
LINE = re.compile(r"[a-z0-9][a-z0-9.-]*==\S+( ; .+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?")


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="qinqing-lock-") as folder:
        venv.create(Path(folder, "uv"), symlinks=True, with_pip=True)
        programs = Path(folder, "uv", "bin")
        subprocess.run([programs / "python", "-m", "pip", "install", "--quiet", "uv"], check=True)
        made = Path(folder, "requirements.lock")
        subprocess.run(
            [programs / "uv", "pip", "compile", "pyproject.toml", "--output-file", made, *OPTIONS], cwd=ROOT, check=True
        )
        text = made.read_text(encoding="ascii")
    if strange := [line for line in text.splitlines() if not LINE.fullmatch(line)]:
        print(
            "requirements.lock stays as it was; the new one would hold more than versions and hashes:",
            *strange,
            sep="\n",
        )
        return 1
    (ROOT / "requirements.lock").write_text(text, encoding="ascii")
    print(f"requirements.lock: {text.count('==')} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
