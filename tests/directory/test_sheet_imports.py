"""Small sheets that come in: previewed row by row, applied once confirmed, the same again changes nothing."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from qinqing.accounts.actor import Actor, Post
from qinqing.audit.models import ReadLog
from qinqing.directory import contact_sheets, imports, services, sheet_cells, sheet_imports, sheet_reading
from qinqing.directory import sheets as directory_sheets
from qinqing.directory.models import ImportBatch, Party
from qinqing.directory.sheet_imports import BAD, CHANGED, NEW, SAME, InColumn, Seen
from qinqing.directory.tables import read_table
from qinqing.lib.identifiers import Invalid
from qinqing.lib.labels import Label, speaking
from qinqing.lib.wallclock import CHINA
from qinqing.ui import sheets
from tests.directory.conftest import NOW
from tests.ui.sheet_files import definitions, rows, table

COLUMNS = (
    InColumn("key", Label("编号", "Number"), Label("", ""), sheet_cells.text(20), required=True),
    InColumn("words", Label("内容", "Words"), Label("", ""), sheet_cells.text(50, lines=True)),
    InColumn("at", Label("时间", "Time"), Label("", ""), sheet_cells.moment, kind="moment"),
)
HEAD = Actor(1, "窗口负责人", "officer", (Post(1, "window_head"),))


class Shelf:
    """What a wing keeps, in memory: rows by key."""

    def __init__(self) -> None:
        self.rows: dict[str, dict] = {}

    def look(self, actor, found, now):
        return [Seen(self.rows.get(row["key"])) for row in found]

    def apply(self, actor, found, now):
        for row in found:
            self.rows[row["key"]] = {"words": None, "at": None, **self.rows.get(row["key"], {}), **row}


@pytest.fixture
def shelf(monkeypatch):
    monkeypatch.setattr(sheet_imports, "_kinds", dict(sheet_imports._kinds))
    kept = Shelf()
    sheet_imports.register(
        "shelf",
        Label("架子", "Shelf"),
        COLUMNS,
        kept.apply,
        roles="directory:section",
        key=lambda row: row["key"],
        look=kept.look,
        current=lambda actor, now: kept.rows.values(),
        most_rows=50,
    )
    return kept


def book(*lines, merge=None) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"strings_to_formulas": False, "strings_to_urls": False}) as made:
        sheet = made.add_worksheet()
        moment = made.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for number, line in enumerate(lines):
            for at, cell in enumerate(line):
                if isinstance(cell, datetime):
                    sheet.write_datetime(number, at, cell, moment)
                elif cell is not None:
                    sheet.write(number, at, cell)
        if merge:
            sheet.merge_range(*merge)
    return file.getvalue()


def check(tmp_path: Path, content: bytes, name: str = "t.xlsx"):
    path = tmp_path / name
    path.write_bytes(content)
    return sheet_imports.check(path, path.suffix, sheet_imports.kind_of("shelf", HEAD), HEAD, NOW)


def said(tmp_path: Path, content: bytes, name: str = "t.xlsx") -> str:
    with pytest.raises(Invalid) as error:
        check(tmp_path, content, name)
    return error.value.label.zh


# ── reading ──


def test_rows_are_named_by_what_they_would_do(shelf, tmp_path):
    shelf.rows = {"a": {"key": "a", "words": "旧", "at": None}, "b": {"key": "b", "words": None, "at": None}}
    title = ["二〇二六年清单"]
    lines = [["编号", "内容", "备注"], ["a", "新"], ["b", None], ["c", "=1+1"], [None, "没有编号"], [], ["a", "又一次"]]
    found = check(tmp_path, book(title, *lines))
    assert [(row.number, row.status) for row in found.rows] == [(3, CHANGED), (4, SAME), (5, NEW), (6, BAD), (8, BAD)]
    assert found.rows[0].changes == {"words": ("旧", "新")}
    assert found.rows[2].values["words"] == "=1+1"
    assert found.ignored == ("备注",)
    faults = [(fault.row, fault.column, fault.mend.zh) for row in found.rows for fault in row.faults]
    assert faults == [(6, "编号", "不能为空，请填写"), (8, "编号", "与第3行重复，请只保留一行")]


def test_an_empty_cell_clears_and_a_missing_column_leaves(shelf, tmp_path):
    shelf.rows = {"a": {"key": "a", "words": "旧", "at": None}}
    assert check(tmp_path, book(["编号", "内容"], ["a", None])).rows[0].changes == {"words": ("旧", None)}
    assert check(tmp_path, book(["编号"], ["a"])).rows[0].status == SAME


def test_headers_in_english_and_csv(shelf, tmp_path):
    found = check(tmp_path, "Number,Words\na,甲\n".encode("gb18030"), "t.csv")
    assert [row.values for row in found.rows] == [{"key": "a", "words": "甲"}]


def test_formulas_are_read_as_their_stored_values(shelf, tmp_path):
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as made:
        sheet = made.add_worksheet()
        sheet.write_row(0, 0, ["编号", "内容"])
        sheet.write_formula(1, 0, '=HYPERLINK("http://x","y")', None, "a-1")
        sheet.write_formula(1, 1, "=1+1", None, 2)
    assert check(tmp_path, file.getvalue()).rows[0].values == {"key": "a-1", "words": "2"}


def test_hours_are_kept(shelf, tmp_path):
    at = datetime(2026, 9, 30, 15, 20)  # noqa: DTZ001 - spreadsheets know no zone
    found = check(tmp_path, book(["编号", "时间"], ["a", at], ["b", "2026年9月30日 15:20"], ["c", "30/9/26"]))
    assert found.rows[0].values["at"] == found.rows[1].values["at"] == at.replace(tzinfo=CHINA)
    assert found.rows[2].faults[0].mend.zh.startswith("应为日期，如2026-09-30")
    path = tmp_path / "t.xlsx"
    path.write_bytes(book([at], [at.replace(hour=0, minute=0)]))
    assert list(read_table(path)) == [[at], [date(2026, 9, 30)]]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("t.xlsm", book(["编号"], ["a"]), "可能含有宏"),
        ("t.pdf", b"%PDF-1.7", "不支持.pdf文件"),
        ("t", b"x", "不支持无扩展名文件"),
        ("t.csv", b"", "0字节"),
        ("t.xlsx", b"", "0字节"),
        ("t.xlsx", book(["内容"], ["a"]), "没有找到“编号”列"),
        ("t.xlsx", book(["编号", "编号"], ["a", "b"]), "“编号”这一列出现了两次"),
        ("t.xlsx", book(["编号", "内容"]), "没有数据行"),
        ("t.xlsx", book(["编号"], *[[f"k{n}"] for n in range(51)]), "共51行，一次最多50行"),
        ("t.xlsx", book(["编号", "内容"], ["a", "b"], merge=(0, 1, 0, 3, "内容")), "B1:D1是合并单元格"),
        ("t.xlsx", book(["编号", "内容"], ["a"], ["b"], merge=(1, 1, 2, 1, "x")), "B2:B3是合并单元格"),
        ("t.xlsx", book([f"列{n}" for n in range(10_001)]), "10,001列"),
    ],
)
def test_files_that_are_no_such_sheet(shelf, tmp_path, name, content, words):
    assert words in said(tmp_path, content, name)


def test_a_merged_title_above_the_header_does_no_harm(shelf, tmp_path):
    assert check(tmp_path, book([], ["编号"], ["a"], merge=(0, 0, 0, 4, "清单"))).rows[0].status == NEW


def test_a_large_file_is_refused_before_it_is_read(shelf, tmp_path, monkeypatch):
    monkeypatch.setattr(sheet_reading, "MOST_BYTES", 100)
    assert "超过5MB" in said(tmp_path, book(["编号"], ["a"]))


def test_long_numbers_that_lost_digits_are_named(shelf, tmp_path):
    found = check(tmp_path, book(["编号"], [20260930123456789], [12345]))
    assert "末几位可能丢失" in found.rows[0].faults[0].mend.zh
    assert found.rows[1].values["key"] == "12345"


@pytest.mark.parametrize("value", ["a\x07b", "a\nb"])
def test_control_characters_are_refused_in_one_line_texts(value):
    with pytest.raises(Invalid):
        sheet_cells.text(20)(value)


def test_cells():
    assert sheet_cells.text(20, lines=True)("a\r\nb") == "a\nb"
    assert sheet_cells.whole(1, 9)(3.0) == 3
    assert sheet_cells.day("2026/9/30") == date(2026, 9, 30)
    assert sheet_cells.yes_no("Yes") is True
    for read, bad in (
        (sheet_cells.whole(1, 9), 10),
        (sheet_cells.day, "2026-02-30"),
        (sheet_cells.day, 46000.0),
        (sheet_cells.yes_no, "也许"),
        (sheet_cells.whole(1, 9), float("nan")),
    ):
        with pytest.raises(Invalid):
            read(bad)


@given(
    st.lists(
        st.tuples(
            st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20).filter(
                lambda text: text.strip() == text and text.isprintable()
            ),
            st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=50).filter(
                lambda text: all(char == "\n" or char.isprintable() for char in text) and text.strip() == text
            ),
        ),
        min_size=1,
        max_size=6,
        unique_by=lambda pair: pair[0],
    )
)
def test_whatever_is_downloaded_and_uploaded_again_is_the_same(tmp_path_factory, pairs):
    """Hostile text included: formulas, markup, the format's own escapes."""
    kept = Shelf()
    kept.rows = {key: {"key": key, "words": words or None, "at": NOW} for key, words in pairs}
    kind = sheet_imports.Kind("shelf", Label("架", "Shelf"), COLUMNS, kept.apply, "", lambda row: row["key"], kept.look)
    file = io.BytesIO()
    sheets.write(file, sheet_imports.template(kind, kept.rows.values()), "何以宁", NOW)
    path = tmp_path_factory.mktemp("x") / "t.xlsx"
    path.write_bytes(file.getvalue())
    found = sheet_imports.check(path, ".xlsx", kind, HEAD, NOW)
    assert [(row.status, row.faults, row.changes) for row in found.rows] == [(SAME, (), {})] * len(pairs)


