"""Import of facts: every bad cell named, nothing recorded before confirmation, safe to repeat and to interrupt."""

from __future__ import annotations

import csv
import json
from datetime import date, datetime

import polars
import pytest
import xlsxwriter

from qinqing.directory import companies, services
from qinqing.directory.facts import imports, recording
from qinqing.directory.facts.reading import values_of
from qinqing.directory.models import ImportBatch, Observation
from qinqing.lib.identifiers import Invalid
from tests.directory.facts_world import chosen, recounted

pytestmark = pytest.mark.django_db
HEADER = [
    "统一社会信用代码",
    "企业名称",
    "报告期",
    "研发费用（万元）",
    "上年研发费用（元）",
    "营业收入（元）",
    "利润总额（元）",
]


def code(index):
    return companies.credit_code(index)


def table(tmp_path, rows, header=HEADER, name="facts.csv"):
    path = tmp_path / name
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def look(path, now, source="tax", **options):
    return imports.preview(path, path.name, source=source, now=now, **options)


def apply(batch, now):
    imports.confirm(batch.pk, now)
    while imports.run_batch(batch.pk, now):
        pass
    batch.refresh_from_db()
    return batch.report["applied"]


def test_preview_records_nothing_then_records_then_is_the_same(tmp_path, now, company):
    party = company(1).pk
    path = table(tmp_path, [[code(1), "甲", "2025", "1,234.56", "100", "", "-5.5"]])
    batch = look(path, now)
    assert batch.report["counts"] == {"new": 3, "changed": 0, "confirmed": 0, "same": 0, "bad": 0}
    assert batch.report["ignored"] == ["企业名称"]
    assert not Observation.objects.exists()
    assert not imports.run_pending(now)
    apply(batch, now)
    known = values_of(party)
    assert (known["rd_expense"].value, known["rd_expense_last_year"].value, known["profit"].value) == (
        1_234_560_000, 10_000, -550,
    )  # fmt: skip
    assert Observation.objects.filter(statement__batch=batch).count() == 3
    again = look(path, now)
    assert again.report["counts"]["same"] == 3
    before = (chosen(), Observation.objects.count())
    assert apply(again, now) == {"same": 3}
    assert (chosen(), Observation.objects.count()) == before
    assert recounted() == 0


def test_each_bad_cell_is_named(tmp_path, now, company):
    company(1), company(2), company(3)
    rows = [
        [code(1), "", "2025", "NaN", "", "inf", "x"],
        [code(1)[:-1] + "?", "", "2025", "1"],
        [code(9), "", "2025", "1"],
        [code(2), "", "2027", "1"],
        [code(2), "", "", "1"],
        [code(3), "", "2025", "1", "5"],
        [code(3), "", "2025", "2", "5"],
        [code(3), "", "2024", "9"],
        ["", "", "2025", "1"],
    ]
    batch = look(table(tmp_path, rows), now)
    faults = {(fault["row"], fault["column"]): fault["mend"]["zh"] for fault in batch.report["faults"]}
    assert set(faults) == {
        (2, "研发费用（万元）"), (2, "营业收入（元）"), (2, "利润总额（元）"), (3, "统一社会信用代码"), (4, ""),
        (5, "研发费用（万元）"), (6, "研发费用（万元）"), (8, "统一社会信用代码"), (9, "统一社会信用代码"),
        (10, "统一社会信用代码"),
    }  # fmt: skip
    assert "先导入企业" in faults[4, ""]
    assert "第7行" in faults[8, "统一社会信用代码"]
    assert "第7行" in faults[9, "统一社会信用代码"]  # 2024 was given there as the year before 2025
    assert batch.report["counts"]["bad"] == 8
    apply(batch, now)
    assert Observation.objects.count() == 2


