"""Import of companies: every bad cell named, nothing changed before confirmation, safe to repeat and to interrupt."""

from __future__ import annotations

import csv
import json
from datetime import date

import pytest
import xlsxwriter
from django.db import connection

from qinqing.directory import companies, imports, services
from qinqing.directory.models import ImportBatch, Party
from qinqing.lib.identifiers import Invalid

pytestmark = pytest.mark.django_db
HEADER = ["企业名称", "统一社会信用代码", "从业人员", "营业收入（万元）", "成立日期", "所属镇街", "联系电话"]


def code(index):
    return companies.credit_code(index)


def table(tmp_path, rows, *, header=HEADER, encoding="utf-8-sig", name="companies.csv"):
    path = tmp_path / name
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def look(path, now, **options):
    return imports.preview(path, path.name, now, **options)


def apply(batch, now):
    imports.confirm(batch.pk, now)
    while imports.run_batch(batch.pk, now):
        pass
    batch.refresh_from_db()
    return batch.report["applied"]


def test_preview_changes_nothing_then_applies_then_is_the_same(tmp_path, now):
    path = table(
        tmp_path, [["甲公司", code(1), 20, "1,234.56", "2001/2/3", "青溪街道", "19900000001"], ["乙公司", code(2)]]
    )
    batch = look(path, now)
    assert batch.report["counts"] == {"new": 2, "changed": 0, "same": 0, "bad": 0}
    assert not Party.objects.exists()
    assert not imports.run_pending(now)  # nobody has confirmed
    assert apply(batch, now) == {"new": 2, "changed": 0, "same": 0}
    party = Party.objects.get(credit_code=code(1))
    assert (party.staff, party.revenue_fen, party.registered_on) == (20, 1_234_560_000, date(2001, 2, 3))
    again = look(path, now)
    assert again.report["counts"]["same"] == 2
    before = list(Party.objects.order_by("pk").values())
    assert apply(again, now) == {"new": 0, "changed": 0, "same": 2}
    assert list(Party.objects.order_by("pk").values()) == before


def test_empty_cell_keeps_what_is_known_unless_its_column_clears(tmp_path, now, company):
    party = company(1, "甲公司", staff=20, town="青溪街道", revenue_fen=5)
    path = table(tmp_path, [["甲公司", code(1), "", "", "", "", ""]])
    assert look(path, now).report["counts"]["same"] == 1
    batch = look(path, now, mapping={"从业人员": "staff!clear", "所属镇街": "town!clear"})
    assert batch.report["changed_fields"] == {"staff": 1, "town": 1}
    apply(batch, now)
    party.refresh_from_db()
    assert (party.staff, party.town, party.revenue_fen) == (None, "", 5)


def test_each_bad_cell_is_named_with_its_mend(tmp_path, now):
    good = code(1)
    wrong = good[:-1] + ("0" if good[-1] != "0" else "1")
    rows = [
        ["甲公司", wrong],
        ["", code(2)],
        ["乙公司", code(3), "二十", "NaN", "2001-02-30", "", "1990000001"],
        ["丙公司", code(4), "-5", "inf", "2099-01-01"],
        ["丁公司", code(5), "2.5", "0.0000001"],
        ["戊公司", code(6)],
        ["己公司", code(6)],
        ["=cmd|' /C calc'!A0", code(7)],
    ]
    batch = look(table(tmp_path, rows), now)
    faults = {(fault["row"], fault["column"]): fault for fault in batch.report["faults"]}
    said = {place: fault["mend"]["zh"] for place, fault in faults.items()}
    assert f"应为{good[-1]}" in said[2, "统一社会信用代码"]
    assert faults[2, "统一社会信用代码"]["value"] == wrong
    assert "不能为空" in said[3, "企业名称"]
    assert {place for place in said if place[0] == 4} == {
        (4, "从业人员"), (4, "营业收入（万元）"), (4, "成立日期"), (4, "联系电话")
    }  # fmt: skip
    assert "没有这一天" in said[4, "成立日期"]
    assert "少1位" in said[4, "联系电话"]
    assert "晚于今天" in said[5, "成立日期"]
    assert {"从业人员", "营业收入（万元）"} <= {column for row, column in said if row == 5}
    assert "整数" in said[6, "从业人员"]
    assert "精确到分" in said[6, "营业收入（万元）"]
    assert "第7行" in said[8, "统一社会信用代码"]
    assert "公式" in said[9, "企业名称"]
    assert batch.report["counts"] == {"new": 1, "changed": 0, "same": 0, "bad": 7}
    assert all(
        fault["mend"]["en"] and not fault["mend"]["en"].startswith(fault["mend"]["zh"]) for fault in faults.values()
    )
    apply(batch, now)
    assert [party.name for party in Party.objects.all()] == ["戊公司"]


