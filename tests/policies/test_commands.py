"""The commands, from files to files, as an office would call them."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars
import pytest
import xlsxwriter

from qinqing.__main__ import main
from qinqing.lib.rules.evaluating import decide
from qinqing.policies.checker.shape import policy_of
from qinqing.policies.models import PolicyVersion
from tests.policies.office import ALONE, Office
from tests.policies.texts import SOUND, known, place_of, spoilt

HEADER = ["company", "revenue", "rd_expense", "rd_expense_last_year", "provincial_rd_centre", "valid_invention_patents"]
ROWS = [
    ["甲", "100000000", "5270000.10", "4210000", "", "4"],
    ["乙", "100000000", "5270000", "", "否", "4"],
    ["丙", "1000000000", "5270000", "4210000", "是", "0"],
    ["丁", "900000000", "50000000", "1000000", "是", ""],
    ["=1+1", "100000000", "4631000", "4210000", "是", "0"],
]
CAPPED = spoilt("rate: 5%", "rate: 4%", spoilt("yuan: 53000.00", "yuan: 42400.00", ALONE)).replace(
    ">= 0.03", ">= 0.005"
)


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """(exit code, standard output, standard error)."""
    code = main(["policies", *map(str, arguments)])
    said = capsys.readouterr()
    return code, said.out, said.err


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    written(tmp_path / "policies" / "alone.yaml", ALONE)
    return tmp_path / "policies"


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    path = tmp_path / "facts.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([HEADER, *ROWS])
    return path


def matches(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


EXPECTED = [
    ["company", "policy", "verdict", "amount_fen"],
    ["甲", "alone", "yes", "5300000"],
    ["丁", "alone", "yes", "50000000"],
    ["'=1+1", "alone", "yes", "2105000"],
    ["乙", "alone", "unknown", ""],
]


def test_check_proves_and_names_every_fault(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "check", folder)
    assert code == 0 and "✓ 研发投入奖补 alone" in out and "1项政策，0项有问题" in out
    text = spoilt("rd_expense / revenue", "rd_expense / revenu", SOUND)
    bad = written(tmp_path / "policies" / "bad.yaml", text)
    line, column = place_of("revenu >=", text)
    code, out, _ = run(capsys, "check", folder)
    assert code == 1
    assert f"{bad}:{line}:{column}: " in out and "revenue" in out, "file, line, column, mend"
    code, out, _ = run(capsys, "check", folder, "--json")
    found = json.loads(out)
    assert (code, found["ok"], [each["ok"] for each in found["policies"]]) == (1, False, [True, False])
    assert found["policies"][1]["findings"][0]["text"]["en"]
    assert line in [finding["line"] for finding in found["policies"][1]["findings"]]
    assert "fault(s); it cannot be stored" in run(capsys, "check", folder, "--lang", "en")[1]


def test_two_files_of_one_policy_are_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(folder / "again.yaml", ALONE)
    code, out, _ = run(capsys, "check", folder)
    assert code == 1 and out.count("几个文件都是政策“alone”") == 2


def test_a_file_is_checked_with_those_beside_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    named = written(
        folder / "one.yaml",
        ALONE.replace("policy: alone", "policy: one").replace("highest_of: research", "excludes: [alone]"),
    )
    assert run(capsys, "check", named)[0] == 0
    (folder / "alone.yaml").unlink()
    assert run(capsys, "check", named)[0] == 1


def test_test_runs_the_examples(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "test", folder)
    assert code == 0 and "✓ alone  都符合: 符合 53,000.00元" in out and "3个例子，0个不符" in out
    written(folder / "alone.yaml", spoilt("yuan: 53000.00", "yuan: 53000.01", ALONE))
    code, out, _ = run(capsys, "test", folder)
    assert code == 1 and "应得53000.01元，算得53000元" in out
    code, out, _ = run(capsys, "test", folder, "--json")
    assert [row["ok"] for row in json.loads(out)["examples"]] == [False, True, True]


def test_match_from_csv_to_csv(folder: Path, facts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out_file = tmp_path / "out.csv"
    code, out, _ = run(capsys, "match", "--facts", facts, "--policies", folder, "--out", out_file, "--on", "2026-09-01")
    assert code == 0
    assert matches(out_file) == EXPECTED
    assert "5户企业 × 1项政策，符合3（3户），待补数据1，合计574,050.00元" in out
    run(capsys, "match", "--facts", facts, "--policies", folder, "--out", out_file, "--all")
    assert matches(out_file) == [*EXPECTED, ["丙", "alone", "no", ""]]


def test_match_summary_as_json(folder: Path, facts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(
        capsys,
        "match",
        "--facts",
        facts,
        "--policies",
        folder,
        "--out",
        tmp_path / "o.csv",
        "--on",
        "2026-09-01",
        "--json",
    )
    found = json.loads(out)
    assert found.pop("seconds") >= 0
    tally = {"yes": 3, "unknown": 1, "fen": 57_405_000, "undecided": 0}
    assert found == {
        "on": "2026-09-01", "companies": 5, "with_a_yes": 3, **tally,
        "policies": [{"policy": "alone", **tally, "budget_fen": 2_000_000_000}],
    }  # fmt: skip


def test_all_formats_of_a_file_of_facts_give_the_same(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = xlsxwriter.Workbook(str(tmp_path / "facts.xlsx"))
    page = sheet.add_worksheet()
    labels = ["企业", "营业收入（万元）", "rd_expense", "上年研发费用（元）", "省级以上研发机构", "有效发明专利"]
    page.write_row(0, 0, labels)
    for number, row in enumerate(ROWS, 1):
        cells = [
            float(row[1]) / 10_000,
            float(row[2]),
            float(row[3]) if row[3] else None,
            row[4],
            float(row[5]) if row[5] else None,
        ]
        page.write_string(number, 0, row[0])
        page.write_row(number, 1, cells)
    sheet.close()
    polars.DataFrame(
        {
            "company": [row[0] for row in ROWS],
            "revenue": [int(row[1]) * 100 for row in ROWS],
            "rd_expense": [Decimal(row[2]) for row in ROWS],
            "rd_expense_last_year": [float(row[3]) if row[3] else None for row in ROWS],
            "provincial_rd_centre": [{"是": True, "否": False}.get(row[4]) for row in ROWS],
            "valid_invention_patents": [int(row[5]) if row[5] else None for row in ROWS],
        }
    ).write_parquet(tmp_path / "facts.parquet")
    for name in ("facts.xlsx", "facts.parquet"):
        code, _, err = run(
            capsys, "match", "--facts", tmp_path / name, "--policies", folder, "--out", tmp_path / "o.csv"
        )
        assert (code, err) == (0, ""), name
        assert matches(tmp_path / "o.csv") == EXPECTED, name
    run(capsys, "match", "--facts", tmp_path / "facts.parquet", "--policies", folder, "--out", tmp_path / "o.parquet")
    found = polars.read_parquet(tmp_path / "o.parquet")
    assert found.columns == EXPECTED[0]
    assert found.rows()[0] == ("甲", "alone", "yes", 5_300_000)
    assert found.rows()[-1] == ("乙", "alone", "unknown", None)
    assert sorted(path.name for path in tmp_path.iterdir() if "part" in path.name) == [], "no part is left behind"


def test_match_agrees_with_deciding_one_by_one(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dice = np.random.default_rng(4)
    rows = [
        [f"企业{n}", *(str(round(float(dice.uniform(0, 2e6)), 2)) if dice.random() < 0.8 else "" for _ in range(3)),
         str(dice.choice(["是", "否", ""])), str(dice.choice(["0", "3", "5", ""]))]
        for n in range(400)
    ]  # fmt: skip
    path = tmp_path / "many.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    run(
        capsys,
        "match",
        "--facts",
        path,
        "--policies",
        folder,
        "--out",
        tmp_path / "o.csv",
        "--all",
        "--on",
        "2026-09-01",
    )
    found = {row[0]: (row[2], row[3]) for row in matches(tmp_path / "o.csv")[1:]}
    policy = policy_of(ALONE)[0]
    assert policy is not None
    for name, *cells in rows:
        values = {
            fact: {"是": True, "否": False}.get(cell)
            if fact == "provincial_rd_centre"
            else Decimal(cell)
            if fact.startswith("valid")
            else int(Decimal(cell) * 100)
            for fact, cell in zip(HEADER[1:], cells, strict=True)
            if cell
        }
        decision = decide(policy.rule, values, known().specs, policy.effect.start)
        amount = "" if decision.amount_fen is None else str(decision.amount_fen)
        assert found[name] == (decision.verdict.name.lower(), amount), name
    assert {verdict for verdict, _ in found.values()} == {"yes", "no", "unknown"}


BAD_FACTS = [
    ("company,rd_expense\n甲,很多\n", "facts.csv:2: rd_expense“很多”"),
    ("company,rd_expense\n甲,NaN\n", "facts.csv:2"),
    ("company,rd_expense\n甲,1.005\n", "精确到分"),
    ("company,rd_expense\n甲,1\n甲,2\n", "第2行已有"),
    ("company,rd_expense\n,2\n", "没有企业"),
    ("name,rd_expense\n甲,1\n", "没有企业列"),
    ("company,研发费用\n甲,1\n", "没有写单位"),
    ("company,rd_expense,研发费用（万元）\n甲,1,1\n", "同一项事实"),
    ("company,profits\n甲,1\n", "没有一列是字典里的事实"),
    ("", "没有企业列"),
]


@pytest.mark.parametrize(("text", "says"), BAD_FACTS, ids=[row[1] for row in BAD_FACTS])
def test_bad_facts_are_refused_with_their_place(
    text: str, says: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "facts.csv", text)
    code, out, err = run(capsys, "match", "--facts", path, "--policies", folder, "--out", tmp_path / "o.csv")
    assert (code, out) == (2, "")
    assert says in err
    assert not (tmp_path / "o.csv").exists(), "nothing is half written"


def test_a_column_that_is_no_fact_is_said(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "facts.csv", "company,rd_expense,rd_staf\n甲,1,2\n")
    _, _, err = run(capsys, "match", "--facts", path, "--policies", folder, "--out", tmp_path / "o.csv")
    assert "rd_staf" in err and "rd_staff" in err


def test_match_refuses_unsound_policies(
    folder: Path, facts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(folder / "alone.yaml", spoilt("yuan: 53000.00", "yuan: 1.00", ALONE))
    code, _, err = run(capsys, "match", "--facts", facts, "--policies", folder, "--out", tmp_path / "o.csv")
    assert code == 2 and "算得53000元" in err


def test_diff_says_what_changed_and_for_whom(
    folder: Path, facts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = written(tmp_path / "new.yaml", CAPPED)
    code, out, _ = run(capsys, "diff", folder / "alone.yaml", new, "--facts", facts, "--on", "2026-09-01")
    assert code == 1, "they differ"
    assert "rd_expense / revenue >= 0.03 → rd_expense / revenue >= 0.005" in out
    assert "的5%，最高500,000.00元 → （研发费用 - 上年研发费用）的4%" in out
    assert "5户企业中：符合3 → 4，待补1 → 1" in out
    assert "新符合 1\n  丙  — → 42,400.00元" in out
    _, out, _ = run(capsys, "diff", folder / "alone.yaml", new, "--facts", facts, "--on", "2026-09-01", "--json")
    companies = json.loads(out)["companies"]
    assert [each["company"] for each in companies["enters"]] == ["丙"]
    assert [each["company"] for each in companies["other_amount"]] == ["甲", "=1+1"], "丁 has its cap in both"
    assert companies["fen"] == (4_240_000 - 5_300_000) + 4_240_000 + (1_684_000 - 2_105_000)
    _, out, _ = run(capsys, "diff", new, folder / "alone.yaml", "--facts", facts, "--json")
    assert [each["company"] for each in json.loads(out)["companies"]["drops"]] == ["丙"]


def test_diff_of_the_same_content_says_nothing(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = written(tmp_path / "new.yaml", "# typed anew\n" + ALONE.replace("rate: 5%", "rate: 0.05"))
    assert run(capsys, "diff", folder / "alone.yaml", new)[:2] == (0, "内容相同\n")


def test_explain_says_why_condition_by_condition(folder: Path, facts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "explain", folder, "--facts", facts, "--of", "丙")
    assert code == 0
    assert "✗ 研发投入奖补 alone: 不符合" in out
    assert "✗ 第七条第二款  研发费用占比  现为0.0052，应不低于0.03，相差0.0247" in out
    assert "需要：" in out and "研发费用 / 营业收入应不低于0.03" in out
    _, out, _ = run(capsys, "explain", folder, "--facts", facts, "--of", "乙")
    assert "? 研发投入奖补 alone: 待补数据" in out and "缺：上年研发费用" in out
    _, out, _ = run(capsys, "explain", folder, "--facts", facts, "--of", "甲", "--lang", "en")
    assert "CNY 53,000.00" in out
    _, out, _ = run(capsys, "explain", folder, "--facts", facts, "--of", "丙", "--json")
    (found,) = json.loads(out)
    assert (found["verdict"], found["amount_fen"]) == ("no", None)
    assert [each["condition"] for each in found["changes"]] == ["share"]
    share = found["conditions"][0]
    assert (share["clause"], share["threshold"], round(share["value"], 5)) == ("第七条第二款", 0.03, 0.00527)
    code, _, err = run(capsys, "explain", folder, "--facts", facts, "--of", "戊")
    assert code == 2 and "戊" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "nowhere.yaml"],
        ["match", "--facts", "nowhere.csv", "--policies", "nowhere", "--out", "o.csv"],
        ["diff", "a.yaml", "b.yaml"],
        ["explain", "a.yaml", "--facts", "b.csv", "--of", "x"],
    ],
)
def test_files_that_are_not_there_are_one_clear_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "") and err.strip() and "Traceback" not in err


@pytest.mark.django_db
def test_what_is_imported_is_exported_byte_for_byte(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qinqing.site.preparing.ready", lambda: None)
    Office()
    text = "# 注释 with a comment\r\n" + ALONE.replace("\n", "\r\n")
    path = tmp_path / "in" / "alone.yaml"
    path.parent.mkdir()
    path.write_bytes(text.encode())
    code, out, _ = run(capsys, "import", path, "--by", "author", "--note", "试行")
    assert code == 0 and out.startswith("alone@1  已存入  ")
    assert "已有" in run(capsys, "import", path, "--by", "section")[1]
    code, out, _ = run(capsys, "export", "--out", tmp_path / "out")
    assert code == 0 and "alone@1" in out
    assert (tmp_path / "out" / "alone.yaml").read_bytes() == text.encode()
    assert PolicyVersion.objects.get().sha256 in out
    assert run(capsys, "export", "alone@1", "--out", tmp_path / "out")[0] == 0
    for what in (["alone@2"], ["none"], ["alone", "--live"]):
        code, _, err = run(capsys, "export", *what, "--out", tmp_path / "out")
        assert code == 2 and err
    code, _, err = run(capsys, "import", path, "--by", "nobody")
    assert code == 2 and "nobody" in err
    written(tmp_path / "other.yaml", ALONE.replace("policy: alone", "policy: another"))
    code, _, err = run(capsys, "import", tmp_path / "other.yaml", "--by", "stranger")
    assert code == 2 and "可以起草" in err


@pytest.mark.django_db
def test_import_stores_all_or_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qinqing.site.preparing.ready", lambda: None)
    Office()
    written(tmp_path / "policies" / "a.yaml", ALONE)
    bad = written(
        tmp_path / "policies" / "b.yaml", spoilt("rate: 5%", "rate: 6%", ALONE).replace("policy: alone", "policy: b")
    )
    code, _, err = run(capsys, "import", tmp_path / "policies", "--by", "author")
    assert code == 2 and str(bad) in err
    assert not PolicyVersion.objects.exists()
    written(bad, ALONE.replace("policy: alone", "policy: b").replace("[science, tax]", "[tax]"))
    code, _, err = run(capsys, "import", tmp_path / "policies", "--by", "author")
    assert code == 2 and "tax" in err
    assert not PolicyVersion.objects.exists()


def test_check_warns_of_a_group_with_one_member(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """A warning, with line and column; once another policy is in the group there is none."""
    code, out, _ = run(capsys, "check", folder)
    assert code == 0 and "就高组“research”中没有其他政策" in out and "1处提示" in out
    code, out, _ = run(capsys, "check", folder, "--json")
    (warning,) = json.loads(out)["policies"][0]["warnings"]
    assert (code, warning["rule"]) == (0, "group")
    assert (warning["line"], warning["column"]) == place_of("highest_of: research", ALONE)
    written(folder / "two.yaml", ALONE.replace("policy: alone", "policy: two"))
    assert "0处提示" in run(capsys, "check", folder)[1]