@pytest.mark.parametrize(
    ("header", "mapping", "words"),
    [
        (["统一社会信用代码", "研发费用"], {}, "没有写单位"),
        (["代码", "研发费用（元）"], {}, "统一社会信用代码"),
        (["统一社会信用代码", "备注"], {}, "没有一列"),
        (["统一社会信用代码", "研发费用（元）", "研发费用（万元）"], {}, "同一项"),
        (["统一社会信用代码", "研发"], {"研发": "rd"}, "没有“rd”"),
        (["统一社会信用代码", "研发"], {"投入": "rd_expense"}, "没有“投入”"),
    ],
)
def test_what_is_no_table_says_why(tmp_path, now, header, mapping, words):
    path = table(tmp_path, [[code(1), "1", "2"]], header)
    with pytest.raises(Invalid) as error:
        look(path, now, mapping=mapping, period="2025")
    assert words in error.value.label.zh
    assert not ImportBatch.objects.exists()


def test_a_source_states_only_its_own(tmp_path, now, company):
    company(1)
    path = table(tmp_path, [[code(1), "5"]], ["credit_code", "rd_staff"])
    with pytest.raises(recording.Unfit):
        look(path, now, source="tax", period="2025")
    assert look(path, now, source="science", period="2025").report["counts"]["new"] == 1


def test_xlsx_with_a_title_and_parquet(tmp_path, now, company):
    party = company(1).pk
    path = tmp_path / "数据.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["2025年企业数据"])
        sheet.write_row(
            2,
            0,
            ["统一社会信用代码", "报告期", "研发费用（万元）", "研发人员", "高新技术企业", "高新技术企业首次认定日期"],
        )
        sheet.write_row(3, 0, [code(1), 2025, 12.3456, 8, "是"])
        sheet.write_datetime(3, 5, datetime(2019, 12, 3), book.add_format({"num_format": "yyyy-mm-dd"}))  # noqa: DTZ001
    apply(look(path, now, source="science"), now)
    known = {name: one.value for name, one in values_of(party).items()}
    assert (known["rd_expense"], known["rd_staff"], known["high_tech_since"]) == (12_345_600, 8, date(2019, 12, 3))
    assert known["high_tech_enterprise"] is True
    path = tmp_path / "facts.parquet"
    columns = {
        "credit_code": [code(1)],
        "rd_expense": [123],
        "tax_paid": [4.5],
        "tax_arrears_fen": [7],
        "moved_in_on": [date(2020, 1, 2)],
    }
    polars.DataFrame(columns).write_parquet(path)
    apply(look(path, now, period="2025"), now)
    known = {name: one.value for name, one in values_of(party).items()}
    assert (known["rd_expense"], known["tax_paid"], known["tax_arrears"]) == (123, 450, 7)  # whole numbers are fen
    path.write_bytes(b"no parquet")
    with pytest.raises(Invalid):
        look(path, now, period="2025")


def test_nan_in_parquet_is_refused(tmp_path, now, company):
    company(1)
    path = tmp_path / "facts.parquet"
    polars.DataFrame({"credit_code": [code(1)], "tax_paid": [float("nan")]}).write_parquet(path)
    batch = look(path, now, period="2025")
    assert batch.report["counts"] == {"new": 0, "changed": 0, "confirmed": 0, "same": 0, "bad": 1}


def test_a_crash_half_way_continues_where_it_stopped(tmp_path, now, company, monkeypatch):
    monkeypatch.setattr(imports, "ROWS_AT_ONCE", 10)
    for index in range(25):
        company(index, f"公司{index}")
    path = table(tmp_path, [[code(index), str(index)] for index in range(25)], ["credit_code", "tax_paid"])
    batch = look(path, now, period="2025")
    imports.confirm(batch.pk, now)
    assert imports.run_pending(now)
    real = recording.record

    def crash(*said, **about):
        real(*said, **about)
        raise RuntimeError("power cut")

    monkeypatch.setattr(recording, "record", crash)
    with pytest.raises(RuntimeError):
        imports.run_pending(now)
    assert Observation.objects.count() == 10
    monkeypatch.setattr(recording, "record", real)
    while imports.run_pending(now):
        pass
    batch.refresh_from_db()
    assert (batch.state, batch.done, Observation.objects.count()) == ("done", 25, 25)


