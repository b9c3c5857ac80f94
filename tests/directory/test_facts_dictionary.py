"""The dictionary of facts: the shipped one is sound, a county adds and replaces, every fault is found in its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from qinqing.directory.facts.dictionary import SHIPPED, book, dictionary, load, specs


def county(tmp_path: Path, text: str):
    path = tmp_path / "facts.yaml"
    path.write_text(text, encoding="utf-8")
    return load([SHIPPED, path])


def test_the_shipped_dictionary():
    known = dictionary()
    assert len(known) >= 60
    assert {fact.group for fact in known.values()} == set(book().groups)
    assert all(fact.label.zh and fact.label.en for fact in known.values())
    assert all(fact.sources or fact.from_party for fact in known.values())
    before = known["rd_expense_last_year"]
    assert (before.kept_as, before.type, before.sources) == ("rd_expense", "money", known["rd_expense"].sources)
    spec = specs()["land_area_mu"]
    assert (spec.type, spec.unit, spec.places) == ("number", "亩", 2)


def test_a_county_adds_and_replaces(tmp_path):
    text = """
sources:
  tax: {zh: 县税务局, en: County Tax Bureau, accounts: [tax-system]}
facts:
  bamboo_mu: {group: scale, label: {zh: 竹林面积, en: Bamboo}, type: number, unit: {zh: 亩, en: mu}, sources: [economy]}
  rd_expense: {group: research, label: {zh: 研发投入, en: R&D}, type: money, period: year, sources: [science, tax]}
"""
    found, faults = county(tmp_path, text)
    assert not faults
    assert found.facts["rd_expense_last_year"].sources == ("science", "tax")
    assert found.facts["bamboo_mu"].unit.en == "mu"
    assert found.sources["tax"].accounts == {"tax-system"}
    assert len(found.facts) == len(dictionary()) + 1


A = "facts:\n  §a: {group: scale, label: {zh: 甲, en: A}, "
B = A.replace("§", "")


@pytest.mark.parametrize(
    ("text", "words"),  # § marks where the fault is
    [
        (B + "§typ: number, sources: [tax]}\n", "是否想写“type”"),
        ("facts:\n  a: {group: scale, §label: {zh: 甲}, type: date, sources: [tax]}\n", "缺少“en”"),
        (B + "§type: sum, sources: [tax]}\n", "money、number"),
        ("facts:\n  a: {§group: sale, label: {zh: 甲, en: A}, type: date, sources: [tax]}\n", "没有“sale”"),
        (B + "type: date, sources: [§taxes]}\n", "没有“taxes”"),
        (A + "type: date}\n", "from_party"),
        (B + "§type: category, sources: [tax]}\n", "open: true"),
        (A + "type: number, sources: [tax]}\n", "单位"),
        (B + "type: date, §places: 2, sources: [tax]}\n", "没有places"),
        (A.replace("a:", "size:") + "type: date, sources: [tax]}\n", "保留名称"),
        (A.replace("a:", "Ä1:") + "type: date, sources: [tax]}\n", "以字母开头"),
        ("facts:\n  a: {label: {zh: 甲, en: A}, §year_before: land_area_mu}\n", "有报告期"),
        ("facts:\n  a: {label: {zh: 甲, en: A}, year_before: profit, §type: money}\n", "沿用"),
        (B + "type: money, sources: [tax], §least: 5, most: 1}\n", "least大于most"),
        (B + "type: money, sources: [tax], §from_party: shoe_size}\n", "没有“shoe_size”"),
        (A.replace("a:", "profit:") + "type: money, sources: [tax]}\n", "period"),
        ("facts:\n  a: {group: scale\n§", "YAML"),
        ("groups:\n  x: {zh: 一, en: one}\n  §x: {zh: 二, en: two}\n", "第2行"),
    ],
)
def test_each_fault_in_its_place(tmp_path, text, words):
    before = text[: text.index("§")].split("\n")
    line, column = len(before), len(before[-1]) + 1
    found, faults = county(tmp_path, text.replace("§", ""))
    assert found is None
    said = [fault for fault in faults if words in fault.text.zh]
    assert said, [str(fault) for fault in faults]
    assert (said[0].line, said[0].column) == (line, column)
    assert str(said[0]).startswith(f"{tmp_path / 'facts.yaml'}:{line}:{column}: ")
    assert all(fault.text.en for fault in faults)


def test_commands(tmp_path, capsys):
    from qinqing.__main__ import main

    assert main(["facts", "check"]) == 0
    assert "✓" in capsys.readouterr().out
    bad = tmp_path / "bad.yaml"
    bad.write_text("facts:\n  a: {}\n", encoding="utf-8")
    assert main(["facts", "check", str(bad)]) == 1
    assert f"{bad}:2:3: " in capsys.readouterr().out
    assert main(["facts", "list", "--lang", "en"]) == 0
    assert "R&D expense" in capsys.readouterr().out
