"""打开工作簿之前的检查: what a workbook that somebody sends may hold, checked before the reader sees it. Pure.

The reader lays a sheet out whole: one cell at the far corner of an otherwise empty sheet would take all memory, and so
would a packed gigabyte of blanks. So everything is unpacked once here, piece by piece, and counted; sizes that the file
says of itself are not believed. Macros and other formats are refused by name.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from qinqing.lib.identifiers import Invalid

MOST_COLUMNS = 500
MOST_CELLS = 20_000_000  # of the rectangle the sheet spans
MOST_ENTRIES = 2_000
_PIECE = 1 << 20
# start tags of rows and cells with their attributes; what is quoted may hold `>`; possessive: it never backtracks
_TAG = re.compile(rb"""<(?:\w+:)?(row|c)(?=[\s/>])((?:[^>"']++|"[^"]*+"|'[^']*+')*+)>""")
_PLACE = re.compile(rb"""(?:^|\s)r\s*=\s*["']([A-Za-z]{0,8})([0-9]{1,9})["']""")
_OLE = b"\xd0\xcf\x11\xe0"  # how old spreadsheets and encrypted new ones begin


class Unreadable(Invalid):
    """The file is no table we can read; says why and what to do."""


def first_sheet(path: Path, most_unpacked: int) -> CalamineSheet:
    """The first sheet of an XLSX of at most `most_unpacked` bytes when unpacked. Raises Unreadable."""
    with path.open("rb") as file:
        start = file.read(4)
        if not start:
            raise Unreadable("文件是空的（0字节），请重新选择", "The file is empty (0 bytes); choose another")
        if start == _OLE:
            raise Unreadable(
                "文件加了密码，或是旧版XLS；请去掉密码后另存为XLSX",
                "The file is encrypted, or an old XLS; remove the password and save it as XLSX",
            )
        try:
            with zipfile.ZipFile(file) as archive:
                _check(file, archive, most_unpacked)
            return CalamineWorkbook.from_path(path).get_sheet_by_index(0)
        except (zipfile.BadZipFile, zlib.error, struct.error, CalamineError, IndexError, OSError) as error:
            raise Unreadable("文件损坏或不是XLSX，请用表格软件重新另存", "Damaged or no XLSX; save it again") from error


def column_number(letters: str) -> int:
    """A is 1, Z 26, AA 27."""
    number = 0
    for letter in letters.upper():
        number = 26 * number + ord(letter) - 64
    return number


def column_letters(place: int) -> str:
    """0 is A, 25 Z, 26 AA."""
    letters, number = "", place + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _check(file: BinaryIO, archive: zipfile.ZipFile, most_unpacked: int) -> None:
    entries = archive.infolist()
    names = {entry.filename.lower() for entry in entries}
    if any(name.endswith(("vbaproject.bin", ".xlm")) or "/macrosheets/" in name for name in names):
        raise Unreadable(
            "文件含有宏，不予读取；请另存为不含宏的XLSX", "The file holds macros; save it as XLSX without macros"
        )
    if len(entries) > MOST_ENTRIES:
        raise _bomb()
    room = most_unpacked
    for entry in entries:
        extent = _Extent()
        for piece in _pieces(_unpacked(file, entry)):
            room -= len(piece)
            if room < 0:
                raise _bomb()
            if b"\0" in piece and entry.filename.lower().endswith((".xml", ".rels")):
                raise zipfile.BadZipFile("not the encoding that was checked")
            extent.count(piece)
        extent.check()


class _Extent:
    """How far the cells of a sheet reach that hold something, by what they say and by counting."""

    def __init__(self) -> None:
        self.rows = self.columns = self.run = 0

    def count(self, piece: bytes) -> None:
        for tag in _TAG.finditer(piece):
            empty, place = tag[2].endswith(b"/"), _PLACE.search(tag[2])
            if tag[1] == b"row":
                self.run = 0
            else:
                self.run += 1
            if empty:  # formatted only: the reader leaves it out
                continue
            self.columns = max(self.columns, self.run)
            if place:
                self.columns = max(self.columns, column_number(place[1].decode("ascii")))
                self.rows = max(self.rows, int(place[2]))

    def check(self) -> None:
        if self.columns > MOST_COLUMNS:
            raise Unreadable(
                f"共{self.columns:,}列，最多{MOST_COLUMNS}列；请只保留需要的列",
                f"{self.columns:,} columns; at most {MOST_COLUMNS}. Keep the columns that are needed",
            )
        if self.rows * self.columns > MOST_CELLS:
            raise Unreadable(
                f"表格延伸到第{self.rows:,}行，过大；请删去数据以外的格子后另存",
                f"The sheet reaches row {self.rows:,}; delete the cells beyond the data and save it again",
            )


def _bomb() -> Unreadable:
    return Unreadable("文件解压后过大，请分成几个文件", "Too large when unpacked; split the file")


def _unpacked(file: BinaryIO, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The content as it really unpacks, whatever size the archive claims."""
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED} or entry.flag_bits & 1:
        raise zipfile.BadZipFile("another packing, or encrypted")
    file.seek(entry.header_offset)
    name, extra = struct.unpack("<26xHH", file.read(30))
    file.seek(name + extra, 1)
    left = entry.compress_size
    inflate = zlib.decompressobj(-15) if entry.compress_type == zipfile.ZIP_DEFLATED else None
    while left > 0 and (packed := file.read(min(_PIECE, left))):
        left -= len(packed)
        while packed and inflate is not None and not inflate.eof:
            yield inflate.decompress(packed, _PIECE)
            packed = inflate.unconsumed_tail
        if inflate is None:
            yield packed


def _pieces(content: Iterator[bytes]) -> Iterator[bytes]:
    """The content cut between tags, so that none is torn (unless it is longer than any tag is)."""
    rest = b""
    for part in content:
        whole, mark, after = (rest + part).rpartition(b"<")
        rest = mark + after
        if len(rest) > _PIECE:
            whole, rest = whole + rest, b""
        yield whole
    yield rest
