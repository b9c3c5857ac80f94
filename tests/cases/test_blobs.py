"""Attachments: taken by what they are, kept once under their hash; what is not taken leaves nothing behind."""

from __future__ import annotations

import hashlib
import io
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from qinqing.cases import blobs
from qinqing.cases.blobs import LARGEST, BadFile, StoredFile
from qinqing.cases.pictures import pixels
from tests.examples import many

PDF = b"%PDF-1.7\n..."
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20
JPEG = b"\xff\xd8\xff\xe0" + b"\x00" * 20
WEBP = b"RIFF\x00\x00\x00\x00WEBPVP8 "
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 20
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.BLOBS = tmp_path / "blobs"
    return Path(settings.BLOBS)


def store(name: str | None, content: bytes) -> StoredFile:
    return blobs.store(SimpleUploadedFile("x", content) if name is None else _named(name, content))


def _named(name: str, content: bytes) -> Any:
    """What a door without Django's own care for names would give."""

    class Raw:
        def __init__(self) -> None:
            self.name = name

        def chunks(self) -> Iterator[bytes]:
            for start in range(0, len(content), 65536):
                yield content[start : start + 65536]

    return Raw()


def archive(*entries: str, content: bytes = b"x") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for entry in entries:
            made.writestr(entry, content)
    return file.getvalue()


def kept(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []


@pytest.mark.parametrize(
    ("content", "mime"),
    [
        (PDF, "application/pdf"), (PNG, "image/png"), (JPEG, "image/jpeg"), (WEBP, "image/webp"),
        (OLE, "application/msword"), (archive("word/document.xml"), DOCX), (archive("xl/workbook.xml"), XLSX),
        ("会议纪要\r\n第一条\t同意".encode(), "text/plain"), ("会议纪要：同意".encode("gb18030"), "text/plain"),
        ("\ufeff会议".encode(), "text/plain"), (b"plain", "text/plain"),
    ],
)  # fmt: skip
def test_what_is_taken_and_kept(folder: Path, content: bytes, mime: str) -> None:
    found = store("名.bin", content)
    assert (found.mime, found.size, found.name) == (mime, len(content), "名.bin")
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    assert blobs.path(found.sha256).read_bytes() == content
    assert kept(folder) == [blobs.path(found.sha256)]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("空.pdf", b"", "空文件"),
        ("程序.pdf", b"MZ\x90\x00\x03\x00\x00\x00", "格式不接收"),
        ("脚本.txt", b"<!DOCTYPE html><script>alert(1)</script>", "格式不接收"),
        ("脚本.txt", b"  \n<SCRIPT>alert(1)</SCRIPT>", "格式不接收"),
        ("脚本.txt", b"\xef\xbb\xbf<html><script>alert(1)</script>", "格式不接收"),
        ("图.svg", b"<svg onload='alert(1)'>", "格式不接收"),
        ("图.svg", b'<?xml version="1.0"?><svg/>', "格式不接收"),
        ("表.xlsx", archive("readme.txt"), "压缩包或已损坏"),
        ("表.xlsx", archive("xl/workbook.xml")[:-30], "压缩包或已损坏"),
        ("表.xlsx", b"PK\x03\x04", "压缩包或已损坏"),
        ("表.txt", "字".encode("utf-16"), "格式不接收"),
        ("坏.txt", b"\xff\xff\xff", "格式不接收"),
    ],
)
def test_what_is_not_taken_leaves_nothing(folder: Path, name: str, content: bytes, says: str) -> None:
    with pytest.raises(BadFile, match=f"“{name}”.*{says}"):
        store(name, content)
    assert kept(folder) == []


def test_twenty_megabytes_and_not_a_byte_more(folder: Path) -> None:
    assert store("大.pdf", PDF + b"0" * (LARGEST - len(PDF))).size == LARGEST
    with pytest.raises(BadFile, match="超过20MB"):
        store("更大.pdf", PDF + b"0" * (LARGEST - len(PDF) + 1))
    assert len(kept(folder)) == 1