def test_two_imports_at_once_are_told_apart_from_companies(tmp_path, now, company):
    """The job of companies leaves files of facts alone, and the other way round."""
    from qinqing.directory import imports as company_imports

    company(1)
    batch = look(table(tmp_path, [[code(1), "5"]], ["credit_code", "tax_paid"]), now, period="2025")
    imports.confirm(batch.pk, now)
    assert not company_imports.run_pending(now)
    assert not imports.run_pending(now)
    batch.refresh_from_db()
    assert batch.state == "done"


def test_the_same_figures_from_two_imports_are_recorded_once(tmp_path, now, company):
    """Both were checked before either was confirmed: what each would do is looked at again when it is done."""
    company(1)
    path = table(tmp_path, [[code(1), "5"]], ["credit_code", "tax_paid"])
    both = [look(path, now, period="2025") for _ in range(2)]
    assert [batch.report["counts"]["new"] for batch in both] == [1, 1]
    assert [apply(batch, now) for batch in both] == [{"new": 1}, {"same": 1}]
    assert Observation.objects.count() == 1


def test_taking_an_import_back(tmp_path, now, company):
    party = company(1).pk
    header = ["credit_code", "tax_paid"]
    apply(look(table(tmp_path, [[code(1), "5"]], header), now, period="2024"), now)
    wrong = look(table(tmp_path, [[code(1), "9"]], header), now, period="2025")
    apply(wrong, now)
    assert values_of(party)["tax_paid"].value == 900
    assert recording.retract_import(wrong.pk, now=now, user_id=None, note="报告期填错") == 1
    assert (values_of(party)["tax_paid"].value, values_of(party)["tax_paid"].period) == (500, 202400)
    assert recording.retract_import(wrong.pk, now=now, user_id=None, note="报告期填错") == 0
    assert recounted() == 0


def test_few_statements_for_many_figures(tmp_path, now, django_assert_max_num_queries):
    for index in range(100):
        services.create_party("company", f"公司{index}", now, credit_code=code(index))
    header = ["credit_code", "tax_paid", "profit", "revenue", "assets"]
    batch = look(table(tmp_path, [[code(i), i, i, i, i] for i in range(100)], header), now, period="2025")
    imports.confirm(batch.pk, now)
    with django_assert_max_num_queries(32):
        imports.run_batch(batch.pk, now)


def test_command(tmp_path, company, capsys, now):
    from qinqing.__main__ import main

    company(1)
    path = str(table(tmp_path, [[code(1), "5"], ["x", "6"]], ["credit_code", "tax_paid"]))
    options = ["--source", "tax", "--period", "2025"]
    assert main(["facts", "import", path, *options, "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["state"], said["counts"]["new"], said["counts"]["bad"]) == ("preview", 1, 1)
    assert not Observation.objects.exists()
    assert main(["facts", "import", path, *options, "--confirm"]) == 1
    out = capsys.readouterr().out
    assert "recorded: new 1" in out and "row 3" in out
    assert main(["facts", "import", path, "--source", "nobody"]) == 2
    assert "nobody" in capsys.readouterr().err
    assert main(["facts", "import", path, "--source", "tax"]) == 1  # no period: every row says so
    batch = ImportBatch.objects.get(state="done")
    capsys.readouterr()
    assert main(["facts", "withdraw", str(batch.pk)]) == 0
    assert main(["facts", "withdraw", str(batch.pk), "--confirm"]) == 2
    assert main(["facts", "withdraw", str(batch.pk), "--confirm", "--reason", "误报"]) == 0
    assert "1 observations" in capsys.readouterr().out
    assert main(["facts", "recount"]) == 0
    assert capsys.readouterr().out.startswith("0 ")
