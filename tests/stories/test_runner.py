"""`./run stories` itself: what it counts as passed, and that the README claims nothing that no story shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dev import stories
from dev.stories import BEGIN, END, READMES, Story, read_systems, with_table

HERE = Path(__file__).parent
TOLD = {
    found
    for path in HERE.glob("test_[a-z][0-9]*_*.py")
    for found in re.findall(r'mark\.story\("(\w+)"\)', path.read_text())
}


def test_each_system_stands_once_with_both_names() -> None:
    rows = read_systems()
    assert len(rows) == 59
    assert len({row["zh"] for row in rows.values()}) == len({row["en"] for row in rows.values()}) == len(rows)


def test_a_system_says_where_to_see_it_exactly_when_a_story_shows_it() -> None:
    assert {name for name, row in read_systems().items() if "place" in row} == TOLD


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_table_claims_only_what_passed(language: str) -> None:
    systems = read_systems()
    told = [Story("Y1", "", ""), Story("Y2", "", "", passed=False)]
    text = with_table(f"a\n{BEGIN}\nYESTERDAY | Y3\n{END}\nz\n", systems, told, language)
    table, rest = text.split("\n\n", 1)
    assert text.startswith("a\n")
    assert text.endswith("\nz\n")
    assert re.findall(r"^\| (\w\d+) ", table, re.MULTILINE) == ["Y1"]
    assert f"Y2 {systems['Y2'][language]}" in rest
    assert "YESTERDAY" not in text
    assert with_table(text, systems, told, language) == text, "written twice it differs"


def test_without_markers_nothing_is_written() -> None:
    with pytest.raises(ValueError, match="<!-- stories -->"):
        with_table("# Readme\n", read_systems(), [], "en")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_readme_claims_nothing_that_no_story_shows(language: str) -> None:
    text = READMES[language].read_text(encoding="utf-8") if READMES[language].exists() else ""
    if BEGIN not in text:
        pytest.skip(f"{READMES[language].name} has no table of systems yet")
    table = text.split(BEGIN)[1].split(END)[0]
    assert set(re.findall(r"^\| (\w\d+) ", table, re.MULTILINE)) <= TOLD


@pytest.mark.parametrize(
    ("body", "passed"),
    [("pass", True), ("assert False", False), ("pytest.skip('no browser')", False), ("pytest.xfail('later')", False)],
)
def test_only_a_test_that_ran_and_held_counts(body: str, passed: bool) -> None:
    class Report:
        nodeid, duration, outcome = "t", 0.5, {True: "passed"}.get(passed, "failed" if "assert" in body else "skipped")

    teller = stories.Teller(frozenset(), {})
    teller.of_test, teller.stories = {"t": "Y1"}, {"Y1": Story("Y1", "", "")}
    teller.pytest_runtest_logreport(Report())  # type: ignore[arg-type]
    assert teller.stories["Y1"].passed is passed
