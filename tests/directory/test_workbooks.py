"""Files that somebody sends: macros, bombs, far corners, other formats. Each has a clear error; none costs memory."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from qinqing.directory import workbooks
from qinqing.directory.workbooks import Unreadable, column_letters, column_number, first_sheet

HEAD = '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
TAIL = "</sheetData></worksheet>"
CELL = "<c><v>1</v></c>"
ROOM = 20_000_000


def book(sheet: str | None = None, **more: bytes) -> bytes:
    """A workbook with this XML for its first sheet, and more files inside."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as made:
        made.add_worksheet().write_string(0, 0, "名称")
    out = io.BytesIO()
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            kept = sheet.encode() if sheet is not None and name.endswith("sheet1.xml") else source.read(name)
            target.writestr(name, kept)
        for name, content in more.items():
            target.writestr(f"xl/{name}", content)
    return out.getvalue()


def refused(content: bytes, tmp_path: Path) -> str:
    path = tmp_path / "t.xlsx"
    path.write_bytes(content)
    with pytest.raises(Unreadable) as error:
        first_sheet(path, ROOM)
    return error.value.label.zh


def test_a_sound_book_opens(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    path.write_bytes(book())
    assert first_sheet(path, ROOM).to_python() == [["名称"]]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "0字节"),
        (b"PK\x03\x04 and no more", "损坏或不是XLSX"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "密码"),
        (b"name;code\n1;2\n", "损坏或不是XLSX"),
        (book(**{"vbaProject.bin": b"x"}), "含有宏"),
        (book(f'{HEAD}<row r="1"><c r="XFD1048576"><v>1</v></c></row>{TAIL}'), "16,384列"),
        (book(f'{HEAD}<row r="1"><c x=">" r="XFD1"><v>1</v></c></row>{TAIL}'), "16,384列"),
        (book(f'{HEAD}<row r="1">{CELL * 10_001}</row>{TAIL}'), "10,001列"),
        (book(f'{HEAD}<row r="1">{CELL * 400}</row><row r="1048576">{CELL}</row>{TAIL}'), "第1,048,576行"),
        (book(HEAD + " " * 2 * ROOM + TAIL), "解压后过大"),
        (
            book(f'{HEAD}<row r="1"><c r="A1" t="inlineStr"><is><t>{"a" * 2 * ROOM}</t></is></c></row>{TAIL}'),
            "解压后过大",
        ),
        (book((HEAD + TAIL).encode("utf-16").decode("latin-1")), "损坏或不是XLSX"),
    ],
)
def test_what_is_refused(content: bytes, said: str, tmp_path: Path) -> None:
    assert said in refused(content, tmp_path)


def test_a_size_that_lies_is_not_believed(tmp_path: Path) -> None:
    """The archive says that its sheet is tiny; unpacked it is larger than there is room."""
    content = bytearray(book(HEAD + " " * 2 * ROOM + TAIL))
    at = content.rfind(b"xl/worksheets/sheet1.xml") - 46  # its entry in the central directory
    assert content[at : at + 4] == b"PK\x01\x02"
    content[at + 24 : at + 28] = struct.pack("<I", 100)
    assert "解压后过大" in refused(bytes(content), tmp_path)


def test_formatted_empty_cells_do_not_count(tmp_path: Path) -> None:
    """Offices format whole columns; the reader leaves such cells out."""
    path = tmp_path / "t.xlsx"
    path.write_bytes(book(f'{HEAD}<row r="1"><c r="A1"><v>1</v></c><c r="XFD1" s="1"/></row>{TAIL}'))
    assert first_sheet(path, ROOM).to_python() == [[1.0]]


def test_letters_and_numbers_of_columns() -> None:
    assert [column_letters(n) for n in (0, 25, 26, 16_383)] == ["A", "Z", "AA", "XFD"]
    assert all(column_number(column_letters(n)) == n + 1 for n in range(2_000))


def test_an_unfinished_tag_costs_no_time(tmp_path: Path) -> None:
    assert refused(book(HEAD + "<c " + 'a="b" ' * 1_000_000), tmp_path)
    assert refused(book(HEAD + '<c "' + "a" * 5_000_000), tmp_path)


def test_limits_hold_together() -> None:
    assert workbooks.MOST_COLUMNS * 1_048_576 > workbooks.MOST_CELLS  # rows are bounded too