# ── confirming ──


@pytest.fixture
def head(db, officer):
    """HEAD with an account."""
    return Actor(officer("head").user.pk, "窗口负责人", "officer", (Post(1, "window_head"),))


@pytest.fixture(autouse=True)
def _home(settings, tmp_path):
    settings.HOME = tmp_path / "home"


def uploaded(tmp_path, head, content):
    path = tmp_path / "t.xlsx"
    path.write_bytes(content)
    return sheet_imports.upload(path, "t.xlsx", sheet_imports.kind_of("shelf", head), head, NOW)


def test_nothing_changes_before_it_is_confirmed_and_the_same_again_changes_nothing(shelf, head, tmp_path):
    content = book(["编号", "内容"], ["a", "甲"], [None, "坏"])
    batch = uploaded(tmp_path, head, content)
    assert not shelf.rows
    seen = sheet_imports.preview(batch, head, NOW).seen
    counts = sheet_imports.confirm(batch.pk, seen, head, NOW)
    assert counts == Counter(new=1, bad=1, changed=0, same=0)
    assert shelf.rows["a"]["words"] == "甲"
    assert sheet_imports.confirm(batch.pk, seen, head, NOW) == counts, "a second press of the button"
    assert not list((tmp_path / "home" / "imports").iterdir()), "the file is gone: it may hold personal data"
    again = uploaded(tmp_path, head, content)
    assert sheet_imports.preview(again, head, NOW).counts == Counter(same=1, bad=1, new=0, changed=0)
    assert not sheet_imports.preview(again, head, NOW).to_apply