def test_the_list_of_faults_is_safe_in_a_spreadsheet(tmp_path, now):
    batch = look(table(tmp_path, [["=1+1", code(1)], ["甲公司", code(2)]]), now)
    text = imports.faults_file(batch).read_text("utf-8-sig")
    assert [row[2] for row in csv.reader(text.splitlines())] == ["值", "'=1+1"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings(tmp_path, now, encoding):
    batch = look(table(tmp_path, [["示范县㶧电子有限公司", code(1)]], encoding=encoding), now)
    apply(batch, now)
    assert Party.objects.get().name == "示范县㶧电子有限公司"


def test_xlsx_with_a_title_row_numbers_dates_and_a_code_lost_to_a_number(tmp_path, now):
    path = tmp_path / "企业.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["示范县企业名单"])
        sheet.write_row(2, 0, [*HEADER, "备注"])
        sheet.write_row(3, 0, ["甲公司", code(1), 20, 1234.56])
        sheet.write_datetime(3, 4, date(2001, 2, 3), book.add_format({"num_format": "yyyy-mm-dd"}))
        sheet.write(3, 6, 19900000001)
        sheet.write_row(5, 0, ["乙公司", 913304997777777777, 20.5])
    batch = look(path, now)
    assert batch.report["ignored"] == ["备注"]
    assert [(fault["row"], fault["column"]) for fault in batch.report["faults"]] == [
        (6, "统一社会信用代码"), (6, "从业人员")
    ]  # fmt: skip
    assert "文本" in batch.report["faults"][0]["mend"]["zh"]
    apply(batch, now)
    party = Party.objects.get()
    assert (party.revenue_fen, party.registered_on, party.phone) == (1_234_560_000, date(2001, 2, 3), "19900000001")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"", "空"),
        ("a.csv", "企业名称,代码\n甲,1\n".encode(), "统一社会信用代码"),
        ("a.csv", "企业名称,统一社会信用代码\n".encode(), "没有数据行"),
        ("a.csv", b"\xff\xff\xfe\x80,\n", "编码"),
        ("a.csv", b"a\x00b,c\n", "空字符"),
        ("a.xlsx", b"PK not a zip", "XLSX"),
        ("a.xls", b"x", ".xls"),
    ],
)
def test_what_is_no_table_says_why(tmp_path, now, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(Invalid) as error:
        look(path, now)
    assert words in error.value.label.zh
    assert error.value.label.en != error.value.label.zh
    assert not ImportBatch.objects.exists()


def test_columns_by_option_and_refusals_that_name_them(tmp_path, now):
    path = table(tmp_path, [["甲公司", code(1), 20]], header=["甲", "乙", "营业收入"])
    batch = look(path, now, mapping={"甲": "name", "乙": "credit_code", "营业收入": "revenue_wan"})
    assert batch.mapping == {"甲": "name", "乙": "credit_code", "营业收入": "revenue_wan"}
    assert batch.report["counts"]["new"] == 1
    for mapping, words in [
        ({"丁": "name"}, "没有“丁”这一列"),
        ({"甲": "nom"}, "没有“nom”这一项"),
        ({"甲": "name", "乙": "name"}, "同一项"),
    ]:
        with pytest.raises(Invalid) as error:
            look(path, now, mapping=mapping)
        assert words in error.value.label.zh


def test_a_changed_name_leaves_a_former_name(tmp_path, now, company):
    party = company(1, "甲公司")
    batch = look(table(tmp_path, [["乙公司", code(1)]]), now)
    assert batch.report["changes"] == [{"row": 2, "code": code(1), "field": "name", "old": "甲公司", "new": "乙公司"}]
    apply(batch, now)
    party.refresh_from_db()
    assert (party.name, party.name_norm) == ("乙公司", "乙公司")
    assert [former.name for former in party.former_names.all()] == ["甲公司"]


def test_a_crash_half_way_continues_where_it_stopped(tmp_path, now, monkeypatch):
    monkeypatch.setattr(imports, "ROWS_AT_ONCE", 10)
    path = table(tmp_path, [[f"公司{index}", code(index)] for index in range(35)])
    batch = look(path, now)
    imports.confirm(batch.pk, now)
    assert imports.run_pending(now)
    real = imports.apply_rows

    def crash(rows, at):
        real(rows, at)
        raise RuntimeError("power cut")

    monkeypatch.setattr(imports, "apply_rows", crash)
    with pytest.raises(RuntimeError):
        imports.run_pending(now)
    assert Party.objects.count() == 10
    monkeypatch.setattr(imports, "apply_rows", real)
    while imports.run_pending(now):
        pass
    batch.refresh_from_db()
    assert (batch.state, batch.done, batch.total) == ("done", 35, 35)
    assert batch.report["applied"] == {"new": 35, "changed": 0, "same": 0}
    assert Party.objects.count() == 35


def test_confirming_twice_is_harmless_and_a_dropped_batch_stays_dropped(tmp_path, now):
    path = table(tmp_path, [["甲公司", code(1)]])
    batch = look(path, now)
    apply(batch, now)
    imports.confirm(batch.pk, now)
    assert not imports.run_pending(now)
    dropped = imports.drop(look(path, now).pk, now)
    assert not imports.faults_file(dropped).exists()
    with pytest.raises(services.Unfit):
        imports.confirm(dropped.pk, now)
    with pytest.raises(services.Unfit):
        imports.recheck(batch.pk, {}, now)


def test_applying_looks_again_at_what_is_known(tmp_path, now, company):
    """The directory may have changed between preview and confirmation."""
    batch = look(table(tmp_path, [["甲公司", code(1), 20]]), now)
    company(1, "甲公司", town="禾穗镇")
    assert apply(batch, now) == {"new": 0, "changed": 1, "same": 0}
    party = Party.objects.get()
    assert (party.staff, party.town) == (20, "禾穗镇")


def test_few_statements_for_many_rows(tmp_path, now, django_assert_max_num_queries):
    path = table(tmp_path, [[f"公司{index}", code(index)] for index in range(300)])
    batch = look(path, now)
    imports.confirm(batch.pk, now)
    with django_assert_max_num_queries(25 if connection.vendor == "sqlite" else 15):
        imports.run_batch(batch.pk, now)


def test_command(tmp_path, now, capsys):
    from qinqing.__main__ import main

    path = table(tmp_path, [["甲公司", code(1)], ["乙公司", "1"]])
    assert main(["directory", "import", str(path), "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["state"], said["counts"]["new"], said["counts"]["bad"]) == ("preview", 1, 1)
    assert main(["directory", "import", str(path), "--confirm"]) == 1
    said = capsys.readouterr().out
    assert "applied: new 1" in said
    assert "row 3" in said
    assert main(["directory", "import", str(tmp_path / "none.csv")]) == 2
    assert "none.csv" in capsys.readouterr().err
    assert main(["directory", "import", str(path), "--map", "企业名称"]) == 2