@pytest.mark.parametrize("entry", ["word/document.xml", "xl/workbook.xml"])
def test_a_bomb_is_not_unpacked(folder: Path, entry: str) -> None:
    bomb = archive(entry, "zeros", content=b"\x00" * (blobs.UNPACKED // 2 + 1))
    assert len(bomb) < 1_000_000
    with pytest.raises(BadFile, match="解开后过大"):
        store("炸弹.docx", bomb)
    with pytest.raises(BadFile, match="解开后过大"):
        store("很多.docx", archive(entry, *(f"e{n}" for n in range(10_000)), content=b""))
    assert kept(folder) == []


def png(width: int, height: int) -> bytes:
    return PNG[:8] + b"\x00\x00\x00\rIHDR" + struct.pack(">II", width, height) + b"\x08\x02\x00\x00\x00"


def jpeg(width: int, height: int) -> bytes:
    frame = b"\xff\xc2\x00\x11\x08" + struct.pack(">HH", height, width) + b"\x03" + b"\x00" * 9
    return b"\xff\xd8\xff\xe1\x00\x06Exif\xff\xff\xdb\x00\x04ab" + frame + b"\xff\xda\x00\x02"


def webp(kind: bytes, width: int, height: int) -> bytes:
    body = {
        b"VP8X": b"\x00" * 4 + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little"),
        b"VP8L": b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14),
        b"VP8 ": b"\x00" * 3 + b"\x9d\x01\x2a" + struct.pack("<HH", width, height),
    }[kind]
    return b"RIFF" + struct.pack("<I", 22) + b"WEBP" + kind + struct.pack("<I", len(body)) + body + b"\x00" * 8


PICTURES = {
    "png": png,
    "jpeg": jpeg,
    "webp": lambda w, h: webp(b"VP8X", w, h),
    "webp lossless": lambda w, h: webp(b"VP8L", w, h),
    "webp lossy": lambda w, h: webp(b"VP8 ", w, h),
}


@pytest.mark.parametrize("kind", PICTURES)
def test_a_picture_says_how_large_it_is(kind: str) -> None:
    content = PICTURES[kind](4000, 3001)
    mime = kind.split(maxsplit=1)[0]
    assert pixels(io.BytesIO(content), f"image/{mime}") == 4000 * 3001
    for cut in range(len(content)):  # a damaged one is no crash
        pixels(io.BytesIO(content[:cut]), f"image/{mime}")


@pytest.mark.parametrize("kind", PICTURES)
def test_a_picture_that_would_stop_a_browser_is_refused(folder: Path, kind: str) -> None:
    assert store("相片", PICTURES[kind](16320, 12240)).size < 100  # the largest phone camera: 200 megapixels
    with pytest.raises(BadFile, match=r"“炸弹”.*百万像素"):
        store("炸弹", PICTURES[kind](16383, 16383))
    assert len(kept(folder)) == 1


def test_a_pdf_bomb_is_kept_as_it_came_and_never_opened(folder: Path) -> None:
    """Ten gigabytes of blanks in some megabytes: only a reader that unpacks it would notice."""
    blanks = zlib.compress(zlib.compress(bytes(50_000_000), 9), 9)
    stream = b"<</Filter[/FlateDecode/FlateDecode]/Length %d>>stream\n%b\nendstream" % (len(blanks), blanks)
    bomb = b"%PDF-1.7\n" + b"".join(b"%d 0 obj\n%b\nendobj\n" % (n, stream) for n in range(1, 201)) + b"%%EOF"
    tracemalloc.start()
    found = store("炸弹.pdf", bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (found.mime, found.size) == ("application/pdf", len(bomb))
    assert peak < 1_000_000 and blobs.path(found.sha256).read_bytes() == bomb


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("../../etc/passwd", "passwd"), ("..\\..\\win.ini", "win.ini"), ("C:\\文件\\现场.jpg", "现场.jpg"),
        ("/", "附件"), ("..", "附件"), ("", "附件"), ("\x00\x07.txt", "txt"),
        ("a\r\nSet-Cookie: x.txt", "aSet-Cookie: x.txt"),
        ("反\u202egpj.exe", "反gpj.exe"), (" 照片 .jpg ", "照片 .jpg"), ("长" * 300 + ".pdf", "长" * 116 + ".pdf"),
    ],
)  # fmt: skip
def test_a_name_is_only_a_name(raw: str, name: str) -> None:
    assert store(raw, PDF).name == name


@given(st.text(max_size=300))
@hypothesis(suppress_health_check=list(HealthCheck))
def test_any_name_can_be_shown_and_stored(raw: str) -> None:
    name = store(raw, PDF).name
    assert 1 <= len(name) <= 120 and "/" not in name and "\\" not in name and name.isprintable()
    name.encode()


def test_the_same_content_is_kept_once(folder: Path) -> None:
    assert store("甲.pdf", PDF).sha256 == store("乙.pdf", PDF).sha256
    assert len(kept(folder)) == 1


def test_a_door_that_breaks_off_leaves_nothing(folder: Path) -> None:
    class Broken:
        name = "断.pdf"

        def chunks(self) -> Iterator[bytes]:
            yield PDF
            raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        blobs.store(Broken())
    assert kept(folder) == []


@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda rest: b"PK\x03\x04" + rest))
@hypothesis(suppress_health_check=list(HealthCheck), max_examples=many(300))
def test_any_bytes_are_taken_or_refused(content: bytes) -> None:
    try:
        found = store("任意", content)
    except BadFile:
        return
    assert blobs.path(found.sha256).read_bytes() == content


@given(st.data())
@hypothesis(suppress_health_check=list(HealthCheck), max_examples=many(300))
def test_a_damaged_document_is_taken_or_refused(data: st.DataObject) -> None:
    content = bytearray(archive("word/document.xml", "b.xml"))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(4, len(content) - 1))] = data.draw(st.integers(0, 255))
    with suppress(BadFile):
        store("损坏.docx", bytes(content))


@pytest.mark.parametrize("text", ["", "../" * 21 + "a", "g" * 64, "A" * 64, "0" * 63])
def test_only_a_hash_is_a_place(text: str) -> None:
    with pytest.raises(ValueError, match="not a SHA-256"):
        blobs.path(text)