def test_a_preview_that_is_no_longer_true_is_not_confirmed(shelf, head, tmp_path):
    batch = uploaded(tmp_path, head, book(["编号", "内容"], ["a", "甲"]))
    seen = sheet_imports.preview(batch, head, NOW).seen
    shelf.rows["a"] = {"key": "a", "words": "别人刚写的", "at": None}
    with pytest.raises(sheet_imports.MovedOn):
        sheet_imports.confirm(batch.pk, seen, head, NOW)
    assert shelf.rows["a"]["words"] == "别人刚写的"
    sheet_imports.confirm(batch.pk, sheet_imports.preview(batch, head, NOW).seen, head, NOW)
    assert shelf.rows["a"]["words"] == "甲"


def test_what_is_given_up_or_forgotten_is_gone(shelf, head, tmp_path):
    batch = uploaded(tmp_path, head, book(["编号"], ["a"]))
    seen = sheet_imports.preview(batch, head, NOW).seen
    sheet_imports.drop(batch.pk)
    with pytest.raises(sheet_imports.Closed):
        sheet_imports.confirm(batch.pk, seen, head, NOW)
    old = uploaded(tmp_path, head, book(["编号"], ["b"]))
    ImportBatch.objects.filter(pk=old.pk).update(created_at=NOW - timedelta(days=8))
    uploaded(tmp_path, head, book(["编号"], ["c"]))
    old.refresh_from_db()
    assert old.state == ImportBatch.State.DROPPED
    assert not shelf.rows


