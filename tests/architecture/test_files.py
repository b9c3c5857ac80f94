"""Files: short enough to read, named after what they hold, free of the place where they were written."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.source import PACKAGE, ROOT, modules

LONGEST = 400
NO_NAMES = {"utils.py", "util.py", "helpers.py", "misc.py", "common.py"}
OURS = ("src", "dev", "bench", "tests", "docs", "counties", ".ci")
TEXTS = {".py", ".md", ".html", ".css", ".js", ".yaml", ".yml", ".toml", ".sh", ".json", ".lock", ".txt", ".csv", ""}


def _texts() -> Iterator[Path]:
    """Every text file of the project, nothing that was made by running it."""
    yield from (path for path in ROOT.iterdir() if path.is_file() and path.suffix in TEXTS and path.name != ".git")
    for folder in OURS:
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and path.suffix in TEXTS and "__pycache__" not in path.parts:
                yield path


def test_no_file_outgrows_its_room() -> None:
    long = {
        str(path.relative_to(PACKAGE)): lines
        for path in PACKAGE.rglob("*")
        if path.suffix in {".py", ".html", ".js"} and "migrations" not in path.parts
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
    }
    assert not long, f"over {LONGEST} lines; look for the second concept: {long}"


def test_files_are_named_after_what_they_hold() -> None:
    guilty = [
        str(path.relative_to(ROOT)) for folder in OURS for path in (ROOT / folder).rglob("*") if path.name in NO_NAMES
    ]
    assert not guilty, guilty


def test_every_module_says_what_it_owns() -> None:
    silent = [
        name
        for name, path in modules().items()
        if (source := path.read_text(encoding="utf-8").strip()) and not source.startswith('"""')
    ]
    assert not silent, f"no docstring: {silent}"


def test_nothing_names_the_place_where_it_was_written() -> None:
    places = re.compile(
        r"/wo" + r"rk/|/tmp" + r"/lk|/op" + r"t/|py" + r"pi\.org|python" + r"hosted|--extra-" + r"index-url"
    )
    guilty = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path in _texts()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if places.search(line)
    ]
    assert not guilty, "\n".join(guilty)


LOCK = (ROOT / "requirements.lock").read_text(encoding="ascii")


def test_the_lock_holds_versions_and_hashes_only() -> None:
    entry = re.compile(r"[a-z0-9][a-z0-9.-]*==\S+( ; .+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?")
    strange = [line for line in LOCK.splitlines() if not entry.fullmatch(line)]
    assert not strange, strange
    assert len(re.findall(r"==\S+[^\n]*\\\n    --hash", LOCK)) == len(re.findall(r"^[a-z]", LOCK, re.MULTILINE))


def test_the_lock_meets_every_requirement() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locked = dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", LOCK, re.MULTILINE))
    for text in project["dependencies"] + project["optional-dependencies"]["dev"]:
        wanted = Requirement(text)
        version = locked.get(canonicalize_name(wanted.name))
        assert version is not None, f"{wanted.name} is not in requirements.lock: ./run lock"
        assert wanted.specifier.contains(version), (
            f"requirements.lock has {wanted.name} {version}, not {wanted.specifier}"
        )
