"""The demo county's policies, and a real county's public clauses: sound, labelled, and nothing left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from qinqing.lib.rules.rule import Decided, Fixed, Higher, Rate, Schedule, Tiers
from qinqing.policies.folder import Examined, examine_all, read
from qinqing.policies.parts import benefits, conditions
from qinqing.policies.policy import Origin, Policy, Short
from tests.policies.texts import DEMO, LIUHE, ROOT

DATA = ROOT.parent / "shared" / "data" / "policies"


def _policies(folder: Path) -> list[Policy]:
    found = examine_all(read([folder / "policies"]))
    faults = [each.lines() for each in found if not each.checked.ok]
    assert not faults, "\n".join(faults)
    return [each.checked.policy for each in found if each.checked.policy]


@pytest.fixture(scope="module")
def demo() -> list[Policy]:
    return _policies(DEMO)


@pytest.fixture(scope="module")
def liuhe() -> list[Policy]:
    return _policies(LIUHE)


def test_the_demo_county_has_some_thirty_sound_policies_of_every_kind(demo: list[Policy]) -> None:
    assert len(demo) >= 30
    kinds = {type(benefit) for policy in demo for _, benefit in benefits(policy)}
    assert kinds == {Fixed, Rate, Tiers, Schedule, Decided, Higher}
    assert {policy.budget.short for policy in demo if policy.budget} == set(Short)
    assert any(policy.excludes for policy in demo) and any(policy.stacks_with for policy in demo)
    assert any(policy.supersedes for policy in demo) and any(policy.highest_of for policy in demo)
    assert any(policy.documents for policy in demo) and any(
        policy.window and policy.window.without_application for policy in demo
    )


def test_whatever_is_fictional_says_so(demo: list[Policy]) -> None:
    assert {policy.source.origin for policy in demo} == {Origin.FICTIONAL}
    for path in (DEMO / "policies").glob("*.yaml"):
        assert "虚构" in path.read_text(encoding="utf-8").splitlines()[0], path
        assert path.stem in {policy.code for policy in demo}


def test_both_languages_are_complete(demo: list[Policy]) -> None:
    for policy in demo:
        labels = [policy.title, *(c.label for _, c in conditions(policy)), *(e.label for e in policy.examples)]
        assert all(label.en != label.zh for label in labels), policy.code


def test_the_demo_gives_reviewers_nothing_to_ask() -> None:
    found: list[Examined] = examine_all(read([DEMO / "policies"]))
    assert [warning.text.zh for each in found for warning in each.checked.warnings] == []


def test_the_public_clauses_are_sound_and_cited(liuhe: list[Policy]) -> None:
    assert len(liuhe) >= 50
    assert all(policy.source.origin is Origin.PUBLIC and "不是原文" in policy.source.cite for policy in liuhe)
    newer = [policy for policy in liuhe if policy.code.startswith("lh23_")]
    assert all(str(policy.effect.end) == "2026-02-07" for policy in newer), "for three years"
    assert any(policy.supersedes for policy in newer)


def test_our_words_are_our_own(liuhe: list[Policy]) -> None:
    """Clauses are paraphrased: no twenty characters in a row are the document's."""
    texts = [re.sub(r"\s", "", path.read_text(encoding="utf-8")) for path in DATA.glob("*.txt")]
    if not texts:
        pytest.skip("the documents are not at hand")
    for policy in liuhe:
        for words in policy.clauses.values():
            assert not any(words[at : at + 20] in text for text in texts for at in range(len(words) - 19)), policy.code


def _listed(heading: str) -> set[str]:
    """Clauses in the first column of the table below a heading that ends so."""
    part = next(
        part
        for part in re.split(r"^## ", (LIUHE / "README.md").read_text("utf-8"), flags=re.M)
        if part.split("\n")[0].endswith(heading)
    )
    return {clause for row in re.findall(r"^\| ([^|]+) \|", part, re.M) for clause in row.split("、")} - {
        "clause",
        "---",
    }


def _covered(clauses: set[str], policies: list[Policy], listed: set[str]) -> set[str]:
    """Which of the text's clauses are neither modelled nor listed."""
    named = listed | {clause for policy in policies for clause in policy.clauses}
    return {
        clause for clause in clauses if not any(re.match(re.escape(clause) + r"(?!(?<=\d)\d)", name) for name in named)
    }


def test_every_clause_of_the_newer_document_is_modelled_or_listed(liuhe: list[Policy]) -> None:
    path = DATA / "2023chanye.txt"
    if not path.exists():
        pytest.skip("the document is not at hand")
    text = path.read_text(encoding="utf-8")
    numbers = {int(re.sub(r"\s", "", n)) for n in re.findall(r"^\s*第\s*([0-9][0-9 ]*?)\s*条", text, re.M)}
    assert numbers == set(range(1, 27)), "the document has 26 articles"
    mine = [policy for policy in liuhe if policy.code.startswith("lh23_")]
    clauses = {f"第{n}条" for n in numbers} | {f"第2条第{n}款" for n in "一二三"}
    assert _covered(clauses, mine, _listed("the document of 2023")) == set()


def test_every_clause_of_the_older_document_is_modelled_or_listed(liuhe: list[Policy]) -> None:
    path = DATA / "chanye.txt"
    if not path.exists():
        pytest.skip("the document is not at hand")
    clauses: set[str] = set()
    chapter = section = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if found := re.match(r"\s*([一二三四五])、", line):
            chapter, section = found[1], ""
        elif found := re.match(r"\s*（([一二三四五六七八九十]+)）", line):
            section = f"（{found[1]}）"
            clauses.add(chapter + section)
        elif section and (found := re.match(r"\s*([0-9])\.", line)):
            clauses.add(f"{chapter}{section}{found[1]}")
        if chapter and chapter != "二":
            clauses.add(chapter)
    assert len(clauses) == 4 + 11 + 4
    mine = [policy for policy in liuhe if policy.code.startswith("lh18_")]
    assert _covered(clauses, mine, _listed("the older document")) == set()


def test_a_clause_left_out_would_be_noticed(liuhe: list[Policy]) -> None:
    assert _covered({"第1条", "第99条"}, liuhe, {"第1条", "第999条"}) == {"第99条"}