def test_a_failure_while_applying_undoes_all(shelf, head, company, tmp_path, monkeypatch):
    batch = uploaded(tmp_path, head, book(["编号"], ["a"]))
    seen = sheet_imports.preview(batch, head, NOW).seen

    def fail(actor, found, now):
        company(1)
        raise services.Unfit(Label("不行", "No"))

    monkeypatch.setitem(sheet_imports._kinds, "shelf", replace(sheet_imports._kinds["shelf"], apply=fail))
    with pytest.raises(services.Unfit):
        sheet_imports.confirm(batch.pk, seen, head, NOW)
    batch.refresh_from_db()
    assert batch.state == ImportBatch.State.PREVIEW
    assert not Party.objects.exists()


# ── sections and their contacts ──


@pytest.fixture
def office(unit, officer, now):
    """An authority with a named section, one to be named, and three officers, two of one name."""
    authority = unit("hrss", kind="authority", name="县人社局")
    section = unit("s01", parent=authority, name="劳动关系科", name_en="Labour relations")
    unit("s02", parent=authority, name="待定名科室一", to_be_named=True)
    for username, name in (("he", "何以宁"), ("lin1", "林"), ("lin2", "林")):
        services.add_post(officer(username, name).pk, section.pk, "handler", date(2024, 1, 1), now)
    return authority


def downloaded(actor):
    file = io.BytesIO()
    kind = sheet_imports.kind_of("section_contacts", actor)
    sheets.write(file, sheet_imports.template(kind, kind.current(actor, NOW)), actor.name, NOW)
    return file.getvalue()


def contacts(tmp_path, head, content):
    path = tmp_path / "c.xlsx"
    path.write_bytes(content)
    return sheet_imports.upload(path, "c.xlsx", sheet_imports.kind_of("section_contacts", head), head, NOW)


HEADER = ["科室代码", "科室名称", "英文名称", "联络员", "副联络员"]


def test_contacts_downloaded_and_sent_back_are_the_same(office, head, tmp_path):
    for language in ("zh", "en"):
        with speaking(language):
            content = downloaded(head)
        found = sheet_imports.preview(contacts(tmp_path, head, content), head, NOW)
        assert [row.status for row in found.rows] == [SAME, SAME]
    file = io.BytesIO()
    sheets.write(file, contact_sheets.sheet(NOW.date(), Label("", "")), "x", NOW)
    found = sheet_imports.preview(contacts(tmp_path, head, file.getvalue()), head, NOW)
    assert [row.status for row in found.rows] == [SAME, SAME], "so is the list that the page of sections gives"


def test_contacts_are_named_changed_and_checked(office, head, tmp_path, unit):
    lines = [["s01", "劳动关系科", "Labour relations", "何以宁", "lin1"], ["s02", "仲裁科", None, "he", None]]
    batch = contacts(tmp_path, head, book(HEADER, *lines))
    found = sheet_imports.preview(batch, head, NOW)
    assert found.counts == Counter(changed=2, new=0, same=0, bad=0)
    sheet_imports.confirm(batch.pk, found.seen, head, NOW)
    rows_now = {row["code"]: row for row in contact_sheets.current(head, NOW)}
    assert (rows_now["s01"]["liaison"], rows_now["s01"]["deputy"]) == ("何以宁", "lin1")
    assert (rows_now["s02"]["name"], rows_now["s02"]["liaison"]) == ("仲裁科", "何以宁")
    again = sheet_imports.preview(contacts(tmp_path, head, book(HEADER, *lines)), head, NOW)
    assert again.counts[SAME] == 2, "the account name and the name are the same person"
    bad = [
        ["x", "无此科室", None, None, None],
        ["s01", None, None, "林", "路人"],
        ["s02", "仲裁科", None, None, "何以宁"],
    ]
    faults = [
        f
        for row in sheet_imports.preview(contacts(tmp_path, head, book(HEADER, *bad)), head, NOW).rows
        for f in row.faults
    ]
    assert [(fault.row, fault.column) for fault in faults] == [
        (2, "科室代码"),
        (3, "联络员"),
        (3, "副联络员"),
        (3, "科室名称"),
        (4, "联络员"),
    ]
    assert "同名" in faults[1].mend.zh


# ── the pages ──


