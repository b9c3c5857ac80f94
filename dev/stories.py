"""`./run stories [--json] [--readme] [--pictures] [ID ...]`: one story per source system, through the real front doors.

A story is a test marked `@pytest.mark.story("Y2")` in tests/stories; a system may have several and passes when all do.
The table goes to standard output, what the tests say to standard error. Exit code 0 only if every story passed.
`--readme` writes the table of systems in both READMEs; `--pictures` takes the guides' screenshots anew on the way.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev import browser

ROOT = Path(__file__).resolve().parents[1]
SYSTEMS = ROOT / "tests" / "stories" / "systems.yaml"
PICTURE_TESTS = ROOT / "tests" / "stories" / "test_pictures.py"
PICTURES = ROOT / "docs" / "guides" / "images"
BEGIN, END = "<!-- stories -->", "<!-- /stories -->"
READMES = {"zh": ROOT / "README.zh-CN.md", "en": ROOT / "README.md"}
_HEADS = {
    "zh": ("| 编号 | 系统 | 在哪里看 |", "尚未建成："),
    "en": ("| Id | System | Where to see it |", "Not yet there: "),
}


@dataclass
class Story:
    """What came of the tests of one system. `passed`: every one ran, and none failed."""

    id: str
    name: str
    name_en: str
    passed: bool = True
    seconds: float = 0

    def as_json(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "name_en": self.name_en, "passed": self.passed,
                "seconds": round(self.seconds, 1)}  # fmt: skip


@dataclass
class Teller:
    """The pytest plugin that hears how each story went. `only`: the ids asked for, all when empty."""

    only: frozenset[str]
    systems: dict[str, dict[str, Any]]
    pictures: bool = False
    stories: dict[str, Story] = field(default_factory=dict)
    of_test: dict[str, str] = field(default_factory=dict)

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        told = [item for item in items if self._wanted(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in told])
        items[:] = told
        for item in filter(self._id, told):
            system = self.systems.get(self._id(item))
            if system is None:
                raise pytest.UsageError(f"{item.nodeid}: {SYSTEMS.name} has no system {self._id(item)}")
            self.of_test[item.nodeid] = system["id"]
            self.stories[system["id"]] = Story(system["id"], system["zh"], system["en"])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.nodeid not in self.of_test:
            return
        story = self.stories[self.of_test[report.nodeid]]
        story.seconds += report.duration
        story.passed = story.passed and report.outcome == "passed"  # one that was skipped has not been shown

    def in_order(self) -> list[Story]:
        """As the source documents list the systems."""
        return [self.stories[name] for name in self.systems if name in self.stories]

    def _wanted(self, item: pytest.Item) -> bool:
        if system := self._id(item):
            return not self.only or system in self.only
        return self.pictures and item.path == PICTURE_TESTS

    @staticmethod
    def _id(item: pytest.Item) -> str:
        mark = item.get_closest_marker("story")
        return str(mark.args[0]) if mark else ""


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./run stories", description="one story per source system")
    parser.add_argument("ids", nargs="*", metavar="ID", help="only these systems (default: all)")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    parser.add_argument("--readme", action="store_true", help="write the table of systems in both READMEs")
    parser.add_argument("--pictures", action="store_true", help="take the screenshots of the guides anew")
    chosen = parser.parse_args(argv)
    systems = read_systems()
    if unknown := set(chosen.ids) - systems.keys():
        parser.error(f"no such system: {', '.join(sorted(unknown))}; {SYSTEMS.relative_to(ROOT)} lists them")
    if chosen.readme and chosen.ids:
        parser.error("--readme needs all stories; name none")
    stories, finished = tell(frozenset(chosen.ids), systems, pictures=chosen.pictures)
    if chosen.json:
        print(json.dumps({"stories": [story.as_json() for story in stories]}, ensure_ascii=False))
    else:
        print_table(stories)
    if chosen.readme:
        for language, path in READMES.items():
            path.write_text(with_table(path.read_text(encoding="utf-8"), systems, stories, language), encoding="utf-8")
    return 0 if finished and stories and all(story.passed for story in stories) else 1


def read_systems() -> dict[str, dict[str, Any]]:
    """The source systems by id, in the documents' order."""
    return {row["id"]: row for row in yaml.safe_load(SYSTEMS.read_text(encoding="utf-8"))}


def tell(only: frozenset[str], systems: dict[str, dict[str, Any]], *, pictures: bool) -> tuple[list[Story], bool]:
    """Run the stories. Returns them, and whether pytest came to its end without errors."""
    with contextlib.redirect_stdout(sys.stderr):
        browser.ensure()
    if pictures:
        PICTURES.mkdir(parents=True, exist_ok=True)
        os.environ["STORY_PICTURES"] = str(PICTURES)
    teller = Teller(only, systems, pictures)
    with contextlib.redirect_stdout(sys.stderr):
        code = pytest.main(["tests/stories", "-p", "no:cacheprovider", f"--rootdir={ROOT}"], plugins=[teller])
    return teller.in_order(), code == pytest.ExitCode.OK


def print_table(stories: list[Story]) -> None:
    for story in stories:
        how = "passed" if story.passed else "FAILED"
        print(f"{story.id:4} {how} {story.seconds:6.1f} s  {story.name}  {story.name_en}")
    print(f"{sum(story.passed for story in stories)} of {len(stories)} stories passed", flush=True)


def with_table(text: str, systems: dict[str, dict[str, Any]], stories: list[Story], language: str) -> str:
    """The README with its table between the two markers: what a story shows, and the rest as not yet there.
    Raises ValueError when the markers are missing."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the README has no {BEGIN} ... {END}; put the two lines where the table belongs")
    head, missing = _HEADS[language]
    shown = [systems[story.id] for story in stories if story.passed]
    rows = [f"| {system['id']} | {system[language]} | {system['place'][language]} |" for system in shown]
    others = [f"{name} {system[language]}" for name, system in systems.items() if system not in shown]
    table = "\n".join([head, "|---|---|---|", *rows, "", missing + ("；" if language == "zh" else "; ").join(others)])
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
