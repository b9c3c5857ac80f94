"""Suggestions rank and explain; on real renames the right one is near the top, and nothing is linked by likeness."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path

import pytest

from qinqing.__main__ import main
from qinqing.mortgages import suggesting, trying
from qinqing.mortgages.suggesting import Candidate, Index, take_apart
from qinqing.mortgages.trying import Rename
from tests.policies.texts import ROOT

RENAMES = ROOT.parent / "shared/data/banks/renames.csv"
HERE = [
    "禾穗银行股份有限公司示范支行",
    "禾穗银行股份有限公司云栈支行",
    "青溪农村商业银行股份有限公司沐柳支行",
    "中国岚山银行股份有限公司示范支行",
]


def first(name: str, *renames: tuple[str, str], among: list[str] = HERE) -> suggesting.Suggestion:
    return Index([Candidate(each) for each in among], renames).rank(name)[0]


def test_a_name_is_taken_apart() -> None:
    assert take_apart("沐柳县农村信用合作联社望湖信用社").own == ("沐柳", "望湖")
    assert take_apart("沐柳县农村信用合作联社").institution == take_apart("青溪农村商业银行").institution
    parts = take_apart("禾穗银行股份有限公司示范支行")
    assert (parts.institution, parts.own, parts.office) == ("禾穗银行", ("示范",), "支行")
    assert take_apart("某公司").institution == ""


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("禾穗银行示范支行", HERE[0], "仅公司组织形式的写法不同"),
        ("禾穗银行云栈分理处", HERE[1], "同为禾穗银行"),
        ("禾穗银行云栈分理处", HERE[1], "分理处改为支行"),
        ("沐柳县农村信用合作联社", HERE[2], "同属农信系统"),
        ("沐柳县农村信用合作联社", HERE[2], "“沐柳”"),
        ("岚行示范支行", HERE[3], "简称"),
    ],
)
def test_the_right_one_is_first_and_says_why(old: str, new: str, why: str) -> None:
    found = first(old)
    assert found.candidate.name == new
    assert why in "；".join(each.zh for each in found.why)
    assert all(each.en for each in found.why)


def test_filed_names_teach_which_institution_became_which() -> None:
    among = ["青溪银行股份有限公司东街支行", "岚山银行股份有限公司西街支行"]
    taught = ("禾苗城市信用社北街分社", "岚山银行股份有限公司北街支行")
    assert first("禾苗城市信用社南街分社", taught, among=among).candidate.name == among[1]
    said = "；".join(each.zh for each in first("禾苗城市信用社南街分社", taught, among=among).why)
    assert "已备案的曾用名中有1条" in said


def test_who_has_nothing_in_common_is_left_out_and_nothing_is_needed() -> None:
    assert Index([]).rank("禾穗银行") == []
    assert Index([Candidate(each) for each in HERE]).rank("ＸＹＺ") == []
    assert len(Index([Candidate(each) for each in HERE]).rank("禾穗银行示范支行", 2)) == 2


def rows() -> list[Rename]:
    if not RENAMES.exists():
        pytest.skip(f"{RENAMES} is missing: real renames are kept beside the project")
    with RENAMES.open(encoding="utf-8-sig") as file:
        return [Rename(date.fromisoformat(r["date"]), r["old_name"], r["new_name"]) for r in csv.DictReader(file)]


def test_on_real_renames_the_right_one_is_among_five() -> None:
    """Every sixth row against all new names: what the whole file gives is 84 % first and 98 % among five."""
    renames = rows()
    found = trying.rank(renames, renames[::6]).shares
    assert found["first"] > 0.80 and found["first_five"] > 0.96


def test_on_real_renames_nothing_is_linked_before_it_is_filed() -> None:
    renames = rows()
    linked = trying.link(renames)
    assert (linked.without, linked.with_alias) == (0, len(renames))
    assert linked.of_another == 9, "names that another branch bears today: why days count"


def test_the_command_prints_the_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "renames.csv"
    file.write_text(f"date,old_name,new_name\n2026-01-02,禾穗银行云栈分理处,{HERE[1]}\n", encoding="utf-8")
    assert main(["mortgages", "suggest", "--renames", str(file), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said.pop("seconds") >= 0
    assert said == {
        "rows": 1, "first": 1.0, "first_five": 1.0, "halves": [{"first": 1.0, "first_five": 1.0}],
        "linked_without_alias": 0, "linked_with_alias": 1, "present_name_of_another": 0,
    }  # fmt: skip
    assert main(["mortgages", "suggest", "--renames", str(file)]) == 0
    assert "排第一1条（100.0%）" in capsys.readouterr().out


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "date,old_name,new_name\n", "date,old_name,new_name\nx,y,z\n"])
def test_the_command_says_what_a_file_lacks(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str) -> None:
    file = tmp_path / "renames.csv"
    file.write_text(content, encoding="utf-8")
    assert main(["mortgages", "suggest", "--renames", str(file)]) == 2
    assert "renames.csv" in capsys.readouterr().err