@pytest.fixture
def client_of(officer, unit, office, now):
    window = unit("window", kind="desk", desk="window", parent=office)

    def make(role):
        who = officer(f"as-{role}", f"{role}某")
        services.add_post(who.pk, window.pk, role, date(2024, 1, 1), now)
        client = Client()
        client.force_login(who.user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return make


def sent(client, content, name="科室.xlsx"):
    return client.post(
        reverse("directory:sheet_kind", args=["section_contacts"]), {"file": SimpleUploadedFile(name, content)}
    )


def test_from_template_to_confirmation(client_of):
    client = client_of("window_head")
    assert "科室与联络员" in client.get(reverse("directory:sheets")).content.decode()
    template = client.get(reverse("directory:sheet_template", args=["section_contacts"])).content
    assert rows(template) == [HEADER]
    assert definitions(template)["科室代码"].startswith("必填。")
    listed = client.get(reverse("directory:sheet_template", args=["section_contacts"]), {"rows": "1"}).content
    assert [row["科室代码"] for row in table(listed)] == ["s01", "s02"]
    answer = sent(client, book(HEADER, ["s01", "<b>关系科</b>", None, "何以宁", None], ["s09", "x", None, None, None]))
    page = client.get(answer.url).content.decode()
    assert "&lt;b&gt;关系科" in page
    assert "没有这个科室代码" in page
    results = table(client.get(answer.url, {"format": "xlsx"}).content)
    assert [(row["行"], row["结果"]) for row in results] == [(2.0, "更改"), (3.0, "有误，不导入")]
    seen = page.split('name="seen" value="')[1].split('"')[0]
    done = client.post(f"{answer.url}confirm/", {"seen": seen}, follow=True).content.decode()
    assert "更改1行" in done
    stale = sent(client, book(HEADER, ["s01", "关系科", None, "何以宁", None]))
    refused = client.post(f"{stale.url}confirm/", {"seen": "x"})
    assert refused.status_code == 409
    assert "刚刚有变动" in refused.content.decode()
    assert client.post(f"{stale.url}drop/").status_code == 302


def test_a_bad_file_is_said_at_the_field(client_of):
    refused = sent(client_of("window_head"), b"", "x.xlsx")
    assert refused.status_code == 422
    refused = sent(client_of("supervisor"), b"x", "x.xlsx")
    assert refused.status_code == 403


def test_only_who_edits_sections_imports_them(client_of):
    clerk = client_of("window_clerk")
    assert "section_contacts" not in clerk.get(reverse("directory:sheets")).content.decode()
    for name in ("sheet_kind", "sheet_template"):
        assert clerk.get(reverse(f"directory:{name}", args=["section_contacts"])).status_code == 403
    head = client_of("window_head")
    batch = sent(head, book(HEADER, ["s01", "关系科", None, "何以宁", None]))
    assert clerk.get(batch.url).status_code == 403
    assert clerk.post(f"{batch.url}confirm/", {"seen": "x"}).status_code == 403
    number = batch.url.rstrip("/").rsplit("/", 1)[1]
    assert head.get(reverse("directory:import_batch", args=[number])).status_code == 404, (
        "companies' pages show theirs only"
    )
    assert client_of("leader").get(reverse("directory:sheets")).status_code == 403


# ── lists of the directory going out, and companies coming back ──


def test_companies_downloaded_can_be_imported_and_are_the_same(company, now, tmp_path):
    company(1, phone="19900001234", staff=400, revenue_fen=28_613_240, industry="C1751", town="沐柳镇")
    company(2, "=示范县个体", registered_on=date(2020, 1, 31))
    for language in ("zh", "en"):
        file = io.BytesIO()
        with speaking(language):
            listed = Party.objects.order_by("pk")
            sheets.write(file, directory_sheets.companies(listed, Label("全部", "All")), "x", now)
        path = tmp_path / "企业.xlsx"
        path.write_bytes(file.getvalue())
        batch = imports.preview(path, "企业.xlsx", now)
        assert batch.report["counts"]["changed"] == batch.report["counts"]["new"] == 0, batch.report
        assert "19900001234" not in str(rows(file.getvalue()))
    assert rows(file.getvalue())[2][0] == "=示范县个体"


def test_who_may_not_see_a_list_may_not_export_it(client_of, company):
    company(1)
    address = reverse("directory:companies")
    answer = client_of("window_clerk").get(address, {"format": "xlsx", "q": "沐柳"})
    assert len(table(answer.content)) == 1
    assert "沐柳" in ReadLog.objects.get().reason
    assert Client().get(address, {"format": "xlsx"}).status_code in {302, 401, 403}
    assert client_of("system_admin").get(address, {"format": "xlsx"}).status_code == 403
    assert ReadLog.objects.count() == 1


@pytest.mark.parametrize("name", ["sections", "leaves"])
def test_other_lists_of_the_directory(client_of, name):
    assert client_of("leader").get(reverse(f"directory:{name}"), {"format": "xlsx"}).status_code == 200
